"""A territory that is read only is read as ever, refuses what would change it in words, and its jobs wait."""

import asyncio
import json
from typing import Any
from uuid import UUID

from litestar import Litestar
from sqlalchemy import select

from tests import visitors
from tests.cli.conftest import Run
from tests.contract.conftest import issuer, north
from tests.contract.node import Pusher, make_record
from udi.kit import jobs
from udi.kit.db import Database
from udi.kit.jobs import Job, Worker
from udi.kit.tenancy import Territory
from udi.portal.audit.models import AuditEvent
from udi.ui.site import Site

__all__ = ["issuer", "north"]


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


async def test_its_jobs_wait_and_those_of_others_do_not(
    run: Run,
    demo: Territory,
    other: Territory,
    portal_site: Site,
    portal_database: Database,
) -> None:
    begun = asyncio.Queue[UUID]()
    looked_at = asyncio.Queue[UUID]()

    async def do(job: Job) -> None:
        await begun.put(job.tenant)

    async def is_paused(tenant: UUID) -> bool:
        portal_site.registry.invalidate()
        paused = await portal_site.registry.is_read_only(tenant)
        await looked_at.put(tenant)
        return paused

    await run("tenant", "read-only", demo.slug)
    for territory in (demo, other):
        async with portal_database.session(territory.id, role="worker") as session:
            await jobs.enqueue(session, "anything", {})
    worker = Worker(portal_database, {"anything": do}, is_paused=is_paused)
    running = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(60):
            seen = {await looked_at.get(), await looked_at.get()}
            first = await begun.get()
    finally:
        worker.stop()
        await running

    async with portal_database.platform_session(role="worker") as session:
        waiting = {
            queue.tenant: queue.waiting for queue in await jobs.list_queues(session)
        }
    assert seen == {demo.id, other.id}
    assert first == other.id
    assert begun.empty()
    assert waiting[demo.id] == 1
    assert other.id not in waiting


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
