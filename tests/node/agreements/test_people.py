"""Somebody comes from the portal with a ticket that works once, and takes the files of an agreement."""

import re
from dataclasses import replace
from html import unescape

import httpx
import pytest

from tests.node.agreements.granting import HIDDEN, IN_PART, METERS, Grant, Granting
from tests.node.lasting import asker as asker
from tests.node.lasting import at_node as at_node
from tests.node.lasting import browse as browse
from tests.node.lasting import demo as demo
from tests.node.lasting import machine as machine
from tests.node.lasting import make_person as make_person
from tests.node.lasting import meters as meters
from tests.node.lasting import passer_by as passer_by
from tests.node.lasting import portal as portal
from tests.node.lasting import producer as producer
from tests.node.lasting import publisher as publisher
from tests.node.lasting import space as space
from tests.node.producer import Producer
from tests.node.scripts import OTHER
from tests.node.test_parts import add, save
from udi.kit.keyring import FILE_KEYS
from udi.kit.tenancy import Territory
from udi.node.files.delivery.signed_urls import sign_path
from udi.protocol.agreement import AgreementValidity
from udi.protocol.credentials import AGREEMENT, READING
from udi.ui.site import Site


@pytest.fixture
async def grant(portal: Granting, meters: str, passer_by: httpx.AsyncClient) -> Grant:
    """An agreement about all of the data."""
    new_grant = portal.grant(meters)
    await portal.push(passer_by, new_grant)
    return new_grant


def links(page: str) -> dict[str, str]:
    matches = re.findall(
        r'href="(/agreements/[^"]+/files/([0-9a-f-]{36}|[a-z]+)\?[^"]+)"', page
    )
    return {kind: unescape(address) for address, kind in matches}


async def test_the_page_gives_the_files_once(
    portal: Granting, passer_by: httpx.AsyncClient, grant: Grant
) -> None:
    ticket = portal.token(portal.audience, grant.id, READING, lifetime=120)

    page = await portal.enter(passer_by, grant, ticket)
    again = await portal.enter(passer_by, grant, ticket)
    addresses = links(page.text)
    file = await passer_by.get(addresses["file"])
    sheet = await passer_by.get(addresses["csv"])
    uses = await passer_by.get(addresses["uses"])

    assert page.status_code == 200
    assert "Texte de la convention." in page.text
    assert page.headers["cache-control"] == "private, no-store"
    assert again.status_code == 403
    assert file.content == METERS
    assert sheet.text.startswith("compteur,commune")
    assert ";file;allowed;" in uses.text
    assert HIDDEN not in page.text


async def test_of_a_part_only_the_part_is_given(
    portal: Granting, passer_by: httpx.AsyncClient, meters: str
) -> None:
    grant = portal.grant(meters, IN_PART)
    await portal.push(passer_by, grant)

    addresses = links((await portal.enter(passer_by, grant)).text)
    responses = {
        kind: await passer_by.get(address) for kind, address in addresses.items()
    }
    forged = await passer_by.get(addresses["csv"].replace("/files/csv", "/files/file"))

    assert set(addresses) == {"csv", "xlsx", "parquet", "arrow", "json", "uses"}
    assert all(response.status_code == 200 for response in responses.values())
    assert all(
        HIDDEN.encode() not in response.content for response in responses.values()
    )
    assert forged.status_code == 403


async def test_whoever_may_read_a_part_gets_the_part_by_the_address_of_the_file(
    portal: Granting,
    passer_by: httpx.AsyncClient,
    node_site: Site,
    demo: Territory,
    meters: str,
) -> None:
    grant = portal.grant(meters, IN_PART)
    await portal.push(passer_by, grant)
    address = sign_path(
        node_site.services[FILE_KEYS](), demo.id, f"/agreements/{grant.id}/files/file"
    )

    response = await passer_by.get(address)

    assert response.status_code == 200
    assert response.content != METERS
    assert HIDDEN not in response.text


