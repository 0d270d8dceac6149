"""How much, how often, and what is noted of it."""

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.node.agreements.granting import (
    HIDDEN,
    IN_PART,
    METERS,
    WHOLE,
    Grant,
    Granting,
    replace_struct,
)
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
from tests.service_overrides import ServiceOverrides
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.keyring import FILE_KEYS
from udi.kit.tenancy import Territory
from udi.node.agreements import gate, queries
from udi.node.agreements.queries import list_uses
from udi.node.files import restricted
from udi.node.files.delivery.signed_urls import sign_path
from udi.node.files.restricted import GATE, NotGrantedError
from udi.protocol.agreement import AgreementValidity
from udi.ui.site import Site

SIZE = len(METERS)


async def uses_of(
    services: ServiceOverrides, database: Database, territory: Territory, grant: Grant
) -> list[tuple[str, str, int, int]]:
    await services[GATE].close()
    async with database.session(territory.id, role="worker") as session:
        page = await list_uses(session, grant.id)
    return [
        (use.kind, use.outcome, use.bytes, use.times) for use in reversed(page.items)
    ]


async def given(
    portal: Granting, machine: httpx.AsyncClient, dataset: str, **terms: Any
) -> Grant:
    grant = portal.grant(dataset, replace_struct(WHOLE, **terms))
    assert (await portal.push(machine, grant)).status_code == 200
    return grant


async def test_bytes_that_were_really_sent_are_noted_and_parts_count(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    services: ServiceOverrides,
    node_database: Database,
    demo: Territory,
) -> None:
    grant = await given(portal, machine, meters)
    address = f"/datasets/{meters}/file"

    await machine.get(address, headers=grant.headers)
    part = await machine.get(address, headers={**grant.headers, "Range": "bytes=10-19"})
    await machine.head(address, headers=grant.headers)
    rows = await machine.get(f"/api/resources/{meters}/data/", headers=grant.headers)

    assert part.status_code == 206
    assert await uses_of(services, node_database, demo, grant) == [
        ("file", "allowed", SIZE, 1), ("file", "allowed", 10, 1), ("file", "allowed", 0, 1),
        ("rows", "allowed", len(rows.content), 1),
    ]  # fmt: skip


async def test_the_volume_of_a_month_is_kept(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    services: ServiceOverrides,
    node_database: Database,
    demo: Territory,
) -> None:
    grant = await given(portal, machine, meters, bytes_a_month=SIZE + 50)
    address = f"/datasets/{meters}/file"

    first = await machine.get(address, headers=grant.headers)
    await services[GATE].close()
    second = await machine.get(address, headers=grant.headers)
    part = await machine.get(address, headers={**grant.headers, "Range": "bytes=0-49"})
    more = await machine.get(address, headers={**grant.headers, "Range": "bytes=0-0"})

    assert (
        first.status_code,
        second.status_code,
        part.status_code,
        more.status_code,
    ) == (200, 403, 206, 403)
    assert second.json()["code"] == "volume_spent"
    assert "retry-after" in second.headers


