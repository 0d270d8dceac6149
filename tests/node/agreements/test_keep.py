"""What is kept of what the portal says: one agreement under one address, its last standing, its present credentials."""

import asyncio
import uuid
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, text, update

from tests.node.agreements.granting import (
    IN_PART,
    Grant,
    Granting,
    in_days,
    replace_struct,
)
from tests.node.lasting import asker as asker
from tests.node.lasting import at_node as at_node
from tests.node.lasting import browse as browse
from tests.node.lasting import demo as demo
from tests.node.lasting import machine as machine
from tests.node.lasting import make_person as make_person
from tests.node.lasting import meters as meters
from tests.node.lasting import portal as portal
from tests.node.lasting import producer as producer
from tests.node.lasting import publisher as publisher
from tests.node.lasting import space as space
from tests.node.producer import Producer
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.agreements.actions import USES_KEPT, delete_old_uses
from udi.node.agreements.models import AgreementUse
from udi.node.audit.models import AuditEvent
from udi.protocol.agreement import (
    AGREEMENT_TYPE,
    AgreementCredential,
    AgreementValidity,
    fingerprint,
    write_agreement,
)

LARGEST = 4 * 1024**2


@pytest.fixture
async def grant(portal: Granting, meters: str, machine: httpx.AsyncClient) -> Grant:
    """An agreement that the node holds, of which the file was read."""
    new_grant = portal.grant(meters)
    assert (await portal.push(machine, new_grant)).status_code == 200
    assert (await read(machine, new_grant)).status_code == 200
    return new_grant


async def read(
    machine: httpx.AsyncClient, grant: Grant, dataset: str = ""
) -> httpx.Response:
    return await machine.get(
        f"/datasets/{dataset or grant.agreement.dataset}/file", headers=grant.headers
    )


async def test_a_credential_whose_time_is_over_opens_nothing(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant
) -> None:
    ended = AgreementCredential(
        id=uuid.uuid4(), sha256=fingerprint(grant.secret), expires_at=in_days(-0.1)
    )
    await portal.push(machine, grant.change(credentials=(ended,)))

    answer = await read(machine, grant)

    assert (answer.status_code, answer.json()["code"]) == (403, "credential_expired")


async def test_what_the_portal_tells_of_an_agreement_is_noted_once_each(
    portal: Granting,
    machine: httpx.AsyncClient,
    grant: Grant,
    node_database: Database,
    demo: Territory,
) -> None:
    suspended = grant.change(state=AgreementValidity.SUSPENDED)
    for _ in range(2):
        await portal.push(machine, suspended)

    async with node_database.session(demo.id) as session:
        query = (
            select(AuditEvent)
            .where(AuditEvent.subject_id == grant.id)
            .order_by(AuditEvent.at)
        )
        events = (await session.scalars(query)).all()
    assert [(event.name, event.facts["state"]) for event in events] == [
        ("agreement.stored", "active"), ("agreement.stored", "suspended"),
    ]  # fmt: skip


async def test_a_credential_that_was_replaced_shows_no_use_either(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant
) -> None:
    address = f"/api/v1/agreements/{grant.id}/uses"
    before = await machine.get(address, headers=grant.headers)
    other = AgreementCredential(
        id=uuid.uuid4(), sha256=fingerprint("another secret"), expires_at=in_days(9)
    )
    await portal.push(machine, grant.change(credentials=(other,)))

    after = await machine.get(address, headers=grant.headers)

    assert (before.status_code, after.status_code) == (200, 401)


async def test_an_agreement_for_another_dataset_is_said_to_be_so(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant, producer: Producer
) -> None:
    another = await producer.publish(access="restricted")

    answer = await read(machine, grant, another)

    assert (answer.status_code, answer.json()["code"]) == (403, "other_dataset")


async def test_receive_refuses_another_text_of_the_agreement_that_the_standing_names(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant
) -> None:
    wider = replace_struct(grant.agreement, ends_at=in_days(9000))
    document = portal.sign(write_agreement(wider), AGREEMENT_TYPE)

    answer = await portal.push(machine, grant.change(reason="x"), agreement=document)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "status"


