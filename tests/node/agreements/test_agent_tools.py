"""A restricted table by the tools of `/mcp`: whoever has no agreement gets no row, and a project what its agreement opens."""

import json
import uuid

import httpx

from tests.contract.node import Issuer, trusted_issuer
from tests.mcp import call_tool, send, write_message
from tests.node.agreements.granting import HIDDEN, IN_PART, Granting
from tests.node.agreements.test_routes import identities as identities
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
from tests.node.lasting import reader as reader
from tests.node.lasting import space as space
from tests.node.lasting import stranger as stranger
from tests.node.producer import SLUG, Producer
from udi.kit.keys import Signer, new_secret
from udi.kit.tenancy import Territory
from udi.protocol.agreement import AgreementValidity
from udi.protocol.credentials import READING, TABLE_READING
from udi.ui.site import Site

CALLS = {
    "read_rows": {},
    "list_values": {"column": "commune"},
    "aggregate_rows": {"measures": {"index": ["sum"]}},
}
FIRST = "PA-0001"


async def test_no_tool_gives_a_row_to_whoever_has_no_agreement(
    identities: dict[str, tuple[httpx.AsyncClient, dict[str, str]]], meters: str
) -> None:
    refused = 0
    for name, (client, headers) in identities.items():
        for tool, arguments in CALLS.items():
            sent = {"Authorization": "", **headers}
            answer = await call_tool(
                client,
                tool,
                {"dataset_id": meters, **arguments},
                Authorization=sent["Authorization"],
            )
            assert "rows" not in answer, (name, tool)
            assert HIDDEN not in json.dumps(answer), (name, tool)
            refused += answer["status"] in {401, 403, 404}

    assert refused == len(identities) * len(CALLS)


async def test_a_project_reads_by_tools_what_its_agreement_opens(
    machine: httpx.AsyncClient, meters: str, portal: Granting
) -> None:
    grant = portal.grant(meters, IN_PART)
    await portal.push(machine, grant)
    place = {"dataset_id": meters}
    bearer = grant.headers["Authorization"]

    rows = await call_tool(
        machine, "read_rows", {**place, "page_size": 100}, Authorization=bearer
    )
    hidden = await call_tool(
        machine, "list_values", {**place, "column": "note"}, Authorization=bearer
    )
    figures = await call_tool(
        machine,
        "aggregate_rows",
        {**place, "measures": {"index": ["count"]}},
        Authorization=bearer,
    )

    assert (rows["total"], set(rows["rows"][0])) == (
        20,
        {"__id", "compteur", "commune", "index"},
    )
    assert FIRST in json.dumps(rows)
    assert HIDDEN not in json.dumps([rows, hidden, figures])
    assert hidden["status"] == 403
    assert figures["rows"] == [{"index__count": 20}]


async def test_a_browser_lends_its_session_to_no_tool(
    producer: Producer, meters: str
) -> None:
    page = await producer.client.get(f"/api/resources/{meters}/data/")
    answer = await call_tool(producer.client, "read_rows", {"dataset_id": meters})

    assert FIRST in page.text
    assert answer["status"] == 401


async def test_whoever_shows_nothing_is_led_to_a_key_and_to_no_login(
    machine: httpx.AsyncClient, meters: str
) -> None:
    params = {"name": "read_rows", "arguments": {"dataset_id": meters}}

    response = await send(machine, write_message("tools/call", params))

    assert response.status_code == 200
    assert "www-authenticate" not in response.headers
    result = response.json()["result"]
    answer = result["structuredContent"]
    assert (result["isError"], answer["status"]) == (True, 401)
    assert answer["remedy"] == (
        "Ask the portal's tool open_agreement for a key, and give it as reading_key."
    )


async def test_somebodys_program_reads_by_the_portals_key_what_the_agreement_opens(
    machine: httpx.AsyncClient, meters: str, portal: Granting
) -> None:
    grant = portal.grant(meters, IN_PART)
    await portal.push(machine, grant)
    key = portal.token(portal.audience, grant.id, TABLE_READING)
    place = {"dataset_id": meters, "reading_key": key}

    answers = [await call_tool(machine, "read_rows", place) for _ in range(2)]
    hidden = await call_tool(machine, "list_values", {**place, "column": "note"})
    direct = await machine.get(
        f"/api/resources/{meters}/data/", headers={"Authorization": f"Bearer {key}"}
    )
    await portal.push(
        machine, grant.change(state=AgreementValidity.REVOKED, reason="Trop")
    )
    after = await call_tool(machine, "read_rows", place)

    assert [answer["total"] for answer in answers] == [20, 20]
    assert HIDDEN not in json.dumps([answers, hidden])
    assert (hidden["status"], direct.json()["meta"]["total"]) == (403, 20)
    assert (after["status"], "rows" in after) == (403, False)


