"""What whoever leads a project sees and does of data spaces."""

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from tests.depth import by_depth
from tests.portal.dataspace.conftest import Talk
from tests.visitors import browse
from udi.portal.dataspace.connectors import CONNECTOR
from udi.portal.dataspace.models import Connector, DataspaceProcess
from udi.protocol.agreement import fingerprint

FORM = {
    "name": "Le laboratoire voisin", "participant": "did:web:voisin.example", "address": "https://voisin.example/dsp",
    "purpose": "research", "words": "Comparer deux villes.",
}  # fmt: skip
DATASET = "urn:uuid:11111111-2222-4333-8444-555555555555"
RULES = {"permission": [{"action": "use", "constraint": [
    {"leftOperand": "purpose", "operator": "isAnyOf", "rightOperand": [{"@id": "https://w3id.org/dpv#ScientificResearch"}]},
    {"leftOperand": "elapsedTime", "operator": "lteq", "rightOperand": {"@value": "P6M"}},
]}]}  # fmt: skip
OFFER = {"@id": "offre-1", "@type": "Offer", **RULES}
CATALOGUE = {
    "@type": "Catalog", "participantId": "did:web:voisin.example",
    "dataset": [
        {"@id": DATASET, "@type": "Dataset", "dct:title": "Arbres d’ailleurs", "hasPolicy": [OFFER]},
        {"@id": "sans-offre", "@type": "Dataset"}, "autre chose",
    ],
}  # fmt: skip


