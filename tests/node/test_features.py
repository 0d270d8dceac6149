"""OGC API – Features: required members, exact questions, refusals; and the files that maps are exported as."""

import gzip
import json
import random
import struct
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import numpy as np
import pytest
import shapely
from pyproj import Transformer

from tests.depth import examples
from tests.node.made_tables import SPACE
from tests.node.test_geo import dropped, feature, geojson
from tests.service_overrides import ServiceOverrides
from udi.kit.errors import NotFoundError
from udi.kit.rates import RateLimiter
from udi.node.tables.api import EXPORTS
from udi.node.tables.finder import FIND_TABLE
from udi.node.tables.requests import RATES
from udi.tabular.exports.exports import ExportWriter, select_tiles
from udi.tabular.geo.geo import profile_geo_file
from udi.tabular.geo.geo_conversion import GeoConversion, convert_geo
from udi.tabular.geo.geo_export import write_geo
from udi.tabular.geo.geo_gdal import raw
from udi.tabular.geo.geojson import export_features
from udi.tabular.queries import ogc
from udi.tabular.queries.feature_query import FeatureQuery
from udi.tabular.queries.feature_selection import select_features
from udi.tabular.queries.pool import POOL, PoolLimits, QueryPool
from udi.tabular.queries.query import Filter, Operator, Query
from udi.tabular.queries.table import DatasetTable

HEADER = struct.Struct("<6B4i")
"""The end of the header of PMTiles 3: kinds, levels and bounds."""
GZIP = 2
VECTOR = 1
RESOURCE = uuid.UUID("3f2b0000-0000-4000-8000-000000000001")
BASE = f"/ogc/{RESOURCE}"


def made(
    folder: Path, count: int = 60, seed: int = 5
) -> tuple[list[shapely.Geometry], GeoConversion]:
    """A table of points, lines and triangles around Rennes, with days and names."""
    chance = random.Random(seed)  # noqa: S311 - a fixed seed is the point
    shapes = list[shapely.Geometry]()
    features = []
    for number in range(count):
        corners = [(chance.uniform(-3, 0), chance.uniform(47, 49)) for _ in range(3)]
        shape = (
            shapely.Point(corners[0]),
            shapely.LineString(corners[:2]),
            shapely.Polygon(corners),
        )[number % 3]
        shapes.append(shape)
        named = {
            "nom": "pair" if number % 2 else "impair",
            "rang": number,
            "jour": f"2024-05-{1 + number % 28:02}",
        }
        features.append(feature(json.loads(shapely.to_geojson(shape)), **named))
    features.append(feature(None, nom="nulle part", rang=-1, jour=None))
    return shapes, convert_geo(
        dropped(folder, geojson(*features)), "", folder / "table.parquet", folder
    )


def table_of(path: Path, converted: GeoConversion) -> DatasetTable:
    return DatasetTable(
        path, converted.columns, converted.rows, digest=str(path), space=SPACE, name="lieux", title="Lieux",
        modified=datetime(2026, 1, 1, tzinfo=UTC), geometry=converted.geometry, bbox=converted.bbox,
    )  # fmt: skip


