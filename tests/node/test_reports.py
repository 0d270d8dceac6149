"""Only the territory's portal says what became of a record."""

import base64
import json
import uuid

import httpx
import pytest

from tests.node.counterpart import PortalDouble, report
from tests.node.producer import Producer
from tests.service_overrides import ServiceOverrides
from udi.kit.keys import Signer, new_secret
from udi.kit.tenancy import Territory
from udi.node.datasets.exchange.portal import PORTAL_KEYS
from udi.protocol.credentials import READING


@pytest.fixture
async def dataset(producer: Producer, portal: PortalDouble) -> str:
    return await producer.publish()


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
async def test_the_portal_gives_a_report_and_reads_it_again(
    passer_by: httpx.AsyncClient,
    portal: PortalDouble,
    demo: Territory,
    dataset: str,
    prefix: str,
) -> None:
    node = demo.links["node"]
    address = f"{prefix}/resources/{dataset}/report"
    document = report(dataset)

    response = await passer_by.put(
        address, json=document, headers=portal.bearer(node, dataset)
    )
    read = await passer_by.get(address, headers=portal.bearer(node, dataset))

    assert response.json() == {"report_id": document["report_id"], "taken": True}
    assert read.json()["report_id"] == document["report_id"]


async def test_a_token_of_the_portal_works_once(
    passer_by: httpx.AsyncClient, portal: PortalDouble, demo: Territory, dataset: str
) -> None:
    headers = portal.bearer(demo.links["node"], dataset)
    address = f"/resources/{dataset}/report"

    first = await passer_by.put(address, json=report(dataset), headers=headers)
    again = await passer_by.put(address, json=report(dataset), headers=headers)

    assert (first.status_code, again.status_code) == (200, 401)


async def test_what_is_not_the_portal_is_refused(
    passer_by: httpx.AsyncClient,
    portal: PortalDouble,
    demo: Territory,
    other: Territory,
    dataset: str,
) -> None:
    node = demo.links["node"]
    impostor = Signer.from_secret(new_secret())
    tokens = {
        "forged": portal.token(node, dataset, signer=impostor),
        "for another node": portal.token(other.links["node"], dataset),
        "by another portal": portal.token(node, dataset, issuer=other.links["portal"]),
        "about another dataset": portal.token(node, uuid.uuid4()),
        "expired": portal.token(node, dataset, lifetime=-120),
        "for a year": portal.token(node, dataset, lifetime=31_000_000),
        "a ticket": portal.token(node, dataset, READING),
        "not signed": "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.",
        "rubbish": "x",
        "nothing": "",
    }
    for name, token in tokens.items():
        for method in ("PUT", "GET"):
            refused = await passer_by.request(
                method,
                f"/resources/{dataset}/report",
                json=report(dataset),
                headers={"Authorization": f"Bearer {token}", "Accept": "*/*"},
            )
            assert refused.status_code == 401, name
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.headers["www-authenticate"] == "Bearer"
    assert (
        await passer_by.put(f"/resources/{dataset}/report", json=report(dataset))
    ).status_code == 401


async def test_a_new_key_of_the_portal_is_asked_for(
    passer_by: httpx.AsyncClient,
    portal: PortalDouble,
    demo: Territory,
    dataset: str,
    services: ServiceOverrides,
) -> None:
    address = f"/resources/{dataset}/report"
    first = await passer_by.put(
        address,
        json=report(dataset),
        headers=portal.bearer(demo.links["node"], dataset),
    )
    portal.signer = Signer.from_secret(new_secret())
    keys = services[PORTAL_KEYS]
    cached_keys, fetched = keys._cached_keys[portal.origin]
    keys._cached_keys[portal.origin] = (cached_keys, fetched - 60)

    second = await passer_by.put(
        address,
        json=report(dataset),
        headers=portal.bearer(demo.links["node"], dataset),
    )

    assert (first.status_code, second.status_code) == (200, 200)


