"""Geographic files, real and hostile: what is understood, what is written, and words for all that cannot be read."""

import csv
import json
import zipfile
from pathlib import Path

import duckdb
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.depth import examples
from udi.tabular.columns.column import ColumnType, TypedColumn, places_name
from udi.tabular.geo.geo import GeoProfile, profile_geo_file
from udi.tabular.geo.geo_conversion import GeoConversion, convert_geo
from udi.tabular.geo.geo_gdal import ALLOWED, pyogrio, raw
from udi.tabular.messages.remarks import UnreadableGeoFileError

NOT_MAPS = {
    "togeojson_bad.tcx": "TCX", "togeojson_garmin_connect.tcx": "TCX", "togeojson_sample.tcx": "TCX",
    "togeojson_tcx-courses.tcx": "TCX", "togeojson_tour_hr.tcx": "TCX", "dvf_communes44.json": "a list, not a map",
    "dvf_epcis.json": "a list, not a map", "dvf_sections44109.json": "a list, not a map",
    "data-fair_wkt.csv": "No map was found", "fiona_curves_line.csv": "No map was found",
}  # fmt: skip
"""Files that are no map, and what is said; the two last are tables with places as text (test_points)."""


def geojson(*features: dict[str, object], **more: object) -> bytes:
    return json.dumps(
        {"type": "FeatureCollection", "features": features, **more}
    ).encode()


