/* The map that moves: tiles of our own, outlines below, and beside it the rows that are seen. */
"use strict";
const box = document.getElementById("moving-map");
if (box && window.OpenLayers) {
  const {
    Circle, DragPan, Feature, Fill, MVT, MouseWheelZoom, MultiPolygon, OlMap, PMTiles, ScaleLine, Stroke, Style, Text, TileLayer,
    VectorLayer, VectorSource, VectorTileLayer, VectorTileSource, View, XYZ, Zoom,
    fromLonLat, interactions, platformModifierKeyOnly, toLonLat, transformExtent,
  } = window.OpenLayers;
  const MOST = 400; // dots of a tile that stay apart
  const NEAR = 10; // pixels around a click in which a row is looked for
  const words = box.dataset;
  const list = document.getElementById("moving-rows");
  const status = document.getElementById("moving-status");
  const probe = (name) => {
    const span = document.createElement("span");
    span.style.color = name;
    box.append(span);
    const value = getComputedStyle(span).color;
    span.remove();
    return value;
  };
  const [accent, card, ink, soft, faint] = ["var(--accent)", "var(--card)", "var(--ink)", "var(--soft)", "color-mix(in srgb, var(--accent) 25%, transparent)"].map(probe);
  const [zoom, latitude, longitude] = words.at.split("/").map(Number);
  const archive = new PMTiles(new URL(words.tiles, location.href).href);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const rule = JSON.parse(words.rule ?? "{}");
  const palette = [...document.querySelectorAll("#moving-colours circle")].map((circle) => getComputedStyle(circle).fill);
  const colours = palette.length ? palette : [accent];
  const others = colours.length - 1;
  // Which colour a feature has: the class of its number or the place of its value; the last is of what has neither.
  const rank = (feature) => {
    const value = feature.get(words.column);
    if (value === undefined || value === null || value === "") return others;
    const place = rule.limits ? rule.limits.findIndex((limit) => Number(value) <= limit) : (rule.values ?? []).indexOf(String(value));
    return place < 0 ? (rule.limits ? others - 1 : others) : place;
  };
  const styles = new Map();
  const styleOf = (place, radius) => {
    const key = place * 100 + radius;
    if (!styles.has(key)) {
      styles.set(key, new Style({
        image: new Circle({ radius, fill: new Fill({ color: colours[place] }), stroke: new Stroke({ color: words.column ? ink : card, width: words.column ? 0.75 : 1.5 }) }),
        stroke: new Stroke({ color: colours[place], width: 2 }),
        fill: new Fill({ color: words.column ? `color-mix(in srgb, ${colours[place]} 60%, transparent)` : faint }),
      }));
    }
    return styles.get(key);
  };
  // Many points of a tile: one a cell stands for all, in the colour of most, larger the more there are.
  const gathered = new WeakMap();
  const gather = (features, [west, south, east, north]) => {
    const points = features.filter((feature) => feature.getType() === "Point");
    if (points.length <= MOST) return features;
    for (let side = 48; ; side = Math.floor(side * 0.8)) {
      const cells = new Map();
      for (const feature of points) {
        const [x, y] = feature.getFlatCoordinates();
        const key = Math.floor((x - west) / (east - west) * side) * 1000 + Math.floor((y - south) / (north - south) * side);
        const cell = cells.get(key) ?? { feature, rows: 0, ranks: new Array(colours.length).fill(0) };
        cell.rows += 1;
        cell.ranks[rank(feature)] += 1;
        cells.set(key, cell);
      }
      if (cells.size > MOST && side > 8) continue;
      for (const cell of cells.values()) {
        const place = cell.ranks.indexOf(Math.max(...cell.ranks));
        gathered.set(cell.feature, [place, Math.min(12, Math.round(4 + 1.4 * Math.log2(cell.rows)))]);
      }
      return [...features.filter((feature) => feature.getType() !== "Point"), ...[...cells.values()].map((cell) => cell.feature)];
    }
  };
  const outlines = new VectorSource();
  const ground = new VectorLayer({
    source: outlines,
    style: new Style(words.base
      ? { stroke: new Stroke({ color: ink, width: 0.75 }) }
      : { fill: new Fill({ color: soft }), stroke: new Stroke({ color: card, width: 1.25 }) }),
  });
  // Tiles of an archive, as the features that a function makes of each.
  const vectorSource = (tiles, header, choose) => new VectorTileSource({
    format: new MVT(),
    minZoom: header.minZoom,
    maxZoom: header.maxZoom,
    url: "{z}/{x}/{y}",
    tileLoadFunction: (tile, address) => {
      const [z, x, y] = address.split("/").map(Number);
      tile.setLoader(async (extent, _resolution, projection) => {
        const part = await tiles.getZxy(z, x, y);
        const features = part ? tile.getFormat().readFeatures(part.data, { extent, featureProjection: projection }) : [];
        tile.setFeatures(choose(features, extent, z));
      });
    },
  });
  // The layers of the usual schemas of base maps (Protomaps, OpenMapTiles), in few colours of ours.
  const [water, green, road, built] = [
    "color-mix(in srgb, var(--accent) 22%, var(--card))", "color-mix(in srgb, var(--ok) 10%, var(--card))",
    "color-mix(in srgb, var(--ink) 28%, var(--card))", "color-mix(in srgb, var(--ink) 12%, var(--card))",
  ].map(probe);
  const surface = (color) => new Style({ fill: new Fill({ color }) });
  const line = (color, width) => new Style({ stroke: new Stroke({ color, width }) });
  const filled = { earth: surface(card), landcover: surface(green), landuse: surface(green), park: surface(green), water: surface(water), buildings: surface(built), building: surface(built) };
  const lined = { water: line(water, 1.5), waterway: line(water, 1.5), roads: line(road, 1), transportation: line(road, 1), boundaries: line(ink, 0.75), boundary: line(ink, 0.75) };
  const major = line(road, 2.5);
  const MAJOR = new Set(["highway", "major_road", "motorway", "trunk", "primary"]);
  const language = document.documentElement.lang;
  const placeStyle = (feature) => new Style({
    text: new Text({
      text: String(feature.get(`name:${language}`) ?? feature.get("name") ?? ""),
      font: "600 0.8125rem sans-serif",
      fill: new Fill({ color: ink }),
      stroke: new Stroke({ color: card, width: 3 }),
    }),
  });
  const groundStyle = (feature) => {
    const layer = feature.get("layer");
    const type = feature.getType();
    if (type.endsWith("Point")) return layer === "places" || layer === "place" ? placeStyle(feature) : undefined;
    if (type.endsWith("Polygon")) return filled[layer];
    return MAJOR.has(feature.get("kind") ?? feature.get("class")) && lined[layer] ? major : lined[layer];
  };
  const asPicture = (part) => new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(new Blob([part.data]));
  });
  const VECTOR = 1; // kind of tiles in the header of an archive
  const ownBackground = async () => {
    const tiles = new PMTiles(new URL(words.base, location.href).href);
    const header = await tiles.getHeader();
    if (header.tileType === VECTOR) {
      return new VectorTileLayer({ declutter: true, style: groundStyle, source: vectorSource(tiles, header, (features) => features) });
    }
    return new TileLayer({
      source: new XYZ({
        url: "{z}/{x}/{y}",
        minZoom: header.minZoom,
        maxZoom: header.maxZoom,
        tileLoadFunction: (tile, address) => {
          const read = async () => {
            const part = await tiles.getZxy(...address.split("/").map(Number));
            tile.getImage().src = part ? await asPicture(part) : "data:,";
          };
          read().catch(() => { tile.getImage().src = "data:,"; });
        },
      }),
    });
  };
  const readBackground = async () => {
    if (!words.base) return [];
    if (!words.base.endsWith(".pmtiles")) return [new TileLayer({ source: new XYZ({ url: words.base }) })];
    try {
      return [await ownBackground()];
    } catch {
      return []; // the outlines remain
    }
  };

  const start = async () => {
    const header = await archive.getHeader();
    const tiles = new VectorTileLayer({
      declutter: false,
      style: (feature) => styleOf(...(gathered.get(feature) ?? [rank(feature), 5])),
      source: vectorSource(archive, header, (features, extent, z) => (z < header.maxZoom ? gather(features, extent) : features)),
    });
    const background = await readBackground();
    const earth = transformExtent([-180, -85, 180, 85], "EPSG:4326", "EPSG:3857");
    const view = new View({ center: fromLonLat([longitude, latitude]), zoom, maxZoom: 19, extent: earth, constrainOnlyCenter: true });
    const most = [-180, -90, 180, 90];
    const map = new OlMap({
      target: box,
      layers: [...background, ground, tiles],
      view,
      controls: [
        new Zoom({ duration: still ? 0 : 250, zoomInTipLabel: words.nearer, zoomOutTipLabel: words.farther }),
        new ScaleLine(),
      ],
      interactions: interactions({ mouseWheelZoom: false, dragPan: false, zoomDuration: still ? 0 : 250 }).extend([
        new MouseWheelZoom({ duration: still ? 0 : 250, condition: platformModifierKeyOnly }),
        new DragPan({
          condition(event) { return event.originalEvent.pointerType === "mouse" || this.getPointerCount() === 2; },
        }),
      ]),
    });
    const frameOf = (corners) => corners.flatMap((corner) => toLonLat(corner)).map((side) => side.toFixed(6)).join(",");
    const select = async ([x, y]) => {
      const corners = [[x - NEAR, y + NEAR], [x + NEAR, y - NEAR]].map((pixel) => map.getCoordinateFromPixel(pixel));
      const answer = await fetch(`${words.items}&bbox=${frameOf(corners)}`);
      const row = (await answer.json()).features[0]?.id;
      if (row === undefined) {
        status.textContent = words.nothing;
        return;
      }
      const link = document.createElement("a");
      link.href = words.row.replace("NUMBER", row);
      link.textContent = words.chosen.replace("NUMBER", row);
      status.replaceChildren(link);
    };
    const read = async () => {
      const sides = transformExtent(view.calculateExtent(map.getSize()), "EPSG:3857", "EPSG:4326");
      const frame = sides.map((side, rank) => (rank < 2 ? Math.max(side, most[rank]) : Math.min(side, most[rank])).toFixed(5)).join(",");
      const at = toLonLat(view.getCenter());
      const address = new URL(location.href);
      address.searchParams.set("at", [Math.round(view.getZoom() * 10) / 10, at[1], at[0]].map((value) => Number(value.toPrecision(6))).join("/"));
      history.replaceState(history.state, "", address.href);
      const [rows, shapes] = await Promise.all([
        fetch(`${words.items}&bbox=${frame}`).then((answer) => answer.json()),
        fetch(`${words.outlines}?box=${frame}`).then((answer) => answer.json()),
      ]);
      list.replaceChildren(...rows.features.map((feature) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = words.row.replace("NUMBER", feature.id);
        const filled = (value) => value !== undefined && value !== null && value !== "";
        const names = [Object.values(feature.properties).find(filled), feature.properties[words.name]].filter(filled);
        link.textContent = [...new Set(names)].join(" ") || feature.id;
        item.append(link);
        const value = words.column ? feature.properties[words.column] ?? "" : "";
        if (value !== "" && String(value) !== link.textContent) item.append(` ${value}`);
        return item;
      }));
      document.getElementById("moving-count").textContent = words.seen.replace("NUMBER", rows.numberMatched);
      outlines.clear(true);
      outlines.addFeatures((shapes.areas ?? []).map((area) => new Feature(
        new MultiPolygon(area.map((ring) => [ring.map((point) => fromLonLat(point))])),
      )));
    };
    let waiting = 0;
    map.on("moveend", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => read().catch(() => { status.textContent = words.failed; }), 400);
    });
    const answerAt = (pixel) => select(pixel).catch(() => { status.textContent = words.failed; });
    map.on("singleclick", (event) => answerAt(event.pixel));
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === box) answerAt(map.getSize().map((side) => side / 2));
    });
    map.once("rendercomplete", () => { box.dataset.ready = ""; });
  };
  start().catch(() => { status.textContent = words.failed; });
}