@pytest.mark.parametrize("oddity", ["a header that nests", "a header of no standard"])
async def test_a_token_with_an_odd_header_is_refused(
    passer_by: httpx.AsyncClient,
    portal: PortalDouble,
    demo: Territory,
    dataset: str,
    services: ServiceOverrides,
    oddity: str,
) -> None:
    """Whoever sends one needs no secret: the identifier of a key is published with it."""
    address = f"/resources/{dataset}/report"
    await passer_by.get(address, headers=portal.bearer(demo.links["node"], dataset))
    keys = services[PORTAL_KEYS]
    cached_keys, fetched = keys._cached_keys[portal.origin]
    keys._cached_keys[portal.origin] = (cached_keys, fetched - 60)
    key = cached_keys["keys"][0]["kid"]
    header = {
        "a header that nests": "[" * 5000,
        "a header of no standard": json.dumps(
            {"alg": "Ed25519", "kid": key, "crit": 1}
        ),
    }[oddity]
    encoded = base64.urlsafe_b64encode(header.encode()).decode().rstrip("=")

    refused = await passer_by.get(
        address, headers={"Authorization": f"Bearer {encoded}.e30.eA"}
    )

    assert refused.status_code == 401


async def test_without_the_portal_s_keys_the_node_says_to_come_back(
    passer_by: httpx.AsyncClient, portal: PortalDouble, demo: Territory, dataset: str
) -> None:
    headers = portal.bearer(demo.links["node"], dataset)
    origin = portal.origin
    portal.stop()

    refused = await passer_by.put(
        f"/resources/{dataset}/report", json=report(dataset), headers=headers
    )

    assert refused.status_code == 503
    assert refused.headers["retry-after"]
    portal.__post_init__()
    assert portal.origin != origin


async def test_a_report_about_nothing_here_is_refused(
    passer_by: httpx.AsyncClient, portal: PortalDouble, demo: Territory, dataset: str
) -> None:
    node = demo.links["node"]
    unknown = str(uuid.uuid4())
    address = f"/resources/{unknown}/report"

    absent = await passer_by.put(
        address, json=report(unknown), headers=portal.bearer(node, unknown)
    )
    crossed = await passer_by.put(
        f"/resources/{dataset}/report",
        json=report(unknown),
        headers=portal.bearer(node, dataset),
    )
    none_yet = await passer_by.get(address, headers=portal.bearer(node, unknown))

    assert (absent.status_code, crossed.status_code, none_yet.status_code) == (
        404,
        422,
        404,
    )


UNREADABLE = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"report_id": "x"}',
    b"[" * 100_000,
    b"\x00",
    b'{"report_id": NaN}',
)


async def test_a_report_that_cannot_be_read_is_refused_with_the_fields(
    passer_by: httpx.AsyncClient,
    portal: PortalDouble,
    demo: Territory,
    dataset: str,
) -> None:
    for body in UNREADABLE:
        refused = await passer_by.put(
            f"/resources/{dataset}/report",
            content=body,
            headers=portal.bearer(demo.links["node"], dataset),
        )

        assert refused.status_code == 422, body[:9]
        assert refused.json()["errors"], body[:9]


async def test_what_the_team_took_off_the_portal_is_closed_until_its_producer_publishes_it_again(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    portal: PortalDouble,
    demo: Territory,
    dataset: str,
) -> None:
    node = demo.links["node"]
    address = f"/resources/{dataset}/report"
    await passer_by.put(
        address, json=report(dataset), headers=portal.bearer(node, dataset)
    )
    reason = "Des noms de personnes y étaient."
    deletion_report = report(dataset, "DELETE") | {
        "comment": reason,
        "withdrawn_by_team": True,
    }

    answers = [
        await passer_by.put(
            address, json=deletion_report, headers=portal.bearer(node, dataset)
        )
        for _ in range(2)
    ]
    acceptances = [answer.json()["taken"] for answer in answers]

    assert acceptances == [True, False]
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 404
    assert (await passer_by.get("/api/v1/resources")).json()["total"] == 0
    page = await producer.page(f"/datasets/{dataset}")
    assert reason in page
    assert "Retiré par l’équipe du territoire" in page
    await producer.publish(dataset)
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 200
