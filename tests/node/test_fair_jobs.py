"""Heavy jobs of the node are done in turns between spaces, as many at once as each may have."""

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import text

from tests.depth import by_depth
from tests.node.conftest import Browse
from tests.node.distant import Distant
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.sending import Sender, rows
from udi.kit.db import Database
from udi.kit.jobs import Job, Worker
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import PREPARE_VERSION, request_preparation
from udi.node.datasets.models import Preparation, PreparationState, Version
from udi.node.spaces.actions import apply_space, set_limits
from udi.node.spaces.models import Space

MANY = 50
QUEUE = text(
    "SELECT entrypoint, headers, payload FROM queue.pgqueuer WHERE convert_from(payload, 'UTF8') LIKE :tenant"
)

DELAYS = text(
    "SELECT execute_after > now(), (headers ->> 'due')::timestamptz < now() + interval '1 minute'"
    " FROM queue.pgqueuer WHERE entrypoint = :name"
)


@pytest.fixture
async def port(
    node_app: Litestar,
    node_database: Database,
    demo: Territory,
    stranger: Login,
    browse: Browse,
) -> AsyncIterator[Producer]:
    """Another producer, in front of the node."""
    async with node_database.session(demo.id, role="owner") as session:
        await apply_space(
            session,
            slug="port",
            organisation_id=uuid.uuid4(),
            name="Port",
            email="port@x.example",
        )
    async with browse(node_app, demo, stranger) as client:
        yield Producer(client)


@dataclass
class Floor:
    """What a worker began, in order, by version, and the most at once of each."""

    began: list[str] = field(default_factory=list)
    running: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)

    async def prepare(self, job: Job) -> None:
        version = str(job.payload["version"])
        self.began.append(version)
        self.running[version] += 1
        self.most[version] = max(self.most[version], self.running[version])
        await asyncio.sleep(0.05)
        self.running[version] -= 1

    async def until(self, count: int, version: str) -> None:
        async with asyncio.timeout(60):
            while self.began.count(version) < count:  # noqa: ASYNC110 - the worker says nothing to wait for
                await asyncio.sleep(0.005)


async def queue(
    database: Database, territory: Territory, version: str, count: int
) -> None:
    async with database.session(territory.id, role="worker") as session:
        row = await session.get_one(Version, (territory.id, uuid.UUID(version)))
        for _ in range(count):
            await request_preparation(session, row)


async def clear(database: Database) -> None:
    async with database.platform_session(role="worker") as session:
        await session.execute(
            text("DELETE FROM queue.pgqueuer WHERE entrypoint = :name"),
            {"name": PREPARE_VERSION},
        )


async def version_of(database: Database, territory: Territory, dataset: str) -> str:
    [version_id] = [
        version.id
        for version in await rows(database, territory, Version)
        if str(version.dataset_id) == dataset
    ]
    return str(version_id)


@by_depth(
    ("space_limit", "at_once"),
    [(None, 2), (1, 1)],
    by_default={1},
)
async def test_fifty_files_of_one_space_do_not_delay_the_first_of_another(
    producer: Producer,
    port: Producer,
    node_database: Database,
    demo: Territory,
    space_limit: int | None,
    at_once: int,
) -> None:
    large = await version_of(node_database, demo, await producer.draft())
    answer = await port.send(path="/spaces/port/datasets")
    small = await version_of(
        node_database, demo, answer.headers["location"].split("/")[2]
    )
    async with node_database.session(demo.id, role="worker") as session:
        await set_limits(session, SLUG, jobs_at_once=space_limit)
    await clear(node_database)
    await queue(node_database, demo, large, MANY)
    floor = Floor()
    worker = Worker(node_database, {PREPARE_VERSION: floor.prepare})
    running = asyncio.create_task(worker.run())
    try:
        await floor.until(4, large)
        await queue(node_database, demo, small, 1)
        before = len(floor.began)
        await floor.until(1, small)
    finally:
        worker.stop()
        await running
        await clear(node_database)

    assert floor.began.index(small) - before <= 2
    assert floor.most[large] == at_once


async def test_a_small_file_is_looked_at_once_by_the_request_that_brings_it(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    await clear(node_database)
    version = await version_of(node_database, demo, await producer.draft())

    async with node_database.platform_session(role="worker") as session:
        [(is_delayed, soon)] = (
            await session.execute(DELAYS, {"name": PREPARE_VERSION})
        ).all()
    [preparation] = [
        candidate
        for candidate in await rows(node_database, demo, Preparation)
        if str(candidate.version_id) == version
    ]
    assert (is_delayed, soon, preparation.state) == (True, True, PreparationState.READY)


async def test_all_that_is_heavy_says_whose_share_it_takes(
    producer: Producer,
    distant: Distant,
    space: Space,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    address = f"{distant.origin}/a.csv"
    await producer.client.post(f"/spaces/{SLUG}/fetch", data={"address": address})
    await producer.client.post(
        f"/datasets/{dataset}/source", data={"address": address, "frequency": "daily"}
    )
    sender = Sender(producer.client)
    await sender.send(await sender.address(len(TABLE)), 0, TABLE)

    async with node_database.platform_session(role="worker") as session:
        queued = (await session.execute(QUEUE, {"tenant": f"%{demo.id}%"})).all()

    shares = {
        name: share_of(headers) for name, headers, _ in queued if name != "push_dataset"
    }
    names = {"prepare_version", "fetch_file", "refresh_source", "finish_upload"}
    assert shares == dict.fromkeys(names, (str(space.id), "2"))


def share_of(headers: Any) -> tuple[str, str]:
    parsed_headers = json.loads(headers) if isinstance(headers, str) else headers
    return parsed_headers["share"], parsed_headers["at_once"]
