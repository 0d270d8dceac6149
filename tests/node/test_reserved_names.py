"""Columns called as a parameter of the API, or as what a table is stored with, keep their names wherever they are asked for."""

import csv
import io
import json
from pathlib import Path

import duckdb
import httpx
import pytest

from tests.node.producer import Producer

NAMES = ["nom", "geometry", "q", "page", "columns", "or", "bbox", "limit", "__id__"]
ROWS = [
    ["Halle", "POINT (-1.6 48.1)", "a", "2", "u", "v", "w", "3", "x"],
    ["Gare", "POINT (-1.7 48.2)", "b", "3", "u", "v", "w", "4", "y"],
    ["Parc", "POINT (-1.8 48.3)", "a", "4", "u", "v", "w", "5", "z"],
]


def table() -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([NAMES, *ROWS])
    return text.getvalue().encode()


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("q__exact=a", ["Halle", "Parc"]), ("page__exact=3", ["Gare"]), ("columns__exact=u&page__greater=3", ["Gare", "Parc"]),
        ("or__exact=v&limit__exact=5", ["Parc"]), ("__id____exact=y", ["Gare"]), ("geometry__contains=-1.7", ["Gare"]),
        ("or=(q__exact.b,page__exact.4)", ["Gare", "Parc"]), ("q=gare", ["Gare"]), ("q__exact=a&q=parc", ["Parc"]),
        ("page__sort=desc&page_size=1&page=2", ["Gare"]),
    ],
)  # fmt: skip
async def test_a_column_is_filtered_by_its_own_name(
    producer: Producer, passer_by: httpx.AsyncClient, query: str, rows: list[str]
) -> None:
    dataset = await producer.publish(await producer.draft(table(), "lieux.csv"))

    answer = await passer_by.get(f"/api/resources/{dataset}/data/?{query}")
    page = await passer_by.get(
        f"/datasets/{dataset}/data?{query}", follow_redirects=True
    )

    assert [row["nom"] for row in answer.json()["data"]] == rows
    assert page.status_code == 200
    assert rows[0] in page.text


async def test_exports_and_maps_have_the_names_of_the_file(
    producer: Producer, passer_by: httpx.AsyncClient, tmp_path: Path
) -> None:
    dataset = await producer.publish(await producer.draft(table(), "lieux.csv"))
    base = f"/api/resources/{dataset}/data"

    exported = await passer_by.get(f"{base}/csv/")
    parquet = await passer_by.get(f"{base}/parquet/")
    geojson = await passer_by.get(f"{base}/geojson/")
    around = await passer_by.get(
        f"/ogc/{dataset}/collections/data/items?bbox=-1.75,48,-1.65,49&q__exact=b"
    )
    tiles = await passer_by.get(f"{base}/pmtiles/")

    (tmp_path / "x.parquet").write_bytes(parquet.content)
    shapes = [
        one["geometry"]["coordinates"] for one in json.loads(geojson.text)["features"]
    ]
    places = duckdb.sql(
        f"SELECT geometry, ST_AsText(__geometry) FROM '{tmp_path / 'x.parquet'}'"
    ).fetchall()
    assert list(csv.reader(io.StringIO(exported.text.lstrip("\ufeff")))) == [
        NAMES,
        *ROWS,
    ]
    assert shapes == [[-1.6, 48.1], [-1.7, 48.2], [-1.8, 48.3]]
    assert list(json.loads(geojson.text)["features"][0]["properties"]) == NAMES
    assert [one["properties"]["nom"] for one in around.json()["features"]] == ["Gare"]
    assert places == [(row[1], row[1]) for row in ROWS]
    assert tiles.status_code == 200


async def test_a_name_that_is_reserved_is_said_to_be_changed(
    producer: Producer,
) -> None:
    dataset = await producer.draft(b"__id,nom\n7,a\n8,b\n", "lieux.csv")

    page = await producer.page(f"/datasets/{dataset}/check")

    assert "Le nom «\N{NO-BREAK SPACE}__id\N{NO-BREAK SPACE}» est réservé" in page
    assert "__id (2)" in page