async def test_receive_refuses_an_agreement_at_the_address_of_another(
    portal: Granting, machine: httpx.AsyncClient, meters: str, grant: Grant
) -> None:
    other = portal.grant(meters)

    answer = await portal.push(
        machine, grant, agreement=other.document, status=other.signed_status
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "agreement"
    assert (await read(machine, other)).status_code == 401


async def test_receive_refuses_an_agreement_that_comes_to_be_about_another_dataset(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant, producer: Producer
) -> None:
    another = await producer.publish(access="restricted")
    moved = replace_struct(grant.agreement, dataset=uuid.UUID(another))
    document = portal.sign(write_agreement(moved), AGREEMENT_TYPE)
    grant.change(agreement_sha256=fingerprint(document))

    answer = await portal.push(machine, grant, agreement=document)

    assert answer.status_code == 409
    assert (await read(machine, grant, another)).status_code == 403


async def test_receive_keeps_the_first_standing_of_a_revision(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant
) -> None:
    await portal.push(machine, grant.change(state=AgreementValidity.REVOKED))
    grant.standing = replace_struct(grant.standing, state=AgreementValidity.ACTIVE)

    answer = await portal.push(machine, grant)

    assert answer.json() == {"revision": grant.standing.revision}
    assert (await read(machine, grant)).status_code == 403


async def test_receive_takes_the_same_first_telling_many_times_at_once(
    portal: Granting, machine: httpx.AsyncClient, meters: str
) -> None:
    grant = portal.grant(meters)

    answers = await asyncio.gather(*(portal.push(machine, grant) for _ in range(8)))

    assert {answer.status_code for answer in answers} == {200}
    assert (await read(machine, grant)).status_code == 200


WAITS_FOR_A_TURN = text("""
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


async def test_a_first_telling_waits_for_another_one_of_the_same_agreement(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    node_database: Database,
    demo: Territory,
) -> None:
    grant = portal.grant(meters)
    turn = func.pg_advisory_xact_lock(func.hashtextextended(str(grant.agreement.id), 0))
    async with node_database.session(demo.id) as session:
        await session.execute(select(turn))
        push = asyncio.create_task(portal.push(machine, grant))
        while not await session.scalar(WAITS_FOR_A_TURN):
            assert not push.done()
            await asyncio.sleep(0)

    assert (await push).status_code == 200
    assert (await read(machine, grant)).status_code == 200


async def test_receive_reads_four_megabytes_and_no_more(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant
) -> None:
    answer = await portal.push(machine, grant, agreement="x" * LARGEST)

    assert answer.status_code == 413


async def test_two_projects_see_their_own_part_of_a_table(
    portal: Granting, machine: httpx.AsyncClient, meters: str
) -> None:
    first = portal.grant(meters, IN_PART)
    second = portal.grant(
        meters, replace_struct(IN_PART, columns=("compteur", "note"), rows=())
    )
    for grant in (first, second):
        await portal.push(machine, grant)
    address = f"/api/resources/{meters}/data/?page_size=200"

    pages = [
        (await machine.get(address, headers=grant.headers)).json()
        for grant in (first, second, first)
    ]

    assert [set(page["data"][0]) for page in pages] == [
        {"__id", "compteur", "commune", "index"}, {"__id", "compteur", "note"}, {"__id", "compteur", "commune", "index"},
    ]  # fmt: skip
    assert [page["meta"]["total"] for page in pages] == [20, 40, 20]


async def test_forget_uses_deletes_what_is_older_than_it_is_kept(
    machine: httpx.AsyncClient, grant: Grant, node_database: Database, demo: Territory
) -> None:
    await read(machine, grant)
    async with node_database.session(demo.id, role="worker") as session:
        first = await session.scalar(
            select(AgreementUse.id)
            .where(AgreementUse.agreement_id == grant.id)
            .order_by(AgreementUse.happened_at)
            .limit(1)
        )
        old = update(AgreementUse).where(AgreementUse.id == first)
        await session.execute(
            old.values(happened_at=now() - USES_KEPT - timedelta(minutes=1))
        )

    async with node_database.session(demo.id, role="worker") as session:
        assert await delete_old_uses(session) == 1
        kinds = select(AgreementUse.kind).where(AgreementUse.agreement_id == grant.id)
        left = (await session.scalars(kinds)).all()

    assert left == ["file"]
