"""Restricted data by programs: a request from its writing to the agreement, by the tokens of both sides and no other."""

import base64
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from litestar import Litestar

from tests.depth import by_depth
from tests.mcp import call_tool
from tests.portal.access.conftest import Workspace
from tests.visitors import browse
from udi.kit.keys import verify
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.access.models import AccessAgreement, AccessRequest
from udi.portal.access.requests.schemas import EVENTS
from udi.protocol.credentials import TABLE_READING

POLICIES = "/api/v1/access-policies"
REQUESTS = "/api/v1/access-requests"
OPEN = {"requesters": ["person"], "general_interest": "", "label_3_fr": ""}
REQUEST_BODY = {
    "purpose": "research", "words": "Repérer les îlots où la consommation grimpe.", "months": 6,
    "columns": ["îlot", "énergie"], "answers": {"quels_t_s": "2022 à 2026", "qui_lira": "une équipe"},
}  # fmt: skip
WHY = "Ces deux colonnes suffisent."
LETTER = {"label_3_fr": "Lettre", "kind_3": "document", "required_3": "yes"}
"""A question of the policy that asks for a document."""
BITS = 2048


async def token_of(client: httpx.AsyncClient, *scopes: str) -> dict[str, str]:
    """The header of a token that somebody made."""
    page = await client.post(
        "/my-space/tokens", data={"name": "Essai", "days": "30", "scope": list(scopes)}
    )
    match = re.search(r"udi_me_[\w-]+", page.text)
    assert match is not None
    return {"Authorization": f"Bearer {match[0]}", "Accept": "application/json"}


def make_pems() -> tuple[str, str]:
    """A public key and its private half."""
    pair = generate_private_key(65537, BITS)
    public = pair.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    private = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return public.decode(), private.decode()


class Programs:
    """A program of each: who asks, the producer, somebody else, and nobody."""

    def __init__(
        self,
        workspace: Workspace,
        person: dict[str, str],
        producer: dict[str, str],
        team: dict[str, str],
    ) -> None:
        self.workspace = workspace
        self.person = person
        self.producer = producer
        self.team = team

    async def call(
        self, method: str, address: str, by: dict[str, str] | None = None, **fields: Any
    ) -> httpx.Response:
        body = {"json": fields} if method in {"POST", "PUT"} else {}
        return await self.workspace.passer.request(
            method, address, headers=by or {"Accept": "application/json"}, **body
        )

    async def ask(self, **changed: Any) -> httpx.Response:
        described = {
            "title": "Rafraîchir la ville",
            "summary": "Choisir dix rues.",
            "purpose": "research",
        }
        project = (
            await self.call("POST", "/api/v1/projects", self.person, **described)
        ).json()["id"]
        payload = (
            REQUEST_BODY
            | {"dataset": str(self.workspace.dataset), "project": project}
            | changed
        )
        return await self.call("POST", REQUESTS, self.person, **payload)


@pytest.fixture
async def programs(workspace: Workspace) -> Programs:
    await workspace.set_policy(**OPEN)
    return Programs(
        workspace, await token_of(workspace.person, "access", "projects", "reading"), await token_of(workspace.producer, "access", "reading"),
        await token_of(workspace.team, "access", "reading"),
    )  # fmt: skip


async def test_terms_are_read_by_everybody(programs: Programs) -> None:
    listed = (await programs.call("GET", POLICIES)).json()
    response = await programs.call("GET", listed["items"][0]["url"])
    policy = response.json()
    again = await programs.workspace.passer.get(
        listed["items"][0]["url"],
        headers={
            "If-None-Match": response.headers["etag"],
            "Accept": "application/json",
        },
    )

    assert (listed["total"], listed["items"][0]["dataset"]["id"]) == (
        1,
        str(programs.workspace.dataset),
    )
    assert policy["requesters"] == ["person"]
    assert policy["terms"]["columns"] == ["îlot", "début", "logements", "énergie"]
    assert [question["name"] for question in policy["questions"]] == [
        "quels_t_s",
        "qui_lira",
    ]
    assert policy["statistics"] is None
    assert again.status_code == 304


