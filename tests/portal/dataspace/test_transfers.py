"""Transfers as provider: a secret for one agreement, in no row and no log, that opens nothing once it is over."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from tests.portal.dataspace.conftest import Talk
from udi.portal.access.agreements.revisions import read_agreement_status
from udi.portal.access.models import AccessAgreement, ProjectCredential
from udi.portal.dataspace.models import DataspaceProcess
from udi.portal.dataspace.negotiations.offers import URN
from udi.portal.dataspace.transfers import close_transfer
from udi.portal.dataspace.transitions import DataspaceEvent
from udi.protocol.agreement import fingerprint

TABLES = text(
    "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('app', 'queue')"
    " AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')"
)


def secret_of(talk: Talk) -> str:
    """What the other side was told last."""
    starts = [
        message.body
        for message in talk.other.taken
        if message.type == "TransferStartMessage"
    ]
    properties = {
        entry["name"]: entry["value"]
        for entry in starts[-1]["dataAddress"]["endpointProperties"]
    }
    assert properties["authType"] == "bearer"
    return str(properties["authorization"])


async def opens(talk: Talk, secret: str) -> bool:
    """Whether the node is told that a secret opens the data."""
    async with talk.workspace.site.database.session(
        talk.workspace.territory.id, role="worker"
    ) as session:
        agreement = (await session.scalars(select(AccessAgreement))).one()
        standing = await read_agreement_status(session, agreement)
    return standing.state == "active" and fingerprint(secret) in {
        credential.sha256 for credential in standing.credentials
    }


async def everything(talk: Talk) -> str:
    """Every row of the portal, as text."""
    rows = list[str]()
    async with talk.workspace.site.database.session(
        talk.workspace.territory.id, role="worker"
    ) as session:
        names = (await session.scalars(TABLES)).all()
        assert "app.dataspace_message" in names
        for name in names:
            rows += (await session.scalars(text(f"SELECT t::text FROM {name} t"))).all()
    return "\n".join(rows)


async def test_a_secret_is_said_to_the_connector_alone(talk: Talk) -> None:
    negotiation = await talk.agree()
    with capture_logs() as logs:
        transfer = await talk.transfer(negotiation.agreement_id)
    secret = secret_of(talk)
    database_text = await everything(talk)

    assert transfer.state == "STARTED"
    assert secret not in database_text + str(logs)
    assert fingerprint(secret) in database_text
    assert talk.secret not in database_text
    assert "dataspace message" in str(logs)
    assert await opens(talk, secret)
    address = talk.other.taken[-1].body["dataAddress"]
    assert (
        address["endpoint"]
        == f"{talk.workspace.territory.links['node']}/datasets/{talk.workspace.dataset}/file"
    )
    credentials = await talk.workspace.rows(ProjectCredential)
    assert [credential.agreement_id for credential in credentials] == [
        negotiation.agreement_id
    ]


async def test_a_secret_opens_no_other_agreement_of_its_project(talk: Talk) -> None:
    first = await talk.agree()
    await talk.transfer(first.agreement_id)
    secret = secret_of(talk)
    second = await talk.agree()
    async with talk.workspace.site.database.session(
        talk.workspace.territory.id, role="worker"
    ) as session:
        standings = [
            await read_agreement_status(session, agreement)
            for agreement in await session.scalars(select(AccessAgreement))
        ]

    assert second.agreement_id != first.agreement_id
    assert [
        status.agreement
        for status in standings
        if fingerprint(secret)
        in {credential.sha256 for credential in status.credentials}
    ] == [first.agreement_id]


async def test_a_start_that_is_sent_again_has_another_secret(talk: Talk) -> None:
    negotiation = await talk.agree()
    talk.other.statuses.extend([503])
    await talk.transfer(negotiation.agreement_id)

    [refused] = talk.other.refused
    properties = {
        entry["name"]: entry["value"]
        for entry in refused.body["dataAddress"]["endpointProperties"]
    }
    assert properties["authorization"] == secret_of(talk), (
        "a quick second try says the same"
    )
    assert await opens(talk, secret_of(talk))


Act = Callable[[Talk, DataspaceProcess], Coroutine[Any, Any, None]]


async def suspended_by_people(talk: Talk, transfer: DataspaceProcess) -> None:
    await talk.change(transfer.agreement_id, "suspend")


async def revoked_by_people(talk: Talk, transfer: DataspaceProcess) -> None:
    await talk.change(transfer.agreement_id, "revoke")


async def suspended_by_them(talk: Talk, transfer: DataspaceProcess) -> None:
    assert (
        await talk.say(transfer, "suspension", "TransferSuspensionMessage")
    ).status_code == 200


async def ended_by_them(talk: Talk, transfer: DataspaceProcess) -> None:
    assert (
        await talk.say(transfer, "termination", "TransferTerminationMessage", code="x")
    ).status_code == 200


async def completed_by_them(talk: Talk, transfer: DataspaceProcess) -> None:
    assert (
        await talk.say(transfer, "completion", "TransferCompletionMessage")
    ).status_code == 200


ENDS: list[Any] = [
    (suspended_by_people, "SUSPENDED", "TransferSuspensionMessage"),
    (revoked_by_people, "TERMINATED", "TransferTerminationMessage"),
    pytest.param(suspended_by_them, "SUSPENDED", "", marks=pytest.mark.thorough),
    pytest.param(ended_by_them, "TERMINATED", "", marks=pytest.mark.thorough),
    (completed_by_them, "COMPLETED", ""),
]


@pytest.mark.parametrize(
    ("act", "state", "notification"),
    ENDS,
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_a_secret_opens_nothing_once_it_is_over(
    talk: Talk, act: Act, state: str, notification: str
) -> None:
    negotiation = await talk.agree()
    transfer = await talk.transfer(negotiation.agreement_id)
    secret = secret_of(talk)
    before = len(talk.other.taken)
    await act(talk, transfer)
    at_once = await opens(talk, secret)
    await talk.work()

    assert await talk.state(transfer) == state
    assert not at_once, "before any message has left"
    assert not await opens(talk, secret)
    assert [message.type for message in talk.other.taken[before:]] == (
        [notification] if notification else []
    )


async def test_what_people_take_up_again_has_a_new_secret(talk: Talk) -> None:
    negotiation = await talk.agree()
    transfer = await talk.transfer(negotiation.agreement_id)
    former = secret_of(talk)
    await talk.change(negotiation.agreement_id, "suspend")
    await talk.work()
    await talk.change(negotiation.agreement_id, "resume")
    await talk.work()

    assert await talk.state(transfer) == "STARTED"
    assert (await opens(talk, former), await opens(talk, secret_of(talk))) == (
        False,
        True,
    )


@pytest.mark.thorough
async def test_what_the_connector_suspended_it_takes_up_again_with_the_secret_it_has(
    talk: Talk,
) -> None:
    negotiation = await talk.agree()
    transfer = await talk.transfer(negotiation.agreement_id)
    await suspended_by_them(talk, transfer)
    again = await talk.say(transfer, "start", "TransferStartMessage")

    assert (again.status_code, await talk.state(transfer)) == (200, "STARTED")
    assert await opens(talk, secret_of(talk))


async def test_a_connector_does_not_take_up_what_people_suspended(talk: Talk) -> None:
    negotiation = await talk.agree()
    transfer = await talk.transfer(negotiation.agreement_id)
    await talk.change(negotiation.agreement_id, "suspend")
    await talk.work()
    again = await talk.say(transfer, "start", "TransferStartMessage")

    assert (again.status_code, await talk.state(transfer)) == (400, "SUSPENDED")
    assert not await opens(talk, secret_of(talk))


async def test_a_start_that_leaves_after_the_end_opens_nothing(talk: Talk) -> None:
    negotiation = await talk.agree()
    talk.other.statuses.extend([503] * 6)
    with pytest.raises(Exception, match="503"):
        await talk.transfer(negotiation.agreement_id)
    [transfer] = [
        row
        for row in await talk.workspace.rows(DataspaceProcess)
        if row.kind == "transfer"
    ]
    async with talk.workspace.site.database.session(
        talk.workspace.territory.id, person=talk.leader.person_id
    ) as session:
        stored_process = await session.get_one(
            DataspaceProcess, (transfer.tenant_id, transfer.id), with_for_update=True
        )
        await close_transfer(session, stored_process, DataspaceEvent.TERMINATE, "over")
    await talk.work()

    assert talk.other.types[-2:] == [
        "TransferStartMessage",
        "TransferTerminationMessage",
    ]
    assert not await opens(talk, secret_of(talk))


@pytest.mark.thorough
async def test_data_are_asked_for_under_an_agreement_in_the_one_way_that_there_is(
    talk: Talk,
) -> None:
    negotiation = await talk.agree()
    message = {
        "@type": "TransferRequestMessage", "consumerPid": "urn:x", "agreementId": f"{URN}{negotiation.agreement_id}",
        "format": "HttpData-PUSH", "callbackAddress": talk.other.origin,
    }  # fmt: skip
    other_way = await talk.post("/transfers/request", message)
    unknown = await talk.post(
        "/transfers/request",
        message | {"format": "HttpData-PULL", "agreementId": "urn:none"},
    )
    await talk.change(negotiation.agreement_id, "revoke")
    over = await talk.post("/transfers/request", message | {"format": "HttpData-PULL"})

    assert [answer.status_code for answer in (other_way, unknown, over)] == [400] * 3
    assert "format" in str(other_way.json()["reason"])
    assert "agreementId" in str(unknown.json()["reason"])


@pytest.mark.thorough
async def test_what_was_asked_while_it_stood_still_begins_when_it_goes_on(
    talk: Talk,
) -> None:
    negotiation = await talk.agree()
    message = {
        "@type": "TransferRequestMessage", "consumerPid": "urn:x", "agreementId": f"{URN}{negotiation.agreement_id}",
        "format": "HttpData-PULL", "callbackAddress": talk.other.origin,
    }  # fmt: skip
    response = await talk.post("/transfers/request", message)
    await talk.change(negotiation.agreement_id, "suspend")
    await talk.work()
    transfer = await talk.process(response.json()["providerPid"])
    before = transfer.state
    await talk.change(negotiation.agreement_id, "resume")
    await talk.work()

    assert (before, await talk.state(transfer)) == ("REQUESTED", "STARTED")
