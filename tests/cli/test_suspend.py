"""A suspended territory says so on both programs and keeps its data; nobody else notices."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from litestar import Litestar
from sqlalchemy import select, text, update

import udi
from tests.cli.conftest import Run
from tests.cli.test_provision import variant
from tests.contract.conftest import issuer, north
from tests.contract.node import Pusher, make_record
from udi.cli import provision
from udi.kit import jobs
from udi.kit.db import Database
from udi.kit.errors import ConflictError, NotFoundError
from udi.kit.jobs import Job, Worker
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry, set_state
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.audit.archive import last_suspended_at
from udi.portal.audit.models import AuditEvent
from udi.portal.tenants.files import read_folder
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.queries import get_tenant
from udi.settings import Settings

__all__ = ["issuer", "north"]
JOB = "test_of_a_suspended_territory"


async def test_its_pages_say_so_in_plain_words_and_come_back(
    run: Run,
    demo: Territory,
    other: Territory,
    portal_app: Litestar,
    node_app: Litestar,
    browse: Any,
) -> None:
    suspended = await run("tenant", "suspend", demo.slug, "--json")

    assert suspended.exit_code == 0
    assert {row["outcome"] for row in json.loads(suspended.stdout)} == {"updated"}
    for app in (portal_app, node_app):
        async with browse(app, demo) as visitor:
            page = await visitor.get("/")
            look = await visitor.get("/theme.css")
        assert (page.status_code, page.headers["retry-after"]) == (503, "3600")
        assert "Ce territoire est suspendu" in page.text
        assert demo.contact in page.text
        assert look.status_code == 200
    async with browse(portal_app, other) as visitor:
        assert (await visitor.get("/")).status_code == 200

    await run("tenant", "resume", demo.slug)

    async with browse(portal_app, demo) as visitor:
        assert (await visitor.get("/")).status_code == 200


async def test_it_is_not_listed_and_a_machine_reads_a_problem(
    run: Run, demo: Territory, portal_app: Litestar, browse: Any
) -> None:
    await run("tenant", "suspend", demo.slug)

    async with browse(portal_app, None) as visitor:
        listed = (await visitor.get("/")).text
    async with browse(portal_app, demo) as visitor:
        answer = await visitor.get("/api/v1/datasets")

    assert demo.links["portal"] not in listed
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/suspended")


async def test_pushes_are_refused_and_what_was_pushed_is_kept(
    run: Run, north: Pusher
) -> None:
    record = make_record(north.organisation)
    assert (await north.post(record)).status_code == 200

    await run("tenant", "suspend", north.territory.slug)
    refused = await north.post(make_record(north.organisation))
    await run("tenant", "resume", north.territory.slug)

    assert refused.status_code == 503
    assert await north.count_datasets() == 1
    assert (await north.post(make_record(north.organisation))).status_code == 200


async def test_a_second_time_changes_nothing_and_each_change_is_noted_once(
    run: Run, demo: Territory, portal_database: Database
) -> None:
    for command in ("suspend", "suspend", "resume", "resume"):
        assert (await run("tenant", command, demo.slug)).exit_code == 0

    async with portal_database.session(demo.id, role="worker") as session:
        noted = (
            await session.scalars(select(AuditEvent.name).order_by(AuditEvent.at))
        ).all()
    assert noted == ["territory.suspended", "territory.resumed"]


async def test_a_change_that_was_killed_before_it_was_noted_is_noted_by_the_next(
    run: Run, demo: Territory, portal_database: Database, node_database: Database
) -> None:
    await run("tenant", "suspend", demo.slug)
    await run("tenant", "resume", demo.slug)
    async with portal_database.platform_session(role="owner") as session:
        await set_state(session, Tenant, demo.slug, "suspended")
    async with node_database.platform_session(role="owner") as session:
        await set_state(session, NodeTenant, demo.slug, "suspended")

    async with portal_database.session(demo.id, role="worker") as session:
        unnoted = await last_suspended_at(session)
    await run("tenant", "suspend", demo.slug)

    assert unnoted is None
    async with portal_database.session(demo.id, role="worker") as session:
        noted = (
            await session.scalars(select(AuditEvent.name).order_by(AuditEvent.at))
        ).all()
        noted_at = await last_suspended_at(session)
    assert noted == ["territory.suspended", "territory.resumed", "territory.suspended"]
    assert noted_at is not None


async def test_a_copy_that_serves_nobody_yet_is_not_opened_by_hand(
    run: Run, demo: Territory, portal_database: Database, node_database: Database
) -> None:
    databases: dict[Any, Database] = {
        Tenant: portal_database,
        NodeTenant: node_database,
    }
    for row, database in databases.items():
        async with database.platform_session(role="owner") as session:
            await session.execute(
                update(row).where(row.slug == demo.slug).values(state="arriving")
            )

    results = [
        await run("tenant", command, demo.slug)
        for command in ("resume", "read-only", "suspend")
    ]

    for result in results:
        assert isinstance(result.exception, ConflictError)
        assert "udi tenant import" in result.exception.remedy
    for row, database in databases.items():
        async with database.platform_session() as session:
            state = await session.scalar(select(row.state).where(row.slug == demo.slug))
        assert state == "arriving"


async def test_an_unknown_territory_is_refused_with_what_to_do(run: Run) -> None:
    result = await run("tenant", "suspend", "nowhere")

    assert result.exit_code == 1
    assert isinstance(result.exception, NotFoundError)
    assert "udi tenant list" in result.exception.remedy


@pytest.mark.thorough
async def test_applying_its_files_does_not_open_it(
    run: Run, keycloak: Settings, tmp_path: Path, portal_database: Database
) -> None:
    settings = keycloak.model_copy(update={"demo": False})
    folder = read_folder(variant(tmp_path, "closed"))
    await asyncio.to_thread(provision.apply_folder, settings, folder)
    await run("tenant", "suspend", "closed")

    again = await asyncio.to_thread(provision.apply_folder, settings, folder)

    assert {outcome for _, outcome in again.changes} == {"unchanged"}
    async with portal_database.platform_session() as session:
        assert (await get_tenant(session, "closed")).state == "suspended"


async def test_what_is_queued_for_it_waits_and_is_done_once_it_comes_back(
    run: Run, demo: Territory, portal_database: Database
) -> None:
    registry = TerritoryRegistry(portal_database, Tenant, str, max_age=0)
    done = asyncio.Queue[tuple[str, str]]()

    async def do(job: Job) -> None:
        territory = await registry.get_served(job.tenant)
        await done.put((territory.slug, job.payload["what"]))

    gone = uuid4()
    await run("tenant", "suspend", demo.slug)
    for tenant in (demo.id, gone):
        async with portal_database.session(tenant, role="worker") as session:
            await jobs.enqueue(session, JOB, {"what": "light"})
            await jobs.enqueue(session, JOB, {"what": "heavy"}, share=tenant)
    worker = Worker(portal_database, {JOB: do})
    running = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(60):
            while await count_jobs(portal_database) != {(str(demo.id), True): 2}:  # noqa: ASYNC110 - the worker says nothing
                await asyncio.sleep(0.05)
        before = done.qsize()
        await run("tenant", "resume", demo.slug)
        async with asyncio.timeout(60):
            results = {await done.get(), await done.get()}
            while await count_jobs(portal_database):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
    finally:
        worker.stop()
        await running

    assert before == 0
    assert results == {(demo.slug, "light"), (demo.slug, "heavy")}
    assert done.empty()


async def count_jobs(database: Database) -> dict[tuple[str, bool], int]:
    """How many jobs of this file there are, by territory and whether they wait until it is active."""
    query = text(
        "SELECT convert_from(payload, 'UTF8')::jsonb ->> 'tenant' AS tenant, coalesce(headers ? 'postponed_from', false) AS is_waiting,"
        " count(*) AS number FROM queue.pgqueuer WHERE entrypoint = :name GROUP BY 1, 2"
    )
    async with database.platform_session(role="worker") as session:
        rows = (await session.execute(query, {"name": JOB})).all()
    return {(row.tenant, row.is_waiting): row.number for row in rows}


def test_no_handler_of_a_task_takes_a_closed_territory_for_one_that_is_gone() -> None:
    package = Path(udi.__file__).parent
    lookup = re.compile(r"\.by_id\((job\.)?tenant\)")

    handlers = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if lookup.search(path.read_text())
    ]

    # The register itself, where `get_served` asks.
    assert handlers == ["kit/territories.py"]