async def test_a_request_goes_from_both_sides_to_the_agreement(
    programs: Programs,
) -> None:
    response = await programs.ask()
    assert response.status_code == 201, response.text
    home = response.headers["location"]
    events = f"{home}/events"

    async def act(by: dict[str, str], event: str, **fields: Any) -> dict[str, Any]:
        answer = await programs.call("POST", events, by, event=event, **fields)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    waiting = (await programs.call("GET", REQUESTS, programs.producer)).json()[
        "to_answer"
    ]
    questioned = await act(
        programs.producer, "question", words="Qui lira ?", revision=1
    )
    answered = await act(programs.person, "answer", words="Deux personnes.")
    countered = await act(
        programs.producer,
        "counter",
        words=WHY,
        revision=1,
        months=3,
        columns=["énergie"],
    )
    stale = await programs.call(
        "POST",
        events,
        programs.person,
        event="accept",
        offered="2026-01-01T00:00:00+00:00",
    )
    granted = await act(programs.person, "accept", offered=countered["offered"])
    again = await programs.call(
        "POST", events, programs.person, event="accept", offered=countered["offered"]
    )

    [agreement] = await programs.workspace.rows(AccessAgreement)
    assert [request["side"] for request in waiting] == ["producer"]
    assert (questioned["state"], questioned["due"], answered["state"]) == (
        "questioned",
        None,
        "submitted",
    )
    assert (countered["offer"]["columns"], countered["offer"]["months"]) == (
        ["énergie"],
        3,
    )
    assert (stale.status_code, again.status_code) == (412, 409)
    assert (granted["state"], granted["agreement"]) == ("granted", str(agreement.id))
    assert agreement.document["terms"]["columns"] == ["énergie"]
    assert [entry["event"] for entry in granted["thread"]] == [
        "correct",
        "question",
        "answer",
        "counter",
        "accept",
    ]
    assert (await programs.call("GET", home, programs.producer)).json()[
        "side"
    ] == "producer"


async def test_an_agreement_is_suspended_taken_up_and_revoked_by_its_producer(
    programs: Programs,
) -> None:
    home = (await programs.ask()).headers["location"]
    grant = {"event": "grant", "words": WHY, "revision": 1}
    agreement_id = (
        await programs.call("POST", f"{home}/events", programs.producer, **grant)
    ).json()["agreement"]
    events = f"/api/v1/agreements/{agreement_id}/events"
    answers = {
        name: await programs.call("POST", events, by, event=event, **payload)
        for name, by, event, payload in (
            ("stranger", programs.team, "revoke", {"words": WHY}), ("project", programs.person, "revoke", {"words": WHY}),
            ("silent", programs.producer, "suspend", {}), ("suspended", programs.producer, "suspend", {"words": WHY}),
            ("resumed", programs.producer, "resume", {}),
            ("noticed", programs.producer, "give_notice", {"words": WHY, "days": 30}),
            ("over", programs.person, "give_up", {}), ("late", programs.producer, "revoke", {"words": WHY}),
            ("unknown", programs.producer, "end", {}),
        )
    }  # fmt: skip
    lists = [
        await programs.call("GET", "/api/v1/agreements/mine", by)
        for by in (programs.person, programs.producer)
    ]
    none = (await programs.call("GET", "/api/v1/agreements/mine", programs.team)).json()

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "stranger": 404, "project": 403, "silent": 422, "suspended": 200, "resumed": 200, "noticed": 200, "over": 200,
        "late": 409, "unknown": 422,
    }  # fmt: skip
    assert (
        answers["suspended"].json()["state"],
        answers["suspended"].json()["reason"],
    ) == ("suspended", WHY)
    assert (
        answers["noticed"].json()["state"],
        answers["noticed"].json()["closes"] is None,
    ) == ("revoking", False)
    assert [listing.json()["items"][0]["side"] for listing in lists] == [
        "requester",
        "producer",
    ]
    assert [listing.json()["items"][0]["state"] for listing in lists] == [
        "given_up"
    ] * 2
    assert none == {"total": 0, "items": []}