@pytest.fixture
async def lead(talk: Talk, portal_app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of whoever leads the project."""
    async with browse(portal_app, talk.workspace.territory, talk.login) as client:
        yield client


def home(talk: Talk) -> str:
    return f"/projects/{talk.project.id}/data-spaces"


async def test_a_connector_is_added_and_its_secret_shown_once(
    talk: Talk, lead: httpx.AsyncClient
) -> None:
    answer = await lead.post(
        f"{home(talk)}/connectors", data=FORM | {"token": "jeton-d-ailleurs"}
    )

    assert answer.status_code == 201, answer.text
    [secret] = set(re.findall(rf"{CONNECTOR.prefix}[\w-]+", answer.text))
    connectors = [
        connector
        for connector in await talk.workspace.rows(Connector)
        if connector.name == FORM["name"]
    ]
    assert [connector.sha256 for connector in connectors] == [fingerprint(secret)]
    page = await lead.get(home(talk))
    assert FORM["name"] in page.text
    assert secret not in page.text
    assert "jeton-d-ailleurs" not in page.text


@by_depth(
    ("field", "value", "message"),
    [
        ("name", "", "Give it a name"),
        ("participant", "", "Its name in its data space"),
        ("address", "voisin", "not the address of a connector"),
        ("address", "https://voisin.example/dsp?x=1", "not the address of a connector"),
        ("address", "https://a:b@voisin.example/", "not the address of a connector"),
        ("address", "http://voisin.example/dsp", "could be read on the way"),
        ("token", "deux mots", "not a secret"),
        ("purpose", "plaisir", "The use of the data is missing"),
        ("words", "", "What you would do"),
    ],
    by_default=[0],
)
async def test_what_is_wrong_with_a_connector_is_said_at_its_field(
    talk: Talk, lead: httpx.AsyncClient, field: str, value: str, message: str
) -> None:
    answer = await lead.post(
        f"{home(talk)}/connectors",
        data=FORM | {field: value},
        headers={"Accept-Language": "en"},
    )

    assert answer.status_code == 422
    assert message in answer.text
    assert len(await talk.workspace.rows(Connector)) == 1


async def test_a_new_secret_takes_the_place_of_the_former_and_a_revoked_connector_is_not_heard(
    talk: Talk, lead: httpx.AsyncClient
) -> None:
    process = await talk.ask()
    connector_path = f"{home(talk)}/connectors/{talk.connector.id}"

    renewed = await lead.post(f"{connector_path}/renew")
    [secret] = set(re.findall(rf"{CONNECTOR.prefix}[\w-]+", renewed.text))

    assert (await talk.get(f"/negotiations/{process.id}")).status_code == 404
    talk.secret = secret
    assert (await talk.get(f"/negotiations/{process.id}")).status_code == 200
    assert (await lead.post(f"{connector_path}/revoke")).status_code == 303
    assert (await talk.get(f"/negotiations/{process.id}")).status_code == 404
    [stored_connector] = await talk.workspace.rows(Connector)
    assert stored_connector.token == ""


async def test_others_see_nothing_of_it(talk: Talk) -> None:
    process = await talk.ask()
    for who, statuses in {
        talk.workspace.passer: {303, 401},
        talk.workspace.person: {403, 404},
        talk.workspace.team: {403, 404},
    }.items():
        for path in (
            "",
            f"/{process.id}",
            f"/connectors/{talk.connector.id}/catalogue",
        ):
            assert (await who.get(f"{home(talk)}{path}")).status_code in statuses, (
                who,
                path,
            )
        assert (
            await who.post(f"{home(talk)}/{process.id}/finish")
        ).status_code in statuses


async def test_a_request_of_a_machine_is_among_the_negotiations(
    talk: Talk, lead: httpx.AsyncClient
) -> None:
    process = await talk.ask()
    page = await lead.get(f"{home(talk)}/{process.id}")

    assert page.status_code == 200
    assert f"/access-requests/{process.request_id}" in page.text
    assert "break-off" not in page.text
    request = await lead.get(
        f"/access-requests/{process.request_id}", headers={"Accept-Language": "en"}
    )
    assert "A machine asked for the project" in request.text
    assert (
        await lead.post(f"/access-requests/{process.request_id}/accept")
    ).status_code == 409
    assert (await lead.post(f"{home(talk)}/{process.id}/break-off")).status_code == 404


async def ask(talk: Talk, lead: httpx.AsyncClient) -> tuple[str, DataspaceProcess]:
    """Ask under an offer of the provider's catalogue, from its page."""
    talk.other.catalogue = CATALOGUE
    connector_path = f"{home(talk)}/connectors/{talk.connector.id}"
    page = await lead.get(
        f"{connector_path}/catalogue", headers={"Accept-Language": "en"}
    )
    assert "Arbres d’ailleurs" in page.text
    assert "sans-offre" not in page.text
    assert "research" in page.text
    offer = re.search(r'name="offer" value="([^"]+)"', page.text)
    assert offer is not None
    offer_text = offer[1].replace("&#34;", '"').replace("&quot;", '"')
    answer = await lead.post(
        f"{connector_path}/ask", data={"dataset": DATASET, "offer": offer_text}
    )
    assert answer.status_code == 303, answer.text
    [process] = [
        row
        for row in await talk.workspace.rows(DataspaceProcess)
        if row.side == "consumer"
    ]
    await talk.work()
    return str(answer.headers["location"]), await talk.process(process.id)


@pytest.mark.thorough
async def test_from_an_offer_elsewhere_to_the_place_of_the_data(
    talk: Talk, lead: httpx.AsyncClient
) -> None:
    address, process = await ask(talk, lead)
    fields: dict[str, Any] = {"offer": OFFER | {"@id": "offre-2", "target": DATASET}}
    assert (
        await talk.say(process, "offers", "ContractOfferMessage", **fields)
    ).status_code == 200
    assert (
        await lead.post(f"{address}/otherwise", data={"offer": "{"})
    ).status_code == 422
    assert (await lead.post(f"{address}/take")).status_code == 303
    assert await talk.state(process) == "ACCEPTED"
    agreed = RULES | {
        "@id": "accord-1",
        "@type": "Agreement",
        "target": DATASET,
        "assigner": "a",
        "assignee": "b",
    }
    assert (
        await talk.say(
            process, "agreement", "ContractAgreementMessage", agreement=agreed
        )
    ).status_code == 200
    assert (await lead.post(f"{address}/take")).status_code == 409
    assert (await lead.post(f"{address}/confirm")).status_code == 303
    final = {"eventType": "FINALIZED"}
    assert (
        await talk.say(process, "events", "ContractNegotiationEventMessage", **final)
    ).status_code == 200
    fetched = await lead.post(f"{address}/fetch")
    [transfer] = [
        row
        for row in await talk.workspace.rows(DataspaceProcess)
        if row.kind == "transfer"
    ]
    assert fetched.headers["location"].endswith(str(transfer.id))
    await talk.work()

    secret = f"jeton-{uuid4().hex}"
    place = {
        "@type": "DataAddress", "endpointType": "https://w3id.org/idsa/v4.1/HTTP", "endpoint": "https://ailleurs.example/arbres",
        "endpointProperties": [{"@type": "EndpointProperty", "name": "authorization", "value": secret}],
    }  # fmt: skip
    transfer = await talk.process(transfer.id)
    assert (
        await talk.say(transfer, "start", "TransferStartMessage", dataAddress=place)
    ).status_code == 200
    page = await lead.get(fetched.headers["location"])
    assert secret not in page.text
    opened = await lead.post(f"{fetched.headers['location']}/open")
    assert secret in opened.text
    assert (await talk.process(transfer.id)).data_address is None
    assert secret not in (await lead.post(f"{fetched.headers['location']}/open")).text
    assert (await lead.post(f"{fetched.headers['location']}/finish")).status_code == 303
    await talk.work()
    assert talk.other.types[-1] == "TransferCompletionMessage"


@by_depth(
    ("catalogue", "message"),
    [
        (None, "does not answer as a connector"),
        ({"@type": "Catalog"}, "offers nothing"),
    ],
    by_default=[0],
)
async def test_a_provider_that_shows_nothing_is_said_so(
    talk: Talk, lead: httpx.AsyncClient, catalogue: object, message: str
) -> None:
    talk.other.catalogue = catalogue
    catalogue_path = f"{home(talk)}/connectors/{talk.connector.id}/catalogue"

    assert (
        message
        in (await lead.get(catalogue_path, headers={"Accept-Language": "en"})).text
    )