async def test_a_key_that_is_not_for_this_reading_opens_nothing(
    machine: httpx.AsyncClient, producer: Producer, meters: str, portal: Granting
) -> None:
    grant = portal.grant(meters)
    await portal.push(machine, grant)
    another = await producer.publish(access="restricted")
    stranger = Signer.from_secret(new_secret())
    keys = {
        "old": portal.token(portal.audience, grant.id, TABLE_READING, lifetime=-60),
        "too long": portal.token(
            portal.audience, grant.id, TABLE_READING, lifetime=3_000
        ),
        "of another node": portal.token(
            "https://elsewhere.example", grant.id, TABLE_READING
        ),
        "of another portal": portal.token(
            portal.audience, grant.id, TABLE_READING, issuer="https://other.example"
        ),
        "of nobody": portal.token(
            portal.audience, grant.id, TABLE_READING, signer=stranger
        ),
        "of a page": portal.token(portal.audience, grant.id, READING, lifetime=120),
        "of no agreement": portal.token(portal.audience, uuid.uuid4(), TABLE_READING),
        "no token": "é",
    }
    good = portal.token(portal.audience, grant.id, TABLE_READING)

    answers = {
        name: await call_tool(
            machine, "read_rows", {"dataset_id": meters, "reading_key": key}
        )
        for name, key in keys.items()
    }
    elsewhere = await call_tool(
        machine, "read_rows", {"dataset_id": another, "reading_key": good}
    )

    statuses = {name: answer["status"] for name, answer in answers.items()}
    assert statuses == {
        "old": 403,
        "too long": 403,
        "of another node": 403,
        "of another portal": 403,
        "of nobody": 403,
        "of a page": 401,
        "of no agreement": 404,
        "no token": 401,
    }
    assert (elsewhere["status"], elsewhere["problem"]["code"]) == (
        403,
        "other_dataset",
    )


async def test_a_token_of_a_person_opens_at_the_node_what_their_session_opens(
    machine: httpx.AsyncClient, meters: str, node_site: Site, at_node: Territory
) -> None:
    resource = f"{at_node.origin}/mcp"
    scope = f"openid {at_node.slug}-node-mcp"
    ours = {f"{at_node.slug}--{SLUG}": {"groups": ["/publishers"]}}
    other = {f"elsewhere--{SLUG}": {"groups": ["/publishers"]}}
    with trusted_issuer(node_site) as issuer:
        claims = {"sid": "1", "scope": scope, "name": "Compte de test"}

        def sign(audience: str = resource, **changes: object) -> str:
            body = {**claims, "organization": ours, **changes}
            return f"Bearer {issuer.token('their-program', audience, **body)}"

        place = {"dataset_id": meters}
        read = await call_tool(machine, "read_rows", place, Authorization=sign())
        refused = [
            await call_tool(machine, "read_rows", place, Authorization=token)
            for token in (sign(organization=other), sign(organization={}))
        ]
        message = write_message("tools/list")
        answers = {
            name: await send(machine, message, Authorization=token)
            for name, token in {
                "good": sign(),
                "another address": sign(at_node.origin),
                "no scope": sign(scope="openid"),
                "scope of another": sign(scope="openid elsewhere-node-mcp"),
                "a machine": sign(sid=None),
                "old": sign(exp=1),
                "another issuer": sign(iss="https://other.example"),
            }.items()
        }
        stranger = Issuer(issuer.url).token("their-program", resource, **claims)
        forged = await send(machine, message, Authorization=f"Bearer {stranger}")

    assert FIRST in json.dumps(read["rows"])
    assert [answer["status"] for answer in refused] == [401, 401]
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "good": 200,
        "another address": 401,
        "no scope": 403,
        "scope of another": 403,
        "a machine": 401,
        "old": 401,
        "another issuer": 401,
    }
    assert forged.status_code == 401
