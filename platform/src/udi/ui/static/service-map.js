/* A map of a service of others: pictures, tiles or objects of one layer, asked of its server by this browser. */
"use strict";
const box = document.getElementById("service-map");
if (box && window.OpenLayers) {
  const {
    Circle, DragPan, Fill, GeoJSON, MouseWheelZoom, OlMap, ScaleLine, Stroke, Style, TileLayer, VectorLayer, VectorSource,
    View, XYZ, Zoom, interactions, platformModifierKeyOnly, transformExtent,
  } = window.OpenLayers;
  const PATIENCE = 30000; // milliseconds for objects
  const MOST_LISTED = 20;
  const words = box.dataset;
  const status = document.getElementById("service-status");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const say = (text) => { status.textContent = text; };
  const fill = (values) => words.url.replace(/\{(west|south|east|north|matrix|x|y)\}/g, (_place, name) => values[name]);
  const probe = (name) => {
    const span = document.createElement("span");
    span.style.color = name;
    box.append(span);
    const value = getComputedStyle(span).color;
    span.remove();
    return value;
  };

  const follow = (source) => {
    let isLoaded = false;
    source.on("tileloadend", () => {
      if (!isLoaded) say(words.shown);
      isLoaded = true;
      box.dataset.ready = "";
    });
    source.on("tileloaderror", () => { if (!isLoaded) say(words.failed); });
    return new TileLayer({ source });
  };
  const drawImages = () => {
    const source = new XYZ({ projection: words.projection, tileSize: 512, maxZoom: 19, url: "-" });
    source.setTileUrlFunction((place) => {
      const [west, south, east, north] = source.getTileGrid().getTileCoordExtent(place);
      return fill({ west, south, east, north });
    });
    return follow(source);
  };
  const drawTiles = () => {
    const matrices = JSON.parse(words.matrices);
    const source = new XYZ({
      projection: words.projection, url: "-", minZoom: matrices.findIndex((name) => name !== ""), maxZoom: matrices.length - 1,
    });
    source.setTileUrlFunction(([z, x, y]) => (matrices[z] ? fill({ matrix: encodeURIComponent(matrices[z]), x, y }) : undefined));
    return follow(source);
  };
  const list = (features) => {
    document.getElementById("service-rows").replaceChildren(...features.slice(0, MOST_LISTED).map((feature) => {
      const { geometry, ...values } = feature.getProperties();
      const item = document.createElement("li");
      item.textContent = Object.values(values).find((value) => value !== null && value !== "" && typeof value !== "object") ?? feature.getId() ?? "–";
      return item;
    }));
  };
  const drawFeatures = () => {
    const [accent, card, faint] = ["var(--accent)", "var(--card)", "color-mix(in srgb, var(--accent) 25%, transparent)"].map(probe);
    const source = new VectorSource();
    const read = async () => {
      const answer = await fetch(words.url, { credentials: "omit", signal: AbortSignal.timeout(PATIENCE) });
      const document_ = await answer.json();
      const features = new GeoJSON().readFeatures(document_, { dataProjection: "EPSG:4326", featureProjection: words.projection });
      source.addFeatures(features);
      list(features);
      const all = document_.numberMatched ?? document_.totalFeatures;
      const text = Number.isInteger(all) && all > features.length ? words.some : words.features;
      say(text.replace("NUMBER", features.length).replace("ALL", all));
      box.dataset.ready = "";
    };
    read().catch(() => say(words.failed));
    return new VectorLayer({
      source,
      style: new Style({
        image: new Circle({ radius: 5, fill: new Fill({ color: accent }), stroke: new Stroke({ color: card, width: 1.5 }) }),
        stroke: new Stroke({ color: accent, width: 2 }),
        fill: new Fill({ color: faint }),
      }),
    });
  };

  say(words.loading);
  const layer = { images: drawImages, tiles: drawTiles, features: drawFeatures }[words.drawing]();
  const view = new View({ projection: words.projection, center: [0, 0], zoom: 1, maxZoom: 19 });
  const map = new OlMap({
    target: box,
    layers: [layer],
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
  const [west, south, east, north] = words.box.split(",").map(Number);
  const latest = 85; // degrees where Mercator's map ends
  view.fit(
    transformExtent([west, Math.max(-latest, south), east, Math.min(latest, north)], "EPSG:4326", words.projection),
    { size: map.getSize(), padding: [16, 16, 16, 16], maxZoom: 17 },
  );
}