@pytest.mark.thorough
async def test_a_request_is_refused_corrected_and_taken_back(
    programs: Programs,
) -> None:
    home = (await programs.ask()).headers["location"]
    old = await programs.call(
        "POST",
        f"{home}/events",
        programs.producer,
        event="refuse",
        words=WHY,
        revision=7,
    )
    refused = await programs.call(
        "POST",
        f"{home}/events",
        programs.producer,
        event="refuse",
        words=WHY,
        revision=1,
    )
    wordless = await programs.call(
        "PUT", home, programs.person, **REQUEST_BODY | {"words": "", "months": 99}
    )
    corrected = await programs.call(
        "PUT", home, programs.person, **REQUEST_BODY | {"columns": ["îlot"]}
    )
    withdrawn = await programs.call(
        "POST", f"{home}/events", programs.person, event="withdraw"
    )

    assert (old.status_code, refused.json()["state"]) == (412, "refused")
    assert [error["field"] for error in wordless.json()["errors"]] == [
        "words",
        "months",
    ]
    assert (corrected.json()["state"], corrected.json()["revision"]) == ("submitted", 2)
    assert corrected.json()["terms"]["columns"] == ["îlot"]
    assert withdrawn.json()["state"] == "withdrawn"


async def test_it_is_for_its_two_sides_and_each_does_its_own(
    programs: Programs,
) -> None:
    home = (await programs.ask()).headers["location"]
    grant = {"event": "grant", "words": WHY, "revision": 1}
    poor = await token_of(programs.workspace.producer, "projects")

    for by, status in ((programs.team, 404), (poor, 403), (None, 401)):
        assert (await programs.call("GET", home, by)).status_code == status
        assert (
            await programs.call("POST", f"{home}/events", by, **grant)
        ).status_code == status
    assert (
        await programs.call("POST", f"{home}/events", programs.person, **grant)
    ).status_code == 403
    assert (
        await programs.call(
            "POST", f"{home}/events", programs.producer, event="withdraw"
        )
    ).status_code == 403
    assert (
        await programs.call("PUT", home, programs.producer, **REQUEST_BODY)
    ).status_code == 403
    [row] = await programs.workspace.rows(AccessRequest)
    assert (row.state, row.decided_by) == ("submitted", None)


async def test_another_territory_and_another_producer_find_nothing(
    programs: Programs,
    portal_app: Litestar,
    other: Territory,
    make_person: Callable[..., Login],
) -> None:
    home = (await programs.ask()).headers["location"]
    territory = programs.workspace.territory
    rights = {"armor": ["managers", "publishers"], "kerlevan": ["managers"]}
    stranger = make_person(other, moderator=True, memberships=rights)
    calls = [("GET", home, None), ("PUT", home, REQUEST_BODY)]
    events = [{"event": event, "words": WHY, "revision": 1} for event in EVENTS]
    calls += [("POST", f"{home}/events", payload) for payload in events]
    async with (
        browse(portal_app, other, stranger) as abroad,
        browse(
            portal_app,
            territory,
            make_person(territory, memberships={"kerlevan": ["managers"]}),
        ) as rival,
    ):
        for client in (abroad, rival):
            token = await token_of(client, "access")
            for method, address, payload in calls:
                answer = await client.request(
                    method, address, json=payload, headers=token
                )
                assert answer.status_code == 404, (method, address, payload)
            assert (await client.get(REQUESTS, headers=token)).json() == {
                "sent": [],
                "to_answer": [],
            }
        foreign = await token_of(abroad, "access")
        read = await abroad.get(
            f"{POLICIES}/{programs.workspace.dataset}", headers=foreign
        )
        listed = (await abroad.get(POLICIES, headers=foreign)).json()

    assert (read.status_code, listed["total"]) == (404, 0)
    assert (await programs.call("GET", home, foreign)).status_code == 401
    [row] = await programs.workspace.rows(AccessRequest)
    assert (row.state, row.revision) == ("submitted", 1)


