"""A producer leaves with everything in one archive that others' programs read, whatever happens while it is made."""

import asyncio
import csv
import hashlib
import io
import json
import os
import signal
import sys
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import frictionless
import httpx
import pyoxigraph
import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.depth import FOLDER_BY_DEFAULT
from tests.node.conftest import Browse
from tests.node.pieces import split_content
from tests.node.producer import ANSWERS, SLUG, TABLE, Producer
from tests.node.test_parts import NOTICE, add, save
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.space_export import tasks
from udi.node.datasets.space_export.builder import ArchiveBuilder
from udi.node.datasets.space_export.tasks import (
    BUILD_ARCHIVE,
    RETENTION,
    delete_expired_archives,
)
from udi.node.datasets.space_export.zip_writer import (
    DamagedFileError,
    ZipEntry,
    ZipStream,
)
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.models import ArchiveState, SpaceArchive, StoredFile
from udi.node.files.queries import used_bytes
from udi.node.files.storage.store import ObjectStore, StoreError
from udi.node.files.sweep import sweep_territory
from udi.node.spaces.models import Space
from udi.protocol.record import read_record
from udi.settings import Settings
from udi.ui.site import Site

PAGE = f"/spaces/{SLUG}/archive"
NEWER = TABLE + b"Tennis;Kerl\xe9van;01/02/2020\n"
OPENING_VIEW = {"query": "view=cards"}
COLUMN_ROLE = {"column": "commune", "role": "place"}
UTF8 = "code;libellé\n01001;Île\n29019;Brest\n".encode()
SERVICE = "https://api.example.org/associations"
Build = Callable[..., Awaitable[None]]


@pytest.fixture
def build(node_site: Site, demo: Territory, node_database: Database) -> Build:
    """Does the worker's job for the space's newest archive, at an attempt."""

    async def build(*, last: bool = False) -> None:
        builder = ArchiveBuilder(node_site.services[OBJECTS], node_site.pages)
        handler = tasks.task_handlers(node_database, node_site.registry, builder)[
            BUILD_ARCHIVE
        ]
        archive = await newest(node_database, demo)
        await handler(
            Job(BUILD_ARCHIVE, demo.id, {"archive": str(archive.id)}, 0, last)
        )

    return build


async def newest(database: Database, territory: Territory) -> SpaceArchive:
    async with database.session(territory.id, role="worker") as session:
        query = select(SpaceArchive).order_by(SpaceArchive.requested_at.desc())
        archive = (await session.scalars(query)).first()
    assert archive is not None
    return archive


async def ask(producer: Producer) -> None:
    answer = await producer.client.post(PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)


