"""Who may speak: each address, tried by everybody who must not; and what no message may say."""

import json
import re
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from tests.portal.dataspace.conftest import Talk, begin
from tests.visitors import enter
from udi.kit.errors import InvalidError
from udi.kit.tenancy import Territory
from udi.portal.dataspace.connectors import (
    ConnectorInput,
    add_connector,
    check_connector,
    owns_address,
    renew_connector,
    revoke_connector,
)
from udi.portal.dataspace.messages import CONTEXT, PATH, MessageType, read_message
from udi.portal.dataspace.models import Connector, DataspaceProcess
from udi.portal.dataspace.negotiations.offers import URN
from udi.portal.projects.actions.describe import ProjectInput as Project_
from udi.portal.projects.actions.describe import create_project
from udi.protocol.terms import Purpose

END = {
    "negotiations": (
        "request",
        "events",
        "agreement/verification",
        "offers",
        "agreement",
        "termination",
    ),
    "transfers": ("start", "suspension", "completion", "termination"),
}
TYPES = {
    "negotiations/request": "ContractRequestMessage", "negotiations/events": "ContractNegotiationEventMessage",
    "negotiations/agreement/verification": "ContractAgreementVerificationMessage", "negotiations/offers": "ContractOfferMessage",
    "negotiations/agreement": "ContractAgreementMessage", "negotiations/termination": "ContractNegotiationTerminationMessage",
    "transfers/start": "TransferStartMessage", "transfers/suspension": "TransferSuspensionMessage",
    "transfers/completion": "TransferCompletionMessage", "transfers/termination": "TransferTerminationMessage",
    "transfers/request": "TransferRequestMessage",
}  # fmt: skip
PUBLIC = {"/catalog/request", "/catalog/datasets/{name:str}"}


def whole(
    talk: Talk, root: str, end: str, process: DataspaceProcess
) -> dict[str, object]:
    """A message that nothing is wrong with, but who sends it."""
    offer = talk.request_message()["offer"]
    agreement = {
        **offer,
        "@type": "Agreement",
        "assigner": "urn:a",
        "assignee": "urn:b",
    }
    return {
        "@context": [CONTEXT], "@type": TYPES[f"{root}/{end}"], "providerPid": str(process.id), "consumerPid": process.their_pid,
        "offer": offer, "agreement": agreement, "eventType": "ACCEPTED", "agreementId": f"{URN}{process.agreement_id}",
        "format": "HttpData-PULL", "callbackAddress": talk.other.origin,
    }  # fmt: skip


async def strangers(
    talk: Talk, app: Litestar, other: Territory
) -> dict[str, tuple[httpx.AsyncClient, str]]:
    """Everybody who must not see the process, by name: the client, and what they show."""
    _, _, _, theirs = await begin(talk.workspace, talk.other.origin)
    async with talk.workspace.site.database.session(
        talk.workspace.territory.id, person=talk.leader.person_id
    ) as session:
        connector_input = ConnectorInput(
            name="x",
            participant="x",
            address=talk.other.origin,
            purpose=Purpose.RESEARCH,
            words="x",
        )
        connector, revoked = await add_connector(
            session, talk.leader, talk.project, connector_input, plain=True
        )
        await revoke_connector(session, talk.leader, connector)
        connector, former = await add_connector(
            session, talk.leader, talk.project, connector_input, plain=True
        )
        await renew_connector(session, talk.leader, connector)
        _, same_project = await add_connector(
            session, talk.leader, talk.project, connector_input, plain=True
        )
    elsewhere = await enter(talk.workspace.site, other)
    async with talk.workspace.site.database.session(
        other.id, person=elsewhere.person_id
    ) as session:
        project = await create_project(
            session,
            elsewhere,
            Project_(title="Ailleurs", summary="x", purpose=Purpose.RESEARCH),
            language="fr",
        )
        _, foreign = await add_connector(
            session, elsewhere, project, connector_input, plain=True
        )
    outside = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=f"http://{other.hosts[0]}"
    )
    client = talk.client
    return {
        "nobody": (client, ""), "unknown": (client, f"{talk.secret}x"), "other project": (client, theirs), "revoked": (client, revoked),
        "former secret": (client, former), "other connector": (client, same_project), "other territory": (client, foreign),
        "ours elsewhere": (outside, talk.secret), "theirs elsewhere": (outside, foreign),
    }  # fmt: skip