@by_depth(
    ("changed", "field"),
    [
        ({"dataset": "x"}, "dataset"), ({"purpose": "fame"}, "purpose"), ({"months": "six"}, "months"),
        ({"columns": ["adresse"]}, "columns"), ({"answers": {"autre": "x"}}, "answers"), ({"answers": []}, "answers"),
        ({"answers": {"qui_lira": "tout le monde", "quels_t_s": "2022"}}, "answer_qui_lira"), ({"colour": "red"}, "colour"),
    ],
    by_default=[0],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    programs: Programs, changed: dict[str, Any], field: str
) -> None:
    answer = await programs.ask(**changed)

    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await programs.workspace.rows(AccessRequest) == []


async def test_who_leads_the_project_gets_a_key_that_reads_its_rows(
    programs: Programs,
) -> None:
    home = (await programs.ask()).headers["location"]
    event = {"event": "grant", "words": WHY, "revision": 1}
    granted = (
        await programs.call("POST", f"{home}/events", programs.producer, **event)
    ).json()["agreement"]
    address = f"/api/v1/agreements/{granted}/reading-key"

    led = await programs.call("GET", address, programs.person)
    others = [
        await programs.call("GET", address, by)
        for by in (programs.producer, programs.team, None)
    ]
    listed = await call_tool(
        programs.workspace.passer,
        "my_agreements",
        {},
        Authorization=programs.person["Authorization"],
    )
    opened = await call_tool(
        programs.workspace.passer,
        "open_agreement",
        {"agreement_id": granted},
        Authorization=programs.person["Authorization"],
    )
    events = f"/api/v1/agreements/{granted}/events"
    await programs.call("POST", events, programs.producer, event="revoke", words=WHY)
    late = await programs.call("GET", address, programs.person)
    poor = await token_of(programs.workspace.person, "access", "projects")
    base = f"/api/v1/projects/{listed['agreements'][0]['id']}/credentials"
    unable = [await programs.call("GET", place, poor) for place in (address, base)]

    territory = programs.workspace.territory
    node = territory.links["node"]
    keys = (await programs.workspace.passer.get("/.well-known/jwks.json")).json()
    body = led.json()
    for key in (body["key"], opened["result"]["key"]):
        signed = verify(
            key, keys, kind=TABLE_READING, issuer=territory.origin, audience=node
        )
        assert signed.subject == granted
    assert led.headers["cache-control"].endswith("no-store")
    assert body["mcp_server"] == f"{node}/mcp"
    assert body["api"].startswith(f"{node}/api/resources/{body['dataset']['id']}/")
    assert [answer.status_code for answer in others] == [403, 404, 401]
    assert [entry["id"] for entry in listed["agreements"]] == [granted]
    assert late.status_code == 403
    for answer in unable:
        assert (answer.status_code, 'scope="reading"' in str(answer.headers)) == (
            403,
            True,
        )


async def test_credentials_are_made_renewed_and_revoked(programs: Programs) -> None:
    home = (await programs.ask()).headers["location"]
    event = {"event": "grant", "words": WHY, "revision": 1}
    await programs.call("POST", f"{home}/events", programs.producer, **event)
    project = (await programs.call("GET", home, programs.person)).json()["project"]
    base = f"/api/v1/projects/{project['id']}/credentials"

    empty = (await programs.call("GET", base, programs.person)).json()
    node = empty["nodes"][0]["id"]
    credential_input = {"node": node, "name": "Machine du labo", "days": 30}
    made = await programs.call("POST", base, programs.person, **credential_input)
    first = made.json()["credential"]["id"]
    renewed = await programs.call("POST", f"{base}/{first}/renewal", programs.person)
    second = renewed.json()["credential"]["id"]
    ended = [
        await programs.call("DELETE", f"{base}/{second}", programs.person)
        for _ in range(2)
    ]
    late = await programs.call("POST", f"{base}/{second}/renewal", programs.person)
    refusals = {
        "stranger": await programs.call("GET", base, programs.producer),
        "stranger makes": await programs.call(
            "POST", base, programs.producer, **credential_input
        ),
        "nobody": await programs.call("POST", base, None, **credential_input),
        "other node": await programs.call(
            "POST", base, programs.person, **credential_input | {"node": "x"}
        ),
        "other days": await programs.call(
            "POST", base, programs.person, **credential_input | {"days": 31}
        ),
        "no name": await programs.call(
            "POST", base, programs.person, **credential_input | {"name": " "}
        ),
        "unknown": await programs.call(
            "DELETE", f"{base}/{project['id']}", programs.person
        ),
    }
    listed = (await programs.call("GET", base, programs.person)).json()["items"]

    assert empty["items"] == []
    assert (made.status_code, renewed.status_code, late.status_code) == (201, 201, 409)
    assert made.json()["secret"] != renewed.json()["secret"]
    assert made.headers["cache-control"] == "no-store"
    assert [answer.status_code for answer in ended] == [204, 204]
    assert {item["id"] for item in listed} == {first, second}
    assert all(item["revoked"] for item in listed)
    assert made.json()["secret"] not in str(listed)
    assert {name: answer.status_code for name, answer in refusals.items()} == {
        "stranger": 404,
        "stranger makes": 404,
        "nobody": 401,
        "other node": 422,
        "other days": 422,
        "no name": 422,
        "unknown": 404,
    }


