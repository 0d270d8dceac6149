"""The worker looks by itself at the addresses that are due: each one, politely, and none keeps another back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tests.node.distant import Distant
from tests.node.producer import TABLE, Producer
from tests.node.scripts import OTHER
from tests.node.sending import rows
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.schedules import TerritoriesFailedError
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.source import REFRESH_SOURCE, queue_due_checks
from udi.node.datasets.intake import refresh
from udi.node.datasets.intake.tasks import task_handlers
from udi.node.datasets.models import Version
from udi.node.datasets.renewal.models import DatasetSource
from udi.node.work import work
from udi.settings import Settings
from udi.ui.site import Site

PATIENCE = 60


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "CRON", "* * * * * *")


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """The whole worker of the node, as it is started."""
    worker = asyncio.create_task(work(settings))
    try:
        yield
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await happened():  # noqa: ASYNC110 - the worker says nothing to wait for
            await asyncio.sleep(0.1)


async def renewed(producer: Producer, address: str, content: bytes = TABLE) -> str:
    """A published dataset that is renewed from an address every day."""
    dataset = await producer.publish(await producer.draft(content))
    form = {"address": address, "frequency": "daily"}
    assert (
        await producer.client.post(f"/datasets/{dataset}/source", data=form)
    ).status_code == 303
    return dataset


async def become_due(database: Database, territory: Territory) -> None:
    async with database.session(territory.id, role="worker") as session:
        await session.execute(
            update(DatasetSource).values(due_at=now() - timedelta(seconds=1))
        )


async def source_of(
    database: Database, territory: Territory, dataset: str
) -> DatasetSource:
    [source] = [
        candidate
        for candidate in await rows(database, territory, DatasetSource)
        if str(candidate.dataset_id) == dataset
    ]
    assert isinstance(source, DatasetSource)
    return source


@pytest.mark.thorough
async def test_the_worker_renews_what_is_due_and_an_address_that_fails_keeps_no_other_back(
    producer: Producer,
    distant: Distant,
    settings: Settings,
    node_database: Database,
    demo: Territory,
) -> None:
    distant.redirects = {"/gone.csv": "http://10.0.0.1/x"}
    failing_dataset = await renewed(
        producer, f"{distant.origin}/gone.csv", TABLE + b"Port;Brest;01/02/2001\n"
    )
    dataset = await renewed(producer, f"{distant.origin}/a.csv")

    async def both_looked_at() -> bool:
        return all(
            [
                (await source_of(node_database, demo, dataset_id)).checked_at
                is not None
                for dataset_id in (failing_dataset, dataset)
            ]
        )

    async def is_renewed() -> bool:
        versions = await rows(node_database, demo, Version)
        return any(
            str(version.dataset_id) == dataset
            and version.number == 2
            and version.published_at
            for version in versions
        )

    async with working(settings):
        await until(both_looked_at)
        unchanged = await producer.page(f"/datasets/{dataset}")
        distant.content = OTHER
        await become_due(node_database, demo)
        await until(is_renewed)

    assert "le fichier n’avait pas changé" in unchanged
    assert (await producer.client.get(f"/datasets/{dataset}/file")).content == OTHER
    assert "une nouvelle version" in await producer.page(f"/datasets/{dataset}")
    assert "ne peut pas être atteinte" in await producer.page(
        f"/datasets/{failing_dataset}"
    )
    looks = [headers for path, headers in distant.requests if path == "/a.csv"]
    assert [headers.get("if-none-match") is not None for headers in looks] == [
        False,
        True,
    ]
    assert looks[0]["user-agent"] == f"udi-node (+{demo.links['node']})"


async def test_a_territory_that_fails_keeps_no_other_back(
    producer: Producer, distant: Distant, node_site: Site, node_database: Database, demo: Territory, other: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    dataset = await renewed(producer, f"{distant.origin}/a.csv")
    await become_due(node_database, demo)
    looked: list[UUID] = []

    async def fail_first(session: AsyncSession) -> int:
        looked.append(session.info["tenant"])
        if looked[-1] != demo.id or len(looked) == 1:
            raise ValueError
        return await queue_due_checks(session)

    async def is_queued() -> bool:
        return (await source_of(node_database, demo, dataset)).due_at > now()

    monkeypatch.setattr(refresh, "queue_due_checks", fail_first)
    monkeypatch.setattr(refresh, "select_due_sources", lambda: select(literal(1)))
    with pytest.raises(TerritoriesFailedError):
        await refresh.schedule_source_checks(node_site).run()
    with pytest.raises(TerritoriesFailedError):
        await refresh.schedule_source_checks(node_site).run()

    assert await is_queued()
    assert {demo.id, other.id} <= set(looked)


@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [
        ("86400", 86_000, 86_401),
        pytest.param(
            "Wed, 01 Jan 2020 00:00:00 GMT", 3000, 3601, marks=pytest.mark.thorough
        ),
        pytest.param("soon", 3000, 3601, marks=pytest.mark.thorough),
    ],
)
async def test_an_address_that_asks_to_be_left_alone_is(
    producer: Producer, distant: Distant, node_site: Site, node_database: Database, demo: Territory,
    retry_after: str, least: int, most: int,
) -> None:  # fmt: skip
    dataset = await renewed(producer, f"{distant.origin}/a.csv")
    distant.status = 429
    distant.headers = {"Retry-After": retry_after}
    source = await source_of(node_database, demo, dataset)

    job = Job(
        REFRESH_SOURCE, demo.id, {"source": str(source.id), "turn": "1"}, 0, last=False
    )
    await task_handlers(node_site)[REFRESH_SOURCE](job)

    wait = (await source_of(node_database, demo, dataset)).due_at - now()
    assert least < wait.total_seconds() < most
