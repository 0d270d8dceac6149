"""Negotiations and transfers as consumer: a project asks elsewhere, answers, and is told where the data are."""

from typing import Any

import pytest

from tests.portal.dataspace.conftest import Talk
from udi.portal.dataspace import transfers
from udi.portal.dataspace.models import DataspaceProcess
from udi.portal.dataspace.negotiations import consumer_negotiations
from udi.portal.dataspace.transitions import DataspaceEvent

DATA = "urn:data:elsewhere"
OFFER = {
    "@id": "urn:offer:1",
    "@type": "Offer",
    "target": DATA,
    "permission": [{"action": "use"}],
}
AGREED = OFFER | {
    "@id": "urn:agreement:1",
    "@type": "Agreement",
    "assigner": "urn:them",
    "assignee": "urn:us",
}
PLACE = {
    "@type": "DataAddress", "endpointType": "https://w3id.org/idsa/v4.1/HTTP", "endpoint": "https://there.example/data",
    "endpointProperties": [{"@type": "EndpointProperty", "name": "authorization", "value": "ouvre-toi"}],
}  # fmt: skip


async def do(talk: Talk, process: DataspaceProcess, what: Any, *arguments: Any) -> None:
    """Whoever leads the project answers."""
    async with talk.workspace.site.database.session(
        talk.workspace.territory.id, person=talk.leader.person_id
    ) as session:
        stored_process = await session.get_one(
            DataspaceProcess, (process.tenant_id, process.id), with_for_update=True
        )
        await what(session, talk.leader, stored_process, *arguments)
    await talk.work()


async def ask(talk: Talk) -> DataspaceProcess:
    async with talk.workspace.site.database.session(
        talk.workspace.territory.id, person=talk.leader.person_id
    ) as session:
        process = await consumer_negotiations.request_dataset(
            session, talk.leader, talk.connector, DATA, OFFER
        )
    await talk.work()
    return await talk.process(process.id)


async def fetch(talk: Talk) -> DataspaceProcess:
    async with talk.workspace.site.database.session(
        talk.workspace.territory.id, person=talk.leader.person_id
    ) as session:
        process = await transfers.request_transfer(
            session, talk.leader, talk.connector, "urn:agreement:1"
        )
    await talk.work()
    return await talk.process(process.id)


