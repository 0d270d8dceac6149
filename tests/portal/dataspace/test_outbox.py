"""What leaves: in order, again when it was not taken, never to an address that nobody opened."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.portal.dataspace.conftest import Talk
from tests.service_overrides import ServiceOverrides
from udi.kit.clock import now
from udi.kit.http import OutgoingClient
from udi.kit.jobs import Job
from udi.portal.dataspace.messages import OUTGOING
from udi.portal.dataspace.models import Connector, DataspaceMessage, DataspaceProcess
from udi.portal.dataspace.negotiations.consumer_negotiations import (
    request_dataset,
    terminate_negotiation,
)
from udi.portal.dataspace.outbox import QUICK, MessageDeliveryError, send_messages
from udi.portal.dataspace.processes import SEND

OFFER = {"@id": "urn:offer", "permission": [{"action": "use"}]}


async def send(talk: Talk, process: DataspaceProcess) -> None:
    await send_messages(
        talk.workspace.site,
        Job(
            SEND,
            talk.workspace.territory.id,
            {"process": str(process.id)},
            0,
            last=False,
        ),
    )


async def messages(talk: Talk) -> list[DataspaceMessage]:
    return sorted(
        await talk.workspace.rows(DataspaceMessage), key=lambda message: message.number
    )


async def ask_elsewhere(talk: Talk) -> DataspaceProcess:
    """The project asks a provider elsewhere; nothing left yet."""
    async with talk.workspace.site.database.session(
        talk.workspace.territory.id, person=talk.leader.person_id
    ) as session:
        return await request_dataset(
            session, talk.leader, talk.connector, "urn:data", OFFER
        )


async def end(talk: Talk, process: DataspaceProcess) -> None:
    async with talk.workspace.site.database.session(
        talk.workspace.territory.id, person=talk.leader.person_id
    ) as session:
        stored_process = await session.get_one(
            DataspaceProcess, (process.tenant_id, process.id), with_for_update=True
        )
        await terminate_negotiation(
            session, talk.leader, stored_process, "Plus besoin."
        )


async def test_messages_leave_in_order_and_name_what_the_other_side_reported(
    talk: Talk,
) -> None:
    process = await ask_elsewhere(talk)
    await end(talk, process)
    talk.other.statuses.extend([503, 404, 409])

    await talk.work()

    assert talk.other.types == [
        "ContractRequestMessage",
        "ContractNegotiationTerminationMessage",
    ]
    first, last = talk.other.taken
    assert (
        first.body["callbackAddress"] == f"{talk.workspace.territory.origin}/dsp/2025-1"
    )
    assert (first.path, first.token) == ("/negotiations/request", "montre-moi")
    assert last.path == f"/negotiations/{talk.other.pid}/termination"
    assert (last.body["providerPid"], last.body["consumerPid"]) == (
        talk.other.pid,
        str(process.id),
    )
    assert [message.type for message in talk.other.refused] == [
        "ContractRequestMessage"
    ] * 3
    assert [message.body for message in await messages(talk)] == [{}, {}]


async def test_what_is_not_taken_waits_and_holds_back_what_follows(talk: Talk) -> None:
    process = await ask_elsewhere(talk)
    await end(talk, process)
    talk.other.statuses.extend([500] * QUICK)

    with pytest.raises(MessageDeliveryError):
        await send(talk, process)
    first, second = await messages(talk)
    assert (first.sent_at, first.error, first.tries) == (None, "500", 1)
    assert first.body != {}
    assert (second.sent_at, second.tries, talk.other.taken) == (None, 0, [])

    await send(talk, process)
    assert talk.other.types == [
        "ContractRequestMessage",
        "ContractNegotiationTerminationMessage",
    ]
    assert [message.error for message in await messages(talk)] == ["", ""]


async def lease(talk: Talk, seconds: int) -> None:
    async with talk.workspace.site.database.session(
        talk.workspace.territory.id, role="worker"
    ) as session:
        await session.execute(
            update(DataspaceMessage).values(
                leased_until=now() + timedelta(seconds=seconds)
            )
        )


async def test_two_workers_send_a_message_once_and_one_that_died_keeps_nothing_back(
    talk: Talk,
) -> None:
    process = await ask_elsewhere(talk)
    await lease(talk, 30)

    with pytest.raises(MessageDeliveryError):
        await send(talk, process)
    assert talk.other.taken == []

    await lease(talk, -1)
    await send(talk, process)
    assert talk.other.types == ["ContractRequestMessage"]


async def test_what_is_refused_for_good_is_not_sent_again(talk: Talk) -> None:
    process = await talk.ask()
    await talk.decide(process, "counter", months="6")
    talk.other.statuses.append(400)
    await talk.work()
    await talk.decide(process, "refuse")
    await talk.work()

    assert [message.type for message in talk.other.refused] == ["ContractOfferMessage"]
    assert talk.other.types == ["ContractNegotiationTerminationMessage"]
    assert [message.error for message in await messages(talk)] == ["400", ""]


@pytest.mark.parametrize(
    ("address", "opened"),
    [
        ("http://127.0.0.1:{port}", []),
        ("http://localhost:{port}", ["127.0.0.1:*"]),
        ("https://10.0.0.1", []),
        ("https://169.254.169.254", []),
        ("http://example.org", []),
        ("ftp://example.org", ["example.org:*"]),
    ],
)
async def test_nothing_is_sent_to_an_address_that_nobody_opened(
    talk: Talk, address: str, opened: list[str]
) -> None:
    ServiceOverrides(talk.workspace.site.services)[OUTGOING] = OutgoingClient(opened)
    connector_address = address.format(port=talk.other.origin.rpartition(":")[2])
    async with talk.workspace.site.database.session(
        talk.workspace.territory.id, role="worker"
    ) as session:
        await session.execute(
            update(Connector)
            .where(Connector.id == talk.connector.id)
            .values(address=connector_address)
        )
    talk.connector.address = connector_address
    process = await ask_elsewhere(talk)

    await send(talk, process)

    [message] = await messages(talk)
    assert (message.error, talk.other.taken + talk.other.refused) == ("address", [])
    await talk.workspace.site.services[OUTGOING].close()


async def test_a_connector_that_does_not_answer_is_asked_again(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk.connector, "address", "http://127.0.0.1:1")
    process = await ask_elsewhere(talk)

    with pytest.raises(MessageDeliveryError):
        await send(talk, process)

    [message] = await messages(talk)
    assert message.error == "unreachable"


@pytest.mark.parametrize(
    ("status", "pid", "trouble"), [(400, "urn:x", "400"), (200, "", "answer")]
)
async def test_nothing_follows_a_first_message_that_began_no_process(
    talk: Talk, status: int, pid: str, trouble: str
) -> None:
    talk.other.pid = pid
    talk.other.statuses.append(status)
    process = await ask_elsewhere(talk)
    await end(talk, process)

    await talk.work()

    assert [message.type for message in talk.other.taken + talk.other.refused] == [
        "ContractRequestMessage"
    ]
    assert [(message.error, message.body) for message in await messages(talk)] == [
        (trouble, {}),
        ("", {}),
    ]
    assert all(message.sent_at for message in await messages(talk))
