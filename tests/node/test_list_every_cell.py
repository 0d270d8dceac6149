"""The list of cells to check holds every one of them, however many; the page shows the first thousand."""

import csv
import gzip
import io
import json
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.depth import examples
from tests.node.producer import Producer
from tests.node.sending import desk_for
from tests.node.test_check_file import latest
from tests.node.test_declare_schema import SCHEMA, declare
from tests.node.test_declare_schema import installed as installed
from tests.node.test_erase_dataset import TITLE, erase
from tests.node.test_erase_dataset import erase_job as erase_job
from tests.node.test_sealed_spaces import folder as folder
from tests.node.test_sealed_spaces import switch
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.prepare import prepare_version
from udi.node.datasets.versions.cell_errors import read_cell_errors
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.storage.store import ObjectStore
from udi.tabular.columns.cell_list import CellListFolder
from udi.tabular.columns.errors import MOST_LISTED
from udi.ui.site import Site

DATES = "nom;ouverture\n" + "Phare;31/02/2004\nTour;12/03/1987\n" * 1_500
Row = tuple[int, str, str]


async def listed(producer: Producer, dataset: str) -> list[Row]:
    """The line, the column and the cell of each row of the download."""
    answer = await producer.client.get(f"/datasets/{dataset}/cells.csv")
    assert (answer.status_code, answer.headers["content-type"]) == (
        200,
        "text/csv; charset=utf-8",
    )
    rows = list(
        csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    )
    assert rows[0] == ["Ligne", "Colonne", "Cellule", "Ce qui ne va pas"]
    assert all(len(row) == 4 and row[3] for row in rows)
    return [(int(line), column, cell) for line, column, cell, _ in rows[1:]]


async def read_cells_page(producer: Producer, dataset: str) -> tuple[str, int]:
    """The heading of the page, and how many cells it lists."""
    page = (await producer.page(f"/datasets/{dataset}/cells")).replace(
        "\N{NARROW NO-BREAK SPACE}", " "
    )
    return page.partition("<h1>")[2].partition("</h1>")[0], page.count(
        '<td class="num">'
    )


async def objects(site: Site, territory: Territory) -> list[str]:
    """How the objects of the territory end, those of files themselves empty."""
    store: ObjectStore = site.services[OBJECTS]
    keys = [str(entry["path"]) async for entry in store.list(str(territory.id))]
    return sorted(key.rpartition("/")[2][36:] for key in keys)


async def with_dates(producer: Producer) -> str:
    dataset = await producer.draft(DATES.encode(), "lieux.csv")
    corrected = await producer.client.post(
        f"/datasets/{dataset}/understood", data={"type-1": "date"}
    )
    assert corrected.status_code == 303
    return dataset


@pytest.mark.thorough
async def test_more_cells_than_the_page_lists_are_all_in_the_download(
    producer: Producer, node_site: Site, node_database: Database, demo: Territory
) -> None:
    dataset = await with_dates(producer)

    rows = await listed(producer, dataset)

    assert rows == [(line, "ouverture", "31/02/2004") for line in range(2, 3_002, 2)]
    assert await read_cells_page(producer, dataset) == (
        "1500 cellules à vérifier",
        MOST_LISTED,
    )
    assert "La liste à télécharger les contient toutes." in await producer.page(
        f"/datasets/{dataset}/cells"
    )
    assert await objects(node_site, demo) == [
        "",
        ".2.cells.jsonl.gz",
        ".2.table.parquet",
    ]
    version = await latest(node_database, demo, dataset)
    assert len(version.preparation.findings["errors"]) == MOST_LISTED


@pytest.mark.usefixtures("installed")
async def test_every_kind_is_listed_once_in_the_order_of_the_file(
    producer: Producer,
) -> None:
    """A schema's rules, a key that repeats, a cell that does not fit its column; wrong in two ways is told once."""
    right = "".join(
        f"B{number};bois;2024-01-31;3;2024-01-31\n" for number in range(300)
    )
    faulty_rows = "".join(
        f"C{number};fer;31/02/2024;12;2024-01-31\n" for number in range(400)
    )
    text = (
        "id_banc;matiere;date_pose;places;vu\n"
        + right
        + faulty_rows
        + "B1;bois;2024-01-31;3;2024-01-31\n" * 200
    )
    text += "".join(
        f"D{number};bois;2024-01-31;3;31/02/2024\n" for number in range(300)
    )
    dataset = await producer.draft(text.encode(), "bancs.csv")
    assert (
        await declare(producer, dataset, name=str(SCHEMA["name"]))
    ).status_code == 303
    types = {"type-2": "date", "type-4": "date"}
    assert (
        await producer.client.post(f"/datasets/{dataset}/understood", data=types)
    ).status_code == 303

    rows = await listed(producer, dataset)

    assert Counter(column for _, column, _ in rows) == {
        "id_banc": 200, "matiere": 400, "date_pose": 400, "places": 400, "vu": 300
    }  # fmt: skip
    assert [line for line, column, _ in rows if column == "vu"] == list(
        range(902, 1_202)
    )
    assert rows == sorted(rows, key=lambda row: row[0])
    assert len({row[:2] for row in rows}) == 1_700
    assert (await read_cells_page(producer, dataset))[0] == "1700 cellules à vérifier"


