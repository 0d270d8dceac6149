"""Heavy jobs: each space's next one is served in turn, whatever the others have queued."""

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import text

from udi.kit import jobs
from udi.kit.db import Database
from udi.kit.fair_queue import (
    keep_until_open,
    promote_waiting_jobs,
    release_postponed_jobs,
)
from udi.kit.jobs import SCHEMA, Job, Worker
from udi.kit.tenancy import Territory

MANY = 1000
NAME = "prepare_trial"


@dataclass
class Floor:
    """What the worker began, in order; how many of each share at once; how long one takes."""

    takes: float = 0.0
    began: list[str] = field(default_factory=list)
    running: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    spent: Counter[uuid.UUID] = field(default_factory=Counter)

    async def prepare(self, job: Job) -> None:
        who = job.payload["who"]
        self.began.append(who)
        self.running[who] += 1
        self.most[who] = max(self.most[who], self.running[who])
        await asyncio.sleep(self.takes)
        self.running[who] -= 1

    async def note(self, _tenant: uuid.UUID, share: uuid.UUID, _seconds: float) -> None:
        self.spent[share] += 1

    async def until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - the worker says nothing to wait for
                await asyncio.sleep(0.005)


@pytest.fixture
async def floor(node_database: Database) -> AsyncIterator[Floor]:
    yield Floor()
    async with node_database.platform_session(role="worker") as session:
        await session.execute(
            text("DELETE FROM queue.pgqueuer WHERE entrypoint = :name"), {"name": NAME}
        )


async def queue(
    database: Database, territory: Territory, who: str, share: uuid.UUID, count: int, at_once: int,
    delay: timedelta | None = None,
) -> None:  # fmt: skip
    async with database.session(territory.id) as session:
        for _ in range(count):
            await jobs.enqueue(
                session, NAME, {"who": who}, delay=delay, share=share, at_once=at_once
            )


@pytest.mark.parametrize("at_once", [1, pytest.param(2, marks=pytest.mark.thorough)])
async def test_one_job_begins_within_the_next_two_of_a_thousand(
    node_database: Database, demo: Territory, floor: Floor, at_once: int
) -> None:
    await queue(node_database, demo, "large", uuid.uuid4(), MANY, at_once)
    worker = Worker(node_database, {NAME: floor.prepare}, spent=floor.note)
    floor.takes = 0.05
    running = asyncio.create_task(worker.run())
    try:
        await floor.until(lambda: len(floor.began) >= 5)
        await queue(node_database, demo, "small", uuid.uuid4(), 1, at_once)
        before = len(floor.began)
        await floor.until(lambda: "small" in floor.began)
    finally:
        worker.stop()
        await running

    waited = floor.began.index("small") - before
    print(  # noqa: T201 - figures
        f"1 job behind {MANY - before} of another space, {at_once} at once: {max(waited, 0)} began before it"
    )
    assert waited < 2
    assert floor.most["large"] <= at_once


async def test_a_job_gives_way_to_what_the_same_process_does_first(
    node_database: Database, demo: Territory, floor: Floor
) -> None:
    done = asyncio.Event()
    await queue(node_database, demo, "anybody", uuid.uuid4(), 1, 1)
    worker = Worker(node_database, {NAME: floor.prepare}, give_way=done.wait)
    running = asyncio.create_task(worker.run())
    try:
        await asyncio.sleep(0.5)
        before = list(floor.began)
        done.set()
        await floor.until(lambda: floor.began == ["anybody"])
    finally:
        worker.stop()
        await running

    assert before == []


async def test_spaces_that_all_have_work_take_turns(
    node_database: Database, demo: Territory, floor: Floor
) -> None:
    chance = random.Random(20261126)  # noqa: S311 - a fixed seed is the point
    counts = {f"space {number}": chance.choice([3, 10, 40]) for number in range(5)}
    shares = {who: uuid.uuid4() for who in counts}
    for who, count in counts.items():
        await queue(node_database, demo, who, shares[who], count, 1)
    worker = Worker(node_database, {NAME: floor.prepare}, spent=floor.note)
    floor.takes = (
        0.2  # far longer than calling the next one takes, on a busy machine too
    )
    running = asyncio.create_task(worker.run())
    try:
        await floor.until(lambda: len(floor.began) == sum(counts.values()))
        await floor.until(lambda: floor.spent.total() == sum(counts.values()))
    finally:
        worker.stop()
        await running

    worst = _worst_lead(floor.began, counts)
    print(  # noqa: T201 - figures
        f"{counts}: nobody was ever more than {worst} jobs ahead of one that still had work"
    )
    assert worst <= 3
    assert set(floor.most.values()) == {1}
    assert {who: floor.spent[share] for who, share in shares.items()} == counts


