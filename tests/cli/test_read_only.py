"""A territory that is read only is read as ever, what would change it is refused in words, and what was queued is done."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from litestar import Litestar
from sqlalchemy import select, text

from tests import visitors
from tests.cli.conftest import Run
from tests.contract.conftest import issuer, north
from tests.contract.node import Pusher, make_record
from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.fair_queue import release_postponed_jobs
from udi.kit.jobs import Job, Worker
from udi.kit.tenancy import Territory
from udi.portal.audit.models import AuditEvent

__all__ = ["issuer", "north"]
JOB = "read_only_trial"


async def test_it_is_read_and_what_would_change_it_is_refused(
    run: Run,
    demo: Territory,
    portal_app: Litestar,
    node_app: Litestar,
    browse: Any,
) -> None:
    made = await run("tenant", "read-only", demo.slug, "--json")

    assert {row["outcome"] for row in json.loads(made.stdout)} == {"updated"}
    person = visitors.make_person(demo)
    for app, form_path, program_path in (
        (portal_app, "/projects/new", "/api/v1/data-requests"),
        (node_app, "/spaces/none/links", f"/api/v1/datasets/{demo.id}/source/run"),
    ):
        async with browse(app, demo, person) as visitor:
            read = await visitor.get("/")
            form = await visitor.post(form_path, data={"title": "x"})
            program = await visitor.post(program_path, json={})
            login = await visitor.get("/login")
            left = await visitor.post("/logout")
        assert read.status_code == 200
        assert (form.status_code, form.headers["retry-after"]) == (503, "60")
        assert "Rien ne peut être modifié pendant quelques minutes" in form.text
        assert program.json()["type"] == "/problems/read-only"
        assert login.status_code == 503
        assert "tout peut être lu, et rien ne peut être modifié" in login.text
        assert left.status_code == 303

    await run("tenant", "resume", demo.slug)

    async with browse(portal_app, demo, person) as visitor:
        again = await visitor.post("/api/v1/data-requests", json={})
    assert again.status_code == 401  # it reads a token by then, where there is one


async def test_a_push_is_refused_and_comes_again(run: Run, north: Pusher) -> None:
    record = make_record(north.organisation)
    await run("tenant", "read-only", north.territory.slug)

    refused = await north.post(record)
    await run("tenant", "resume", north.territory.slug)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
    assert await north.count_datasets() == 0
    assert (await north.post(record)).status_code == 200


async def test_each_change_of_state_is_noted_once(
    run: Run, demo: Territory, portal_database: Database
) -> None:
    for command in ("read-only", "read-only", "suspend", "read-only", "resume"):
        assert (await run("tenant", command, demo.slug)).exit_code == 0

    async with portal_database.session(demo.id, role="worker") as session:
        noted = (
            await session.scalars(select(AuditEvent.name).order_by(AuditEvent.at))
        ).all()
    assert noted == [
        "territory.made_read_only",
        "territory.suspended",
        "territory.made_read_only",
        "territory.resumed",
    ]


@asynccontextmanager
async def working(database: Database, done: asyncio.Queue[str]) -> AsyncIterator[None]:
    """A worker that notes what it did; a job with `follow` queues another."""

    async def do(job: Job) -> None:
        if job.payload.get("follow"):
            async with database.session(job.tenant, role="worker") as session:
                await jobs.enqueue(session, JOB, {"what": "followed"})
        await done.put(job.payload["what"])

    worker = Worker(database, {JOB: do})
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await running


async def test_what_was_queued_is_done_before_the_last_archive(
    run: Run, demo: Territory, portal_database: Database
) -> None:
    done = asyncio.Queue[str]()
    await run("tenant", "read-only", demo.slug)
    async with portal_database.session(demo.id, role="worker") as session:
        await jobs.enqueue(session, JOB, {"what": "first", "follow": True})

    left = await jobs.wait_until_drained(portal_database, demo.id, 0)
    async with working(portal_database, done):
        drained = await jobs.wait_until_drained(portal_database, demo.id, 60)

    assert (left, drained) == ([JOB], [])
    assert [done.get_nowait(), done.get_nowait()] == ["first", "followed"]


async def test_what_is_for_later_waits_until_it_is_active_again(
    run: Run, demo: Territory, portal_database: Database
) -> None:
    await run("tenant", "read-only", demo.slug)
    async with portal_database.session(demo.id, role="worker") as session:
        for share in (None, uuid4()):
            await jobs.enqueue(session, JOB, {}, delay=timedelta(hours=1), share=share)
    before = await read_moments(portal_database, demo)

    drained = await jobs.wait_until_drained(portal_database, demo.id, 0)
    postponed = await read_moments(portal_database, demo)
    async with portal_database.platform_session(role="worker") as session:
        await release_postponed_jobs(session)
    still = await read_moments(portal_database, demo)
    await run("tenant", "resume", demo.slug)
    async with portal_database.platform_session(role="worker") as session:
        await release_postponed_jobs(session)

    assert drained == []
    assert still == postponed
    for begin, due in postponed:
        assert begin > now() + timedelta(days=365)
        assert datetime.fromisoformat(str(due)) == begin
    assert await read_moments(portal_database, demo) == before


async def read_moments(
    database: Database, territory: Territory
) -> list[tuple[datetime, str | None]]:
    """When the jobs of a territory begin, and what the heavy ones among them wait for."""
    statement = text(
        "SELECT execute_after, headers ->> 'due' AS due FROM queue.pgqueuer"
        " WHERE entrypoint = :name AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant ORDER BY id"
    )
    values = {"name": JOB, "tenant": str(territory.id)}
    async with database.platform_session(role="worker") as session:
        rows = await session.execute(statement, values)
        return [(row.execute_after, row.due) for row in rows]


async def test_operators_see_that_it_is_read_only(
    run: Run, demo: Territory, portal_app: Litestar, browse: Any
) -> None:
    await run("tenant", "read-only", demo.slug)

    async with browse(portal_app, None, visitors.make_operator()) as operator:
        listed = await operator.get(f"/installation?q={demo.slug}")
        table = await operator.get("/installation/territories.csv")
        page = await operator.get(f"/installation/territories/{demo.slug}")

    assert "Lecture seule" in listed.text
    assert "Lecture seule" in table.text
    assert "ses pages sont ouvertes, et rien ne peut être modifié" in page.text
    assert "Rouvrir le territoire" in page.text