@pytest.mark.thorough
async def test_an_agreement_is_renewed_by_a_request(programs: Programs) -> None:
    home = (await programs.ask()).headers["location"]
    event = {"event": "grant", "words": WHY, "revision": 1}
    agreement = (
        await programs.call("POST", f"{home}/events", programs.producer, **event)
    ).json()["agreement"]
    address = f"/api/v1/agreements/{agreement}/renewal"

    silent = await programs.call("POST", address, programs.person, words="")
    other = await programs.call("POST", address, programs.producer, words=WHY)
    created = await programs.call("POST", address, programs.person, words=WHY)
    again = await programs.call("POST", address, programs.person, words=WHY)
    renewal = await programs.call("GET", created.headers["location"], programs.producer)

    assert (silent.status_code, other.status_code) == (422, 403)
    assert (created.status_code, again.status_code) == (201, 409)
    assert renewal.json()["state"] == "submitted"


@pytest.mark.thorough
async def test_the_terms_of_a_dataset_are_set_by_its_producer(
    programs: Programs,
) -> None:
    address = f"{POLICIES}/{programs.workspace.dataset}"
    current = (await programs.call("GET", address)).json()
    written = {
        name: current[name]
        for name in ("requesters", "terms", "why", "answer_days", "renewals")
    } | {"questions": current["questions"], "revision": current["revision"]}
    changed = written | {
        "requesters": ["research", "person"],
        "answer_days": 12,
        "terms": written["terms"] | {"months": 9},
    }

    saved = await programs.call("PUT", address, programs.producer, **changed)
    refusals = {
        "read before": await programs.call(
            "PUT", address, programs.producer, **changed
        ),
        "other side": await programs.call("PUT", address, programs.person, **changed),
        "nobody": await programs.call("PUT", address, None, **changed),
        "nobody may ask": await programs.call(
            "PUT", address, programs.producer, **changed | {"requesters": []}
        ),
        "unknown field": await programs.call(
            "PUT", address, programs.producer, **changed | {"colour": "red"}
        ),
        "no revision": await programs.call(
            "PUT", address, programs.producer, **changed | {"revision": "1"}
        ),
    }
    policy = (await programs.call("GET", address)).json()

    assert (saved.status_code, saved.json()["revision"]) == (
        200,
        current["revision"] + 1,
    )
    assert (policy["requesters"], policy["answer_days"], policy["terms"]["months"]) == (
        ["research", "person"],
        12,
        9,
    )
    assert policy["questions"] == current["questions"]
    assert {name: answer.status_code for name, answer in refusals.items()} == {
        "read before": 412,
        "other side": 403,
        "nobody": 401,
        "nobody may ask": 422,
        "unknown field": 422,
        "no revision": 422,
    }


async def grant(programs: Programs) -> tuple[str, dict[str, Any]]:
    """The address of a request that was granted, and the request as who asked reads it."""
    home = (await programs.ask()).headers["location"]
    event = {"event": "grant", "words": WHY, "revision": 1}
    await programs.call("POST", f"{home}/events", programs.producer, **event)
    return home, (await programs.call("GET", home, programs.person)).json()


