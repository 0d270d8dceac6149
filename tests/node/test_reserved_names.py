"""Columns called as a parameter of the API, or as what a table is stored with, keep their names wherever they are asked for."""

import csv
import io
import json
from pathlib import Path

import duckdb
import httpx
import pytest

from tests.node.producer import Producer
from tests.node.texts import write_texts
from tests.node.typed_tables import TextColumn, write_table
from udi.node.datasets.versions.breaking_changes import STOPS
from udi.node.datasets.versions.preparation import prepare
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.difference.difference import compute_difference
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.coverage import compute_coverage
from udi.tabular.profiles.table_facts import inspect_table
from udi.tabular.sandbox.parquet_views import open_parquet_views
from udi.tabular.schemas.folder import read_schema
from udi.tabular.schemas.validation import validate_table

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
        ("q__exact=a", ["Halle", "Parc"]), pytest.param("page__exact=3", ["Gare"], marks=pytest.mark.thorough), pytest.param("columns__exact=u&page__greater=3", ["Gare", "Parc"], marks=pytest.mark.thorough),
        ("or__exact=v&limit__exact=5", ["Parc"]), pytest.param("__id____exact=y", ["Gare"], marks=pytest.mark.thorough), pytest.param("geometry__contains=-1.7", ["Gare"], marks=pytest.mark.thorough),
        ("or=(q__exact.b,page__exact.4)", ["Gare", "Parc"]), pytest.param("q=gare", ["Gare"], marks=pytest.mark.thorough), pytest.param("q__exact=a&q=parc", ["Parc"], marks=pytest.mark.thorough),
        pytest.param("page__sort=desc&page_size=1&page=2", ["Gare"], marks=pytest.mark.thorough),
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


@pytest.mark.thorough
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
    drawn = await passer_by.get(f"/datasets/{dataset}/data?view=map")

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
    assert '<svg class="map"' in drawn.text


async def test_a_name_that_is_reserved_is_said_to_be_changed(
    producer: Producer,
) -> None:
    dataset = await producer.draft(b"__id,nom\n7,a\n8,b\n", "lieux.csv")

    page = await producer.page(f"/datasets/{dataset}/check")

    assert "Le nom «\N{NO-BREAK SPACE}__id\N{NO-BREAK SPACE}» est réservé" in page
    assert "__id (2)" in page


@pytest.mark.thorough
def test_a_column_called_geometry_is_looked_at_as_others_are(tmp_path: Path) -> None:
    values = [str(number) for number in range(10, 40)]
    table, _ = write_table(tmp_path, [TextColumn("geometry", values, ColumnType.CODE)])
    column = TypedColumn("geometry", ColumnType.DEPARTMENT)
    (schema,) = read_schema(
        {"fields": [{"name": "geometry", "type": "integer"}]}, "s.json"
    )

    with open_parquet_views(table) as connection:
        facts = inspect_table(connection, [column])
        coverage = compute_coverage(connection, [column])
    report = validate_table(
        write_texts(tmp_path / "t.parquet", ["geometry"], [["a"]]), ["geometry"], schema
    )
    difference = compute_difference(table, [column], table, [column])

    assert facts.rows == len(values)
    assert coverage.departments[:2] == ("10", "11")
    assert report.wrong_cells == 1
    assert difference.key == ("geometry",)


@pytest.mark.parametrize(
    "former",
    [
        pytest.param(
            "nom,latitude,longitude\nHalle,48.1,-1.6\nGare,48.2,-1.7\n",
            marks=pytest.mark.thorough,
        ),
        "nom,geometry (2)\nHalle,rond\nGare,long\n",
    ],
)
async def test_a_column_called_geometry_takes_no_name_that_an_agreement_gives_to_the_places(
    producer: Producer, passer_by: httpx.AsyncClient, former: str
) -> None:
    dataset = await producer.publish(await producer.draft(former.encode(), "lieux.csv"))

    await producer.send(table(), "lieux.csv", f"/datasets/{dataset}/versions")
    published = await producer.client.post(
        f"/datasets/{dataset}/publish", data={"reason": "", "intended": " ".join(STOPS)}
    )
    answer = await passer_by.get(f"/api/resources/{dataset}/data/?page_size=1")

    assert published.status_code == 303
    assert list(answer.json()["data"][0])[1:] == [
        "geometry (2)" if name == "geometry" else name for name in NAMES
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lieux.csv", "nom,geometry\na,POINT (-1.6 48.1)\n"),
        pytest.param(
            "lieux.json",
            json.dumps(
                [{"nom": "a", "geometry": "rond"}, {"nom": "b", "geometry": ""}]
            ),
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            "lieux.geojson",
            json.dumps(
                {
                    "type": "Feature",
                    "properties": {"nom": "a", "geometry": "rond"},
                    "geometry": {"type": "Point", "coordinates": [-1.6, 48.1]},
                }
            ),
            marks=pytest.mark.thorough,
        ),
    ],
)
@pytest.mark.parametrize(
    ("reserved", "column"), [(True, "geometry (2)"), (False, "geometry")]
)
def test_a_column_called_geometry_has_a_number_where_that_name_is_reserved(
    tmp_path: Path, name: str, content: str, column: str, *, reserved: bool
) -> None:
    file = tmp_path / name
    file.write_text(content)
    corrections = Corrections(reserves_geometry=reserved).as_json()

    profile = prepare(file, name, corrections, tmp_path / "t.parquet").profile

    assert [one["name"] for one in profile["columns"]] == ["nom", column]
