"""Every sheet, file or layer of a file is a table of its dataset, at an address of its own, under the same right."""

import re
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.node.hidden_members import (
    PLACES,
    layers,
    packed,
    two_sheets,
    workbook,
)
from tests.node.producer import Producer
from tests.node.tables.test_hard_files import STREETS, flat_book
from tests.node.test_erase_dataset import withdraw
from tests.node.test_parts import PEOPLE
from tests.node.test_parts import add as add_part
from tests.node.test_parts import save as save_part
from tests.node.test_show_data import patient as patient
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Delivery, Version
from udi.node.datasets.versions.preparation import prepare
from udi.node.datasets.versions.table_places import TablePlace
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.tabular.profiles import named_tables
from udi.tabular.profiles.named_tables import NamedTable, name_of_place
from udi.ui.site import Site

REASON = "Membres du bureau, publiés avec leur accord"
TREES: list[list[object]] = [
    ["essence", "hauteur", "plante le", "lieu"],
    *(
        [f"Tilleul {n}", n / 2, f"2020-01-{n:02}", ("Parc", "Rue")[n % 2]]
        for n in range(1, 13)
    ),
]
BOOK = workbook(("Quartiers", PLACES), ("Arbres plantés", TREES))


def inspect(
    tmp_path: Path, content: bytes, name: str, **corrections: Any
) -> tuple[list[Any], list[str]]:
    """The tables beside the main one, and those that are not read."""
    source = tmp_path / "source"
    source.write_bytes(content)
    folder = tmp_path / "typed"
    folder.mkdir()
    analysis = prepare(source, name, corrections, folder / "table.parquet")
    tables = [NamedTable.from_json(table) for table in analysis.tables]
    files = sorted((folder / "tables").glob("*"), key=lambda path: int(path.stem))
    assert [path.stat().st_size for path in files] == [table.size for table in tables]
    return tables, analysis.tables_left


async def rows_of(client: httpx.AsyncClient, dataset: str, name: str) -> Any:
    answer = await client.get(f"/api/resources/{dataset}/tables/{name}/data/")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_each_sheet_is_a_table(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(BOOK, "classeur.xlsx"))
    base = f"/api/resources/{dataset}/tables/arbres-plantes"
    page_path = f"/datasets/{dataset}/tables/arbres-plantes"

    main = (await passer_by.get(f"/api/resources/{dataset}/data/")).json()
    rows = await rows_of(passer_by, dataset, "arbres-plantes")
    profile = (await passer_by.get(f"{base}/profile/")).json()["profile"]
    filtered = (
        await passer_by.get(f"{base}/data/?hauteur__strictly_greater=5.5")
    ).json()
    links = (await passer_by.get(f"{base}/")).json()
    document = (await passer_by.get(f"{base}/swagger/")).json()
    exported = await passer_by.get(f"{base}/data/csv/")
    named = await passer_by.get(f"{page_path}/arbres.csv?hauteur__strictly_greater=5.5")
    page = await passer_by.get(page_path)
    chart = await passer_by.get(f"{page_path}?view=chart")
    picture = await passer_by.get(f"{page_path}/chart.svg")
    places = await passer_by.get(f"{page_path}/map.svg")

    assert set(main["data"][0]) == {"__id", "quartier", "places"}
    assert len(rows) == 12
    assert rows[0]["essence"] == "Tilleul 1"
    assert profile["header"] == ["essence", "hauteur", "plante le", "lieu"]
    assert profile["columns"]["plante le"]["format"] == "date"
    assert [row["hauteur"] for row in filtered["data"]] == [6.0]
    assert filtered["links"]["profile"].endswith(f"{base}/profile/")
    assert {link["href"] for link in links["links"]} >= {f"{base}/data/csv/"}
    assert links["url"].endswith(page_path)
    assert f"{base}/data/" in document["paths"]
    assert exported.text.splitlines()[0].endswith("essence,hauteur,plante le,lieu")
    assert "arbres-plantes.csv" in exported.headers["content-disposition"]
    assert len(named.text.splitlines()) == 2
    assert page.status_code == 200
    assert "Tilleul 3" in page.text
    assert f'href="/datasets/{dataset}/data"' in page.text
    assert chart.status_code == 200
    assert f"{page_path}/chart.svg" in chart.text
    assert picture.status_code == 200
    assert "/tables/" not in str(main["links"])
    assert places.status_code == 404