@pytest.mark.thorough
async def test_an_agreement_is_read_as_it_was_signed(programs: Programs) -> None:
    _, request = await grant(programs)
    address = f"/api/v1/agreements/{request['agreement']}/signed"

    sides = [
        await programs.call("GET", address, by)
        for by in (programs.person, programs.producer)
    ]
    others = [await programs.call("GET", address, by) for by in (programs.team, None)]
    poor = await token_of(programs.workspace.person, "reading")
    unable = await programs.call("GET", address, poor)

    [row] = await programs.workspace.rows(AccessAgreement)
    for answer in sides:
        body = answer.json()
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert (body["id"], body["jws"], body["sha256"]) == (
            str(row.id),
            row.jws,
            row.sha256,
        )
        assert "énergie" in body["text"]["fr"]
    assert [answer.status_code for answer in (*others, unable)] == [404, 401, 403]


@pytest.mark.thorough
async def test_the_public_key_of_a_project_is_given_read_and_removed(
    programs: Programs,
) -> None:
    _, request = await grant(programs)
    address = f"/api/v1/projects/{request['project']['id']}/key"
    pem, private = make_pems()

    async def call(
        method: str, by: dict[str, str] | None = programs.person, **fields: str
    ) -> httpx.Response:
        return await programs.call(method, address, by, **fields)

    empty = (await call("GET")).json()
    given = await call("PUT", public_key=pem)
    read = (await call("GET")).json()
    refusals = {
        "private": await call("PUT", public_key=private),
        "no key": await call("PUT", public_key="x"),
        "no text": await call("PUT"),
        "stranger": await call("PUT", programs.producer, public_key=pem),
        "stranger reads": await call("GET", programs.team),
        "stranger removes": await call("DELETE", programs.producer),
        "nobody": await call("GET", None),
    }
    stays = (await call("GET")).json()
    removed = [(await call("DELETE")).status_code for _ in range(2)]

    assert empty == {"key": None}
    assert given.status_code == 200, given.text
    assert given.json() == read == stays
    assert read["key"]["public_key"] == pem
    assert read["key"]["bits"] == BITS
    assert {name: answer.status_code for name, answer in refusals.items()} == {
        "private": 422,
        "no key": 422,
        "no text": 422,
        "stranger": 404,
        "stranger reads": 404,
        "stranger removes": 404,
        "nobody": 401,
    }
    assert "PRIVATE" not in refusals["private"].text
    assert removed == [204, 204]
    assert (await call("GET")).json() == empty


@pytest.mark.thorough
async def test_documents_are_sent_and_read_by_both_sides(programs: Programs) -> None:
    await programs.workspace.set_policy(**OPEN | LETTER)
    letter = b"%PDF-1.7 notre laboratoire"
    sent = await programs.ask(
        documents={"lettre": base64.b64encode(letter).decode()},
        filenames={"lettre": "Lettre du labo.pdf"},
    )
    assert sent.status_code == 201, sent.text
    [document] = sent.json()["documents"]

    files = [
        await programs.call("GET", document["url"], by)
        for by in (programs.person, programs.producer)
    ]
    others = [
        await programs.call("GET", document["url"], by) for by in (programs.team, None)
    ]
    missing = await programs.call(
        "GET", f"{sent.headers['location']}/documents/{uuid4()}", programs.person
    )

    assert (document["question"], document["filename"], document["size"]) == (
        "lettre",
        "Lettre du labo.pdf",
        len(letter),
    )
    assert [answer.content for answer in files] == [letter, letter]
    for answer in files:
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"].startswith("attachment")
    assert [answer.status_code for answer in (*others, missing)] == [404, 401, 404]


@pytest.mark.parametrize(
    ("documents", "field"),
    [
        ({}, "answer_lettre"),
        ({"lettre": "x"}, "documents"),
        ({"lettre": base64.b64encode(b"\x00\x01").decode()}, "answer_lettre"),
        ({"qui_lira": base64.b64encode(b"%PDF-").decode()}, "documents"),
    ],
)
async def test_a_document_that_is_missing_or_none_is_named(
    programs: Programs, documents: dict[str, str], field: str
) -> None:
    await programs.workspace.set_policy(**OPEN | LETTER)

    answer = await programs.ask(documents=documents)

    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await programs.workspace.rows(AccessRequest) == []