async def test_every_address_is_closed_to_everybody_else(
    talk: Talk, portal_app: Litestar, other: Territory
) -> None:
    negotiation = await talk.agree()
    transfer = await talk.transfer(negotiation.agreement_id)
    before = {row.id: row.state for row in await talk.workspace.rows(DataspaceProcess)}
    people = await strangers(talk, portal_app, other)
    tried = set()
    for name, (client, secret) in people.items():
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        for root, process in (("negotiations", negotiation), ("transfers", transfer)):
            address = f"{PATH}/{root}/{process.id}"
            answers = {"": await client.get(address, headers=headers)}
            for end in END[root]:
                body = whole(talk, root, end, process)
                answers[end] = await client.post(
                    f"{address}/{end}", json=body, headers=headers
                )
            if name in {
                "nobody",
                "unknown",
                "revoked",
                "former secret",
                "other territory",
                "ours elsewhere",
            }:
                body = whole(talk, root, "request", process)
                answers["begin"] = await client.post(
                    f"{PATH}/{root}/request", json=body, headers=headers
                )
            assert {
                end: answer.status_code for end, answer in answers.items()
            } == dict.fromkeys(answers, 404), name
            tried |= {
                f"/{root}/{{pid:uuid}}/{end}".rstrip("/")
                for end in answers
                if end != "begin"
            } | {f"/{root}/request"}

    assert {
        row.id: row.state for row in await talk.workspace.rows(DataspaceProcess)
    } == before
    paths = {
        route.path.removeprefix(PATH)
        for route in portal_app.routes
        if route.path.startswith(PATH)
    }
    assert {
        re.sub(r"\{end:str\}", "completion", path) for path in paths
    } - PUBLIC <= tried
    await people["theirs elsewhere"][0].aclose()


async def test_another_project_has_no_agreement_of_this_one(talk: Talk) -> None:
    negotiation = await talk.agree()
    _, _, _, theirs = await begin(talk.workspace, talk.other.origin)
    message = {
        "@type": "TransferRequestMessage", "consumerPid": "urn:x", "agreementId": f"{URN}{negotiation.agreement_id}",
        "format": "HttpData-PULL", "callbackAddress": talk.other.origin,
    }  # fmt: skip

    answer = await talk.post("/transfers/request", message, secret=theirs)

    assert (answer.status_code, answer.json()["@type"]) == (400, "TransferError")


async def test_the_other_side_of_a_process_says_its_own_messages_only(
    talk: Talk,
) -> None:
    process = await talk.ask()
    body = whole(talk, "negotiations", "offers", process)

    offered = await talk.post(f"/negotiations/{process.id}/offers", body)
    final = await talk.say(
        process, "events", "ContractNegotiationEventMessage", eventType="FINALIZED"
    )

    assert (offered.status_code, final.status_code) == (400, 400)
    assert offered.json()["providerPid"] == str(process.id)
    assert await talk.state(process) == "REQUESTED"


@pytest.mark.parametrize("identifier", ["providerPid", "consumerPid"])
async def test_a_message_with_another_identifier_changes_nothing(
    talk: Talk, identifier: str
) -> None:
    process = await talk.ask()
    pids = {"providerPid": str(process.id), "consumerPid": process.their_pid} | {
        identifier: f"{URN}{uuid4()}"
    }
    message = {"@type": "ContractNegotiationTerminationMessage", **pids}

    answer = await talk.post(f"/negotiations/{process.id}/termination", message)

    assert answer.status_code == 400
    assert identifier in str(answer.json()["reason"])
    assert await talk.state(process) == "REQUESTED"