async def announced_record(
    database: Database, territory: Territory, dataset: str
) -> dict[str, Any]:
    """The record that the portal is told of."""
    async with database.session(territory.id, role="worker") as session:
        delivery = await session.scalar(
            select(Delivery).where(Delivery.dataset_id == uuid.UUID(dataset))
        )
    assert delivery is not None
    assert delivery.record is not None
    return delivery.record


@pytest.mark.parametrize("access", ["public", "restricted"])
async def test_a_record_names_the_tables_of_open_data_alone(
    producer: Producer, node_database: Database, demo: Territory, access: str
) -> None:
    dataset = await producer.publish(
        await producer.draft(BOOK, "classeur.xlsx"), access=access
    )

    record = await announced_record(node_database, demo, dataset)
    media = record["available_formats"]
    named = {
        table["name"]: table["url"].rpartition(dataset)[2]
        for table in media[0].get("file_tables", ())
    }
    tables = {"Quartiers": "/data", "Arbres plantés": "/tables/arbres-plantes"}
    assert len(media) == 1
    assert named == {"public": tables, "restricted": {}}[access]


@pytest.mark.parametrize(
    ("access", "names"),
    [
        ("public", ["file", "csv", "parquet", "arbres-plantes-csv", "arbres-plantes-parquet"]),
        ("restricted", ["file", "csv", "parquet"]),
    ],
)  # fmt: skip
async def test_a_data_package_lists_the_tables_of_open_data_alone(
    producer: Producer, passer_by: httpx.AsyncClient, access: str, names: list[str]
) -> None:
    dataset = await producer.publish(
        await producer.draft(BOOK, "classeur.xlsx"), access=access
    )

    package = await passer_by.get(f"/datasets/{dataset}/datapackage.json")

    resources = package.json()["resources"]
    fields = [
        [field["name"] for field in resource["schema"]["fields"]]
        for resource in resources
        if resource["name"].startswith("arbres")
    ]
    assert [resource["name"] for resource in resources] == names
    assert fields == [["essence", "hauteur", "plante le", "lieu"]] * (len(names) - 3)


