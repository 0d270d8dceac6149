"""The files of a dataset that are each of a period are one table, where their columns agree."""

import uuid
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from sqlalchemy import update

from tests.node.hidden_members import workbook
from tests.node.producer import Producer
from tests.node.sending import desk_for
from tests.node.test_erase_dataset import withdraw
from tests.node.test_parts import add, save
from tests.node.test_show_data import patient as patient
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import request_preparation
from udi.node.datasets.actions.prepare import prepare_version
from udi.node.datasets.models import DatasetPart
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.records.parts import part_caption
from udi.node.datasets.versions import series as series_module
from udi.node.datasets.versions import table_copies
from udi.node.datasets.versions.series import (
    Series,
    find_open_series,
    period_label,
)
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.node.files.models import FileAccess, StoredFile
from udi.ui.site import Site

BIRTHS = "commune;sexe;naissances\nKerlévan;F;{0}\nKerlévan;M;{1}\n"
BASE = "/api/resources/{0}/tables/series"
PAGE = "/datasets/{0}/tables/series"


def births(first: object, second: object) -> bytes:
    return BIRTHS.format(first, second).encode()


async def add_year(
    producer: Producer,
    dataset: str,
    year: int,
    content: bytes,
    *,
    role: str = "data",
    **fields: str,
) -> str:
    """The id of a published part with the file of a year."""
    part = await add(producer, dataset, content, f"{year}.csv")
    period = {"first_day": f"{year}-01-01", "last_day": f"{year}-12-31"} | fields
    saved = await save(
        producer, dataset, part, title=f"Naissances {year}", role=role, **period
    )
    assert saved.status_code == 303, saved.text
    return part


async def date_main(
    producer: Producer, dataset: str, first_day: str, last_day: str
) -> httpx.Response:
    days = {"first_day": first_day, "last_day": last_day}
    return await producer.client.post(f"/datasets/{dataset}/period", data=days)


async def yearly(producer: Producer) -> str:
    """A dataset whose main file is of 2024, with parts of 2022 and 2023."""
    dataset = await producer.publish(await producer.draft(births(5, 6), "2024.csv"))
    dated = await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    assert dated.status_code == 303
    await add_year(producer, dataset, 2023, births(3, 4))
    await add_year(producer, dataset, 2022, births(1, 2))
    return dataset


async def keep_back(
    database: Database, territory: Territory, access: FileAccess, files: Any
) -> None:
    """Have files kept from their readers, as a look that finds something does."""
    async with database.session(territory.id, role="worker") as session:
        await session.execute(update(StoredFile).where(files).values(access=access))


async def current_series(
    database: Database, territory: Territory, dataset: str
) -> Series:
    async with database.session(territory.id, role="worker") as session:
        stored = await find_dataset(session, uuid.UUID(dataset))
        assert stored is not None
        return find_open_series(stored)


async def rename_sheet(
    database: Database, territory: Territory, dataset: str, name: str
) -> None:
    """Call the only table beside the main one as no table is called any more."""
    async with database.session(territory.id, role="worker") as session:
        stored = await find_dataset(session, uuid.UUID(dataset))
        assert stored is not None
        preparation = stored.latest.preparation
        assert preparation is not None
        [sheet] = preparation.findings["tables"]
        renamed = {"tables": [sheet | {"name": name}]}
        preparation.findings = preparation.findings | renamed