@pytest.mark.thorough
async def test_every_place_outside_the_world_is_listed(producer: Producer) -> None:
    lines = "".join(
        f"Lieu {number};48.{number % 10};-4.{number % 10}\n"
        for number in range(1, 1_300)
    )
    dataset = await producer.draft(
        ("nom;latitude;longitude\n" + lines).encode(), "lieux.csv"
    )
    swapped = (
        "nom;latitude;longitude\n" + lines + "Ailleurs;248,5;-4.1\n" * 1_100
    ).encode()
    await producer.send(swapped, "lieux.csv", path=f"/datasets/{dataset}/versions")
    await producer.client.post(
        f"/datasets/{dataset}/understood", data={"type-1": "number", "type-2": "number"}
    )

    rows = await listed(producer, dataset)

    assert {line for line, *_ in rows} == set(range(1_301, 2_401))


async def test_a_table_without_such_cells_has_no_list(
    producer: Producer, node_site: Site, demo: Territory
) -> None:
    dataset = await producer.draft()

    assert await listed(producer, dataset) == []
    assert await objects(node_site, demo) == ["", ".1.table.parquet"]


async def test_nothing_of_the_list_is_left_once_its_draft_is_erased(
    producer: Producer,
    node_site: Site,
    demo: Territory,
    erase_job: Callable[..., Awaitable[None]],
) -> None:
    dataset = await with_dates(producer)
    await producer.describe(dataset)

    assert (await erase(producer, dataset, TITLE)).status_code == 303
    await erase_job(dataset)

    assert await objects(node_site, demo) == []


async def test_the_list_goes_with_a_draft_that_is_given_up_and_with_a_file_that_is_replaced(
    producer: Producer, node_site: Site, demo: Territory
) -> None:
    dataset = await with_dates(producer)
    await producer.send(
        b"nom;ouverture\nPhare;12/03/1987\nTour;12/03/1987\n",
        path=f"/datasets/{dataset}/versions",
    )
    replaced = await objects(node_site, demo)

    await producer.client.post(f"/datasets/{dataset}/discard")

    assert replaced == ["", ".1.table.parquet"]
    assert await objects(node_site, demo) == []


async def test_in_a_sealed_space_the_list_is_sealed(
    folder: ObjectStore,
    producer: Producer,
    node_site: Site,
    node_database: Database,
    demo: Territory,
) -> None:
    await switch(node_database, demo, node_site)
    dataset = await with_dates(producer)

    assert len(await listed(producer, dataset)) == 1_500
    assert folder.folder is not None
    [list_path] = (folder.folder / str(demo.id)).rglob("*.jsonl.gz")
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(list_path.read_bytes())


async def test_where_the_list_is_gone_the_first_thousand_are_given(
    producer: Producer, node_site: Site, demo: Territory
) -> None:
    """As for a version that was read before there was such a list."""
    dataset = await with_dates(producer)
    [list_path] = (node_site.services[OBJECTS].folder / str(demo.id)).rglob(
        "*.jsonl.gz"
    )
    list_path.unlink()

    assert len(await listed(producer, dataset)) == MOST_LISTED


async def test_two_looks_at_once_keep_the_list(
    producer: Producer, node_site: Site, node_database: Database, demo: Territory
) -> None:
    dataset = await with_dates(producer)
    version = await latest(node_database, demo, dataset)

    await prepare_version(
        desk_for(node_site, demo), version.id, version.preparation.revision
    )

    assert len(await listed(producer, dataset)) == 1_500


def test_a_list_that_a_full_disk_cut_short_is_none(tmp_path: Path) -> None:
    listing = CellListFolder(tmp_path / "listing")
    target = tmp_path / "cells.jsonl.gz"
    listing.cells.path.symlink_to("/dev/full")

    listing.cells.add(2, "ouverture", "no_such_day", "31/02/2004")

    assert (listing.write(target), target.exists()) == (0, False)
    listing.reset()
    listing.cells.add(2, "ouverture", "no_such_day", "31/02/2004")
    assert (listing.write(target), target.exists()) == (1, True)


@pytest.mark.thorough
async def test_the_list_is_read_in_constant_memory() -> None:
    """One that would take many times that: it is opened piece by piece, whatever it is packed to."""
    cell = {
        "line": 1,
        "column": "ouverture",
        "code": "no_such_day",
        "value": "x" * 150,
        "expected": "",
        "asked": False,
    }
    text = (json.dumps(cell) + "\n").encode() * 1_000
    thousands = examples(60, 800)
    packed = gzip.compress(text * thousands)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(packed), 256 * 1024):
            yield packed[start : start + 256 * 1024]

    tracemalloc.start()
    count = 0
    async for cells in read_cell_errors(pieces()):
        count += len(cells)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == thousands * 1_000
    assert peak < len(text) * 80 // 2