@pytest.mark.thorough
async def test_answers_of_two_tables_differ_in_their_tags(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(
        await producer.draft(
            workbook(("A", PLACES), ("B", PLACES), ("C", PLACES)), "b.xlsx"
        )
    )

    tags = {
        (await passer_by.get(f"/api/resources/{dataset}{table}/data/")).headers["etag"]
        for table in ("", "/tables/b", "/tables/c")
    }

    assert len(tags) == 3


async def test_the_files_of_an_archive_are_tables(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    gtfs = packed(
        stops_dot_txt=b"stop_id,stop_name,stop_lat,stop_lon\n"
        + b"".join(b"S%d,Quai %d,48.%d,-4.5\n" % (n, n, n) for n in range(9)),
        routes_dot_txt=b"route_id,route_short_name\nA,A\nB,B\n",
    )
    dataset = await producer.publish(await producer.draft(gtfs, "gtfs.zip"))

    checked = await producer.page(f"/datasets/{dataset}/check")
    producer_page = await producer.page(f"/datasets/{dataset}")
    files = (await passer_by.get(f"/datasets/{dataset}/files")).text
    drawn = await passer_by.get(f"/datasets/{dataset}/tables/stops?view=map")
    picture = await passer_by.get(f"/datasets/{dataset}/tables/stops/map.svg")
    moving = await passer_by.get(
        f"/datasets/{dataset}/tables/stops?view=map&at=9/48.1/-4.5"
    )
    service = f"/ogc/{dataset}/tables/stops"
    landing = (await passer_by.get(service)).json()
    items = (await passer_by.get(f"{service}/collections/data/items")).json()
    first = (await passer_by.get(f"{service}/collections/data/items/2")).json()
    none = [
        await passer_by.get(f"/ogc/{dataset}/tables/routes"),
        await passer_by.get(f"{service}/collections/stops"),
    ]
    geojson = await passer_by.get(f"/datasets/{dataset}/tables/stops/stops.geojson")

    assert len(await rows_of(passer_by, dataset, "routes")) == 2
    assert "stops.txt" in checked
    assert "nous n’y avons pas trouvé" not in checked
    assert f"/datasets/{dataset}/tables/stops" in files
    assert "<svg" in drawn.text
    assert f'data-items="{service}/collections/data/items?limit=' in moving.text
    assert f"/api/resources/{dataset}/tables/stops/data/pmtiles" in moving.text
    assert f'href="{service}"' in drawn.text
    assert landing["links"][0]["href"].endswith(service)
    assert items["numberMatched"] == 9
    assert first["properties"]["stop_name"] == "Quai 0"
    assert [answer.status_code for answer in none] == [404, 404]
    assert picture.status_code == 200
    assert len(geojson.json()["features"]) == 9
    opened = await passer_by.get(f"/datasets/{dataset}/data")
    assert opened.status_code == 303
    assert opened.headers["location"] == f"/datasets/{dataset}/tables/stops"
    assert (await passer_by.get(f"/api/resources/{dataset}/data/")).status_code == 404
    assert f"/datasets/{dataset}/tables/stops?version=1" in producer_page


@pytest.mark.thorough
def test_layers_are_tables(tmp_path: Path) -> None:
    content = layers(tmp_path)

    tables, left = inspect(tmp_path, content, "carte.gpkg")

    assert [table.name for table in tables] == ["membres"]
    assert tables[0].geometry
    assert tables[0].bbox is not None
    assert left == []


@pytest.mark.thorough
def test_lists_of_remarks_and_what_is_below_a_table_are_no_tables(
    tmp_path: Path,
) -> None:
    notes: list[list[object]] = [["Source : mairie"], ["Mis à jour chaque année"]]
    book = workbook(("Quartiers", PLACES), ("Notes", notes), ("Vide", []))

    assert inspect(tmp_path, book, "classeur.xlsx") == ([], [])


@pytest.mark.thorough
def test_sheets_of_a_flat_document_are_tables(tmp_path: Path) -> None:
    rows = [[str(cell) for cell in row] for row in TREES]
    book = flat_book(
        ("Quartiers", STREETS), ("Arbres", rows), ("Calculs", rows), hidden="Calculs"
    )

    tables, left = inspect(tmp_path, book.encode(), "classeur.fods")

    assert [(table.name, table.rows) for table in tables] == [("arbres", 12)]
    assert left == ["Calculs"]


def test_hidden_sheets_are_named_and_not_read(tmp_path: Path) -> None:
    book = workbook(
        ("Quartiers", PLACES), ("Arbres", TREES), ("Calculs", TREES), hidden="Calculs"
    )

    tables, left = inspect(tmp_path, book, "classeur.xlsx")

    assert [table.name for table in tables] == ["arbres"]
    assert left == ["Calculs"]


def test_hidden_sheets_are_no_tables_where_the_chosen_one_is_gone(
    tmp_path: Path,
) -> None:
    book = workbook(("Q2026", PLACES), ("Calculs", TREES), hidden="Calculs")

    tables, left = inspect(tmp_path, book, "classeur.xlsx", sheet="Q2025")

    assert [table.name for table in tables] == ["q2026"]
    assert left == ["Calculs"]


@pytest.mark.thorough
def test_a_hidden_sheet_of_a_workbook_in_an_archive_is_no_table(
    tmp_path: Path,
) -> None:
    book = workbook(("Bonjour", [["bonjour"]]), ("Calculs", TREES), hidden="Calculs")
    content = packed(w_dot_xlsx=book, a_dot_csv=b"n;m\n1;2\n", b_dot_csv=b"o;p\n1;2\n")

    tables, left = inspect(tmp_path, content, "lot.zip")

    assert [table.name for table in tables] == ["a", "b"]
    assert left == ["w.xlsx › Calculs"]


@pytest.mark.thorough
def test_a_title_is_one_line_without_control_characters(tmp_path: Path) -> None:
    content = packed(**{
        "a\x01b_dot_csv": b"n;m\n1;2\n", "c_dot_csv": b"n;m\n3;4\n",
    })  # fmt: skip
    book = workbook(("A", PLACES), (" ", TREES))
    (tmp_path / "book").mkdir()

    members, _ = inspect(tmp_path, content, "lot.zip")
    sheets, _ = inspect(tmp_path / "book", book, "classeur.xlsx")

    assert [table.title for table in members] == ["a b.csv", "c.csv"]
    assert [(table.name, table.title) for table in sheets] == [("table", "table")]


@pytest.mark.thorough
def test_tables_beyond_the_bounds_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named_tables, "MOST_TABLES", 2)
    sheets = [(f"Feuille {n}", TREES) for n in range(5)]

    tables, left = inspect(tmp_path, workbook(*sheets), "classeur.xlsx")

    assert [table.name for table in tables] == ["feuille-1", "feuille-2"]
    assert left == ["Feuille 3", "Feuille 4"]


@pytest.mark.thorough
def test_columns_beyond_the_bounds_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named_tables, "MOST_NAMED_COLUMNS", 5)
    sheets = [(f"Feuille {n}", TREES) for n in range(3)]

    tables, left = inspect(tmp_path, workbook(*sheets), "classeur.xlsx")

    assert [table.name for table in tables] == ["feuille-1"]
    assert left == ["Feuille 2"]


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("stops.txt", "stops"),
        ("gtfs/routes.txt", "routes"),
        ("Arbres plantés (2024)", "arbres-plantes-2024"),
        ("lot.xlsx › Été", "lot-xlsx-ete"),
        ("日本", "table"),
        ("6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8c9d", "table-6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8c9d"),
        ("../../etc/passwd", "etc-passwd"),
    ],
)  # fmt: skip
def test_a_name_is_letters_digits_and_hyphens(place: str, name: str) -> None:
    assert name_of_place(place) == name