async def rows_of(client: httpx.AsyncClient, dataset: str, query: str = "") -> Any:
    answer = await client.get(f"{BASE.format(dataset)}/data/{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_years_are_one_table(
    producer: Producer, passer_by: httpx.AsyncClient, tmp_path: Path
) -> None:
    dataset = await yearly(producer)
    base = BASE.format(dataset)
    path = PAGE.format(dataset)

    rows = await rows_of(passer_by, dataset)
    filtered = await rows_of(passer_by, dataset, "?period__exact=2023&sexe__exact=M")
    grouped = await rows_of(passer_by, dataset, "?period__groupby&naissances__sum")
    profile = (await passer_by.get(f"{base}/profile/")).json()["profile"]
    csv = await passer_by.get(f"{base}/data/csv/")
    named = await passer_by.get(f"{path}/x.csv?period__greater=2023")
    parquet = await passer_by.get(f"{path}/x.parquet")
    part = await passer_by.get(f"{base}/data/parquet/", headers={"Range": "bytes=0-3"})

    assert [row["__id"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [(row["period"], row["naissances"]) for row in rows] == [
        (2022, 1), (2022, 2), (2023, 3), (2023, 4), (2024, 5), (2024, 6),
    ]  # fmt: skip
    assert [row["naissances"] for row in filtered] == [4]
    assert {row["period"]: row["naissances__sum"] for row in grouped} == {
        2022: 3, 2023: 7, 2024: 11,
    }  # fmt: skip
    assert profile["header"] == ["period", "commune", "sexe", "naissances"]
    assert profile["columns"]["period"]["format"] == "year"
    assert profile["total_lines"] == 6
    assert csv.text.splitlines()[1] == "2022,Kerlévan,F,1"
    assert "associations-de-kerlevan.csv" in csv.headers["content-disposition"]
    assert len(named.text.splitlines()) == 5
    (tmp_path / "x.parquet").write_bytes(parquet.content)
    table = duckdb.read_parquet(str(tmp_path / "x.parquet"))
    assert table.columns == ["period", "commune", "sexe", "naissances"]
    assert len(table) == 6
    assert (part.status_code, part.content) == (206, b"PAR1")


@pytest.mark.thorough
async def test_the_page_of_all_periods_has_its_chart_and_the_others_lead_to_it(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await yearly(producer)
    path = PAGE.format(dataset)

    page = await passer_by.get(path)
    chart = await passer_by.get(f"{path}?view=chart")
    picture = await passer_by.get(f"{path}/chart.svg")
    main = await passer_by.get(f"/datasets/{dataset}/data")
    files = await passer_by.get(f"/datasets/{dataset}/files")
    producer_page = await producer.page(f"/datasets/{dataset}")

    assert page.status_code == 200
    assert "Associations de Kerlévan – 2022–2024" in page.text
    assert "Périodes dans ce tableau : 2022, 2023, 2024." in page.text
    assert f"{path}/chart.svg" in chart.text
    assert picture.status_code == 200
    assert [path in text for text in (main.text, files.text, producer_page)] == [
        True
    ] * 3


@pytest.mark.thorough
async def test_a_new_year_joins_the_table(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await yearly(producer)
    before = await passer_by.get(f"{BASE.format(dataset)}/data/")

    await add_year(producer, dataset, 2025, births(7, 8))
    after = await passer_by.get(
        f"{BASE.format(dataset)}/data/",
        headers={"If-None-Match": before.headers["etag"]},
    )

    assert after.status_code == 200
    assert [row["period"] for row in after.json()["data"]][6:] == [2025, 2025]


async def test_a_replaced_year_is_the_newest_that_is_published(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(births(5, 6), "2024.csv"))
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    part = await add_year(producer, dataset, 2023, births(3, 4))
    await producer.send(
        births(30, 40), "2023.csv", f"/datasets/{dataset}/parts/{part}/file"
    )
    before = await rows_of(passer_by, dataset)
    days = {"first_day": "2023-01-01", "last_day": "2023-12-31"}
    await save(producer, dataset, part, title="2023", role="data", **days)

    after = await rows_of(passer_by, dataset)

    assert [row["naissances"] for row in before] == [3, 4, 5, 6]
    assert [row["naissances"] for row in after] == [30, 40, 5, 6]


async def test_a_file_whose_columns_differ_is_not_in_it_and_the_page_says_which(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await yearly(producer)
    other = "commune;naissances;rang\nKerlévan;beaucoup;A\nPlouvec;peu;B\n".encode()
    await add_year(producer, dataset, 2021, other)

    rows = await rows_of(passer_by, dataset)
    pages = [
        (await passer_by.get(PAGE.format(dataset))).text,
        (await passer_by.get(f"/datasets/{dataset}/files")).text,
        await producer.page(f"/datasets/{dataset}"),
    ]

    assert {row["period"] for row in rows} == {2022, 2023, 2024}
    for page in pages:
        assert "Naissances 2021" in page
        assert "Colonnes qui lui manquent : sexe." in page
        assert "Colonnes qu’il a en plus : rang." in page
        assert "Colonnes d’un autre type : naissances." in page


@pytest.mark.thorough
async def test_pages_that_a_reader_kept_are_told_of_a_new_file(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await yearly(producer)
    paths = [PAGE.format(dataset), f"/datasets/{dataset}/data"]
    before = [await passer_by.get(path) for path in paths]
    tags = [page.headers["etag"] for page in before]
    fresh = [
        await passer_by.get(path, headers={"If-None-Match": tag})
        for path, tag in zip(paths, tags, strict=True)
    ]

    await add_year(producer, dataset, 2021, b"lieu;nombre\nA;1\nB;2\n")
    after = [
        await passer_by.get(path, headers={"If-None-Match": tag})
        for path, tag in zip(paths, tags, strict=True)
    ]

    assert [page.status_code for page in fresh] == [304, 304]
    assert [page.status_code for page in after] == [200, 200]
    assert "Naissances 2021" in after[0].text


@pytest.mark.thorough
async def test_there_is_no_table_where_no_two_files_agree(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(births(5, 6), "2024.csv"))
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    alone = await passer_by.get(PAGE.format(dataset))
    await add_year(producer, dataset, 2023, b"lieu;nombre\nA;1\nB;2\n")

    differing = await passer_by.get(PAGE.format(dataset))
    rows = await passer_by.get(f"{BASE.format(dataset)}/data/")
    files = await passer_by.get(f"/datasets/{dataset}/files")

    assert [answer.status_code for answer in (alone, differing, rows)] == [404] * 3
    assert "ils ne forment pas un seul tableau" in files.text
    assert PAGE.format(dataset) not in files.text


@pytest.mark.thorough
async def test_whole_numbers_and_decimals_and_an_empty_column_agree(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(
        await producer.draft(births("5,5", "6,25"), "2024.csv")
    )
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    await add_year(producer, dataset, 2023, births("", ""))
    reordered = "naissances;sexe;commune\n3;F;Kerlévan\n4;M;Kerlévan\n".encode()
    await add_year(producer, dataset, 2022, reordered)

    rows = await rows_of(passer_by, dataset)

    assert [row["naissances"] for row in rows] == [3.0, 4.0, None, None, 5.5, 6.25]
    assert {row["commune"] for row in rows} == {"Kerlévan"}


@pytest.mark.thorough
async def test_the_last_file_that_is_not_empty_decides_what_a_column_is(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(births("", ""), "2024.csv"))
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    await add_year(producer, dataset, 2023, births(3, 4))
    await add_year(producer, dataset, 2022, births("beaucoup", "peu"))

    rows = await rows_of(passer_by, dataset)
    page = (await passer_by.get(PAGE.format(dataset))).text

    assert [(row["period"], row["naissances"]) for row in rows] == [
        (2023, 3), (2023, 4), (2024, None), (2024, None),
    ]  # fmt: skip
    assert "Naissances 2022" in page
    assert "Colonnes d’un autre type\u00a0: naissances." in page


def measured(unit: str) -> bytes:
    lines = ["lieu;recette", f";{unit}" if unit else "", "Kerlévan;10", "Plouvec;20"]
    return "\n".join([*filter(None, lines), ""]).encode()


@pytest.mark.thorough
async def test_a_file_in_another_unit_is_not_in_it_and_the_page_says_so(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish(await producer.draft(measured("€"), "2024.csv"))
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    await add_year(producer, dataset, 2023, measured("€"))
    before = await current_series(node_database, demo, dataset)
    await add_year(producer, dataset, 2022, measured("k€"))
    rows = await rows_of(passer_by, dataset)
    page = (await passer_by.get(PAGE.format(dataset))).text
    await add_year(producer, dataset, 2021, measured(""))
    series = await current_series(node_database, demo, dataset)

    assert before.units == {"recette": "€"}
    assert {row["period"] for row in rows} == {2023, 2024}
    assert "Naissances 2022" in page
    assert "Colonnes dans une autre unité\u00a0: recette." in page
    assert [file.period for file in series.files] == ["2021", "2023", "2024"]
    assert series.units == {}


@pytest.mark.thorough
async def test_periods_that_overlap_are_named_on_each_page(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await yearly(producer)
    paths = [PAGE.format(dataset), f"/datasets/{dataset}/files"]
    warning = (
        "Ces périodes se recouvrent\u00a0: des lignes peuvent être comptées deux fois."
    )
    before = [(await passer_by.get(path)).text for path in paths]

    half = {"first_day": "2023-07-01", "last_day": "2023-12-31"}
    await add_year(producer, dataset, 2023, births(7, 8), **half)
    pages = [(await passer_by.get(path)).text for path in paths]
    pages.append(await producer.page(f"/datasets/{dataset}"))

    assert all(warning not in page for page in before)
    for page in pages:
        _, _, named = page.partition(warning)
        named = named.partition("</p>")[0]
        assert "(2023)" in named
        assert "(2023-07-01/2023-12-31)" in named
        assert "2024" not in named


@pytest.mark.thorough
async def test_a_sheet_of_the_main_file_keeps_the_address_that_it_had(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    lines: list[list[object]] = [["commune", "naissances"], ["Kerlévan", 1], ["A", 2]]
    other: list[list[object]] = [["arbre", "hauteur"], ["if", 3], ["hêtre", 4]]
    book = workbook(("Naissances", lines), ("Arbres", other))
    dataset = await producer.publish(await producer.draft(book, "2024.xlsx"))
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    await add_year(producer, dataset, 2023, b"commune;naissances\nA;1\nB;2\n")
    await rename_sheet(node_database, demo, dataset, "series")

    rows = await rows_of(passer_by, dataset)
    page = (await passer_by.get(PAGE.format(dataset))).text
    files = (await passer_by.get(f"/datasets/{dataset}/files")).text
    package = await passer_by.get(f"/datasets/{dataset}/datapackage.json")

    assert [row["arbre"] for row in rows] == ["if", "hêtre"]
    assert "Toutes les périodes formeront un tableau quand" not in page
    assert "Toutes les périodes formeront un tableau quand" in files
    names = [one["name"] for one in package.json()["resources"]]
    assert len(names) == len(set(names))


@pytest.mark.thorough
async def test_files_that_are_too_large_together_are_no_table(
    producer: Producer, passer_by: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = await yearly(producer)
    monkeypatch.setattr(series_module, "MOST_CELLS", 23)

    rows = await passer_by.get(f"{BASE.format(dataset)}/data/")
    files = (await passer_by.get(f"/datasets/{dataset}/files")).text

    assert rows.status_code == 404
    assert "Ces fichiers sont trop volumineux pour former un seul tableau" in files
    assert PAGE.format(dataset) not in files


@pytest.mark.thorough
async def test_a_table_that_was_too_heavy_is_not_tried_again_at_once(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset = await yearly(producer)
    exports = node_site.services[DATASET_TABLES]._exports
    monkeypatch.setattr(exports, "_seconds", 0.01)
    first = await passer_by.get(f"{BASE.format(dataset)}/data/")
    monkeypatch.undo()

    again = await passer_by.get(f"{BASE.format(dataset)}/data/")
    monkeypatch.setattr(table_copies, "REFUSED_SECONDS", 0.0)
    later = await passer_by.get(f"{BASE.format(dataset)}/data/")

    assert [answer.status_code for answer in (first, again, later)] == [422, 422, 200]


@pytest.mark.thorough
async def test_the_producer_of_restricted_data_reads_which_periods_are_in_the_table(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await yearly(producer)
    await keep_back(
        node_database,
        demo,
        FileAccess.RESTRICTED,
        StoredFile.dataset_id == uuid.UUID(dataset),
    )

    page = await producer.page(PAGE.format(dataset))

    assert "Périodes dans ce tableau\u00a0: 2022, 2023, 2024." in page


@pytest.mark.thorough
async def test_only_data_with_a_period_are_in_it(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await yearly(producer)
    await add_year(producer, dataset, 2021, births(9, 9), role="archive")
    await add_year(producer, dataset, 2020, births(9, 9), first_day="", last_day="")
    await add(producer, dataset, births(9, 9), "2019.csv")

    before = await rows_of(passer_by, dataset)
    await date_main(producer, dataset, "", "")
    after = await rows_of(passer_by, dataset)

    assert {row["period"] for row in before} == {2022, 2023, 2024}
    assert {row["period"] for row in after} == {2022, 2023}


@pytest.mark.thorough
async def test_a_column_called_period_keeps_its_name(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    content = b"Period;n\nmatin;1\nsoir;2\n"
    dataset = await producer.publish(await producer.draft(content, "2024.csv"))
    await date_main(producer, dataset, "2024-01-01", "2024-01-31")
    await add_year(producer, dataset, 2023, b"Period;n\nmatin;3\nsoir;4\n")

    rows = await rows_of(passer_by, dataset)

    assert [(row["period_2"], row["Period"]) for row in rows] == [
        ("2023", "matin"),
        ("2023", "soir"),
        ("2024-01", "matin"),
        ("2024-01", "soir"),
    ]


@pytest.mark.thorough
async def test_files_of_one_period_are_told_apart_by_their_titles(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(births(5, 6), "nord.csv"))
    await date_main(producer, dataset, "2023-01-01", "2023-12-31")
    await add_year(producer, dataset, 2023, births(3, 4))

    rows = await rows_of(passer_by, dataset)

    assert {row["period"] for row in rows} == {"2023 nord", "2023 Naissances 2023"}


@pytest.mark.thorough
async def test_places_of_years_are_on_one_map(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    def stops(latitude: int) -> bytes:
        lines = [f"Quai {n},{latitude}.{n},-4.5" for n in range(1, 9)]
        return "\n".join(["nom,lat,lon", *lines, ""]).encode()

    dataset = await producer.publish(await producer.draft(stops(48), "2024.csv"))
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    await add_year(producer, dataset, 2023, stops(47))
    await add_year(producer, dataset, 2022, b"nom,lat,lon\nQuai,,\nPont,,\n")
    path = PAGE.format(dataset)

    drawn = await passer_by.get(f"{path}?view=map")
    items = await passer_by.get(
        f"/ogc/{dataset}/tables/series/collections/data/items?bbox=-5,47,-4,47.95"
    )
    geojson = (await passer_by.get(f"{path}/x.geojson")).json()
    tiles = await passer_by.get(f"{path}/x.pmtiles", headers={"Range": "bytes=0-6"})

    assert "<svg" in drawn.text
    assert items.json()["numberMatched"] == 8
    years = [feature["properties"]["period"] for feature in geojson["features"]]
    assert [years.count(year) for year in (2022, 2023, 2024)] == [2, 8, 8]
    assert tiles.content == b"PMTiles"


@pytest.mark.thorough
async def test_the_data_package_has_the_columns_of_each_file_and_of_all_periods(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await yearly(producer)

    package = await passer_by.get(f"/datasets/{dataset}/datapackage.json")

    resources = {one["name"]: one for one in package.json()["resources"]}
    parts = [name for name in resources if name.startswith("part-")]
    part = parts[0].removeprefix("part-")
    assert len(parts) == 2
    assert set(resources) >= {"file", "csv", "series-csv", "series-parquet"}
    fields = [
        [field["name"] for field in resources[name]["schema"]["fields"]]
        for name in ("csv", parts[0], f"{part}-csv", "series-csv")
    ]
    columns = ["commune", "sexe", "naissances"]
    assert fields == [columns] * 3 + [["period", *columns]]
    for name in (f"{part}-parquet", "series-parquet", "series-csv"):
        path = resources[name]["path"].partition("/api/")[2]
        assert (await passer_by.get(f"/api/{path}")).status_code == 200


async def announced_media(
    database: Database, territory: Territory, dataset: str
) -> list[dict[str, Any]]:
    """The files of the record that the portal is told of."""
    async with database.session(territory.id, role="worker") as session:
        stored = await find_dataset(session, uuid.UUID(dataset))
        assert stored is not None
        assert stored.delivery is not None
        assert stored.delivery.record is not None
        media: list[dict[str, Any]] = stored.delivery.record["available_formats"]
        return media


def named_series(media: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Title and rows of the table of all periods, as files of a record name it."""
    return [
        (table["name"], table["number_of_records"])
        for one in media
        for table in one.get("file_tables", ())
        if table["url"].endswith("/tables/series")
    ]


@pytest.mark.thorough
async def test_a_record_names_the_period_of_each_file_and_the_table_of_all(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await yearly(producer)

    media = await announced_media(node_database, demo, dataset)
    await date_main(producer, dataset, "", "")
    undated = await announced_media(node_database, demo, dataset)
    await date_main(producer, dataset, "2021-01-01", "2021-12-31")
    earlier = await announced_media(node_database, demo, dataset)

    years = [one["dcat"]["periods"][0]["start"][:4] for one in media]
    assert years == ["2024", "2023", "2022"]
    assert named_series(media) == [("2022–2024", 6)]
    assert [column["name"] for column in media[1]["file_columns"]] == [
        "commune",
        "sexe",
        "naissances",
    ]
    assert "dcat" not in undated[0]
    assert named_series(undated) == [("2022–2023", 4)]
    assert named_series(earlier) == [("2021–2023", 6)]


@pytest.mark.thorough
async def test_a_record_follows_files_that_are_read_otherwise(
    producer: Producer, node_site: Site, node_database: Database, demo: Territory
) -> None:
    dataset = await yearly(producer)
    part = uuid.UUID(await add_year(producer, dataset, 2021, births(1, 2)))
    before = await announced_media(node_database, demo, dataset)

    await producer.client.post(
        f"/datasets/{dataset}/understood", data={"type-2": "text"}
    )
    without_main = await announced_media(node_database, demo, dataset)
    async with node_database.session(demo.id, role="worker") as session:
        stored = await find_dataset(session, uuid.UUID(dataset))
        assert stored is not None
        [version] = next(one for one in stored.parts if one.id == part).versions
        corrections = {"types": {"naissances": ["text", ""]}}
        await request_preparation(session, version, corrections)
    await prepare_version(desk_for(node_site, demo), version.id, 2)
    text_years = await announced_media(node_database, demo, dataset)

    assert named_series(before) == [("2021–2024", 8)]
    assert named_series(without_main) == [("2021–2023", 6)]
    assert named_series(text_years) == [("2021–2024", 4)]


async def test_a_record_names_no_file_that_is_kept_from_readers_in_the_table_of_all(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await yearly(producer)
    part = await add_year(producer, dataset, 2021, births(1, 2))
    await keep_back(
        node_database, demo, FileAccess.HELD, StoredFile.part_id == uuid.UUID(part)
    )

    await date_main(producer, dataset, "2024-01-01", "2024-06-30")
    media = await announced_media(node_database, demo, dataset)

    assert [rows for _, rows in named_series(media)] == [6]


@pytest.mark.thorough
async def test_a_record_has_the_period_of_a_client_where_the_producer_says_none(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish(await producer.draft(births(5, 6), "2024.csv"))
    client_periods = [{"start": "1998-01-01T00:00:00Z", "end": "1998-12-31T23:59:59Z"}]
    async with node_database.session(demo.id, role="worker") as session:
        stored = await find_dataset(session, uuid.UUID(dataset))
        assert stored is not None
        assert stored.delivery is not None
        assert stored.delivery.record is not None
        [media] = stored.delivery.record["available_formats"]
        described = {**media, "dcat": {"periods": client_periods}}
        stored.document = {**stored.delivery.record, "available_formats": [described]}

    await add_year(producer, dataset, 2023, births(3, 4))
    announced = await announced_media(node_database, demo, dataset)
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    dated = await announced_media(node_database, demo, dataset)
    await date_main(producer, dataset, "", "")
    undated = await announced_media(node_database, demo, dataset)

    assert announced[0]["dcat"]["periods"] == client_periods
    assert dated[0]["dcat"]["periods"][0]["start"].startswith("2024")
    assert "dcat" not in undated[0]


async def test_a_record_of_restricted_data_names_no_table_of_all_periods(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish(
        await producer.draft(births(5, 6), "2024.csv"), access="restricted"
    )
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    await add_year(producer, dataset, 2023, births(3, 4))
    await producer.publish(dataset, access="restricted")

    media = await announced_media(node_database, demo, dataset)

    assert len(media) == 2
    assert named_series(media) == []
    assert "file_columns" not in str(media)


async def test_a_withdrawn_dataset_has_no_table_of_its_periods(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await yearly(producer)
    await rows_of(passer_by, dataset)
    await withdraw(producer, dataset)

    answers = [
        await passer_by.get(path)
        for path in (
            PAGE.format(dataset),
            f"{PAGE.format(dataset)}/x.csv",
            f"{BASE.format(dataset)}/data/",
        )
    ]

    assert [answer.status_code for answer in answers] == [410] * 3


@pytest.mark.thorough
async def test_a_removed_year_is_gone_from_it(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await yearly(producer)
    part = await add_year(producer, dataset, 2025, births(7, 8))
    before = await rows_of(passer_by, dataset)

    await producer.client.post(
        f"/datasets/{dataset}/parts/{part}/remove", data={"reason": "Erreur"}
    )
    after = await rows_of(passer_by, dataset)

    assert (len(before), len(after)) == (8, 6)


@pytest.mark.parametrize(
    "access",
    [FileAccess.HELD, pytest.param(FileAccess.WAITING, marks=pytest.mark.thorough)],
)
async def test_a_file_that_is_kept_from_readers_is_not_in_it(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
    access: FileAccess,
) -> None:
    dataset = await yearly(producer)
    part = await add_year(producer, dataset, 2025, births(7, 8))
    before = await rows_of(passer_by, dataset)
    await keep_back(node_database, demo, access, StoredFile.part_id == uuid.UUID(part))
    after = await rows_of(passer_by, dataset)
    await keep_back(
        node_database, demo, access, StoredFile.dataset_id == uuid.UUID(dataset)
    )
    none = await passer_by.get(f"{BASE.format(dataset)}/data/")

    assert (len(before), len(after)) == (8, 6)
    assert none.status_code == 423


@pytest.mark.thorough
async def test_it_waits_for_a_file_that_is_read_again(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await yearly(producer)
    async with node_database.session(demo.id, role="worker") as session:
        stored = await find_dataset(session, uuid.UUID(dataset))
        assert stored is not None
        await request_preparation(session, stored.parts[0].versions[0])

    answer = await passer_by.get(f"{BASE.format(dataset)}/data/")
    files = await passer_by.get(f"/datasets/{dataset}/files")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
    assert PAGE.format(dataset) not in files.text
    assert "Un fichier qui a une période est en cours de lecture." in files.text
    assert "leurs colonnes diffèrent" not in files.text


@pytest.mark.thorough
async def test_real_files_of_four_years_are_one_table(
    producer: Producer, passer_by: httpx.AsyncClient, shared_data: Path
) -> None:
    folder = shared_data / "data/tables"
    contents = {
        year: (folder / f"alessandria_ingressi-biblioteca-{year}.csv").read_bytes()
        for year in range(2021, 2025)
    }
    dataset = await producer.publish(
        await producer.draft(contents.pop(2024), "2024.csv")
    )
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    for year, content in contents.items():
        await add_year(producer, dataset, year, content)

    summed = await rows_of(passer_by, dataset, "?period__groupby&Ingressi__sum")
    single = await passer_by.get(f"/api/resources/{dataset}/data/?Ingressi__sum")

    assert [row["period"] for row in summed] == [2021, 2022, 2023, 2024]
    assert summed[-1]["Ingressi__sum"] == single.json()["data"][0]["Ingressi__sum"]


async def test_a_draft_has_none(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.draft(births(5, 6), "2024.csv")
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    part = await add(producer, dataset, births(3, 4), "2023.csv")
    await save(
        producer, dataset, part, title="2023", role="data", first_day="2023-01-01"
    )

    producer_page = await producer.page(f"/datasets/{dataset}")
    hidden = [
        await passer_by.get(path)
        for path in (PAGE.format(dataset), f"{BASE.format(dataset)}/data/")
    ]

    assert "Périodes dans ce tableau : 2023-01-01/.., 2024." in producer_page
    assert PAGE.format(dataset) not in producer_page
    assert [answer.status_code for answer in hidden] == [404, 404]


@pytest.mark.parametrize(
    ("first_day", "last_day"),
    [
        pytest.param("", "2024-12-31", marks=pytest.mark.thorough),
        ("2024-12-31", "2024-01-01"),
        pytest.param("hier", "", marks=pytest.mark.thorough),
    ],
)
async def test_a_period_of_the_main_file_that_is_none_is_refused(
    producer: Producer, passer_by: httpx.AsyncClient, first_day: str, last_day: str
) -> None:
    dataset = await yearly(producer)

    refused = await date_main(producer, dataset, first_day, last_day)

    assert refused.status_code == 422
    assert {row["period"] for row in await rows_of(passer_by, dataset)} == {
        2022, 2023, 2024,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("first_day", "last_day", "label"),
    [
        ("2024-01-01", "2024-12-31", "2024"),
        ("2024-02-01", "2024-02-29", "2024-02"),
        ("2024-02-01", "2024-02-28", "2024-02-01/2024-02-28"),
        ("2024-02-01", "2024-02-01", "2024-02-01"),
        ("2023-01-01", "2024-12-31", "2023-01-01/2024-12-31"),
        ("2024-02-01", "", "2024-02-01/.."),
    ],
)
def test_a_period_is_written_as_iso_does(
    first_day: str, last_day: str, label: str
) -> None:
    last = date.fromisoformat(last_day) if last_day else None
    assert period_label(date.fromisoformat(first_day), last) == label


@pytest.mark.parametrize(
    ("title", "first_day", "last_day", "caption"),
    [
        ("Naissances 2024", "2024-01-01", "2024-12-31", "Naissances 2024"),
        ("Naissances", "2024-01-01", "2024-12-31", "Naissances (2024)"),
        ("Naissances", "2024-02-01", "2024-02-29", "Naissances (2024-02)"),
        (
            "Naissances 2024",
            "2024-01-01",
            "2024-06-30",
            "Naissances 2024 (2024-01-01 – 2024-06-30)",
        ),
        ("Notice", "2024-01-01", "", "Notice (2024-01-01 –)"),
        ("Notice", "", "", "Notice"),
    ],
)
def test_the_caption_of_a_file_has_the_period_that_its_title_does_not_say(
    title: str, first_day: str, last_day: str, caption: str
) -> None:
    first, last = (
        date.fromisoformat(day) if day else None for day in (first_day, last_day)
    )
    part = DatasetPart(title=title, first_day=first, last_day=last)

    assert part_caption(part) == caption