def _worst_lead(began: list[str], counts: dict[str, int]) -> int:
    """How far any space got ahead of another that still had jobs waiting."""
    done: Counter[str] = Counter()
    worst = 0
    for who in began:
        done[who] += 1
        waiting = [done[space] for space in counts if done[space] < counts[space]]
        worst = max([worst, *(done[who] - count for count in waiting)])
    return worst


async def test_what_a_dead_worker_left_put_off_comes_forward_by_itself(
    node_database: Database, demo: Territory, floor: Floor
) -> None:
    share = uuid.uuid4()
    await queue(node_database, demo, "a", share, 5, 2)
    async with node_database.platform_session(role="worker") as session:
        ready = text(
            "SELECT count(*) FROM queue.pgqueuer WHERE headers ->> 'share' = :share AND execute_after <= now()"
        )
        assert await session.scalar(ready, {"share": str(share)}) == 2
        assert await promote_waiting_jobs(session, SCHEMA.channel) == 0
        await session.execute(
            text(
                "DELETE FROM queue.pgqueuer WHERE headers ->> 'share' = :share AND execute_after <= now()"
            ),
            {"share": str(share)},
        )
        assert await promote_waiting_jobs(session, SCHEMA.channel) == 2
        assert await session.scalar(ready, {"share": str(share)}) == 2


async def test_jobs_whose_moment_came_together_are_done_as_many_at_once_as_any(
    node_database: Database,
    demo: Territory,
    floor: Floor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "CHECK_INTERVAL", 0.1)
    floor.takes = 0.05
    moment = time.monotonic() + 1
    await queue(node_database, demo, "later", uuid.uuid4(), 12, 2, timedelta(seconds=1))
    worker = Worker(node_database, {NAME: floor.prepare})
    running = asyncio.create_task(worker.run())
    try:
        await floor.until(lambda: bool(floor.began))
        early = moment - time.monotonic()
        await queue(node_database, demo, "small", uuid.uuid4(), 1, 2)
        before = len(floor.began)
        await floor.until(lambda: len(floor.began) == 13)
    finally:
        worker.stop()
        await running

    assert early <= 0
    assert floor.most["later"] == 2
    assert floor.began.index("small") - before < 2


async def test_heavy_jobs_of_a_closed_territory_come_back_as_many_at_once_as_any(
    node_database: Database, demo: Territory, floor: Floor
) -> None:
    share = uuid.uuid4()
    await queue(node_database, demo, "closed", share, 6, 2)
    line = "FROM queue.pgqueuer WHERE headers ->> 'share' = :share"
    ids = text(f"SELECT id {line} ORDER BY id")
    ready = text(f"SELECT count(*) {line} AND execute_after <= now()")
    places = text(f"SELECT -priority {line} ORDER BY id")
    async with node_database.platform_session(role="worker") as session:
        [*before] = await session.scalars(ids, {"share": str(share)})
        for job in before:
            assert await keep_until_open(session, job)
        await session.execute(
            text("DELETE FROM queue.pgqueuer WHERE id = ANY (:ids)"), {"ids": before}
        )
        await promote_waiting_jobs(session, SCHEMA.channel)
        waiting = await session.scalar(ready, {"share": str(share)})
    await queue(node_database, demo, "other", uuid.uuid4(), 3, 3)

    async with node_database.platform_session(role="worker") as session:
        await release_postponed_jobs(session)
        await promote_waiting_jobs(session, SCHEMA.channel)
        released = await session.scalar(ready, {"share": str(share)})
        [*line_places] = await session.scalars(places, {"share": str(share)})

    assert waiting == 0
    assert released == 2
    assert line_places == list(range(line_places[0], line_places[0] + 6))