async def test_an_agreement_elsewhere_from_the_first_word_to_the_last(
    talk: Talk,
) -> None:
    process = await ask(talk)
    assert (process.state, process.their_pid) == ("REQUESTED", talk.other.pid)
    assert (
        await talk.say(
            process,
            "offers",
            "ContractOfferMessage",
            offer=OFFER | {"@id": "urn:offer:2"},
        )
    ).status_code == 200
    await do(
        talk,
        process,
        consumer_negotiations.send_counter_request,
        OFFER | {"@id": "urn:offer:3"},
    )
    assert (
        await talk.say(
            process,
            "offers",
            "ContractOfferMessage",
            offer=OFFER | {"@id": "urn:offer:4"},
        )
    ).status_code == 200
    await do(talk, process, consumer_negotiations.accept_offer)
    early = await talk.say(
        process, "events", "ContractNegotiationEventMessage", eventType="FINALIZED"
    )
    assert (
        await talk.say(
            process, "agreement", "ContractAgreementMessage", agreement=AGREED
        )
    ).status_code == 200
    await do(talk, process, consumer_negotiations.verify_agreement)
    final = await talk.say(
        process, "events", "ContractNegotiationEventMessage", eventType="FINALIZED"
    )

    current_process = await talk.process(process.id)
    assert (
        early.status_code,
        final.status_code,
        current_process.state,
        current_process.contract,
    ) == (
        400,
        200,
        "FINALIZED",
        "urn:agreement:1",
    )
    assert talk.other.types == [
        "ContractRequestMessage", "ContractRequestMessage", "ContractNegotiationEventMessage",
        "ContractAgreementVerificationMessage",
    ]  # fmt: skip
    assert "callbackAddress" not in talk.other.taken[1].body
    events = await talk.workspace.events()
    assert [event for event in events if event.startswith("dataspace_negotiation.")] == [
        "dataspace_negotiation.requested", "dataspace_negotiation.countered", "dataspace_negotiation.accepted",
        "dataspace_negotiation.verified",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "type_", "properties"),
    [
        ("offers", "ContractOfferMessage", {"offer": OFFER | {"target": "urn:other"}}),
        (
            "offers",
            "ContractOfferMessage",
            {"offer": {"@id": "urn:x", "@type": "Offer"}},
        ),
        ("offers", "ContractOfferMessage", {"offer": OFFER | {"permission": []}}),
        (
            "agreement",
            "ContractAgreementMessage",
            {"agreement": AGREED | {"target": "urn:other"}},
        ),
        ("agreement", "ContractAgreementMessage", {"agreement": OFFER}),
        ("events", "ContractNegotiationEventMessage", {"eventType": "ACCEPTED"}),
        (
            "events",
            "ContractNegotiationEventMessage",
            {"eventType": "dspace:FINALIZED"},
        ),
        ("request", "ContractRequestMessage", {"offer": OFFER}),
        ("agreement/verification", "ContractAgreementVerificationMessage", {}),
    ],
)
async def test_a_message_that_may_not_come_changes_nothing(
    talk: Talk, path: str, type_: str, properties: dict[str, Any]
) -> None:
    process = await ask(talk)

    answer = await talk.say(process, path, type_, **properties)

    assert (answer.status_code, answer.json()["@type"]) == (
        400,
        "ContractNegotiationError",
    )
    assert answer.json()["reason"]
    current_process = await talk.process(process.id)
    assert (current_process.state, current_process.offer) == (
        process.state,
        process.offer,
    )


async def test_the_place_of_the_data_is_kept_until_it_is_over(talk: Talk) -> None:
    process = await fetch(talk)
    nowhere = await talk.say(process, "start", "TransferStartMessage")
    started = await talk.say(
        process, "start", "TransferStartMessage", dataAddress=PLACE
    )
    current_process = await talk.process(process.id)
    assert (nowhere.status_code, started.status_code, current_process.state) == (
        400,
        200,
        "STARTED",
    )
    assert current_process.data_address == PLACE

    await do(talk, process, _close, DataspaceEvent.SUSPEND)
    assert (await talk.process(process.id)).data_address is None
    assert (
        await talk.say(process, "start", "TransferStartMessage", dataAddress=PLACE)
    ).status_code == 200
    await do(talk, process, _close, DataspaceEvent.COMPLETE)

    current_process = await talk.process(process.id)
    assert (current_process.state, current_process.data_address) == ("COMPLETED", None)
    assert talk.other.types == [
        "TransferRequestMessage",
        "TransferSuspensionMessage",
        "TransferCompletionMessage",
    ]
    assert (
        await talk.say(process, "termination", "TransferTerminationMessage")
    ).status_code == 400


async def _close(
    session: Any, _actor: Any, process: DataspaceProcess, event: DataspaceEvent
) -> None:
    await transfers.close_transfer(session, process, event, "x", "Assez.")


async def test_what_the_provider_suspends_it_starts_again(talk: Talk) -> None:
    process = await fetch(talk)
    await talk.say(process, "start", "TransferStartMessage", dataAddress=PLACE)
    reason = [{"@value": "Trop", "@language": "fr"}, "too much"]
    stopped = await talk.say(
        process, "suspension", "TransferSuspensionMessage", code="quota", reason=reason
    )
    current_process = await talk.process(process.id)
    again = await talk.say(process, "start", "TransferStartMessage", dataAddress=PLACE)

    assert (stopped.status_code, again.status_code) == (200, 200)
    assert (
        current_process.state,
        current_process.code,
        current_process.reason,
        current_process.data_address,
    ) == (
        "SUSPENDED",
        "quota",
        "Trop too much",
        None,
    )
    assert (await talk.process(process.id)).code == ""
