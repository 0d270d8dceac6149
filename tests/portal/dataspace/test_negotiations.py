"""Negotiations as provider: what machines say is what people find on the page of the request, and the reverse."""

import pytest
from litestar import Litestar
from sqlalchemy import text

from tests.depth import by_depth
from tests.portal.dataspace.conftest import Talk
from tests.visitors import browse
from udi.portal.access.agreements.revisions import DELIVER
from udi.portal.access.models import PublicAgreement
from udi.portal.dataspace.models import DataspaceProcess
from udi.portal.dataspace.negotiations.offers import URN

VERIFY = ("agreement/verification", "ContractAgreementVerificationMessage")
END = ("termination", "ContractNegotiationTerminationMessage")


async def jobs_of(talk: Talk, name: str) -> int:
    async with talk.workspace.site.database.platform_session(role="worker") as session:
        query = text(
            "SELECT count(*) FROM queue.pgqueuer WHERE entrypoint = :name AND convert_from(payload, 'UTF8') LIKE :tenant"
        )
        return int(
            (
                await session.execute(
                    query, {"name": name, "tenant": f"%{talk.workspace.territory.id}%"}
                )
            ).scalar_one()
        )


async def test_a_request_is_one_of_the_project_under_the_terms_of_the_producer(
    talk: Talk,
) -> None:
    process = await talk.ask()
    request = await talk.request(process)
    page = await talk.workspace.producer.get(f"/access-requests/{process.request_id}")

    assert process.state == "REQUESTED"
    assert (request.connector, request.project_id, request.person_id) == (
        talk.connector.name, talk.project.id, talk.leader.person_id,
    )  # fmt: skip
    assert (request.purpose, request.months) == ("research", 24)
    assert page.status_code == 200
    assert "Repérer les îlots chauds." in page.text


async def test_the_same_message_twice_is_one_request(talk: Talk) -> None:
    message = talk.request_message()
    first = await talk.post("/negotiations/request", message)
    again = await talk.post("/negotiations/request", message)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["providerPid"] == again.json()["providerPid"]
    assert len(await talk.workspace.rows(DataspaceProcess)) == 1


async def test_nothing_is_read_before_it_is_final(talk: Talk) -> None:
    process = await talk.ask()
    await talk.decide(process, "grant")
    await talk.work()
    agreement = await talk.agreement(process)
    message = {
        "@type": "TransferRequestMessage", "consumerPid": "urn:x", "agreementId": f"{URN}{agreement.id}",
        "format": "HttpData-PULL", "callbackAddress": talk.other.origin,
    }  # fmt: skip
    early = await talk.post("/transfers/request", message)

    assert (await talk.state(process), talk.other.types) == (
        "AGREED",
        ["ContractAgreementMessage"],
    )
    assert (agreement.state, agreement.revision) == ("unconfirmed", 0)
    assert (early.status_code, early.json()["@type"]) == (400, "TransferError")
    assert await talk.workspace.rows(PublicAgreement) == []
    assert await jobs_of(talk, DELIVER) == 0
    for stranger in (talk.workspace.passer, talk.workspace.team):
        assert (await stranger.get(f"/agreements/{agreement.id}")).status_code == 404

    assert (await talk.say(process, *VERIFY)).status_code == 200
    assert await talk.state(process) == "VERIFIED"
    await talk.work()

    confirmed = await talk.agreement(process)
    assert await talk.state(process) == "FINALIZED"
    assert (confirmed.state, confirmed.revision > 0) == ("active", True)
    assert talk.other.taken[-1].body["eventType"] == "FINALIZED"
    assert talk.other.taken[-1].token == "montre-moi"
    assert await jobs_of(talk, DELIVER) == 1
    [listed] = await talk.workspace.rows(PublicAgreement)
    assert listed.id == agreement.id


async def test_an_offer_that_is_taken_is_what_is_agreed(talk: Talk) -> None:
    process = await talk.ask()
    await talk.decide(process, "counter", months="6", columns="îlot")
    await talk.work()
    offered = talk.other.taken[-1].body["offer"]
    accepted = await talk.say(
        process, "events", "ContractNegotiationEventMessage", eventType="ACCEPTED"
    )
    state = await talk.state(process)
    await talk.work()

    assert (accepted.status_code, state, await talk.state(process)) == (
        200,
        "ACCEPTED",
        "AGREED",
    )
    assert offered["target"] == f"{URN}{talk.workspace.dataset}"
    agreed = talk.other.taken[-1].body["agreement"]
    assert (agreed["assigner"], agreed["assignee"]) == (
        talk.workspace.territory.origin,
        "urn:laboratoire",
    )
    columns = [
        constraint["rightOperand"]
        for constraint in agreed["permission"][0]["constraint"]
        if "column" in constraint["leftOperand"]
    ]
    assert columns == [[{"@value": "îlot"}]]


