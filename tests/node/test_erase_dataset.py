"""Erasing is for good: what was dropped is nowhere afterwards, and its address says so."""

import asyncio
import hashlib
import json
import os
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select, text

from tests.depth import FOLDER_BY_DEFAULT
from tests.node.conftest import Browse
from tests.node.counterpart import PortalDouble, report
from tests.node.pieces import split_content
from tests.node.producer import ANSWERS, SLUG, TABLE, Producer
from tests.node.sending import Sender
from tests.node.test_deliver_file import file_path
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets import tasks as pushes
from udi.node.datasets.actions.erase import (
    ERASE_DATASET,
    LINKS,
    RETAINED_TABLES,
    list_dataset_tables,
)
from udi.node.datasets.actions.outbox import PUSH_DATASET
from udi.node.datasets.exchange.portal import PortalClient
from udi.node.datasets.models import Dataset, DatasetEvent, Delivery
from udi.node.datasets.renewal.models import DatasetSource
from udi.node.datasets.space_export import tasks
from udi.node.datasets.space_export.builder import ArchiveBuilder
from udi.node.datasets.space_export.tasks import BUILD_ARCHIVE
from udi.node.datasets.upkeep import erasure_tasks
from udi.node.datasets.upkeep.cleanup import remove_leftovers
from udi.node.datasets.versions.tables import DatasetTableCache
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.models import ErasedDataset, SpaceArchive, StoredFile
from udi.node.files.storage.store import ObjectStore
from udi.node.identity.models import Person
from udi.node.schema import NodeTable
from udi.node.spaces.models import DatasetRight, ScriptKey, Space, UseCount
from udi.node.tables.api import EXPORTS
from udi.node.tables.finder import FIND_TABLE
from udi.settings import Settings
from udi.ui.site import Site

TITLE = ANSWERS["title"]
MARK = f"Marque{uuid.uuid4().hex}"
MARKED = (
    TABLE
    + f"{MARK};Kerlévan;01/02/2020\nTour;Kerlévan;{MARK}\n".encode("cp1252")
    + b"Tour;x;01/01/2001\n" * 60
)
"""The mark is in a cell that is shown and in one that does not fit its column."""
Do = Callable[..., Awaitable[None]]


@pytest.fixture
def erase_job(node_site: Site, demo: Territory) -> Do:
    """Does the worker's job for a dataset."""
    forgets = [node_site.services[FIND_TABLE].forget_dataset]
    handler = erasure_tasks.task_handlers(
        node_site.database, node_site.services[OBJECTS], forgets
    )[ERASE_DATASET]

    async def erase(dataset: str, **payload: Any) -> None:
        await handler(
            Job(ERASE_DATASET, demo.id, {"dataset": dataset, **payload}, 0, last=False)
        )

    return erase


@pytest.fixture
def push(
    node_site: Site, demo: Territory, portal: PortalDouble, settings: Settings
) -> Do:
    """Tells the portal, as the worker does, and takes its report in."""
    client = PortalClient(settings, node_site.outgoing)
    handler = pushes.task_handlers(
        node_site.database, node_site.registry, client, node_site.services[OBJECTS]
    )

    async def push(dataset: str, revision: int) -> None:
        await handler[PUSH_DATASET](
            Job(
                PUSH_DATASET,
                demo.id,
                {"dataset": dataset, "revision": revision},
                0,
                last=False,
            )
        )

    return push


@pytest.fixture
def settle(
    node_app: Litestar,
    demo: Territory,
    portal: PortalDouble,
    browse: Browse,
    node_database: Database,
) -> Do:
    """The portal reports that it did what it was asked."""

    async def settle(dataset: str, method: str) -> None:
        headers = portal.bearer(demo.links["node"], dataset)
        [delivery] = await rows(node_database, demo, Delivery)
        document = report(dataset, method, report_id=delivery.report_id)
        async with browse(node_app, demo) as client:
            sent = await client.put(
                f"/resources/{dataset}/report", json=document, headers=headers
            )
        assert sent.json()["taken"]

    return settle