def feature(geometry: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def dropped(folder: Path, content: bytes, name: str = "carte.geojson") -> Path:
    path = folder / "dropped"
    path.write_bytes(content)
    del name
    return path


def converted(
    source: Path, folder: Path, **options: str
) -> tuple[GeoConversion, list[tuple[object, ...]]]:
    """What is said, and the rows: line, columns, place as WKT."""
    target = folder / "table.parquet"
    result = convert_geo(source, options.pop("layer", ""), target, folder, **options)
    names = ", ".join(f'"{column.name}"' for column in result.columns)
    places = places_name(column.name for column in result.columns)
    place = f"ST_AsText({places})" if result.geometry else "NULL"
    rows = duckdb.sql(
        f"SELECT __line, {names + ',' if names else ''} {place} FROM '{target}' ORDER BY 1"
    ).fetchall()
    return result, rows


def files(shared_data: Path) -> list[Path]:
    return sorted(
        path
        for path in (shared_data / "data/geo").iterdir()
        if path.name != "ORIGINS.tsv"
    )


def test_gdal_knows_no_other_format_than_those_asked_for() -> None:
    assert set(pyogrio.list_drivers()) <= ALLOWED


def test_every_real_file_is_understood_and_converted_or_explained(
    shared_data: Path, tmp_path: Path
) -> None:
    opened = 0
    refused = {}
    broken = {}
    for path in files(shared_data)[:: examples(12, 1)]:
        understood = profile_geo_file(path, path.name, tmp_path)
        if not understood.layers:
            refused[path.name] = understood.remarks[0].message
            continue
        layer = next(
            candidate
            for candidate in understood.layers
            if candidate.name == understood.selected_layer
        )
        result = convert_geo(
            path, layer.name, tmp_path / "table.parquet", tmp_path, name=path.name
        )
        opened += 1
        if (result.rows, result.crs) != (layer.features, layer.crs):
            broken[path.name] = (result.rows, layer.features)

    assert broken == {}
    assert opened == examples(11, 146)
    assert {
        name: words
        for name, words in refused.items()
        if NOT_MAPS.get(name, "-") not in words
    } == {}


def test_the_labelled_layers_are_right(shared_data: Path, tmp_path: Path) -> None:
    with (shared_data / "reference/tables-labels.tsv").open(
        encoding="utf-8", newline=""
    ) as lines:
        labels = [
            line
            for line in csv.DictReader(lines, delimiter="\t")
            if line["notable_types"].startswith("crs=")
        ]

    mismatches = {}
    for label in labels:
        understood = profile_geo_file(
            shared_data / "data/geo" / label["file"], label["file"], tmp_path
        )
        layer = next(
            candidate
            for candidate in understood.layers
            if candidate.name == understood.selected_layer
        )
        if (str(layer.features), f"crs={layer.crs}") != (
            label["rows"],
            label["notable_types"],
        ):
            mismatches[label["file"]] = (layer.features, layer.crs)

    assert len(labels) == 10
    assert mismatches == {}


@pytest.mark.parametrize(
    "kind", [pytest.param("shape_28992.zip", marks=pytest.mark.thorough), "28992.gpkg"]
)
def test_a_reprojection_equals_the_published_twin(
    shared_data: Path, tmp_path: Path, kind: str
) -> None:
    geo = shared_data / "data/geo"
    _, moved = converted(geo / f"pygeoapi_dutch_addresses_{kind}", tmp_path)
    _, twin = converted(geo / "pygeoapi_dutch_addresses_4326.gpkg", tmp_path)

    ours, theirs = (
        shapely.get_coordinates(shapely.from_wkt([row[-1] for row in rows]))
        for rows in (moved, twin)
    )
    assert len(ours) == 2481
    assert abs(ours - theirs).max() < 1e-5


VRT = b"""<OGRVRTDataSource><OGRVRTLayer name="passwd"><SrcDataSource>CSV:/etc/passwd</SrcDataSource>
<SrcLayer>passwd</SrcLayer></OGRVRTLayer></OGRVRTDataSource>"""
HOSTILE = {
    "a list of other files": (VRT, "carte.kml", "only points at others"),
    "the same behind a declaration": (
        b'<?xml version="1.0"?>\n<!-- kml -->\n' + VRT,
        "carte.geojson",
        "only points",
    ),
    "entities": (
        b'<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]><kml>&a;</kml>',
        "a.kml",
        "abbreviations",
    ),
    "an unfinished map": (
        b'{"type": "FeatureCollection", "features": [{"type": "Fea',
        "a.geojson",
        "damaged",
    ),
    "a JSON that is no map": (b'{"a": 1}', "a.geojson", "damaged"),
    "nothing": (b"", "a.geojson", "No map was found"),
    "noise": (b"\x00\x01\x02\x03" * 100, "a.shp", "No map was found"),
    "a database": (
        b"SQLite format 3\x00" + b"\x00" * 4000,
        "a.gpkg",
        "not a GeoPackage",
    ),
    "half a FlatGeobuf": (b"fgb\x03fgb\x00" + b"\xff" * 50, "a.fgb", "no layer"),
    "half a Parquet": (b"PAR1" + b"\xff" * 50, "a.parquet", "damaged"),
    "half a gzip": (b"\x1f\x8b\x08" + b"\x00" * 20, "a.geojson.gz", "damaged"),
    "half a zip": (b"PK\x03\x04" + b"\x00" * 40, "a.zip", "damaged"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_or_damaged_file_is_refused_in_words(
    kind: str, tmp_path: Path
) -> None:
    content, name, words = HOSTILE[kind]
    source = dropped(tmp_path, content)

    understood = profile_geo_file(source, name, tmp_path)

    assert understood.layers == ()
    assert words in understood.remarks[0].message
    with pytest.raises(UnreadableGeoFileError):
        convert_geo(source, "", tmp_path / "t.parquet", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["dropped"]


def zipped(folder: Path, entries: dict[str, bytes]) -> Path:
    path = folder / "dropped"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    source = zipped(tmp_path, {"carte.geojson": b" " * 60_000_000})

    assert (
        "much more"
        in profile_geo_file(source, "carte.zip", tmp_path).remarks[0].message
    )


def test_names_in_an_archive_reach_no_folder(tmp_path: Path) -> None:
    place = geojson(feature({"type": "Point", "coordinates": [1, 2]}))
    source = zipped(
        tmp_path, {"../../evil.geojson": place, "/tmp/other.geojson": place}
    )
    (tmp_path / "work").mkdir()

    understood = profile_geo_file(source, "carte.zip", tmp_path / "work")

    assert [layer.name for layer in understood.layers] == ["evil", "other"]
    assert {path.name for path in tmp_path.rglob("*")} == {"dropped", "work"}


def test_a_shapefile_without_its_company_says_what_is_missing(tmp_path: Path) -> None:
    source = zipped(tmp_path, {"rues.shp": b"x", "rues.dbf": b"x"})

    assert ".shx" in profile_geo_file(source, "rues.zip", tmp_path).remarks[0].message


def test_a_shared_folder_is_left_as_it_was(shared_data: Path, tmp_path: Path) -> None:
    before = {path.name for path in (shared_data / "data/geo").iterdir()}

    converted(shared_data / "data/geo/fiona_multicurve.gml", tmp_path)

    assert {path.name for path in (shared_data / "data/geo").iterdir()} == before


def chosen(understood: GeoProfile) -> tuple[str, str]:
    layer = next(
        candidate
        for candidate in understood.layers
        if candidate.name == understood.selected_layer
    )
    return layer.crs, " ".join(
        remark.message % remark.values for remark in layer.remarks
    )


SYSTEMS = {
    (352_000.0, 6_789_000.0): ("EPSG:2154", "look like RGF93 v1 / Lambert-93"),
    (1_352_000.0, 7_225_000.0): ("EPSG:3948", "look like RGF93 v1 / CC48"),
    (-1.67, 48.11): ("EPSG:4326", ""),
    (48.11, -1.67): ("EPSG:4326", "exchanged"),
    (9e9, 9e9): ("EPSG:4326", "outside the world"),
}


@pytest.mark.parametrize("point", SYSTEMS)
def test_numbers_that_are_no_degrees_are_recognised_and_reported(
    point: tuple[float, float], tmp_path: Path
) -> None:
    content = geojson(feature({"type": "Point", "coordinates": list(point)}))

    crs, words = chosen(
        profile_geo_file(dropped(tmp_path, content), "a.geojson", tmp_path)
    )

    assert crs == SYSTEMS[point][0]
    assert SYSTEMS[point][1] in words


def test_rennes_in_lambert_93_without_a_name_is_at_rennes(tmp_path: Path) -> None:
    content = geojson(feature({"type": "Point", "coordinates": [352_000, 6_789_000]}))

    result, rows = converted(dropped(tmp_path, content), tmp_path)
    corrected, elsewhere = converted(
        dropped(tmp_path, content), tmp_path, crs="EPSG:3857"
    )

    place = shapely.from_wkt(str(rows[0][-1]))
    assert place.distance(shapely.Point(-1.67, 48.11)) < 0.05
    assert result.crs == "EPSG:2154"
    assert shapely.from_wkt(str(elsewhere[0][-1])).x == pytest.approx(3.162, abs=0.01)
    assert corrected.crs == "EPSG:3857"


def test_what_is_wrong_with_a_place_is_said_with_its_line(tmp_path: Path) -> None:
    bow = [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]
    content = geojson(
        feature({"type": "Point", "coordinates": [1, 2]}, n="Zoé"),
        feature(None, n="nowhere"),
        feature({"type": "Polygon", "coordinates": bow}, n="bow"),
        feature({"type": "Point", "coordinates": [1, 200]}, n="far"),
        feature({"type": "MultiPoint", "coordinates": []}, n="empty"),
    )

    result, rows = converted(dropped(tmp_path, content), tmp_path)

    assert [row[:2] for row in rows] == [
        (1, "Zoé"),
        (2, "nowhere"),
        (3, "bow"),
        (4, "far"),
        (5, "empty"),
    ]
    assert [row[2] is None for row in rows] == [False, True, False, True, True]
    assert {error.line: error.remark.message.split(".")[0] for error in result.errors} == {
        2: "This row has no place", 3: "The outline of this place crosses itself",
        4: "This place is outside the world", 5: "This place has no point",
    }  # fmt: skip


def test_names_that_would_meet_are_told_apart(tmp_path: Path) -> None:
    met = {"Nom": "a", "nom": "b", "geometry": "c", "__line": 4}
    content = geojson(
        {
            "type": "Feature",
            "properties": met,
            "geometry": {"type": "Point", "coordinates": [1, 2]},
        }
    )

    result, rows = converted(dropped(tmp_path, content), tmp_path)

    assert [column.name for column in result.columns] == [
        "Nom",
        "nom (2)",
        "geometry",
        "__line (2)",
    ]
    assert rows == [(1, "a", "b", "c", 4, "POINT (1 2)")]


def test_values_keep_their_types(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [1, 2, 300]}
    content = geojson(
        feature(
            point,
            code="01001",
            n=3,
            x=1.5,
            ok=True,
            day="2024-02-29",
            list=[1, 2],
            void=None,
        ),
        feature(
            point, code="2A004", n=None, x=None, ok=None, day=None, list=None, void=None
        ),
    )

    def guess(name: str, values: object) -> TypedColumn:
        assert sorted(values) == ["01001", "2A004"]  # type: ignore[call-overload]
        return TypedColumn(name, ColumnType.COMMUNE)

    result = convert_geo(
        dropped(tmp_path, content), "", tmp_path / "t.parquet", tmp_path, guess=guess
    )
    _, rows = converted(tmp_path / "dropped", tmp_path)

    assert {column.name: str(column.type) for column in result.columns} == {
        "code": "commune", "n": "integer", "x": "number", "ok": "boolean", "day": "date", "list": "json",
        "void": "empty",
    }  # fmt: skip
    assert [str(value) for value in rows[0]] == [
        "1", "01001", "3", "1.5", "True", "2024-02-29", "[1,2]", "None", "POINT (1 2)",
    ]  # fmt: skip
    assert any("heights" in remark.message for remark in result.remarks)


def test_a_table_carries_its_places_as_geoparquet(tmp_path: Path) -> None:
    content = geojson(feature({"type": "LineString", "coordinates": [[1, 2], [3, 5]]}))

    result, _ = converted(dropped(tmp_path, content), tmp_path)

    metadata = duckdb.sql(
        f"SELECT value FROM parquet_kv_metadata('{tmp_path}/table.parquet') WHERE key = 'geo'::BLOB"
    )
    column = json.loads(metadata.fetchall()[0][0])["columns"]["geometry"]
    assert column == {
        "encoding": "WKB",
        "geometry_types": ["LineString"],
        "bbox": [1, 2, 3, 5],
    }
    assert result.bbox == (1, 2, 3, 5)
    box = duckdb.sql(
        f"SELECT __xmin, __ymin, __xmax, __ymax FROM '{tmp_path}/table.parquet'"
    ).fetchall()
    assert box == [(1, 2, 3, 5)]


def other_formats(folder: Path) -> dict[str, bytes]:
    points = shapely.to_wkb(shapely.points([[1, 2], [3, 4]]))

    names = [np.array(["été", "b"], dtype=object)]
    content_by_suffix = {}
    for driver, suffix in (
        ("FlatGeobuf", "fgb"),
        ("GeoJSONSeq", "geojsonl"),
        ("GPKG", "gpkg"),
        ("KML", "kml"),
    ):
        path = folder / f"made.{suffix}"
        raw.write(
            path,
            points,
            names,
            ["Name"],
            driver=driver,
            geometry_type="Point",
            crs="EPSG:4326",
        )
        content_by_suffix[suffix] = path.read_bytes()
        path.unlink()
    with zipfile.ZipFile(folder / "made.kmz", "w") as archive:
        archive.writestr("doc.kml", content_by_suffix["kml"])
    content_by_suffix["kmz"] = (folder / "made.kmz").read_bytes()
    (folder / "made.kmz").unlink()
    objects = {"o": {"type": "GeometryCollection", "geometries": [
        {"type": "Point", "coordinates": [1, 2], "properties": {"Name": "été"}},
        {"type": "Point", "coordinates": [3, 4], "properties": {"Name": "b"}}]}}  # fmt: skip
    content_by_suffix["topojson"] = json.dumps(
        {"type": "Topology", "objects": objects, "arcs": []}
    ).encode()
    return content_by_suffix


def test_the_other_formats_give_the_same_table(tmp_path: Path) -> None:
    for suffix, content in other_formats(tmp_path).items():
        result, rows = converted(dropped(tmp_path, content), tmp_path)

        names = [column.name for column in result.columns]
        assert "Name" in names, suffix
        assert [row[0] for row in rows] == [1, 2]
        places = {(row[1 + names.index("Name")], row[-1]) for row in rows}
        assert places == {("été", "POINT (1 2)"), ("b", "POINT (3 4)")}, suffix


def test_our_own_geoparquet_is_read_again(tmp_path: Path) -> None:
    content = geojson(feature({"type": "Point", "coordinates": [1, 2]}, nom="a"))
    converted(dropped(tmp_path, content), tmp_path)
    again = tmp_path / "again.parquet"
    (tmp_path / "table.parquet").rename(again)

    understood = profile_geo_file(again, "again.parquet", tmp_path)
    _, rows = converted(again, tmp_path)

    assert (understood.format, understood.layers[0].geometry, understood.layers[0].bbox) == (
        "GeoParquet", "Point", (1, 2, 1, 2),
    )  # fmt: skip
    assert rows[0][-1] == "POINT (1 2)"
    assert "a" in rows[0]


COORDINATE = st.floats(-80, 80, allow_nan=False).map(lambda value: round(value, 6))
POINT = st.tuples(COORDINATE, COORDINATE).map(shapely.Point)
LINE = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=2, max_size=8).map(
    shapely.LineString
)
POLYGON = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=8).map(
    shapely.Polygon
)
MANY = st.lists(POINT, max_size=4).map(shapely.MultiPoint)
MIXED = st.lists(POINT | LINE | POLYGON, min_size=1, max_size=3).map(
    shapely.GeometryCollection
)


@settings(
    max_examples=examples(8, 40),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    places=st.lists(
        POINT | LINE | POLYGON | MANY | MIXED | st.none(), min_size=1, max_size=8
    )
)
def test_any_geometry_comes_back_as_it_was(
    places: list[shapely.Geometry | None], tmp_path: Path
) -> None:
    content = geojson(
        *(
            feature(
                None if place is None else json.loads(shapely.to_geojson(place)), n=1
            )
            for place in places
        )
    )

    _, rows = converted(dropped(tmp_path, content), tmp_path)

    filled = [None if place is None or place.is_empty else place for place in places]
    geometries = [
        None if row[-1] is None else shapely.from_wkt(str(row[-1])) for row in rows
    ]
    assert [place is None for place in geometries] == [
        place is None for place in filled
    ]
    pairs = [
        pair for pair in zip(geometries, filled, strict=True) if pair[1] is not None
    ]
    assert [pair for pair in pairs if not pair[0].equals_exact(pair[1], 1e-9)] == []


@settings(
    max_examples=examples(10, 60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    content=st.binary(max_size=300),
    start=st.sampled_from([b"", b"{", b"<kml>", b"<gpx>", b"fgb\x03", b"PAR1"]),
)
def test_no_contents_are_an_accident(
    content: bytes, start: bytes, tmp_path: Path
) -> None:
    understood = profile_geo_file(dropped(tmp_path, start + content), "a.kml", tmp_path)

    assert list(understood.layers) == []
    assert list(understood.remarks) != []


GOOGLE_TRACK = b"""<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"><Document>
<Placemark><name>Halle</name><Point><coordinates>-1.6,48.1</coordinates></Point></Placemark>
<Placemark><name>Gare</name><Point><coordinates>-1.7,48.2</coordinates></Point></Placemark>
<Placemark><name>Circuit</name><gx:Track><when>2026-01-01T08:00:00Z</when><when>2026-01-01T08:05:00Z</when>
<gx:coord>-1.6 48.1 0</gx:coord><gx:coord>-1.61 48.11 0</gx:coord></gx:Track></Placemark></Document></kml>"""


def test_a_track_of_google_beside_points_has_its_place(tmp_path: Path) -> None:
    result, rows = converted(dropped(tmp_path, GOOGLE_TRACK), tmp_path)

    kinds = [str(row[-1]).partition(" ")[0] for row in rows]
    assert (result.rows, result.errors) == (3, ())
    assert kinds[:2] == ["POINT", "POINT"]
    assert kinds[2].startswith("LINESTRING")