@pytest.fixture(scope="module")
def lieux(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[list[shapely.Geometry], DatasetTable]:
    folder = tmp_path_factory.mktemp("lieux")
    shapes, converted = made(folder)
    return shapes, table_of(folder / "table.parquet", converted)


@pytest.fixture
async def client(
    passer_by: httpx.AsyncClient,
    services: ServiceOverrides,
    lieux: tuple[list[shapely.Geometry], DatasetTable],
    tmp_path: Path,
) -> AsyncIterator[httpx.AsyncClient]:
    """A passer-by before the node, which has one table with places."""

    async def find(
        session: object, actor: object, resource_id: uuid.UUID, *, let: bool = False
    ) -> DatasetTable:
        if resource_id != RESOURCE:
            raise NotFoundError
        return lieux[1]

    pool = QueryPool(PoolLimits(seconds=60, patience=60))
    exports = ExportWriter(tmp_path / "exports")
    services |= {
        FIND_TABLE: find,
        POOL: pool,
        EXPORTS: exports,
        RATES: RateLimiter("tables"),
    }
    yield passer_by
    await pool.close()


async def body(
    client: httpx.AsyncClient, path: str, **params: object
) -> dict[str, Any]:
    response = await client.get(
        BASE + path, params={name: str(value) for name, value in params.items()}
    )
    assert response.status_code == 200, response.text
    result: dict[str, Any] = response.json()
    return result


def rels(document: dict[str, Any]) -> set[str]:
    assert all({"href", "rel", "type"} <= link.keys() for link in document["links"])
    return {link["rel"] for link in document["links"]}


async def test_the_documents_have_their_required_members(
    client: httpx.AsyncClient,
) -> None:
    landing = await body(client, "")
    conformance = await body(client, "/conformance")
    listed = await body(client, "/collections")
    collection = await body(client, "/collections/data")
    described = await body(client, "/api")

    assert {"self", "service-desc", "conformance", "data"} <= rels(landing)
    assert {name.rpartition("/")[2] for name in conformance["conformsTo"]} == {
        "core",
        "geojson",
        "oas30",
    }
    assert rels(listed) == {"self"}
    assert listed["collections"] == [collection]
    assert {"id", "title", "links", "extent", "itemType", "crs"} <= collection.keys()
    assert {"self", "items"} <= rels(collection)
    west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
    assert -3 <= west < east <= 0
    assert 47 <= south < north <= 49
    assert described["openapi"].startswith("3.0")
    assert {"/collections/data/items", "/collections/data/items/{id}"} <= described[
        "paths"
    ].keys()


async def test_every_link_of_the_landing_page_answers(
    client: httpx.AsyncClient,
) -> None:
    landing = await body(client, "")

    links = [link for link in landing["links"] if link["rel"] != "about"]
    assert len(links) == 4
    for link in links:
        response = await client.get(link["href"])
        assert response.status_code == 200
        assert (
            response.headers["content-type"].partition(";")[0]
            == link["type"].partition(";")[0]
        )


async def test_a_parameter_of_the_standard_that_is_empty_is_none(
    client: httpx.AsyncClient,
) -> None:
    plain = await body(client, "/collections/data/items")
    empty = await body(
        client,
        "/collections/data/items",
        limit="",
        offset="",
        bbox="",
        datetime="",
        f="",
    )

    assert empty["features"] == plain["features"]


async def test_pages_follow_each_other_to_the_end(client: httpx.AsyncClient) -> None:
    page = await body(client, "/collections/data/items", limit=25)
    ids = list[int]()
    while True:
        assert {
            "type",
            "features",
            "links",
            "timeStamp",
            "numberMatched",
            "numberReturned",
        } <= page.keys()
        assert page["numberReturned"] == len(page["features"])
        ids += [feature["id"] for feature in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        page = (await client.get(following[0])).json()

    assert ids == list(range(1, 62))
    assert "prev" in rels(page)


async def test_one_feature_has_its_address(client: httpx.AsyncClient) -> None:
    feature = await body(client, "/collections/data/items/2")

    assert (feature["type"], feature["id"], feature["geometry"]["type"]) == (
        "Feature",
        2,
        "LineString",
    )
    assert feature["properties"] == {"nom": "pair", "rang": 1, "jour": "2024-05-02"}
    assert rels(feature) == {"self", "collection"}


async def test_properties_and_moments_choose(client: httpx.AsyncClient) -> None:
    async def matched(**parameters: object) -> int:
        return int(
            (await body(client, "/collections/data/items", **parameters))[
                "numberMatched"
            ]
        )

    assert await matched(nom="pair") == 30
    assert await matched(rang=7) == 1
    assert await matched(rang="seven") == 0
    assert await matched(datetime="2024-05-03") == 3
    assert await matched(datetime="2024-05-27/..") == 4
    assert await matched(datetime="../2024-05-02T12:00:00Z") == 6
    assert (
        await matched(nom="pair", datetime="2024-05-02/2024-05-04", bbox="-3,47,0,49")
        == 6
    )


REFUSED = {
    "bbox=1,2,3": "rectangle", "bbox=a,b,c,d": "rectangle", "bbox=0,50,1,40": "rectangle", "bbox=0,0,1,nan": "rectangle",
    "datetime=yesterday": "moment", "datetime=../..": "moment", "datetime=2024-05-02/2024-05-01": "moment",
    "limit=0": "whole number", "limit=-1": "whole number", "limit=x": "whole number", "offset=1e3": "whole number",
    "other=1": "no parameter", "f=html": "Only GeoJSON", "limit=1&limit=2": "twice",
    "bbox-crs=http://www.opengis.net/def/crs/EPSG/0/2154": "Only GeoJSON",
}  # fmt: skip


@pytest.mark.parametrize("words", REFUSED)
async def test_a_question_that_cannot_be_read_is_a_400_in_words(
    client: httpx.AsyncClient, words: str
) -> None:
    response = await client.get(
        f"{BASE}/collections/data/items?{words}", headers={"Accept-Language": "en"}
    )

    assert response.status_code == 400
    [refusal] = response.json()["errors"]
    assert REFUSED[words] in refusal["reason"]
    assert refusal["field"] == words.partition("=")[0]


@pytest.mark.parametrize(
    "path",
    [
        "/collections/other",
        "/collections/other/items",
        "/collections/data/items/99",
        "/collections/data/items/0",
    ],
)
async def test_what_is_not_there_is_a_404(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(BASE + path)).status_code == 404
    assert (await client.get(f"/ogc/{uuid.uuid4()}{path}")).status_code == 404


async def test_a_good_copy_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get(f"{BASE}/collections/data/items")
    again = await client.get(
        f"{BASE}/collections/data/items",
        headers={"If-None-Match": first.headers["etag"]},
    )

    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["access-control-allow-origin"] == "*"


def asked_for(table: DatasetTable, bbox: tuple[float, float, float, float]) -> set[int]:
    selection = select_features(
        table.path, table.columns, FeatureQuery(limit=1000, bbox=bbox)
    )
    assert selection["matched"] == len(selection["features"])
    return {feature["id"] for feature in selection["features"]}


def test_a_rectangle_gives_what_shapely_gives(
    lieux: tuple[list[shapely.Geometry], DatasetTable],
) -> None:
    shapes, table = lieux
    chance = random.Random(11)  # noqa: S311 - a fixed seed is the point
    for _ in range(examples(15, 40)):
        west, east = sorted(chance.uniform(-3.2, 0.2) for _ in range(2))
        south, north = sorted(chance.uniform(46.9, 49.1) for _ in range(2))
        box = shapely.box(west, south, east, north)

        assert asked_for(table, (west, south, east, north)) == {
            number for number, shape in enumerate(shapes, 1) if shape.intersects(box)
        }


def test_a_rectangle_may_be_a_point_or_cross_the_180th_meridian(
    lieux: tuple[list[shapely.Geometry], DatasetTable],
) -> None:
    shapes, table = lieux
    x = shapes[0].x
    y = shapes[0].y

    assert 1 in asked_for(table, (x, y, x, y))
    assert asked_for(table, (170, -90, -3.5, 90)) == set()
    assert len(asked_for(table, (170, -90, 1, 90))) == 60


def test_an_answer_too_heavy_is_cut_and_followed(
    lieux: tuple[list[shapely.Geometry], DatasetTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = lieux[1]
    monkeypatch.setattr("udi.tabular.queries.feature_selection.HEAVIEST", 2000)

    selection = select_features(table.path, table.columns, FeatureQuery(limit=60))
    served = ogc.ServedTable("https://x", "t", table.columns)
    page = ogc.items(served, [], FeatureQuery(limit=60), selection)

    assert 0 < len(selection["features"]) < 60
    assert f"offset={len(selection['features'])}" in next(
        link["href"] for link in page["links"] if link["rel"] == "next"
    )


def test_geojson_is_that_of_rfc_7946(
    lieux: tuple[list[shapely.Geometry], DatasetTable], tmp_path: Path
) -> None:
    shapes, table = lieux

    count = len(table.columns)
    cells = ", ".join(f"c{rank}" for rank in range(count))
    rows = f"SELECT line, {cells}, ST_AsWKB(c{count}) FROM t"
    names = [column.name for column in table.columns]
    few = export_features(
        table.path, tmp_path / "few.geojson", f"{rows} LIMIT ?", (3,), names
    )

    assert few == 3
    assert export_features(table.path, tmp_path / "t.geojson", rows, (), names) == 61

    collection = json.loads((tmp_path / "t.geojson").read_text(encoding="utf-8"))
    assert "crs" not in collection
    places = [
        shapely.from_geojson(json.dumps(feature["geometry"]))
        for feature in collection["features"][:-1]
    ]
    distances = [
        place.hausdorff_distance(shape)
        for place, shape in zip(places, shapes, strict=True)
    ]
    outlines = [place.exterior for place in places if place.geom_type == "Polygon"]
    assert max(distances) < 1e-6
    assert [shapely.is_ccw(outline) for outline in outlines] == [True] * 20
    assert collection["features"][-1]["geometry"] is None
    assert len(json.loads((tmp_path / "few.geojson").read_text())["features"]) == 3


@pytest.mark.parametrize("kind", ["gpkg", "fgb"])
def test_exported_files_hold_the_same_places(
    kind: str, lieux: tuple[list[shapely.Geometry], DatasetTable], tmp_path: Path
) -> None:
    shapes, table = lieux
    target = tmp_path / f"t.{kind}"

    write_geo(table.path, table.columns, target, kind, title="Lieux")

    _, _, places, values = raw.read(target)
    place_by_rank = {
        int(rank): shapely.from_wkb(place)
        for rank, place in zip(values[1], places, strict=True)
    }
    assert len(place_by_rank) == (61 if kind == "gpkg" else 60)
    assert all(
        place_by_rank[number].equals(shape) for number, shape in enumerate(shapes)
    )


@pytest.mark.thorough
def test_tiles_are_written_for_the_levels_that_show_something(
    lieux: tuple[list[shapely.Geometry], DatasetTable], tmp_path: Path
) -> None:
    table = lieux[1]

    write_geo(
        table.path, table.columns, tmp_path / "t.pmtiles", "pmtiles", title="Lieux"
    )

    header = (tmp_path / "t.pmtiles").read_bytes()[:127]
    assert header.startswith(b"PMTiles\x03")
    clustered, inner, outer, kind, least, most, *box = HEADER.unpack_from(header, 96)
    assert (clustered, inner, outer, kind) == (1, GZIP, GZIP, VECTOR)
    assert 0 < least < most <= 14
    assert box == pytest.approx(shapely.total_bounds(lieux[0]) * 1e7, abs=1)
    meta, _, places, values = raw.read(tmp_path / "t.pmtiles")
    assert set(values[list(meta["fields"]).index("rang")]) == set(range(60))
    boxes = [
        shapely.total_bounds(shapely.transform(shapely.from_wkb(places), to_degrees)),
        shapely.total_bounds(lieux[0]),
    ]
    assert abs(boxes[0] - boxes[1]).max() < 0.01


@pytest.mark.thorough
async def test_of_tiles_of_some_rows_the_last_read_stay(
    lieux: tuple[list[shapely.Geometry], DatasetTable], tmp_path: Path
) -> None:
    table = lieux[1]
    exports = ExportWriter(tmp_path / "exports")
    rank = Filter(1, Operator.LESS, (0,))
    questions = [replace(rank, values=(number,)) for number in range(9)]

    paths = [
        await exports.write_tiles(
            table,
            select_tiles(Query(where=(question,), columns=()), table.columns),
        )
        for question in questions
    ]
    await exports.close()

    assert len({*paths}) == 9
    assert [path.exists() for path in paths] == [False, *[True] * 8]


def to_degrees(points: Any) -> Any:
    """From the metres of web maps."""
    return np.column_stack(
        Transformer.from_crs(3857, 4326, always_xy=True).transform(
            points[:, 0], points[:, 1]
        )
    )


def test_a_table_that_no_tile_shows_has_an_empty_one(tmp_path: Path) -> None:
    pole = feature({"type": "Point", "coordinates": [10, 89.99]}, nom="pôle")
    parquet = tmp_path / "table.parquet"
    converted = convert_geo(dropped(tmp_path, geojson(pole)), "", parquet, tmp_path)

    write_geo(parquet, converted.columns, tmp_path / "t.pmtiles", "pmtiles")

    archive = (tmp_path / "t.pmtiles").read_bytes()
    start, length, tiles = struct.unpack_from("<3Q", archive, 56)
    assert (start + length, tiles) == (len(archive), 1)
    assert gzip.decompress(archive[start:]) == b""


def test_an_export_reads_again_as_the_same_table(
    lieux: tuple[list[shapely.Geometry], DatasetTable], tmp_path: Path
) -> None:
    table = lieux[1]
    write_geo(table.path, table.columns, tmp_path / "t.gpkg", "gpkg", title="Lieux")

    understood = profile_geo_file(tmp_path / "t.gpkg", "t.gpkg", tmp_path)
    convert_geo(tmp_path / "t.gpkg", "", tmp_path / "again.parquet", tmp_path)

    assert (understood.format, understood.layers[0].features) == ("GeoPackage", 61)
    both = [
        duckdb.sql(
            f"SELECT nom, rang, jour, ST_AsText(geometry) FROM '{path}' ORDER BY rang"
        ).fetchall()
        for path in (table.path, tmp_path / "again.parquet")
    ]
    assert both[0] == both[1]