async def test_readings_at_once_do_not_pass_the_volume(
    portal: Granting, machine: httpx.AsyncClient, meters: str
) -> None:
    grant = await given(portal, machine, meters, bytes_a_month=3 * SIZE)

    answers = await asyncio.gather(
        *(
            machine.get(f"/datasets/{meters}/file", headers=grant.headers)
            for _ in range(8)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [403] * 5


async def test_the_pace_of_a_minute_is_kept(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The minute does not end in the middle of the test: its clock stands still."""
    grant = await given(portal, machine, meters, requests_a_minute=3)
    moment = now().replace(second=20, microsecond=0)
    for module in (gate, queries, restricted):
        monkeypatch.setattr(module, "now", lambda: moment)

    answers = await asyncio.gather(
        *(
            machine.head(f"/datasets/{meters}/file", headers=grant.headers)
            for _ in range(7)
        )
    )
    refused = [answer for answer in answers if answer.status_code == 429]

    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 4
    assert {refusal.headers["retry-after"] for refusal in refused} == {"40"}


async def test_what_is_no_table_is_not_given_in_part(
    portal: Granting, machine: httpx.AsyncClient, producer: Producer, asker: object
) -> None:
    dataset = await producer.publish(
        await producer.draft(b"%PDF-1.4\n%%EOF\n", "plan.pdf"),
        access="restricted",
        reason="x",
    )
    part = portal.grant(dataset, IN_PART)
    whole = portal.grant(dataset)
    for grant in (part, whole):
        await portal.push(machine, grant)

    refused = await machine.get(f"/datasets/{dataset}/file", headers=part.headers)
    full_response = await machine.get(
        f"/datasets/{dataset}/file", headers=whole.headers
    )

    assert refused.status_code == 403
    assert refused.json()["code"] == "only_in_part"
    assert full_response.status_code == 200


async def test_a_table_that_has_not_what_was_agreed_shows_nothing(
    portal: Granting, machine: httpx.AsyncClient, own_meters: str, producer: Producer
) -> None:
    grant = portal.grant(own_meters, IN_PART)
    await portal.push(machine, grant)
    renamed = METERS.replace(b"commune,", b"ville,", 1)
    await producer.send(renamed, "compteurs.csv", f"/datasets/{own_meters}/versions")
    await producer.publish(own_meters, access="restricted")

    answer = await machine.get(
        f"/api/resources/{own_meters}/data/", headers=grant.headers
    )

    assert answer.status_code == 403
    assert HIDDEN not in answer.text


async def test_refusals_of_a_minute_are_one_line(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    services: ServiceOverrides,
    node_database: Database,
    demo: Territory,
) -> None:
    grant = await given(portal, machine, meters)
    await portal.push(machine, grant.change(state=AgreementValidity.REVOKED))
    for _ in range(5):
        await machine.get(f"/datasets/{meters}/file", headers=grant.headers)

    assert await uses_of(services, node_database, demo, grant) == [
        ("file", "revoked", 0, 5)
    ]


def exports_held_open() -> list[str]:
    """Exports of which this process still holds the file; they have no name any more."""
    links = [
        str(link.readlink())
        for link in Path("/proc/self/fd").iterdir()
        if link.is_symlink()
    ]
    return [link for link in links if "/exports/" in link]


@pytest.mark.parametrize("way", ["a machine", "a person"])
async def test_an_export_that_is_refused_for_its_volume_is_not_held_open(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    node_site: Site,
    demo: Territory,
    way: str,
) -> None:
    grant = await given(portal, machine, meters, bytes_a_month=10)
    signed = sign_path(
        node_site.services[FILE_KEYS](), demo.id, f"/agreements/{grant.id}/files/csv"
    )
    address = {"a machine": f"/api/resources/{meters}/data/csv/", "a person": signed}[
        way
    ]

    answer = await machine.get(address, headers=grant.headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "volume_spent")
    assert exports_held_open() == []


async def test_a_part_that_cannot_be_shown_is_logged_as_refused_and_counts_for_nothing(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    services: ServiceOverrides,
    node_database: Database,
    demo: Territory,
) -> None:
    grant = await given(
        portal, machine, meters, columns=("absent",), requests_a_minute=1
    )
    address = f"/api/resources/{meters}/data/"

    answers = [await machine.get(address, headers=grant.headers) for _ in range(3)]

    assert [answer.json()["code"] for answer in answers] == ["other_columns"] * 3
    assert await uses_of(services, node_database, demo, grant) == [
        ("rows", "other_columns", 0, 3)
    ]


async def test_a_file_that_is_no_table_has_no_table(
    portal: Granting,
    machine: httpx.AsyncClient,
    producer: Producer,
    node_site: Site,
    demo: Territory,
    asker: object,
) -> None:
    plan = await producer.draft(b"%PDF-1.4\n%%EOF\n", "plan.pdf")
    grant = await given(
        portal, machine, await producer.publish(plan, access="restricted", reason="x")
    )

    answer = await machine.get(
        sign_path(
            node_site.services[FILE_KEYS](),
            demo.id,
            f"/agreements/{grant.id}/files/csv",
        )
    )

    assert answer.status_code == 404


async def test_a_revoked_project_still_reads_what_it_read(
    portal: Granting, machine: httpx.AsyncClient, meters: str
) -> None:
    grant = await given(portal, machine, meters)
    other = await given(portal, machine, meters)
    await machine.get(f"/datasets/{meters}/file", headers=grant.headers)
    await portal.push(machine, grant.change(state=AgreementValidity.REVOKED))
    address = f"/api/v1/agreements/{grant.id}/uses"

    mine = await machine.get(address, headers=grant.headers)
    theirs = await machine.get(address, headers=other.headers)

    assert mine.json()["state"] == "revoked"
    assert [use["kind"] for use in mine.json()["uses"]] == ["file"]
    assert theirs.status_code == 401
    assert HIDDEN not in json.dumps(mine.json())


async def test_the_producer_sees_who_read_what(
    portal: Granting,
    machine: httpx.AsyncClient,
    own_meters: str,
    producer: Producer,
    stranger: object,
) -> None:
    grant = await given(portal, machine, own_meters)
    await machine.get(f"/datasets/{own_meters}/file", headers=grant.headers)

    page = await producer.page(f"/datasets/{own_meters}/agreements")
    sheet = await producer.client.get(f"/datasets/{own_meters}/uses.csv")
    rows = list(csv.reader(io.StringIO(sheet.text.lstrip("\ufeff")), delimiter=";"))

    assert "Îlots frais" in page
    assert rows[1][1] == str(grant.id)
    assert rows[1][3:5] == ["file", "allowed"]


async def test_a_page_without_agreements_says_so(
    producer: Producer, own_meters: str
) -> None:
    assert f"/datasets/{own_meters}/agreements" in await producer.page(
        f"/datasets/{own_meters}"
    )
    assert "Aucun projet" in await producer.page(f"/datasets/{own_meters}/agreements")


async def test_the_log_is_kept_to_its_space_and_territory(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    other: Territory,
    node_database: Database,
) -> None:
    grant = await given(portal, machine, meters)
    await machine.get(f"/datasets/{meters}/file", headers=grant.headers)

    async with node_database.session(other.id, role="worker") as session:
        assert (await list_uses(session, grant.id)).total == 0


@pytest.mark.parametrize("way", ["file", "rows"])
async def test_a_reading_that_began_before_a_revocation_is_given_nothing_more(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    services: ServiceOverrides,
    at_node: Territory,
    way: str,
) -> None:
    grant = await given(portal, machine, meters)
    agreed = await services[GATE].authorize_person(at_node, grant.id, way)
    await portal.push(machine, grant.change(state=AgreementValidity.REVOKED))

    with pytest.raises(NotGrantedError):
        await agreed.give(10)


async def test_a_file_beside_the_main_one_is_given_whole_or_not_at_all(
    portal: Granting, machine: httpx.AsyncClient, producer: Producer, asker: object
) -> None:
    dataset = await producer.draft(METERS, "compteurs.csv")
    sent = await producer.send(
        METERS + METERS[20:], "compteurs-2024.csv", f"/datasets/{dataset}/parts"
    )
    part = sent.headers["location"].rpartition("/")[2]
    await producer.client.post(
        f"/datasets/{dataset}/parts/{part}", data={"title": "2024", "role": "data"}
    )
    await producer.publish(dataset, access="restricted")
    in_part = portal.grant(dataset, IN_PART)
    whole = portal.grant(dataset)
    for grant in (in_part, whole):
        await portal.push(machine, grant)

    address = f"/datasets/{dataset}/files/{part}/compteurs-2024.csv"
    refused = await machine.get(address, headers=in_part.headers)
    given_whole = await machine.get(address, headers=whole.headers)
    main = await machine.get(f"/datasets/{dataset}/file", headers=in_part.headers)

    assert (refused.status_code, refused.json()["code"]) == (403, "only_in_part")
    assert given_whole.content == METERS + METERS[20:]
    assert main.status_code == 200