@pytest.mark.thorough
async def test_a_file_beside_the_main_one_is_given_with_all_of_the_data_or_not_at_all(
    portal: Granting,
    passer_by: httpx.AsyncClient,
    machine: httpx.AsyncClient,
    producer: Producer,
    node_site: Site,
    demo: Territory,
    own_meters: str,
) -> None:
    part = await add(producer, own_meters, OTHER, "2024.csv")
    waiting = await add(producer, own_meters, METERS + METERS[20:], "2023.csv")
    await save(producer, own_meters, part, title="Avant", role="data")
    whole, in_part = portal.grant(own_meters), portal.grant(own_meters, IN_PART)
    for grant in (whole, in_part):
        await portal.push(passer_by, grant)

    page = (await portal.enter(passer_by, whole)).text
    addresses = links(page)
    file = await passer_by.get(addresses[part])
    fewer = links((await portal.enter(passer_by, in_part)).text)
    keyring = node_site.services[FILE_KEYS]()
    refusals = [
        await machine.get(sign_path(keyring, demo.id, f"/agreements/{path}"))
        for path in (f"{in_part.id}/files/{part}", f"{whole.id}/files/{waiting}")
    ]

    assert "Avant: 2024.csv" in page
    assert file.content == OTHER
    assert waiting not in addresses
    assert set(fewer) == {"csv", "xlsx", "parquet", "arrow", "json", "uses"}
    assert [refusal.status_code for refusal in refusals] == [403, 404]
    assert refusals[0].json()["code"] == "only_in_part"


async def test_a_link_that_was_given_is_asked_about_at_each_reading(
    portal: Granting, passer_by: httpx.AsyncClient, grant: Grant
) -> None:
    addresses = links((await portal.enter(passer_by, grant)).text)
    assert (await passer_by.get(addresses["csv"])).status_code == 200

    await portal.push(passer_by, grant.change(state=AgreementValidity.REVOKED))

    assert (await passer_by.get(addresses["csv"])).status_code == 403
    assert (await passer_by.get(addresses["file"])).status_code == 403


async def test_a_link_of_one_agreement_opens_no_other(
    portal: Granting, passer_by: httpx.AsyncClient, grant: Grant, meters: str
) -> None:
    other = portal.grant(meters)
    await portal.push(passer_by, other)
    addresses = links((await portal.enter(passer_by, grant)).text)

    assert (
        await passer_by.get(addresses["csv"].replace(str(grant.id), str(other.id)))
    ).status_code == 403


async def test_a_ticket_that_is_not_right_opens_nothing(
    portal: Granting, passer_by: httpx.AsyncClient, grant: Grant
) -> None:
    node = portal.audience
    tickets = {
        "old": portal.token(node, grant.id, READING, lifetime=-60),
        "too long": portal.token(node, grant.id, READING, lifetime=600),
        "kind": portal.token(node, grant.id, AGREEMENT),
        "scope": portal.token(node, grant.id, replace(READING, scope="agreement")),
        "subject": portal.token(node, "0f6d3a52-6d2c-4d8e-9a1b-3c5e7f901234", READING),
        "garbage": "a.b.c",
        "none": "",
        "document": grant.signed_status,
    }

    for what, ticket in tickets.items():
        answer = await portal.enter(passer_by, grant, ticket)

        assert answer.status_code == 403, what
        assert not links(answer.text), what


async def test_a_revoked_agreement_shows_its_reason_and_page(
    portal: Granting, passer_by: httpx.AsyncClient, grant: Grant
) -> None:
    await portal.push(
        passer_by,
        grant.change(state=AgreementValidity.REVOKED, reason="Le projet est fini."),
    )

    answer = await portal.enter(passer_by, grant)

    assert answer.status_code == 403
    assert "Le projet est fini." in answer.text
    assert grant.agreement.page in answer.text


async def test_without_a_ticket_the_portal_is_the_way_in(
    portal: Granting, passer_by: httpx.AsyncClient, grant: Grant
) -> None:
    ticket = portal.token(portal.audience, grant.id, READING, lifetime=120)

    bare = await passer_by.get(f"/agreements/{grant.id}/files")
    ticket_response = await passer_by.get(
        f"/agreements/{grant.id}/files?ticket={ticket}"
    )

    for answer in (bare, ticket_response):
        assert answer.status_code == 303
        assert (
            answer.headers["location"] == f"{portal.origin}/agreements/{grant.id}/files"
        )
