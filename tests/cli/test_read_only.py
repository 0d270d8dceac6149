"""A territory that is read only is read as ever, what would change it is refused in words, and what was queued is done."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from litestar import Litestar
from sqlalchemy import delete, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from tests import visitors
from tests.cli.conftest import Run
from tests.contract.conftest import issuer, north
from tests.contract.node import Pusher, make_record
from udi.cli.archive import contents
from udi.cli.archive.importer import resume_program
from udi.cli.archive.writers import describe_postponed_jobs
from udi.cli.installation.gather import ProgramDatabases
from udi.cli.installation.work import perform_requests
from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.errors import ConflictError
from udi.kit.fair_queue import hold_jobs, release_postponed_jobs
from udi.kit.jobs import Job, Worker
from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.kit.territories import TerritoryRegistry
from udi.kit.territory_reads import find_territories
from udi.portal.audit.models import AuditEvent
from udi.portal.installation.models import OperatorRequest, RequestState
from udi.portal.selfdata.requests.pages import HOME
from udi.portal.tenants.models import Tenant
from udi.settings import Settings
from udi.ui.site import Site

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
            token = await visitor.post("/oauth2/token", data={})
        assert read.status_code == 200
        assert (form.status_code, form.headers["retry-after"]) == (503, "60")
        assert "Rien ne peut être modifié pendant quelques minutes" in form.text
        assert program.json()["type"] == "/problems/read-only"
        assert login.status_code == 503
        assert "tout peut être lu, et rien ne peut être modifié" in login.text
        assert left.status_code == 303
        assert token.status_code != 503

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
    for command in ("read-only", "read-only", "suspend"):
        assert (await run("tenant", command, demo.slug)).exit_code == 0
    refused = await run("tenant", "read-only", demo.slug)
    assert (await run("tenant", "resume", demo.slug)).exit_code == 0

    async with portal_database.session(demo.id, role="worker") as session:
        noted = (
            await session.scalars(select(AuditEvent.name).order_by(AuditEvent.at))
        ).all()
    assert noted == [
        "territory.made_read_only",
        "territory.suspended",
        "territory.resumed",
    ]
    assert isinstance(refused.exception, ConflictError)


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
    left = await describe_postponed_jobs(demo.id, portal_database)
    await run("tenant", "resume", demo.slug)
    async with portal_database.platform_session(role="worker") as session:
        await release_postponed_jobs(session)

    assert drained == []
    assert left == f"2 {JOB} (portal)"
    assert await describe_postponed_jobs(demo.id, portal_database) == ""
    assert still == postponed
    for begin, due in postponed:
        assert begin > now() + timedelta(days=365)
        assert datetime.fromisoformat(str(due)) == begin
    assert await read_moments(portal_database, demo) == before


async def test_what_an_import_queues_waits_until_the_territory_is_open(
    demo: Territory, portal_database: Database
) -> None:
    await set_register_state(portal_database, demo, "arriving")
    async with portal_database.session(demo.id, role="owner") as session:
        await jobs.enqueue(session, JOB, {})
        await jobs.enqueue(session, JOB, {}, share=uuid4())
        await hold_jobs(session, demo.id)
    async with portal_database.platform_session(role="worker") as session:
        await release_postponed_jobs(session)
    held = await read_moments(portal_database, demo)
    await set_register_state(portal_database, demo, "active")
    async with portal_database.platform_session(role="worker") as session:
        await release_postponed_jobs(session)

    for begin, due in held:
        assert begin > now() + timedelta(days=365)
        assert datetime.fromisoformat(str(due)) == begin
    released = await read_moments(portal_database, demo)
    assert len(released) == 2
    assert all(begin <= now() for begin, _ in released)


async def test_what_an_import_queued_is_replaced_by_the_next_try(
    demo: Territory,
    settings: Settings,
    portal_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await set_register_state(portal_database, demo, "arriving")
    for number in ("first", "second"):

        async def queue(
            session: AsyncSession, _: Settings, *, number: str = number
        ) -> None:
            await jobs.enqueue(session, JOB, {"try": number})

        monkeypatch.setattr(contents, "list_import_steps", lambda _, step=queue: [step])
        async with portal_database.session(demo.id, role="owner") as session:
            await resume_program(session, "portal", settings, demo.id)

    query = text(
        "SELECT payload ->> 'try' FROM (SELECT convert_from(payload, 'UTF8')::jsonb AS payload FROM queue.pgqueuer) AS job"
        " WHERE payload ->> 'tenant' = :tenant"
    )
    async with portal_database.platform_session(role="worker") as session:
        tries = (await session.scalars(query, {"tenant": str(demo.id)})).all()
    assert tries == ["second"]


async def test_a_territory_that_opened_a_moment_ago_is_found_by_its_tasks(
    demo: Territory, portal_database: Database
) -> None:
    registry = TerritoryRegistry(portal_database, Tenant, str, max_age=3600)
    await set_register_state(portal_database, demo, "arriving")
    before = await registry.by_id(demo.id)
    await set_register_state(portal_database, demo, "active")

    after = await registry.by_id(demo.id)

    assert before is None
    assert after is not None


@pytest.mark.parametrize("act", ["limits", "login", "retry", "sync"])
async def test_operators_change_nothing_in_it(
    run: Run, demo: Territory, settings: Settings, portal_database: Database, act: str
) -> None:
    await run("tenant", "read-only", demo.slug)
    request = OperatorRequest(
        id=uuid4(), territory_id=demo.id, act=act, details={}, requested_by=uuid4()
    )
    async with portal_database.session(INSTALLATION_ID, role="worker") as session:
        await session.execute(delete(OperatorRequest))
    async with portal_database.session(INSTALLATION_ID) as session:
        session.add(request)
    databases = ProgramDatabases.open(settings)

    await perform_requests(settings, databases)

    await databases.close()
    async with portal_database.session(INSTALLATION_ID, role="worker") as session:
        done = await session.get_one(OperatorRequest, (INSTALLATION_ID, request.id))
    assert done.state == RequestState.FAILED
    assert "can only be read for the moment" in done.outcome


async def set_register_state(
    database: Database, territory: Territory, state: str
) -> None:
    """As the steps of an import do."""
    async with database.platform_session(role="owner") as session:
        await session.execute(
            update(Tenant).where(Tenant.id == territory.id).values(state=state)
        )


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


async def test_what_only_reads_goes_on_in_it_and_schedules_pass_it_by(
    run: Run, demo: Territory, portal_site: Site, portal_database: Database
) -> None:
    await run("tenant", "read-only", demo.slug)
    registry = portal_site.registry
    registry.invalidate()

    active = {territory.id for territory in await registry.list()}
    served = {territory.id for territory in await registry.list_served()}
    readable = await find_territories(portal_database, select(literal(1)))

    assert demo.id not in active
    assert demo.id in served & readable
    assert await registry.by_id(demo.id) is not None


async def test_what_changes_something_when_it_is_only_asked_for_is_refused(
    run: Run, demo: Territory, portal_app: Litestar, browse: Any
) -> None:
    await run("tenant", "read-only", demo.slug)

    async with browse(portal_app, demo, visitors.make_person(demo)) as visitor:
        answer = await visitor.get(f"{HOME}/{demo.id}/return")

    assert answer.status_code == 503


async def test_operators_see_that_it_is_read_only(
    run: Run, demo: Territory, portal_app: Litestar, browse: Any
) -> None:
    await run("tenant", "read-only", demo.slug)

    async with browse(portal_app, None, visitors.make_operator()) as operator:
        listed = await operator.get(f"/installation?q={demo.slug}&show=read_only")
        closed = await operator.get(f"/installation?q={demo.slug}&show=suspended")
        start = await operator.get("/")
        table = await operator.get("/installation/territories.csv")
        page = await operator.get(f"/installation/territories/{demo.slug}")

    assert "Lecture seule" in listed.text
    assert f"/installation/territories/{demo.slug}" in listed.text
    assert f"/installation/territories/{demo.slug}" not in closed.text
    assert demo.name["fr"] in start.text
    assert "Lecture seule" in table.text
    assert "ses pages sont ouvertes, et rien ne peut être modifié" in page.text
    assert "Rouvrir le territoire" in page.text
