"""Strangers' bytes are read in a child, whichever way they came; what defeats it is a plain file, with the reason."""

import os
import zipfile
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.node import hostile
from tests.node.producer import TABLE, Producer
from tests.node.scripts import Script, new_key
from tests.node.sending import Sender, rows
from tests.service_overrides import ServiceOverrides
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Version
from udi.node.files.intake import reception
from udi.tabular.profiles import opened_files
from udi.tabular.profiles.profile import Profile
from udi.tabular.queries.readers import READERS, FileReaderPool, ReaderLimits

MEGABYTE = 1024**2
NAMES = ["office", "table", "text"]
XML = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in NAMES
)
MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
KIND = "application/vnd.oasis.opendocument.spreadsheet"


def ods(rows: int, columns: int) -> bytes:
    """A sheet of a few hundred bytes that says its one cell again and again."""
    cell = f'<table:table-cell table:number-columns-repeated="{columns}" office:value-type="string"><text:p>x</text:p></table:table-cell>'
    body = f'<table:table table:name="A"><table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row></table:table>'
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", KIND)
        entry = f'<m:file-entry m:full-path="/" m:media-type="{KIND}"/>'
        archive.writestr(
            "META-INF/manifest.xml",
            f'<m:manifest xmlns:m="{MANIFEST}">{entry}</m:manifest>',
        )
        document = f"<office:document-content {XML}><office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
        archive.writestr("content.xml", document)
    return packed.getvalue()


@pytest.fixture
async def script(manager: httpx.AsyncClient, passer_by: httpx.AsyncClient) -> Script:
    return Script(passer_by, await new_key(manager))


Way = Callable[[Producer, Script, bytes, str], Awaitable[str]]


async def dropped(
    producer: Producer, _script: Script, content: bytes, name: str
) -> str:
    return await producer.draft(content, name)


async def sent_in_parts(
    _producer: Producer, script: Script, content: bytes, name: str
) -> str:
    sender = Sender(script.client, script.headers)
    address = await sender.address(len(content), name=name)
    await sender.send(address, 0, content)
    return str((await sender.look(address))["dataset"])


async def put(producer: Producer, script: Script, content: bytes, name: str) -> str:
    dataset = await producer.publish()
    assert (await script.put(dataset, content, f"?name={name}")).status_code == 201
    return dataset


WAYS = pytest.mark.parametrize(
    "way", [dropped, sent_in_parts, put], ids=["the form", "in parts", "by a script"]
)


async def profile_in(database: Database, territory: Territory, dataset: str) -> Profile:
    versions = [
        candidate
        for candidate in await rows(database, territory, Version)
        if str(candidate.dataset_id) == dataset
    ]
    return Profile.from_json(max(versions, key=lambda version: version.number).profile)


@WAYS
async def test_nothing_is_opened_in_the_web_process(
    producer: Producer, script: Script, node_database: Database, demo: Territory, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:  # fmt: skip
    def never(*_: Any) -> None:
        raise AssertionError

    for name in (
        "identify_file",
        "detect_encoding",
        "open_workbook",
        "identify_archive",
    ):
        monkeypatch.setattr(opened_files, name, never)

    dataset = await way(producer, script, ods(3, 2), "sheet.ods")

    assert (await profile_in(node_database, demo, dataset)).label == "ODS"


@pytest.mark.thorough
@pytest.mark.parametrize("way", [dropped, sent_in_parts, put])
async def test_a_sheet_that_swells_takes_no_memory_of_the_web_process(
    producer: Producer,
    script: Script,
    node_database: Database,
    demo: Territory,
    services: ServiceOverrides,
    way: Way,
) -> None:
    services[READERS] = FileReaderPool(hostile.nothing, ReaderLimits())
    before = psutil.Process(os.getpid()).memory_info().rss

    dataset = await way(producer, script, ods(30_000, 1000), "bomb.ods")

    assert psutil.Process(os.getpid()).memory_info().rss - before < 100 * MEGABYTE
    profile = await profile_in(node_database, demo, dataset)
    assert (profile.label, profile.is_table) == ("ODS", False)
    assert profile.failure is not None
    assert "Nous n’avons pas pu lire ce fichier" in await producer.page(
        f"/datasets/{dataset}/check"
    )
    await services[READERS].close()


@pytest.mark.parametrize(
    ("function", "code"),
    [
        pytest.param(hostile.profile_for_ever, "too_long", marks=pytest.mark.thorough), (hostile.profile_at_length, "too_heavy"),
        (hostile.profile_and_die, "unread"), pytest.param(hostile.profile_and_lie, "unread", marks=pytest.mark.thorough),
    ],
)  # fmt: skip
async def test_what_defeats_the_child_is_a_plain_file_with_the_reason(
    producer: Producer, node_database: Database, demo: Territory, monkeypatch: pytest.MonkeyPatch,
    function: Callable[[Path, str, int], Profile], code: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(reception, "profile_copy", function)
    monkeypatch.setattr(reception, "PROFILE_SECONDS", 2.0)
    monkeypatch.setattr("udi.node.datasets.actions.draft.PROMPT", 0)

    dataset = await producer.draft()

    profile = await profile_in(node_database, demo, dataset)
    assert (
        profile.label,
        profile.is_table,
        profile.failure and profile.failure.code,
    ) == ("CSV", False, code)
    assert "Nous lisons encore votre fichier" in await producer.page(
        f"/datasets/{dataset}/check"
    )


async def test_a_file_whose_turn_does_not_come_is_left_to_the_worker(
    producer: Producer,
    node_database: Database,
    demo: Territory,
    services: ServiceOverrides,
) -> None:
    services[READERS] = FileReaderPool(
        hostile.nothing, ReaderLimits(places=1, own_places=1, patience=0.1)
    )
    async with services[READERS].open_reader("another") as reading:
        await reading.call(hostile.nothing, seconds=30)
        dataset = await producer.draft()

    profile = await profile_in(node_database, demo, dataset)
    assert (profile.label, profile.is_table, profile.failure) == ("CSV", False, None)
    assert "Nous lisons encore votre fichier" in await producer.page(
        f"/datasets/{dataset}/check"
    )
    await services[READERS].close()


@pytest.mark.thorough
async def test_a_long_text_is_reckoned_from_its_beginning(
    producer: Producer,
    node_database: Database,
    demo: Territory,
    space: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("udi.node.datasets.actions.draft.PROMPT", 0)
    monkeypatch.setattr("udi.node.files.intake.reception.PROFILE_SECONDS", 300)
    async with node_database.session(demo.id, role="owner") as session:
        (await session.merge(space)).quota_bytes = 100 * MEGABYTE
    line = b"Amicale;Kerl\xe9van;01/02/2003\n"

    dataset = await producer.draft(TABLE + line * (24 * MEGABYTE // len(line)))

    profile = await profile_in(node_database, demo, dataset)
    assert (profile.exact, profile.encoding) == (False, "Windows-1252")
    assert profile.rows == pytest.approx(24 * MEGABYTE / len(line), rel=0.05)