async def test_answers_go_nowhere_but_to_the_connector(talk: Talk) -> None:
    port = talk.other.origin.rpartition(":")[2]
    for address in (
        "http://169.254.169.254/latest", f"http://localhost:{port}", f"https://127.0.0.1:{port}", f"http://127.0.0.1:{port}0",
        f"http://127.0.0.1:{port}@example.org/", f"{talk.other.origin}/?x=1", f"{talk.other.origin}/../x",
    ):  # fmt: skip
        refused = await talk.post(
            "/negotiations/request", talk.request_message(callbackAddress=address)
        )
        assert (refused.status_code, refused.json()["@type"]) == (
            400,
            "ContractNegotiationError",
        ), address
    for nothing in ({}, {"callbackAddress": None}):
        message = {
            name: value
            for name, value in talk.request_message().items()
            if name != "callbackAddress"
        } | nothing
        assert (await talk.post("/negotiations/request", message)).status_code == 400
    assert await talk.workspace.rows(DataspaceProcess) == []


@pytest.mark.parametrize(
    ("address", "named", "below"),
    [
        ("https://a.example/dsp", "https://a.example/dsp", True),
        ("https://a.example/dsp", "https://a.example/dsp/x", True),
        ("https://a.example/dsp", "https://a.example/dspx", False),
        ("https://a.example/dsp", "https://a.example/dsp/../x", False),
        ("https://a.example/dsp", "http://a.example/dsp", False),
        ("https://a.example/dsp", "https://b.example/dsp", False),
        ("https://a.example/dsp", "https://u@a.example/dsp", False),
        ("https://a.example", "https://a.example/any", True),
        ("https://a.example", "https://a.example:8443/any", False),
    ],
)
def test_what_lies_below_an_address(address: str, named: str, *, below: bool) -> None:
    assert owns_address(Connector(address=address), named) is below


def test_a_connector_without_tls_is_refused_unless_the_operator_lets_it() -> None:
    connector_input = ConnectorInput(
        name="x",
        participant="x",
        address="http://a.example",
        purpose=Purpose.RESEARCH,
        words="x",
    )

    assert [
        refusal.field for refusal in check_connector(connector_input, plain=False)
    ] == ["address"]
    assert check_connector(connector_input, plain=True) == []


async def test_unknown_data_are_told_in_the_form_of_the_protocol(talk: Talk) -> None:
    for name in (f"{URN}{uuid4()}", "nothing", f"{URN}x"):
        answer = await talk.get(f"/catalog/datasets/{name}")
        assert (answer.status_code, answer.json()["@type"], answer.json()["code"]) == (
            404,
            "CatalogError",
            "404",
        )
        offer = talk.request_message()["offer"] | {"target": name}
        assert (
            await talk.post("/negotiations/request", talk.request_message(offer=offer))
        ).status_code == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(kind=st.sampled_from(list(MessageType)), changed=st.dictionaries(st.sampled_from([
    "@context", "@type", "providerPid", "consumerPid", "offer", "agreement", "callbackAddress", "eventType", "code",
    "reason", "dataAddress", "agreementId", "format",
]), JSON, max_size=4))  # fmt: skip
def test_no_message_makes_a_fault_of_ours(
    kind: MessageType, changed: dict[str, object]
) -> None:
    message = {
        "@context": [CONTEXT], "@type": kind.value, "providerPid": "a", "consumerPid": "b", "eventType": "ACCEPTED",
        "agreementId": "x", "format": "x", "offer": {"@id": "x", "target": "y"},
        "agreement": {"@id": "x", "target": "y", "assigner": "a", "assignee": "b"}, "callbackAddress": "https://a.example",
    } | changed  # fmt: skip
    try:
        fields = read_message(json.dumps(message).encode(), kind)
    except InvalidError:
        return
    assert None not in fields.values()