async def fetch(producer: Producer, client: httpx.AsyncClient) -> bytes:
    """The archive, by the link of the page."""
    page = await producer.page(PAGE)
    link = page.partition('href="/archives/')[2].partition('"')[0].replace("&amp;", "&")
    answer = await client.get(f"/archives/{link}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    return answer.content


@pytest.fixture
async def life(producer: Producer) -> str:
    """A published dataset of two versions, another published one, a draft that is half described."""
    first = await producer.publish()
    await producer.send(NEWER, "associations-v2.csv", f"/datasets/{first}/versions")
    await producer.publish(first)
    for path, fields in (("view", OPENING_VIEW), ("columns", COLUMN_ROLE)):
        answer = await producer.client.post(f"/datasets/{first}/{path}", data=fields)
        assert answer.status_code == 303, answer.text
    await producer.publish(
        await producer.draft(UTF8, "=codes.csv"),
        title="=Codes & noms",
        licence="odbl-1.0",
    )
    await producer.draft(b"%PDF-1.7 brouillon", "plan.pdf")
    return first


@pytest.fixture
async def begun(producer: Producer) -> str:
    """A draft: a file is all that an archive needs."""
    return await producer.draft(b"%PDF-1.7 brouillon", "plan.pdf")


@pytest.mark.usefixtures("each_store")
async def test_the_archive_holds_everything_and_others_read_it(
    life: str,
    producer: Producer,
    passer_by: httpx.AsyncClient,
    build: Build,
    tmp_path: Path,
) -> None:
    await ask(producer)
    assert "Archive en préparation" in await producer.page(PAGE)
    await build()
    content = await fetch(producer, passer_by)
    names = await asyncio.to_thread(unpack, content, tmp_path)

    assert {
        "README.fr.md", "README.en.md", "datapackage.json", "metadata/dcat-ap.ttl", "metadata/dcat-ap.jsonld",
        "metadata/rudi.json", "metadata/answers.json", "history.csv", "SHA256SUMS",
    } <= names  # fmt: skip
    files = sorted(name for name in names if name.startswith("files/"))
    assert [name.rpartition("/")[2] for name in files] == [
        "associations.csv", "associations-v2.csv", "=codes.csv", "plan.pdf",
    ]  # fmt: skip
    assert {(tmp_path / name).read_bytes() for name in files} == {
        TABLE,
        NEWER,
        UTF8,
        b"%PDF-1.7 brouillon",
    }
    sums = dict(
        reversed(line.split("  ", 1))
        for line in (tmp_path / "SHA256SUMS").read_text().splitlines()
    )
    assert sums == {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in names - {"SHA256SUMS"}
    }


def unpack(content: bytes, folder: Path) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
        return set(archive.namelist())


@pytest.fixture
async def unpacked(
    life: str,
    producer: Producer,
    passer_by: httpx.AsyncClient,
    build: Build,
    tmp_path: Path,
) -> Path:
    """The archive; beside the main file of the published dataset are a service, then a file with its period."""
    notice = await add(producer, life, NOTICE)
    service = {"address": SERVICE, "title": "API", "role": "service"}
    await producer.client.post(f"/datasets/{life}/parts/links", data=service)
    await save(producer, life, notice, first_day="2026-01-01", place="2")
    await ask(producer)
    await build()
    await asyncio.to_thread(unpack, await fetch(producer, passer_by), tmp_path)
    return tmp_path


async def test_frictionless_finds_the_package_valid_and_reads_its_tables(
    unpacked: Path,
) -> None:
    described = json.loads((unpacked / "datapackage.json").read_text())

    package = await asyncio.to_thread(
        frictionless.Package, str(unpacked / "datapackage.json")
    )
    report = await asyncio.to_thread(package.validate)

    assert (
        described["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    )
    assert report.valid, report.flatten(["taskNumber", "rowNumber", "type", "message"])
    rows = {
        resource.name: resource.read_rows()
        for resource in package.resources
        if resource.type == "table"
    }
    read = sorted(len(table_rows) for table_rows in rows.values())
    assert read == [2, 2, 3]
    assert {
        row["commune"]
        for table_rows in rows.values()
        for row in table_rows
        if "commune" in row
    } == {"Kerlévan"}
    for resource in described["resources"]:
        stored = (unpacked / resource["path"]).read_bytes()
        assert (resource["bytes"], resource["hash"]) == (
            len(stored),
            f"sha256:{hashlib.sha256(stored).hexdigest()}",
        )
    assert len({resource["name"] for resource in described["resources"]}) == 5


@pytest.mark.thorough
async def test_a_changed_file_is_found_by_frictionless(unpacked: Path) -> None:
    described = json.loads((unpacked / "datapackage.json").read_text())
    (unpacked / described["resources"][0]["path"]).write_bytes(NEWER + b"x;y;z\n")

    package = await asyncio.to_thread(
        frictionless.Package, str(unpacked / "datapackage.json")
    )

    assert not (await asyncio.to_thread(package.validate)).valid


@pytest.mark.thorough
async def test_the_descriptions_are_those_of_the_catalogue(
    unpacked: Path, life: str, demo: Territory
) -> None:
    rudi = json.loads((unpacked / "metadata/rudi.json").read_text())
    turtle = pyoxigraph.Store()
    turtle.load(
        (unpacked / "metadata/dcat-ap.ttl").read_bytes(),
        format=pyoxigraph.RdfFormat.TURTLE,
    )
    linked = pyoxigraph.Store()
    linked.load(
        (unpacked / "metadata/dcat-ap.jsonld").read_bytes(),
        format=pyoxigraph.RdfFormat.JSON_LD,
    )

    assert rudi["total"] == len(rudi["items"]) == 2
    first = next(item for item in rudi["items"] if item["global_id"] == life)
    assert read_record(first).title == ANSWERS["title"]
    assert (
        first["available_formats"][0]["checksum"]["hash"]
        == hashlib.sha256(NEWER).hexdigest()
    )
    service, notice = first["available_formats"][1:]
    assert service["connector"]["url"] == SERVICE
    assert (service["media_type"], service["media_role"]) == ("SERVICE", "service")
    assert notice["checksum"]["hash"] == hashlib.sha256(NOTICE).hexdigest()
    assert notice["media_caption"] == "Notice (2026-01-01 –)"
    assert notice["media_role"] == "documentation"
    assert SERVICE in (unpacked / "metadata/dcat-ap.ttl").read_text()
    assert set(turtle) == set(linked)
    titles = turtle.query(
        "SELECT ?t WHERE { ?d a <http://www.w3.org/ns/dcat#Dataset> ; <http://purl.org/dc/terms/title> ?t }"
    )
    assert {row[0].value for row in titles} == {ANSWERS["title"], "=Codes & noms"}
    answers = json.loads((unpacked / "metadata/answers.json").read_text())
    assert [answer["state"] for answer in answers] == [
        "publishing",
        "publishing",
        "draft",
    ]
    published = next(answer for answer in answers if answer["id"] == life)
    assert published["opening_view"] == "view=cards"
    assert published["column_roles"] == {"commune": "place"}
    assert published["column_units"] == {}
    assert [(part["title"], part["address"]) for part in published["parts"]] == [
        ("API", SERVICE),
        ("Notice", ""),
    ]
    folder = unpacked / published["parts"][1]["folder"]
    assert (folder / "v1/notice.md").read_bytes() == NOTICE


async def test_the_history_is_there_and_no_cell_of_it_is_a_formula(
    unpacked: Path,
) -> None:
    rows = list(csv.DictReader(io.StringIO((unpacked / "history.csv").read_text())))

    assert [row["event"] for row in rows[:2]] == [
        "dataset.created",
        "dataset.described",
    ]
    assert "'=Codes & noms" in {row["title"] for row in rows}
    assert not [cell for row in rows for cell in row.values() if cell.startswith("=")]
    assert all(row["person"] for row in rows)


@pytest.mark.thorough
async def test_the_readme_speaks_the_languages_of_the_territory(unpacked: Path) -> None:
    french, english = (
        (unpacked / f"README.{code}.md").read_text() for code in ("fr", "en")
    )

    assert "# Les données de Mairie de Kerlévan" in french
    assert "3 jeux de données, 5 fichiers." in french
    assert "# The data of Mairie de Kerlévan" in english
    assert "**=Codes & noms**" in english
    assert "&amp;" not in french + english


@FOLDER_BY_DEFAULT
@pytest.mark.usefixtures("each_store")
async def test_the_link_alone_opens_it_and_any_part_of_it(
    begun: str,
    producer: Producer,
    passer_by: httpx.AsyncClient,
    build: Build,
    node_database: Database,
    demo: Territory,
) -> None:
    await ask(producer)
    await build()
    archive = await newest(node_database, demo)
    page = await producer.page(PAGE)
    link = "/archives/" + page.partition('href="/archives/')[2].partition('"')[
        0
    ].replace("&amp;", "&")

    part = await passer_by.get(link, headers={"Range": "bytes=0-3"})

    assert (part.status_code, part.content) == (206, b"PK\3\4")
    for client in (passer_by, producer.client):
        assert (await client.get(archive.path)).status_code == 403
        assert (
            await client.get(link.replace("expires=1", "expires=2"))
        ).status_code == 403


async def test_only_those_who_publish_ask_for_it(
    producer: Producer, passer_by: httpx.AsyncClient, node_app: Litestar, demo: Territory, browse: Browse,
    stranger: Login, reader: Login, node_database: Database,
) -> None:  # fmt: skip
    for person, status in ((stranger, 404), (reader, 403)):
        async with browse(node_app, demo, person) as client:
            assert (await client.get(PAGE)).status_code == status
            assert (await client.post(PAGE)).status_code == status
    assert (await passer_by.get(PAGE)).status_code == 303
    async with node_database.session(demo.id, role="worker") as session:
        assert list(await session.scalars(select(SpaceArchive))) == []


@FOLDER_BY_DEFAULT
@pytest.mark.usefixtures("each_store")
async def test_one_at_a_time_and_the_next_takes_the_place_of_the_last(
    begun: str,
    producer: Producer,
    build: Build,
    node_database: Database,
    demo: Territory,
    store: ObjectStore,
) -> None:
    await ask(producer)
    assert (await producer.client.post(PAGE)).status_code == 409
    await build()
    first = await newest(node_database, demo)
    await ask(producer)
    await build()

    assert await delete_expired_archives(node_database, store, demo.id) == 1

    assert not await store.exists(first.key)
    assert await store.exists((await newest(node_database, demo)).key)


async def test_what_is_given_up_is_in_no_archive_any_more(
    begun: str,
    producer: Producer,
    build: Build,
    node_database: Database,
    demo: Territory,
    store: ObjectStore,
) -> None:
    draft = await producer.draft(TABLE + b"secret;x;01/01/2021\n", "brouillon.csv")
    await ask(producer)
    await build()
    archive = await newest(node_database, demo)

    assert (await producer.client.post(f"/datasets/{draft}/discard")).status_code == 303

    assert "La dernière archive a été supprimée" in await producer.page(PAGE)
    assert await delete_expired_archives(node_database, store, demo.id) == 1
    assert not await store.exists(archive.key)


async def test_it_counts_in_no_quota_is_no_orphan_and_goes_after_seven_days(
    begun: str, producer: Producer, build: Build, node_database: Database, demo: Territory, store: ObjectStore,
    passer_by: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    async def used() -> int:
        async with node_database.session(demo.id, role="worker") as session:
            return await used_bytes(
                session, (await session.scalars(select(Space))).one()
            )

    before = await used()
    await ask(producer)
    await build()
    archive = await newest(node_database, demo)
    assert await used() == before
    assert (
        await sweep_territory(
            node_database, store, demo.id, older_than=timedelta(seconds=-5)
        )
        == 0
    )
    assert await delete_expired_archives(node_database, store, demo.id) == 0
    assert archive.expires_at is not None
    assert (
        timedelta(days=6, hours=23)
        < archive.expires_at - now()
        <= RETENTION
        == timedelta(days=7)
    )

    monkeypatch.setattr(tasks, "now", lambda: now() + RETENTION + timedelta(minutes=1))
    assert await delete_expired_archives(node_database, store, demo.id) == 1

    assert not await store.exists(archive.key)
    assert "La dernière archive a été supprimée" in await producer.page(PAGE)


@FOLDER_BY_DEFAULT
@pytest.mark.usefixtures("each_store")
async def test_a_file_that_is_gone_or_damaged_is_said_and_no_archive_is_offered(
    begun: str,
    producer: Producer,
    build: Build,
    node_database: Database,
    demo: Territory,
    store: ObjectStore,
) -> None:
    async with node_database.session(demo.id, role="worker") as session:
        file = (
            await session.scalars(
                select(StoredFile).where(StoredFile.name == "plan.pdf")
            )
        ).one()
    await store.put(file.key, split_content(b"%PDF-1.7 another  "[: file.size]))
    for _ in range(2):
        await ask(producer)
        await build()

        archive = await newest(node_database, demo)
        assert archive.state == ArchiveState.FAILED
        assert not await store.exists(archive.key)
        assert "n’est plus conservé tel qu’il a été déposé" in await producer.page(PAGE)
        await store.delete(file.key)


async def test_while_the_store_is_away_it_is_tried_again_and_given_up_in_words(
    begun: str, producer: Producer, build: Build, node_database: Database, demo: Territory, store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    async def away(*_: Any) -> None:
        raise StoreError("away")

    await ask(producer)
    with monkeypatch.context() as patch:
        patch.setattr(store, "put", away)
        with pytest.raises(StoreError):
            await build()
        assert (await newest(node_database, demo)).state == ArchiveState.QUEUED
        with pytest.raises(StoreError):
            await build(last=True)
    assert "ne répond pas" in await producer.page(PAGE)


async def test_what_is_erased_while_it_is_made_is_offered_to_nobody(
    begun: str, producer: Producer, build: Build, node_database: Database, demo: Territory, store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    put = store.put

    async def erased_meanwhile(key: str, content: AsyncIterator[bytes]) -> None:
        await put(key, content)
        async with node_database.session(demo.id, role="worker") as session:
            (
                await session.scalars(select(SpaceArchive))
            ).one().state = ArchiveState.EXPIRED

    await ask(producer)
    monkeypatch.setattr(store, "put", erased_meanwhile)
    await build()

    archive = await newest(node_database, demo)
    assert archive.state == ArchiveState.EXPIRED
    assert not await store.exists(archive.key)


KILLED = """
import asyncio, sys, uuid
from udi.kit.jobs import Job
from udi.node.site import build_site
from udi.node.datasets.space_export import tasks
from udi.node.datasets.space_export.builder import ArchiveBuilder
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.settings import Settings


async def main() -> None:
    site = build_site(Settings(), pages=False)
    builder = ArchiveBuilder(site.services[OBJECTS], site.pages)
    stream = builder.store.stream

    async def slow(*arguments):
        async for piece in stream(*arguments):
            for _ in range(40):
                yield piece[:1] if _ else piece
                print("piece", flush=True)
                await asyncio.sleep(1)

    builder.store.stream = slow
    handler = tasks.task_handlers(site.database, site.registry, builder)[tasks.BUILD_ARCHIVE]
    await handler(Job(tasks.BUILD_ARCHIVE, uuid.UUID(sys.argv[1]), {"archive": sys.argv[2]}, 0, False))

asyncio.run(main())
"""


@pytest.mark.thorough
async def test_killed_while_it_is_made_it_is_made_whole_the_next_time(
    life: str, producer: Producer, passer_by: httpx.AsyncClient, build: Build, node_database: Database, demo: Territory,
    store: ObjectStore, settings: Settings, tmp_path: Path,
) -> None:  # fmt: skip
    await ask(producer)
    archive = await newest(node_database, demo)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        KILLED,
        str(demo.id),
        str(archive.id),
        env=environment(settings),
        stdout=-1,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"piece\n"
    process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL

    assert (await newest(node_database, demo)).state == ArchiveState.QUEUED
    assert not await store.exists(archive.key)
    await build()

    assert await asyncio.to_thread(unpack, await fetch(producer, passer_by), tmp_path)
    await sweep_territory(
        node_database, store, demo.id, older_than=timedelta(seconds=-5)
    )
    assert store.folder is not None
    assert await asyncio.to_thread(staged, store.folder / str(demo.id)) == []


def staged(folder: Path) -> list[Path]:
    return list(folder.rglob("*#*"))


def environment(settings: Settings) -> dict[str, str]:
    """The settings of this test, for another process."""
    return {
        **os.environ,
        "UDI_STATE": str(settings.state),
        "UDI_SECRETS": str(settings.secrets_folder),
        "UDI_BASE_PORT": str(settings.base_port),
        "UDI_PRIVATE_HOSTS": json.dumps(settings.private_hosts),
        "UDI_DATABASE_PORT": str(settings.database_port),
        "UDI_DATABASE_NAMES": json.dumps(settings.database_names),
    }


async def test_an_entry_that_is_not_what_it_should_be_ends_the_archive() -> None:
    zipped = ZipStream()

    with pytest.raises(DamagedFileError):
        [
            piece
            async for piece in zipped.add(
                ZipEntry("a", split_content(b"a"), sha256="0" * 64, file="id")
            )
        ]

    assert zipped.sums == {}


async def test_an_archive_past_four_gigabytes_is_a_zip64_from_its_first_byte() -> None:
    zipped = ZipStream()

    content = b"".join(
        [
            piece
            async for piece in zipped.add(
                ZipEntry("big.bin", split_content(b"x"), "application/zip")
            )
        ]
    )
    content += zipped.end()

    assert b"PK\x01\x02" in content
    assert content[4:6] == (45).to_bytes(2, "little")
    assert content[18:26] == b"\xff" * 8
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read("big.bin") == b"x"
