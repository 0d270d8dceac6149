"""A document that is too large for memory is read in pieces, killed or not: each record once, and no more of it than is bounded."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open
from udi.portal.nodes.harvest.document_reader import DocumentReader
from udi.portal.nodes.harvest.large_documents import AT_ONCE as PIECE
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.portal.nodes.sources import document_bodies, harvest_run, run_log

MARK = "https://project-open-data.cio.gov/v1.1/schema"


def described(count: int) -> bytes:
    datasets = [
        {"@type": "dcat:Dataset", "identifier": f"d{place}", "title": f"Jeu {place}"}
        for place in range(count)
    ]
    return json.dumps({"conformsTo": MARK, "dataset": datasets}).encode()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """What is large is a thousand bytes; where pieces wait is seen."""
    monkeypatch.setattr(document_bodies, "HEAVY", 1000)
    monkeypatch.setattr(harvest_run, "HEAVY", 1000)
    monkeypatch.setattr(document_bodies, "BEGINNING", 500)
    monkeypatch.setattr(document_bodies.tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


class Killed(BaseException):
    """The worker is gone."""


@pytest.mark.thorough
async def test_a_large_document_is_stored_piece_after_piece_and_nothing_of_it_is_left(
    catalogue: Catalogue,
    open_source: Open,
    small: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = list[bytes | Path]()
    parts = list[HarvestedPage | None]()
    open_document = DocumentReader.open
    next_part = DocumentReader.next_part

    async def open_and_note(
        reader: DocumentReader, source: bytes | Path, url: str, language: str
    ) -> HarvestedPage:
        opened.append(source)
        return await open_document(reader, source, url, language)

    async def read_and_note(reader: DocumentReader) -> HarvestedPage | None:
        parts.append(await next_part(reader))
        return parts[-1]

    monkeypatch.setattr(DocumentReader, "open", open_and_note)
    monkeypatch.setattr(DocumentReader, "next_part", read_and_note)
    catalogue.put("/data.json", described(PIECE + 40))
    reading = await open_source(f"{catalogue.origin}/data.json", slice=50)

    first = await reading.read()
    catalogue.put("/data.json", described(PIECE + 41))
    second = await reading.read()

    assert [isinstance(source, Path) for source in opened] == [True, True]
    assert [part.dataset_count if part else 0 for part in parts] == [40, 0, 41, 0]
    assert (first.outcome, first.total, first.created, first.pages) == (
        "complete",
        PIECE + 40,
        PIECE + 40,
        1,
    )
    assert (second.outcome, second.total, second.created) == ("complete", PIECE + 41, 1)
    assert second.unchanged == PIECE + 40
    assert len(await reading.list_published()) == PIECE + 41
    assert left_in(small) == []


async def test_one_that_is_killed_at_any_transaction_goes_on_where_it_was(
    catalogue: Catalogue, open_source: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.put("/data.json", described(20))
    reading = await open_source(f"{catalogue.origin}/data.json", slice=4)
    real = harvest_run.leased_source
    left = 0
    deaths = 0

    @asynccontextmanager
    async def fatal(*arguments: Any) -> AsyncIterator[Any]:
        nonlocal left
        left -= 1
        async with real(*arguments) as ours:
            yield ours
            if not left:
                raise Killed

    monkeypatch.setattr(harvest_run, "leased_source", fatal)
    while True:
        left = deaths + 1
        try:
            run = await reading.read()
            break
        except Killed:
            deaths += 1

    assert deaths > 4
    assert (run.outcome, run.total, run.created) == ("complete", 20, 20)
    assert await reading.count_events("dataset.published") == 20


async def test_one_that_breaks_on_the_way_withdraws_nothing(
    catalogue: Catalogue, open_source: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log, "MOST_LOGGED_FAULTS", 10_000)
    catalogue.put("/data.json", described(PIECE + 40))
    reading = await open_source(f"{catalogue.origin}/data.json", slice=50)
    await reading.read()
    catalogue.put("/data.json", described(PIECE + 40)[:-600])

    runs = [await reading.read(), await reading.read()]

    assert [run.outcome for run in runs] == ["partial", "partial"]
    assert [fault.code for fault in await reading.faults() if not fault.identifier] == [
        "document_unreadable"
    ]
    assert len(await reading.list_published()) == PIECE + 40


async def test_each_bound_is_that_of_the_kind_of_document(
    catalogue: Catalogue,
    open_source: Open,
    monkeypatch: pytest.MonkeyPatch,
    small: Path,
) -> None:
    monkeypatch.setattr(document_bodies, "LARGEST_DIVIDED", 3000)
    catalogue.put("/data.json", described(60))
    divided = await open_source(f"{catalogue.origin}/data.json")
    await divided.read()

    [fault] = [
        candidate
        for candidate in await divided.faults()
        if candidate.code == "document_too_large"
    ]
    assert fault.filled["limit"] == 3000 // 1024**2
    assert left_in(small) == []
