"""Who may push: a registered, active node of this territory with a valid token, and nobody else."""

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.contract.node import RESOURCES, Issuer, Pusher, make_record, pushing
from tests.contract.test_bad_inputs import check_refusal
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.kit.tokens import IdentityUnavailableError, IssuerKeys
from udi.portal.nodes.actions.register import resume_node, suspend_node
from udi.portal.nodes.queries import get_node
from udi.ui.site import Site

ADDRESSES = [
    ("POST", RESOURCES),
    ("PUT", RESOURCES),
    ("PUT", f"{RESOURCES}/6f1f7c3e-2b1d-4c3a-9a55-0d1e2f3a4b5c"),
    ("DELETE", f"{RESOURCES}/6f1f7c3e-2b1d-4c3a-9a55-0d1e2f3a4b5c"),
    ("GET", f"{RESOURCES}/6f1f7c3e-2b1d-4c3a-9a55-0d1e2f3a4b5c/report"),
    ("GET", "/kalim/v1/id_generation"),
    ("GET", "/kalim/v1/integrationRequest/search"),
]


@pytest.fixture
async def elsewhere(
    portal_site: Site, portal_app: Litestar, other: Territory, issuer: Issuer
) -> AsyncIterator[Pusher]:
    """A node of the same name on another territory."""
    async with pushing(portal_site, portal_app, other, issuer) as pusher:
        yield pusher


def forged(issuer: Issuer, north: Pusher) -> dict[str, str]:
    """Authorization headers that are worth nothing here, by what is wrong with them."""
    client = north.node.client_id
    audience = north.territory.origin
    now = int(time.time())
    good = issuer.token(client, audience)
    head, body, signature = good.split(".")
    return {
        "absent": "",
        "another scheme": "Basic bm9ydGg6c2VjcmV0",
        "empty": "Bearer ",
        "no token": "Bearer rubbish",
        "signed by somebody else": f"Bearer {Issuer(issuer.url).token(client, audience)}",
        "signature cut": f"Bearer {head}.{body}.{signature[:-8]}",
        "not signed": f"Bearer {'eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0'}.{body}.",
        "for another audience": f"Bearer {issuer.token(client, 'https://elsewhere.example')}",
        "of another issuer": f"Bearer {issuer.token(client, audience, iss='https://elsewhere.example')}",
        "expired": f"Bearer {issuer.token(client, audience, exp=now - 120)}",
        "of a person": f"Bearer {issuer.token(client, audience, sid='a-session')}",
        "an identity token": f"Bearer {issuer.token(client, audience, typ='ID')}",
    }


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
async def test_without_a_valid_token_nothing_is_done(
    north: Pusher, issuer: Issuer, method: str, path: str
) -> None:
    for name, authorization in forged(issuer, north).items():
        headers = {"Authorization": authorization} if authorization else {}
        async with httpx.AsyncClient(
            transport=north.client._transport, base_url=north.client.base_url
        ) as stranger:
            body = make_record(north.organisation) if method != "GET" else None
            answer = await stranger.request(method, path, json=body, headers=headers)

        assert answer.status_code == 401, name
        assert answer.headers["www-authenticate"].startswith("Bearer"), name
        check_refusal(answer, name)
        assert [error["field"] for error in answer.json()["errors"]] == [
            "Authorization"
        ]
    assert await north.count_datasets() == 0
    assert await north.reports() == []


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
async def test_another_territorys_node_is_refused(
    north: Pusher, elsewhere: Pusher, issuer: Issuer, method: str, path: str
) -> None:
    foreign = str(elsewhere.client.headers["authorization"])

    answer = await north.send(
        method, path, make_record(north.organisation), Authorization=foreign
    )

    assert answer.status_code == 401
    check_refusal(answer, "their token")
    assert await north.count_datasets() == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [address for address in ADDRESSES if address[1] != "/kalim/v1/id_generation"],
)
async def test_another_territorys_node_is_refused_with_a_token_for_this_portal(
    north: Pusher, elsewhere: Pusher, issuer: Issuer, method: str, path: str
) -> None:
    with_our_audience = (
        f"Bearer {issuer.token(elsewhere.node.client_id, north.territory.origin)}"
    )

    answer = await north.send(
        method, path, make_record(north.organisation), Authorization=with_our_audience
    )

    assert answer.status_code == 403
    check_refusal(answer, "a token for us in their name")
    assert answer.json()["errors"][0]["code"] == "ERR-108"
    assert await north.count_datasets() == 0