async def erase(producer: Producer, dataset: str, title: str = TITLE) -> httpx.Response:
    return await producer.client.post(
        f"/datasets/{dataset}/erase", data={"title": title}
    )


async def withdraw(producer: Producer, dataset: str) -> None:
    answer = await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "Données fausses"}
    )
    assert answer.status_code == 303


async def rows(database: Database, territory: Territory, model: Any) -> list[Any]:
    async with database.session(territory.id, role="worker") as session:
        return list(await session.scalars(select(model)))


async def jobs_of(database: Database, territory: Territory) -> list[str]:
    query = text(
        "SELECT convert_from(payload, 'UTF8') FROM queue.pgqueuer WHERE entrypoint = :name"
    )
    async with database.platform_session(role="worker") as session:
        payloads = [
            json.loads(payload)
            for payload in await session.scalars(query, {"name": ERASE_DATASET})
        ]
    return sorted(
        "second" if payload.get("second") else "first"
        for payload in payloads
        if payload["tenant"] == str(territory.id)
    )


async def test_a_draft_is_erased_with_every_object_and_row(
    producer: Producer,
    erase_job: Do,
    node_database: Database,
    demo: Territory,
    store: ObjectStore,
) -> None:
    dataset = await producer.draft()
    await producer.describe(dataset)
    [file] = await rows(node_database, demo, StoredFile)
    for suffix in (".parquet", ".pmtiles"):
        await store.put(file.key + suffix, split_content(TABLE))
    assert store.folder is not None
    staged = store.folder / f"{file.key}#3"
    staged.write_bytes(TABLE)
    objects, size = await weigh(store, demo)
    assert objects == 4, "the file, its table, and two that another part made"

    answer = await erase(producer, dataset)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/datasets/{dataset}",
    )
    assert [await rows(node_database, demo, model) for model in (StoredFile,)] == [[]]
    await erase_job(dataset)

    assert [entry async for entry in store.list(str(demo.id))] == []
    assert not staged.exists()
    assert await rows(node_database, demo, Dataset) == []
    [erased] = await rows(node_database, demo, ErasedDataset)
    assert (erased.objects, erased.bytes, erased.published) == (objects, size, False)
    assert erased.erased_at is not None
    history = {
        event.action: event.detail
        for event in await rows(node_database, demo, DatasetEvent)
    }
    assert history["dataset.erased"] == {"objects": objects, "bytes": size}
    assert await jobs_of(node_database, demo) == ["first", "second"]


async def weigh(store: ObjectStore, territory: Territory) -> tuple[int, int]:
    """How many objects a territory has, and their bytes."""
    sizes = [int(entry["size"]) async for entry in store.list(str(territory.id))]
    return len(sizes), sum(sizes)


@pytest.mark.parametrize(
    "title",
    [
        "",
        "Associations",
        pytest.param("associations de kerlevan", marks=pytest.mark.thorough),
        pytest.param("x" * 10_000, marks=pytest.mark.thorough),
    ],
)
async def test_without_its_title_nothing_is_erased(
    producer: Producer, node_database: Database, demo: Territory, title: str
) -> None:
    dataset = await producer.draft()
    await producer.describe(dataset)

    refused = await erase(producer, dataset, title)

    assert refused.status_code == 422
    assert "Ce n’est pas son titre." in refused.text
    assert len(await rows(node_database, demo, StoredFile)) == 1
    assert await rows(node_database, demo, ErasedDataset) == []


@pytest.mark.thorough
async def test_the_title_may_be_typed_in_other_letters_and_spaces(
    producer: Producer,
) -> None:
    dataset = await producer.draft()
    await producer.describe(dataset)

    assert (
        await erase(producer, dataset, "  associations  DE kerlévan ")
    ).status_code == 303


async def test_what_is_public_is_withdrawn_first(producer: Producer) -> None:
    dataset = await producer.publish()

    page = await producer.client.get(f"/datasets/{dataset}/erase")
    posted = await erase(producer, dataset)

    assert (page.status_code, posted.status_code) == (409, 409)
    assert f"/datasets/{dataset}/erase" not in await producer.page(
        f"/datasets/{dataset}"
    )
    await withdraw(producer, dataset)
    assert f"/datasets/{dataset}/erase" in await producer.page(f"/datasets/{dataset}")