async def test_what_waited_for_its_territory_is_late_only_from_then_on(
    node_database: Database, demo: Territory, floor: Floor
) -> None:
    """Else alerts and `udi doctor` say after a month of suspension that it should have begun a month ago."""
    async with node_database.session(demo.id) as session:
        await jobs.enqueue(session, NAME, {"who": "closed"})
    selection = "entrypoint = :name AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant"
    values = {"name": NAME, "tenant": str(demo.id)}
    month_ago = (
        "UPDATE queue.pgqueuer SET headers = jsonb_set(headers, '{postponed_from}',"
        f" to_jsonb(now() - interval '30 days')) WHERE {selection}"
    )
    async with node_database.platform_session(role="worker") as session:
        query = text(f"SELECT id FROM queue.pgqueuer WHERE {selection}")
        [job] = await session.scalars(query, values)
        assert await keep_until_open(session, job)
        await session.execute(
            text("DELETE FROM queue.pgqueuer WHERE id = :id"), {"id": job}
        )
        await session.execute(text(month_ago), values)

    async with node_database.platform_session(role="worker") as session:
        await release_postponed_jobs(session)
    async with node_database.platform_session() as session:
        queues = await jobs.list_queues(session)

    [state] = [queue for queue in queues if queue.tenant == demo.id]
    assert state.waiting == 1
    assert 0 <= state.overdue < timedelta(days=1).total_seconds()


async def test_a_job_for_later_takes_no_place_before_its_moment(
    node_database: Database, demo: Territory, floor: Floor
) -> None:
    mine = {"share": str(uuid.uuid4())}
    await queue(
        node_database,
        demo,
        "patient",
        uuid.UUID(mine["share"]),
        10,
        2,
        timedelta(minutes=1),
    )
    await queue(node_database, demo, "other", uuid.uuid4(), 5, 5)
    await queue(node_database, demo, "patient", uuid.UUID(mine["share"]), 1, 2)
    line = "FROM queue.pgqueuer WHERE headers ->> 'share' = :share AND NOT headers ? 'due' ORDER BY priority DESC"
    places = text(f"SELECT -priority {line}")
    ready = text(f"SELECT execute_after <= now() {line}")
    later = text(
        "UPDATE queue.pgqueuer SET headers = jsonb_set(headers, '{due}', to_jsonb(now()))"
        " WHERE headers ->> 'share' = :share AND headers ? 'due'"
    )
    async with node_database.platform_session(role="worker") as session:
        await promote_waiting_jobs(session, SCHEMA.channel)
        [first_place] = await session.scalars(places, mine)
        await session.execute(later, mine)
        await promote_waiting_jobs(session, SCHEMA.channel)
        assert list(await session.scalars(places, mine)) == list(
            range(first_place, first_place + 11)
        )
        assert list(await session.scalars(ready, mine)) == [True] * 2 + [False] * 9


async def test_a_job_that_fails_lets_the_next_one_pass(
    node_database: Database, demo: Territory, floor: Floor
) -> None:
    async def fail_first(job: Job) -> None:
        floor.began.append(job.payload["who"])
        if job.payload["who"] == "first":
            raise ValueError

    share = uuid.uuid4()
    for who in ("first", "second", "third"):
        await queue(node_database, demo, who, share, 1, 1)
    worker = Worker(node_database, {NAME: fail_first})
    running = asyncio.create_task(worker.run())
    try:
        await floor.until(lambda: "third" in floor.began)
    finally:
        worker.stop()
        await running

    assert floor.began[0] == "first"
    assert [who for who in floor.began if who != "first"] == ["second", "third"]


async def test_light_jobs_pass_before_heavy_ones(
    node_database: Database, demo: Territory, floor: Floor
) -> None:
    await queue(node_database, demo, "heavy", uuid.uuid4(), 20, 20)
    async with node_database.session(demo.id) as session:
        await jobs.enqueue(session, NAME, {"who": "light"})
    worker = Worker(node_database, {NAME: floor.prepare})
    running = asyncio.create_task(worker.run())
    try:
        await floor.until(lambda: "light" in floor.began)
    finally:
        worker.stop()
        await running

    assert floor.began.index("light") == 0