async def test_a_machine_that_is_no_node_is_refused(
    north: Pusher, issuer: Issuer
) -> None:
    token = issuer.token("a-project", north.territory.origin)

    answer = await north.send(
        "POST", body=make_record(north.organisation), Authorization=f"Bearer {token}"
    )

    assert answer.status_code == 403
    check_refusal(answer, "no node")


async def test_a_suspended_node_is_refused_until_it_is_resumed(north: Pusher) -> None:
    async with north.site.database.session(north.territory.id) as session:
        await suspend_node(session, await get_node(session, "north"))

    refused = await north.post(make_record(north.organisation))

    async with north.site.database.session(north.territory.id) as session:
        await resume_node(session, await get_node(session, "north"))
    accepted = await north.post(make_record(north.organisation))
    assert refused.status_code == 403
    check_refusal(refused, "suspended")
    assert accepted.status_code == 200


async def test_another_territory_sees_nothing_of_a_push(
    north: Pusher, elsewhere: Pusher
) -> None:
    record = make_record(north.organisation)
    await north.post(record)

    theirs = await elsewhere.client.get("/kalim/v1/integrationRequest/search")

    assert theirs.json() == {"total": 0, "elements": []}
    assert (
        await elsewhere.client.get(f"{RESOURCES}/{record['global_id']}/report")
    ).status_code == 404
    assert (await elsewhere.delete(record["global_id"])).status_code == 404
    assert await elsewhere.count_datasets() == 0
    assert await north.count_datasets() == 1


async def test_a_node_without_a_producer_publishes_for_nobody(
    portal_site: Site,
    portal_app: Litestar,
    demo: Territory,
    issuer: Issuer,
    north: Pusher,
) -> None:
    async with pushing(
        portal_site, portal_app, demo, issuer, slug="lonely", producers=()
    ) as lonely:
        answer = await lonely.post(make_record(north.organisation))

    assert answer.status_code == 403
    assert [error["code"] for error in answer.json()["errors"]] == ["ERR-110"]


async def test_a_hosted_node_publishes_for_every_producer_of_its_territory(
    portal_site: Site,
    portal_app: Litestar,
    issuer: Issuer,
    north: Pusher,
    south: Pusher,
) -> None:
    demo = north.territory
    async with pushing(
        portal_site, portal_app, demo, issuer, slug="hosted", hosted=True, producers=()
    ) as hosted:
        answers = [
            await hosted.post(make_record(producer.organisation))
            for producer in (north, south)
        ]

    assert [answer.status_code for answer in answers] == [200, 200]


async def test_a_node_reads_what_is_open_with_the_token_that_it_pushes_with(
    north: Pusher, issuer: Issuer
) -> None:
    record = make_record(north.organisation)
    await north.post(record)
    addresses = (
        "/api/v1/datasets/all",
        f"/konsult/v1/datasets/{record['global_id']}/metadatas",
        "/ogc",
        "/api/v1/me",
    )

    answers = [(await north.client.get(address)).status_code for address in addresses]

    assert answers == [200, 200, 200, 401], "the last is about a person"
    usable = {"absent", "another scheme"}
    for name, authorization in forged(issuer, north).items():
        headers = {"Authorization": authorization} if authorization else {}
        async with httpx.AsyncClient(
            transport=north.client._transport, base_url=north.client.base_url
        ) as stranger:
            answer = await stranger.get("/api/v1/datasets/all", headers=headers)
        assert answer.status_code == (200 if name in usable else 401), name


async def test_while_the_identity_service_is_away_a_nodes_token_closes_nothing(
    north: Pusher, issuer: Issuer
) -> None:
    async def away() -> dict[str, Any]:
        raise IdentityUnavailableError

    north.site.services[SESSIONS].service.keys = IssuerKeys(away)

    assert (await north.client.get("/api/v1/datasets/all")).status_code == 200
    assert (await north.post(make_record(north.organisation))).status_code == 503