@pytest.mark.thorough
async def test_the_page_says_how_long_backups_remember(
    producer: Producer,
    node_site: Site,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset = await producer.draft()
    plan = tmp_path / "backup.toml"
    plan.write_text("[retention]\nfull = 2\nfull_every_days = 5\n")
    monkeypatch.setattr(
        node_site, "settings", settings.model_copy(update={"backup_plan": plan})
    )

    assert "le gardent 15 jours au plus" in await producer.page(
        f"/datasets/{dataset}/erase"
    )


async def test_strangers_may_not_erase_nor_learn_of_a_draft(
    producer: Producer, passer_by: httpx.AsyncClient, node_app: Litestar, demo: Territory, browse: Browse,
    stranger: Login, reader: Login, erase_job: Do,
) -> None:  # fmt: skip
    dataset = await producer.draft()
    await producer.describe(dataset)
    for person, status in ((stranger, 404), (reader, 403)):
        async with browse(node_app, demo, person) as client:
            assert (
                await client.get(f"/datasets/{dataset}/erase")
            ).status_code == status
            assert (
                await client.post(f"/datasets/{dataset}/erase", data={"title": TITLE})
            ).status_code == status

    await erase(producer, dataset)
    await erase_job(dataset)

    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 404
    assert (await passer_by.get(f"/datasets/{dataset}")).status_code == 303
    async with browse(node_app, demo, stranger) as client:
        assert (await client.get(f"/datasets/{dataset}")).status_code == 404


@pytest.mark.thorough
async def test_the_address_of_what_was_public_says_that_it_was_erased(
    producer: Producer, passer_by: httpx.AsyncClient, erase_job: Do, push: Do, settle: Do, node_database: Database,
    demo: Territory,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    await push(dataset, 1)
    await settle(dataset, "POST")
    path = await file_path(node_database, demo, dataset)
    await withdraw(producer, dataset)
    await push(dataset, 2)
    await settle(dataset, "DELETE")

    await erase(producer, dataset)
    await erase_job(dataset)

    for address in (
        path,
        f"/datasets/{dataset}/file",
        f"/datasets/{dataset}",
        f"/api/v1/resources/{dataset}",
    ):
        answer = await passer_by.get(address)
        assert answer.status_code == 410, address
        assert "effacé" in answer.text
    response = await producer.client.get(f"/datasets/{dataset}")
    assert response.status_code == 410
    assert "2 objets" in response.text
    assert "Objets supprimés\N{NO-BREAK SPACE}: 2" in response.text
    assert dataset not in await producer.page(f"/spaces/{SLUG}")
    for act in ("describe", "review", "withdraw", "erase", "versions/new"):
        assert (
            await producer.client.get(f"/datasets/{dataset}/{act}")
        ).status_code == 410


@FOLDER_BY_DEFAULT
@pytest.mark.usefixtures("each_store")
async def test_the_description_waits_until_the_portal_took_it_off(
    producer: Producer, erase_job: Do, push: Do, settle: Do, node_database: Database, demo: Territory,
    store: ObjectStore, portal: PortalDouble,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    await push(dataset, 1)
    await settle(dataset, "POST")
    await withdraw(producer, dataset)
    await erase(producer, dataset)

    await erase_job(dataset)

    assert [entry async for entry in store.list(str(demo.id))] == []
    [waiting] = await rows(node_database, demo, Dataset)
    assert (waiting.title, waiting.description) == ("", {})
    await push(dataset, 2)
    assert portal.pushed[-1][0] == "DELETE"
    await settle(dataset, "DELETE")
    await erase_job(dataset)
    assert await rows(node_database, demo, Dataset) == []
    assert [
        event.action for event in await rows(node_database, demo, DatasetEvent)
    ].count("dataset.erased") == 1


async def test_what_the_portal_refused_to_take_off_is_asked_again(
    producer: Producer,
    erase_job: Do,
    push: Do,
    settle: Do,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    await push(dataset, 1)
    await settle(dataset, "POST")
    await withdraw(producer, dataset)
    await erase(producer, dataset)
    async with node_database.session(demo.id, role="worker") as session:
        [stored_dataset] = await session.scalars(select(Dataset))
        stored_dataset.delivery.state = "failed"

    await erase_job(dataset)

    [waiting] = await rows(node_database, demo, Dataset)
    assert (
        waiting.delivery.state,
        waiting.delivery.method,
        waiting.delivery.revision,
    ) == ("queued", "DELETE", 3)


@pytest.mark.usefixtures("each_store")
async def test_a_stopped_erasure_goes_on_and_counts_everything_once(
    producer: Producer, erase_job: Do, node_database: Database, demo: Territory, store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    dataset = await producer.draft()
    await producer.describe(dataset)
    [file] = await rows(node_database, demo, StoredFile)
    await store.put(f"{file.key}.parquet", split_content(TABLE))
    objects, size = await weigh(store, demo)
    await erase(producer, dataset)
    deleted = list[str]()
    delete = store.delete

    async def stopped(key: str) -> None:
        if deleted:
            raise asyncio.CancelledError
        deleted.append(key)
        await delete(key)

    monkeypatch.setattr(store, "delete", stopped)
    with pytest.raises(asyncio.CancelledError):
        await erase_job(dataset)
    monkeypatch.undo()
    await erase_job(dataset)
    late = f"{file.key}.late"
    await store.put(late, split_content(TABLE))
    await erase_job(dataset, second=True)

    [erased] = await rows(node_database, demo, ErasedDataset)
    assert (erased.objects, erased.bytes) == (objects + 1, size + len(TABLE))
    assert not await store.exists(late)
    history = [
        event.detail
        for event in await rows(node_database, demo, DatasetEvent)
        if event.action == "dataset.erased"
    ]
    assert history == [{"objects": objects, "bytes": size}]


async def test_no_key_no_right_no_source_and_no_figure_leads_to_it_any_more(
    producer: Producer, passer_by: httpx.AsyncClient, erase_job: Do, node_database: Database, demo: Territory,
) -> None:  # fmt: skip
    dataset = await producer.draft()
    other = await producer.draft(TABLE + b"x;y;01/01/2021\n", "autres.csv")
    await producer.describe(dataset)
    single_key, both = await give_keys(
        node_database,
        demo,
        [uuid.UUID(dataset)],
        [uuid.UUID(dataset), uuid.UUID(other)],
    )
    async with node_database.session(demo.id, role="worker") as session:
        [space] = await session.scalars(select(Space).where(Space.slug == SLUG))
        [person] = await session.scalars(select(Person.id).limit(1))
        space.figures_dataset_id = uuid.UUID(dataset)
        space.publishes_figures = True
        session.add(
            DatasetRight(dataset_id=uuid.UUID(dataset), person_id=person, role="reader")
        )
        session.add(
            DatasetSource(
                dataset_id=uuid.UUID(dataset),
                person_id=person,
                address="https://a.example/f",
                frequency="daily",
            )
        )
        session.add(
            UseCount(
                dataset_id=uuid.UUID(dataset),
                day=now().date(),
                kind="file",
                client="people",
                space_id=space.id,
                count=3,
                bytes=9,
            )
        )

    await erase(producer, dataset)
    await erase_job(dataset)

    assert [
        await rows(node_database, demo, model)
        for model in (DatasetRight, DatasetSource)
    ] == [[], []]
    keys = {key.id: key for key in await rows(node_database, demo, ScriptKey)}
    assert (keys[single_key].datasets, keys[single_key].revoked_at is None) == (
        [],
        False,
    )
    assert (keys[both].datasets, keys[both].revoked_at) == ([uuid.UUID(other)], None)
    [use_count] = [
        use
        for use in await rows(node_database, demo, UseCount)
        if use.dataset_id == uuid.UUID(dataset)
    ]
    assert (use_count.count, use_count.bytes) == (3, 9)
    [space] = await rows(node_database, demo, Space)
    assert space.publishes_figures is False
    sent = await passer_by.put(
        f"/api/v1/datasets/{dataset}/file",
        content=TABLE,
        headers={"Authorization": f"Bearer udi_{both}"},
    )
    assert sent.status_code == 404
    for page in ("", "/figures", "/place"):
        assert dataset not in await producer.page(f"/spaces/{SLUG}{page}")


async def give_keys(
    database: Database, territory: Territory, *datasets: list[uuid.UUID]
) -> list[uuid.UUID]:
    """A key for each of these lists of datasets, whose token is made of its id."""
    async with database.session(territory.id, role="worker") as session:
        [space] = await session.scalars(select(Space).where(Space.slug == SLUG))
        keys = [
            ScriptKey(
                id=uuid.uuid4(), space_id=space.id, name="nuit", datasets=dataset_ids
            )
            for dataset_ids in datasets
        ]
        for key in keys:
            key.person_id = uuid.uuid4()
            key.token_hash = hashlib.sha256(f"udi_{key.id}".encode()).hexdigest()
        session.add_all(keys)
    return [key.id for key in keys]


async def test_copies_of_other_machines_are_removed_within_a_day(
    node_site: Site, tmp_path: Path
) -> None:
    services = node_site.services
    tables = DatasetTableCache(
        node_site.database, services[OBJECTS], tmp_path, services[EXPORTS]
    )
    old = tmp_path / "t" / "d" / "old.parquet"
    fresh = tmp_path / "t" / "d" / "fresh.parquet"
    left = tmp_path / "t" / "d" / f"half.{uuid.uuid4().hex}"
    old.parent.mkdir(parents=True)
    for path in (old, fresh, left):
        path.write_bytes(TABLE)
    for path in (old, left):
        os.utime(path, (time.time() - 90_000,) * 2)

    tables.remove_old_copies()

    assert await asyncio.to_thread(
        lambda: [path.name for path in tmp_path.rglob("*.*")]
    ) == ["fresh.parquet"]


def test_what_killed_processes_left_is_removed_within_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in (
        "udi-prepare-x1",
        "udi-take-x2",
        "udi-treat-x3",
        "udi-prepare-new",
        "udi-journeys",
        "others",
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "source").write_bytes(TABLE)
    for name in ("udi-abcd_123", "udi-installation"):
        (tmp_path / name).write_bytes(TABLE)
    for path in tmp_path.iterdir():
        if path.name != "udi-prepare-new":
            os.utime(path, (time.time() - 90_000,) * 2)

    remove_leftovers()

    remaining = sorted(path.name for path in tmp_path.iterdir())
    assert remaining == [
        "others",
        "udi-installation",
        "udi-journeys",
        "udi-prepare-new",
    ]


async def test_every_table_is_reached_or_kept_for_a_reason(
    node_database: Database,
) -> None:
    """What comes later is erased too: a table that names a dataset, a version or a file, and lets rows be deleted."""
    reached = {table.name for table in list_dataset_tables()}
    linked = {
        table.name
        for table in NodeTable.metadata.sorted_tables
        if {"dataset_id", "version_id", "file_id"} & set(table.c.keys())
    }
    pointing = {
        key.parent.table.name
        for table in NodeTable.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in {"dataset", "version", "stored_file"}
    }

    assert linked - reached <= RETAINED_TABLES
    assert pointing <= reached | RETAINED_TABLES
    assert reached >= {"version", "stored_file"}
    assert LINKS == ("dataset_id", "version_id", "file_id")
    async with node_database.platform_session(role="worker") as session:
        for name in reached:
            allowed = text(
                "SELECT has_table_privilege('udi_node_app', :name, 'DELETE')"
            )
            assert await session.scalar(allowed, {"name": f"app.{name}"}), name


async def dumped(dsn: str, database: str) -> str:
    """Every row of every table of a database, as text."""
    connection = await asyncpg.connect(dsn.rpartition("/")[0] + f"/{database}")
    try:
        tables = await connection.fetch(
            "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
        )
        table_rows = [
            await connection.fetch(f"SELECT t::text AS row FROM {table['name']} t")
            for table in tables
        ]
    finally:
        await connection.close()
    return "\n".join(row["row"] for rows in table_rows for row in rows)


def searched(folder: Path, marks: list[bytes]) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and any(mark in path.read_bytes() for mark in marks):
            yield path


async def scatter(
    producer: Producer, passer_by: httpx.AsyncClient, dataset: str
) -> None:
    """Have as many parts of the node as there are keep something of a published dataset."""
    rows_of = f"/api/resources/{dataset}/data/"
    table = await passer_by.get(f"/api/resources/{dataset}/data/csv/")
    assert (await passer_by.get(rows_of, params={"nom__exact": MARK})).json()["meta"][
        "total"
    ] == 1
    assert MARK in table.text
    content = MARKED + b"half\n"
    tus = Sender(producer.client)
    address = await tus.address(
        len(content) + 100, name="marque-3.csv", dataset=dataset
    )
    assert (await tus.send(address, 0, content)).status_code == 204
    assert (await producer.client.post(f"/spaces/{SLUG}/archive")).status_code == 303


async def test_the_bytes_are_nowhere_afterwards(
    producer: Producer, passer_by: httpx.AsyncClient, erase_job: Do, push: Do, settle: Do, node_site: Site,
    node_database: Database, demo: Territory, store: ObjectStore, settings: Settings, postgres: str,
    portal: PortalDouble, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    marks = [MARK.encode(), MARK.encode("utf-16-le")]
    assert store.folder is not None
    dataset = await producer.draft(MARKED, "marque.csv")
    assert MARK in await producer.page(f"/datasets/{dataset}/check")
    assert MARK in await producer.page(f"/datasets/{dataset}/cells")
    await producer.publish(dataset)
    await push(dataset, 1)
    await settle(dataset, "POST")
    await producer.send(
        MARKED + b"x;y;01/01/2021\n", "marque-2.csv", f"/datasets/{dataset}/versions"
    )
    await producer.publish(dataset)
    await push(dataset, 2)
    await settle(dataset, "PUT")
    await scatter(producer, passer_by, dataset)
    [archive] = await rows(node_database, demo, SpaceArchive)
    build = tasks.task_handlers(
        node_database, node_site.registry, ArchiveBuilder(store, node_site.pages)
    )[BUILD_ARCHIVE]
    await build(
        Job(BUILD_ARCHIVE, demo.id, {"archive": str(archive.id)}, 0, last=False)
    )
    file_names = await asyncio.to_thread(
        lambda: [path.name for path in searched(store.folder, marks)]
    )
    assert len(file_names) >= 3
    assert any(name.endswith(".part") for name in file_names)
    copies = settings.state / "tables" / str(demo.id) / dataset
    assert await asyncio.to_thread(lambda: list(copies.iterdir()))
    before = await dumped(postgres, settings.database_names["node"])
    assert before.count(MARK) >= 3, (
        "what was shown of each version, and what was found in it"
    )

    await withdraw(producer, dataset)
    await push(dataset, 3)
    await settle(dataset, "DELETE")
    assert (await erase(producer, dataset)).status_code == 303
    await erase_job(dataset)

    assert [entry async for entry in store.list(str(demo.id))] == []
    assert await asyncio.to_thread(lambda: list(searched(settings.state, marks))) == []
    assert not copies.exists()
    assert (
        await asyncio.to_thread(lambda: list((settings.state / "exports").glob("*")))
        == []
    )
    for program in ("portal", "node"):
        after = await dumped(postgres, settings.database_names[program])
        assert demo.slug in after, "the whole database was read"
        assert MARK not in after
    assert MARK not in json.dumps([request[2] for request in portal.pushed])
    output = capfd.readouterr()
    assert MARK not in output.out + output.err
    assert (await producer.client.get(f"/spaces/{SLUG}/archive")).status_code == 200
    assert (await passer_by.get(f"/api/resources/{dataset}/data/")).status_code == 410