@pytest.mark.thorough
def test_equal_titles_have_different_names(tmp_path: Path) -> None:
    content = packed(**{
        "a/x_dot_csv": b"n;m\n1;2\n", "b/x_dot_csv": b"n;m\n3;4\n", "c_dot_csv": b"n;m\n3;4\n"
    })  # fmt: skip

    tables, _ = inspect(tmp_path, content, "lot.zip")

    assert [(table.name, table.title) for table in tables] == [
        ("x", "a/x.csv"),
        ("x-2", "b/x.csv"),
        ("c", "c.csv"),
    ]


@pytest.mark.thorough
def test_a_table_that_is_left_out_keeps_its_name(tmp_path: Path) -> None:
    content = packed(**{
        "a/x_dot_csv": b"n;m\n1;2\n", "b/x_dot_csv": b"n;m\n3;4\n", "c_dot_csv": b"n;m\n3;4\n"
    })  # fmt: skip

    tables, _ = inspect(tmp_path, content, "lot.zip", left_out=["a/x.csv"])

    assert [(table.name, table.title) for table in tables] == [
        ("x-2", "b/x.csv"),
        ("c", "c.csv"),
    ]


@pytest.mark.parametrize("name", ["", "stops", "stops.x", f"{uuid.UUID(int=7)}.stops"])
def test_a_place_has_the_name_that_is_read(name: str) -> None:
    assert TablePlace.parse(name).table_name == name


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("quartiers", marks=pytest.mark.thorough),
        "inconnue",
        pytest.param("arbres.plantes", marks=pytest.mark.thorough),
        pytest.param(str(uuid.UUID(int=8)), marks=pytest.mark.thorough),
    ],
)
async def test_there_is_nothing_under_another_name(
    producer: Producer, passer_by: httpx.AsyncClient, name: str
) -> None:
    dataset = await producer.publish(await producer.draft(BOOK, "classeur.xlsx"))

    for path in (
        f"/api/resources/{dataset}/tables/{name}/data/",
        f"/datasets/{dataset}/tables/{name}",
        f"/datasets/{dataset}/tables/{name}/chart.svg",
    ):
        assert (await passer_by.get(path)).status_code == 404, path


