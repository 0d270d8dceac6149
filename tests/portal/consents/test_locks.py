"""Two transactions at once: nobody waits for somebody who waits for them, and the clock holds nobody up."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests.portal.consents.conftest import YES, Lending
from udi.kit.clock import now
from udi.kit.db import Database
from udi.portal.access.models import AccessAgreement, ProjectCredential
from udi.portal.consents.departures import lock_lent, stop_lending
from udi.portal.consents.models import Consent, NoticeVersion
from udi.portal.identity.departures import (
    DEPARTURE_LOCKS,
    DEPARTURES,
    end_account,
)
from udi.portal.identity.models import Person

WAITING = text(
    "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pid IN"
    " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)


async def wait_for(
    database: Database, count: int, tasks: list[asyncio.Task[int]]
) -> None:
    """Until so many transactions wait for a lock; each look is a transaction, which sees the connections of its time."""
    while not any(task.done() for task in tasks):
        async with database.platform_session(role="worker") as session:
            if await session.scalar(WAITING) >= count:
                return
        await asyncio.wait(tasks, timeout=0.05)


async def test_a_yes_and_a_stop_at_once_both_go_through(lending: Lending) -> None:
    """The yes waits for the notice first, then the stop: what the stop holds meanwhile is not what the yes needs next."""
    question = await lending.open()
    consent = await lending.give(question)
    tasks: list[asyncio.Task[int]] = []

    async def post(path: str, data: dict[str, str]) -> int:
        return (await lending.inhabitant.post(path, data=data)).status_code

    database = lending.workspace.site.database
    async with database.session(
        lending.workspace.territory.id, role="worker"
    ) as session:
        await session.scalars(select(NoticeVersion).with_for_update())
        tasks.append(asyncio.create_task(post(question, YES)))
        await wait_for(database, 1, tasks)
        stop = f"/my-data/consents/{consent.id}/withdraw"
        tasks.append(asyncio.create_task(post(stop, {})))
        await wait_for(database, 2, tasks)

    assert await asyncio.gather(*tasks) == [303, 303]
    assert await lending.states() == ["withdrawn"]


@pytest.mark.thorough
async def test_a_yes_and_a_departure_at_once_both_go_through(lending: Lending) -> None:
    """The person who leaves lends already; the departure waits for the notice that the yes of somebody else holds."""
    question = await lending.open()
    await lending.give(question)
    tenant = lending.workspace.territory.id
    database = lending.workspace.site.database
    person_id = await lending.person_id()
    tasks: list[asyncio.Task[int]] = []

    async def answer() -> int:
        return (await lending.inhabitant.post(question, data=YES)).status_code

    async def leave() -> int:
        async with database.session(tenant, role="worker") as session:
            person = await session.get_one(
                Person, (tenant, person_id), with_for_update=True
            )
            return await end_account(session, person, [stop_lending], [lock_lent])

    async with database.session(tenant, role="worker") as session:
        await session.scalars(select(NoticeVersion).with_for_update())
        tasks.append(asyncio.create_task(answer()))
        await wait_for(database, 1, tasks)
        tasks.append(asyncio.create_task(leave()))
        await wait_for(database, 2, tasks)
    status, ended = await asyncio.gather(*tasks)

    assert status == 303
    assert ended
    assert await lending.states() == ["withdrawn"]


async def test_a_yes_and_a_departure_with_secrets_at_once_both_go_through(
    lending: Lending,
) -> None:
    """Who leaves made a secret of a project and lends too: the end of the secret takes a revision, which the yes needs."""
    question = await lending.open()
    await lending.make_login_old(0)
    await lending.give(question, lending.workspace.person)
    tenant = lending.workspace.territory.id
    database = lending.workspace.site.database
    [agreement] = await lending.rows(AccessAgreement)
    form = {"name": "Serveur", "node": str(agreement.node_id), "days": "30"}
    address = f"/projects/{agreement.project_id}/access/credentials"
    assert (await lending.workspace.person.post(address, data=form)).is_success
    [credential] = await lending.rows(ProjectCredential)
    services = lending.workspace.site.services
    tasks: list[asyncio.Task[int]] = []

    async def answer() -> int:
        return (await lending.neighbour.post(question, data=YES)).status_code

    async def leave() -> int:
        async with database.session(tenant, role="worker") as session:
            person = await session.get_one(
                Person, (tenant, credential.created_by), with_for_update=True
            )
            return await end_account(
                session,
                person,
                services.contributions(DEPARTURES),
                services.contributions(DEPARTURE_LOCKS),
            )

    async with database.session(tenant, role="worker") as session:
        await session.scalars(select(NoticeVersion).with_for_update())
        tasks.append(asyncio.create_task(answer()))
        await wait_for(database, 1, tasks)
        tasks.append(asyncio.create_task(leave()))
        await wait_for(database, 2, tasks)
    status, ended = await asyncio.gather(*tasks)

    assert status == 303
    assert ended
    assert sorted(await lending.states()) == ["given", "withdrawn"]
    [credential] = await lending.rows(ProjectCredential)
    assert credential.revoked_at is not None


async def test_the_clock_ends_each_consent_in_a_transaction_of_its_own(
    lending: Lending,
) -> None:
    question = await lending.open()
    await lending.give(question)
    await lending.give(question, lending.neighbour)
    await lending.let_time_pass(Consent, expires_at=now() - timedelta(seconds=1))
    async with lending.workspace.site.database.session(
        lending.workspace.territory.id, role="worker"
    ) as session:
        written_by = await session.scalars(text("SELECT xmin::text FROM app.consent"))

    assert len(set(written_by)) == 2
    assert await lending.states() == ["expired", "expired"]