@by_depth("when", ["OFFERED", "ACCEPTED", "AGREED", "VERIFIED"], by_default=[0, 2])
async def test_the_producer_may_end_it_until_it_is_final(talk: Talk, when: str) -> None:
    process = await talk.ask()
    if when in {"OFFERED", "ACCEPTED"}:
        await talk.decide(process, "counter", months="6")
        await talk.work()
    else:
        await talk.decide(process, "grant")
        await talk.work()
    if when == "ACCEPTED":
        await talk.say(
            process, "events", "ContractNegotiationEventMessage", eventType="ACCEPTED"
        )
    if when == "VERIFIED":
        await talk.say(process, *VERIFY)
    assert await talk.state(process) == when
    if when in {"OFFERED", "ACCEPTED"}:
        await talk.decide(process, "refuse")
    else:
        await talk.change((await talk.agreement(process)).id, "revoke")
    await talk.work()

    ended = await talk.process(process.id)
    assert (ended.state, ended.code) == ("TERMINATED", "refused")
    assert talk.other.types[-1] == "ContractNegotiationTerminationMessage"
    assert talk.other.taken[-1].body["reason"] == [ended.reason]
    assert ended.reason


async def end_it(talk: Talk, process: DataspaceProcess) -> None:
    """End a negotiation as its connector does, and check that it has ended, once."""
    ended = await talk.say(
        process,
        *END,
        code="other",
        reason=[{"@value": "Plus besoin", "@language": "fr"}],
    )
    await talk.work()

    assert (ended.status_code, await talk.state(process)) == (200, "TERMINATED")
    assert (await talk.process(process.id)).reason == "Plus besoin"
    assert (await talk.say(process, *END)).status_code == 400


@pytest.mark.parametrize("decisions", [[], ["counter"]], ids=["REQUESTED", "OFFERED"])
async def test_the_connector_may_end_it_and_the_request_ends_with_it(
    talk: Talk, decisions: list[str]
) -> None:
    process = await talk.ask()
    for decision in decisions:
        await talk.decide(process, decision, months="6")
        await talk.work()

    await end_it(talk, process)

    assert (await talk.request(process)).state == "withdrawn"


async def test_the_connector_may_end_it_once_agreed_and_the_agreement_is_given_up(
    talk: Talk,
) -> None:
    process = await talk.ask()
    await talk.decide(process, "grant", months="6")
    await talk.work()

    await end_it(talk, process)

    [agreement] = await talk.workspace.rows(type(await talk.agreement(process)))
    assert (agreement.state, agreement.revision) == ("given_up", 0)


@pytest.mark.thorough
async def test_a_connector_that_asks_for_less_corrects_its_request(talk: Talk) -> None:
    process = await talk.ask()
    await talk.decide(process, "counter", months="6")
    await talk.work()
    target = f"{URN}{talk.workspace.dataset}"
    shorter = {
        "leftOperand": "elapsedTime",
        "operator": "lteq",
        "rightOperand": {"@value": "P3M"},
    }
    offer = {
        "@id": "urn:mine",
        "@type": "Offer",
        "target": target,
        "permission": [{"action": "use", "constraint": [shorter]}],
    }
    sent = await talk.say(process, "request", "ContractRequestMessage", offer=offer)
    request = await talk.request(process)
    again = await talk.say(process, "request", "ContractRequestMessage", offer=offer)

    assert (sent.status_code, again.status_code) == (200, 400)
    assert (request.state, request.months, request.revision) == ("submitted", 3, 2)


async def test_a_person_takes_no_offer_made_to_a_connector(
    talk: Talk, portal_app: Litestar
) -> None:
    process = await talk.ask()
    await talk.decide(process, "counter", months="6")
    request = await talk.request(process)
    offer = {"offer": request.since.isoformat()}

    async with browse(portal_app, talk.workspace.territory, talk.login) as leader:
        response = await leader.post(
            f"/access-requests/{request.id}/accept", data=offer
        )

    assert response.status_code == 409
    assert (await talk.request(process)).state == "countered"