async def test_people_in_one_sheet_stop_the_publication_of_all(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.draft(two_sheets(), "classeur.xlsx")
    await producer.describe(dataset)

    stopped = await producer.client.post(f"/datasets/{dataset}/publish")
    before = await passer_by.get(f"/datasets/{dataset}/tables/membres")
    await producer.publish(dataset, reason=REASON)
    after = await passer_by.get(f"/datasets/{dataset}/tables/membres")

    assert stopped.status_code == 422
    assert before.status_code == 404
    assert after.status_code == 200


async def test_a_draft_is_its_producers(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.draft(BOOK, "classeur.xlsx")
    path = f"/datasets/{dataset}/tables/arbres-plantes"

    checked = await producer.page(f"/datasets/{dataset}/check")
    page = await producer.page(f"{path}?version=1")
    hidden = [
        await passer_by.get(f"{path}{rest}")
        for rest in ("", "?version=1", "/arbres.csv", "/chart.svg")
    ]

    assert f"{path}?version=1" in checked
    assert "Personne d’autre ne voit encore cette page" in page
    assert f"/datasets/{dataset}/data?version=1" in page
    assert [answer.status_code for answer in hidden] == [404, 303, 404, 404]


async def test_a_withdrawn_dataset_has_no_table(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(BOOK, "classeur.xlsx"))
    await withdraw(producer, dataset)

    for path in (
        f"/datasets/{dataset}/tables/arbres-plantes",
        f"/api/resources/{dataset}/tables/arbres-plantes/profile/",
    ):
        assert (await passer_by.get(path)).status_code == 410


@pytest.mark.thorough
async def test_the_next_version_has_its_own_tables(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(BOOK, "classeur.xlsx"))
    grown = workbook(("Quartiers", PLACES), ("Arbres plantés", TREES[:6]))
    await producer.send(grown, "classeur.xlsx", f"/datasets/{dataset}/versions")
    draft = await producer.page(f"/datasets/{dataset}/tables/arbres-plantes?version=2")
    before = await rows_of(passer_by, dataset, "arbres-plantes")
    await producer.publish(dataset)

    after = await rows_of(passer_by, dataset, "arbres-plantes")

    assert "5 lignes" in draft
    assert (len(before), len(after)) == (12, 5)


async def test_a_draft_that_is_given_up_leaves_no_object(
    producer: Producer, node_site: Site
) -> None:
    dataset = await producer.draft(BOOK, "classeur.xlsx")
    store = node_site.services[OBJECTS]
    object_paths = [
        entry["path"] async for entry in store.list("") if dataset in entry["path"]
    ]

    await producer.client.post(f"/datasets/{dataset}/discard")

    left = [entry["path"] async for entry in store.list("") if dataset in entry["path"]]
    assert [path for path in object_paths if path.endswith(".tables.bin")] != []
    assert left == []


@pytest.mark.thorough
async def test_reading_a_file_again_leaves_one_object_of_tables(
    producer: Producer, node_site: Site, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.draft(BOOK, "classeur.xlsx")

    await producer.client.post(
        f"/datasets/{dataset}/understood", data={"sheet": "Arbres plantés"}
    )

    store = node_site.services[OBJECTS]
    object_paths = [
        entry["path"] async for entry in store.list("") if dataset in entry["path"]
    ]
    async with node_database.session(demo.id, role="worker") as session:
        version = await session.scalar(
            select(Version).where(Version.dataset_id == uuid.UUID(dataset))
        )
    assert version is not None
    assert version.preparation is not None
    names = [table["name"] for table in version.preparation.findings["tables"]]
    assert names == ["quartiers"]
    assert [
        re.sub(r".*\.(\d+\.tables)", r"\1", p) for p in object_paths if "tables" in p
    ] == ["2.tables.bin"]


async def choose(producer: Producer, dataset: str, **form: str) -> httpx.Response:
    return await producer.client.post(f"/datasets/{dataset}/tables", data=form)


async def test_a_table_is_left_out_of_the_next_versions_too(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    book = workbook(("A", PLACES), ("B", TREES), ("C", TREES))
    dataset = await producer.publish(await producer.draft(book, "classeur.xlsx"))

    chosen = await choose(producer, dataset, title="B", leave="1")
    checked = await producer.page(f"/datasets/{dataset}/check")
    gone = await passer_by.get(f"/datasets/{dataset}/tables/b")
    await producer.send(book, "classeur.xlsx", f"/datasets/{dataset}/versions")
    await producer.publish(dataset)
    next_version = await passer_by.get(f"/datasets/{dataset}/tables/b")

    assert chosen.status_code == 303
    assert "Vous laissez ces tableaux de côté" in checked
    assert (gone.status_code, next_version.status_code) == (404, 404)
    assert len(await rows_of(passer_by, dataset, "c")) == 12
    await choose(producer, dataset, title="B")
    assert len(await rows_of(passer_by, dataset, "b")) == 12


@pytest.mark.thorough
async def test_a_record_no_longer_names_a_table_that_is_left_out(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    book = workbook(("A", PLACES), ("B", TREES), ("C", TREES))
    dataset = await producer.publish(await producer.draft(book, "classeur.xlsx"))
    announced = []

    for form in ({"title": "B", "leave": "1"}, {"title": "B"}):
        await choose(producer, dataset, **form)
        async with node_database.session(demo.id, role="worker") as session:
            delivery = await session.scalar(
                select(Delivery).where(Delivery.dataset_id == uuid.UUID(dataset))
            )
        assert delivery is not None
        assert delivery.record is not None
        media = delivery.record["available_formats"][0]
        announced.append([table["name"] for table in media["file_tables"]])

    assert announced == [["A", "C"], ["A", "B", "C"]]


@pytest.mark.thorough
async def test_the_check_says_that_the_published_version_shows_what_is_left_out(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    book = workbook(("A", PLACES), ("B", TREES), ("C", TREES))
    dataset = await producer.publish(await producer.draft(book, "classeur.xlsx"))
    longer = workbook(("A", PLACES), ("B", TREES), ("C", TREES), ("D", TREES))
    await producer.send(longer, "classeur.xlsx", f"/datasets/{dataset}/versions")

    await choose(producer, dataset, title="B", leave="1")

    checked = await producer.page(f"/datasets/{dataset}/check")
    assert "La version publiée les montre" in checked
    assert len(await rows_of(passer_by, dataset, "b")) == 12


@pytest.mark.thorough
async def test_a_version_without_a_table_of_the_published_one_is_asked_about(
    producer: Producer,
) -> None:
    book = workbook(("A", PLACES), ("B", TREES), ("C", TREES))
    dataset = await producer.publish(await producer.draft(book, "classeur.xlsx"))
    shorter = [row[:2] for row in TREES[:3]]

    await producer.send(
        workbook(("A", PLACES), ("C", shorter)),
        "classeur.xlsx",
        f"/datasets/{dataset}/versions",
    )

    review = await producer.page(f"/datasets/{dataset}/review")
    assert (
        "Il perd des tableaux que des lecteurs utilisent\N{NO-BREAK SPACE}: B."
        in review
    )
    assert "C › plante le, C › lieu" in review
    assert "Elle a 2 lignes" in review


@pytest.mark.thorough
async def test_a_profile_of_a_table_has_the_units_of_its_columns(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    trees = [["essence", "hauteur (m)"], *([f"Tilleul {n}", n] for n in range(9))]
    book = workbook(("A", PLACES), ("Arbres", trees))
    dataset = await producer.publish(await producer.draft(book, "classeur.xlsx"))

    answer = await passer_by.get(f"/api/resources/{dataset}/tables/arbres/profile/")

    fields = answer.json()["profile"]["schema"]["fields"]
    assert [field.get("unit") for field in fields] == [None, "m"]


async def test_people_in_a_table_that_is_left_out_still_stop_publication(
    producer: Producer,
) -> None:
    dataset = await producer.draft(two_sheets(), "classeur.xlsx")
    await producer.describe(dataset)
    await choose(producer, dataset, title="Membres", leave="1")

    stopped = await producer.client.post(f"/datasets/{dataset}/publish")

    assert stopped.status_code == 422


@pytest.mark.thorough
async def test_corrections_keep_the_tables_that_are_left_out(
    producer: Producer,
) -> None:
    book = workbook(("A", PLACES), ("B", TREES), ("C", TREES))
    dataset = await producer.draft(book, "classeur.xlsx")
    await choose(producer, dataset, title="B", leave="1")

    await producer.client.post(
        f"/datasets/{dataset}/understood", data={"header_line": "1"}
    )

    checked = await producer.page(f"/datasets/{dataset}/check")
    assert "Vous laissez ces tableaux de côté" in checked


async def test_only_a_table_of_the_file_is_left_out(producer: Producer) -> None:
    dataset = await producer.draft(BOOK, "classeur.xlsx")

    unknown = await choose(producer, dataset, title="Inconnue", leave="1")
    main = await choose(producer, dataset, title="Quartiers", leave="1")
    empty = await choose(producer, dataset)

    assert (unknown.status_code, main.status_code, empty.status_code) == (422,) * 3


async def test_others_leave_no_table_out(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(BOOK, "classeur.xlsx"))
    form = {"title": "Arbres plantés", "leave": "1"}

    answer = await passer_by.post(f"/datasets/{dataset}/tables", data=form)

    assert answer.status_code == 401
    assert len(await rows_of(passer_by, dataset, "arbres-plantes")) == 12


async def test_a_treated_version_has_no_table_of_before(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    """The file that a treatment writes has the treated table alone: the sheets beside it do not come along."""
    lines: list[list[object]] = [[*line.split(";")] for line in PEOPLE.splitlines()]
    book = workbook(("Membres", lines), ("Anciens", lines))
    dataset = await producer.draft(book, "membres.xlsx")
    before = await producer.page(f"/datasets/{dataset}/tables/anciens?version=1")

    treated = await producer.client.post(
        f"/datasets/{dataset}/personal-data",
        data={"column-1": "drop", "column-2": "drop"},
    )
    page = await producer.client.get(f"/datasets/{dataset}/tables/anciens")

    assert "Le Goff 10" in before
    assert treated.status_code == 303, treated.text
    assert page.status_code == 404


@pytest.mark.thorough
async def test_a_part_has_tables_of_its_own(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    part = await add_part(producer, dataset, BOOK, "autre.xlsx")
    before = await passer_by.get(f"/datasets/{dataset}/tables/{part}")
    preview = await producer.page(f"/datasets/{dataset}/tables/{part}?version=1")
    producer_page = await producer.page(f"/datasets/{dataset}/parts/{part}")
    await save_part(producer, dataset, part, title="Année 2025", role="data")

    rows = await rows_of(passer_by, dataset, part)
    trees = await rows_of(passer_by, dataset, f"{part}.arbres-plantes")
    page = (await passer_by.get(f"/datasets/{dataset}/tables/{part}")).text
    files = (await passer_by.get(f"/datasets/{dataset}/files")).text
    record = await announced_record(node_database, demo, dataset)

    assert [
        table["url"].rpartition("/tables/")[2]
        for table in record["available_formats"][1]["file_tables"]
    ] == [part, f"{part}.arbres-plantes"]
    assert before.status_code == 404
    assert "Quartier 3" in preview
    assert (
        f"/datasets/{dataset}/tables/{part}.arbres-plantes?version=1" in producer_page
    )
    assert set(rows[0]) == {"__id", "quartier", "places"}
    assert trees[0]["essence"] == "Tilleul 1"
    assert "Année 2025" in page
    assert f"/datasets/{dataset}/tables/{part}.arbres-plantes" in page
    assert f"/datasets/{dataset}/tables/{part}.arbres-plantes" in files


@pytest.mark.thorough
async def test_a_table_of_a_part_is_left_out_of_its_next_versions_too(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    book = workbook(("A", PLACES), ("B", TREES), ("C", TREES))
    longer = workbook(("A", PLACES), ("B", TREES), ("C", TREES), ("D", TREES))
    dataset = await producer.publish(await producer.draft(book, "classeur.xlsx"))
    part = await add_part(producer, dataset, book, "autre.xlsx")
    await save_part(producer, dataset, part, title="2025", role="data")
    path = f"{dataset}/parts/{part}"

    chosen = await choose(producer, path, title="B", leave="1")
    gone = await passer_by.get(f"/datasets/{dataset}/tables/{part}.b")
    unknown = await choose(producer, path, title="2025 – C", leave="1")
    await producer.send(longer, "autre.xlsx", f"/datasets/{path}/file")
    checked = await producer.page(f"/datasets/{path}/check")
    await save_part(producer, dataset, part, title="2025", role="data")
    next_version = await passer_by.get(f"/datasets/{dataset}/tables/{part}.b")

    assert chosen.headers["location"] == f"/datasets/{path}/check#tables"
    assert f'action="/datasets/{path}/tables"' in checked
    assert '<input type="hidden" name="title" value="C">' in checked
    assert "Vous laissez ces tableaux de côté" in checked
    assert (gone.status_code, next_version.status_code) == (404, 404)
    assert unknown.status_code == 422
    assert len(await rows_of(passer_by, dataset, f"{part}.d")) == 12
    assert len(await rows_of(passer_by, dataset, "b")) == 12
