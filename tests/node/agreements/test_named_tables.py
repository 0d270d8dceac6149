"""A table beside the main one is given to who may read all of the dataset, and to nobody else; not even its name."""

from typing import Any

import httpx
import pytest

from tests.depth import only
from tests.node.agreements.granting import (
    HIDDEN,
    IN_PART,
    METERS,
    WHOLE,
    Granting,
    replace_struct,
)
from tests.node.hidden_members import packed, workbook
from tests.node.lasting import asker as asker
from tests.node.lasting import at_node as at_node
from tests.node.lasting import browse as browse
from tests.node.lasting import demo as demo
from tests.node.lasting import machine as machine
from tests.node.lasting import make_person as make_person
from tests.node.lasting import patient as patient
from tests.node.lasting import portal as portal
from tests.node.lasting import producer as producer
from tests.node.lasting import publisher as publisher
from tests.node.lasting import space as space
from tests.node.producer import Producer
from udi.node.agreements.portal_sync import AgreementSync
from udi.protocol.terms import Terms

LINES: list[list[object]] = [
    [*line.split(",")] for line in METERS.decode().splitlines()
]
BOOK = workbook(("Compteurs", LINES), ("Anciens", LINES))
"""The other sheet has the very columns and rows that an agreement on a part names."""
TABLES = (
    "/api/resources/{id}/tables/{name}/",
    "/api/resources/{id}/tables/{name}/profile/",
    "/api/resources/{id}/tables/{name}/swagger/",
    "/api/resources/{id}/tables/{name}/data/",
    "/api/resources/{id}/tables/{name}/data/?columns=compteur",
    "/api/resources/{id}/tables/{name}/data/csv/",
    "/api/resources/{id}/tables/{name}/data/parquet/",
    "/api/resources/{id}/tables/{name}/data/geojson/",
    "/ogc/{id}/tables/{name}",
    "/ogc/{id}/tables/{name}/api",
    "/ogc/{id}/tables/{name}/collections",
    "/ogc/{id}/tables/{name}/collections/data/items",
    "/ogc/{id}/tables/{name}/collections/data/items/2",
    "/datasets/{id}/tables/{name}/compteurs.csv",
    "/datasets/{id}/tables/{name}/compteurs.xlsx",
)
PAGES = (
    "/datasets/{id}/tables/{name}",
    "/datasets/{id}/tables/{name}/chart.svg",
    "/datasets/{id}/tables/{name}/map.png",
)
NAMES = ("anciens", "inconnue")
"""Of a table that is there, and of none."""
PARTIAL = {
    "columns": replace_struct(IN_PART, rows=()),
    "rows": replace_struct(IN_PART, columns=()),
    "columns and rows": IN_PART,
}


@pytest.fixture(scope="module", params=only({"sheet"}, ["sheet", "file of an archive"]))
async def book(
    producer: Producer, asker: AgreementSync, request: pytest.FixtureRequest
) -> str:
    """A restricted dataset of two tables; the main one is that of an agreement, where there is a main one."""
    content = BOOK
    name = "compteurs.xlsx"
    if request.param != "sheet":
        content = packed(compteurs_dot_csv=METERS, anciens_dot_csv=METERS)
        name = "compteurs.zip"
    draft = await producer.draft(content, name)
    return await producer.publish(draft, access="restricted", reason="Essai")


async def read(
    client: httpx.AsyncClient, way: str, **values: Any
) -> tuple[int, str, str]:
    """Status, code and text of an answer, without what names the address."""
    headers = values.pop("headers", {})
    answer = await client.get(way.format(**values), headers=headers)
    code = ""
    if answer.headers["content-type"].startswith("application/problem+json"):
        code = answer.json()["code"]
    return answer.status_code, code, answer.text


@pytest.mark.parametrize("name", NAMES)
async def test_who_has_no_agreement_learns_nothing(
    machine: httpx.AsyncClient, book: str, name: str
) -> None:
    for way in (*TABLES, *PAGES):
        status, code, text = await read(machine, way, id=book, name=name)

        assert (status, code) == (401, "no_credential"), way
        assert HIDDEN not in text
        assert "compteur," not in text


@pytest.mark.parametrize("terms", PARTIAL.values(), ids=PARTIAL)
@pytest.mark.parametrize("name", only({"anciens"}, NAMES))
async def test_an_agreement_on_a_part_opens_no_other_table(
    machine: httpx.AsyncClient, portal: Granting, book: str, name: str, terms: Terms
) -> None:
    grant = portal.grant(book, terms)
    assert (await portal.push(machine, grant)).status_code == 200

    for way in TABLES:
        status, code, text = await read(
            machine, way, id=book, name=name, headers=grant.headers
        )

        assert (status, code) == (403, "only_in_part"), way
        assert HIDDEN not in text


async def test_an_agreement_on_all_opens_every_table(
    machine: httpx.AsyncClient, portal: Granting, book: str
) -> None:
    grant = portal.grant(book, WHOLE)
    assert (await portal.push(machine, grant)).status_code == 200

    for way in TABLES:
        answer = await machine.get(
            way.format(id=book, name="anciens"), headers=grant.headers
        )
        unknown = await machine.get(
            way.format(id=book, name="inconnue"), headers=grant.headers
        )

        assert answer.status_code == 200, (way, answer.text)
        assert answer.headers["cache-control"] == "private, no-store"
        assert "access-control-allow-origin" not in answer.headers
        assert unknown.status_code == 404, way


async def test_pages_and_pictures_are_their_producers(
    producer: Producer, machine: httpx.AsyncClient, portal: Granting, book: str
) -> None:
    grant = portal.grant(book, WHOLE)
    await portal.push(machine, grant)

    for way in PAGES:
        response = await producer.client.get(way.format(id=book, name="anciens"))
        theirs = await machine.get(
            way.format(id=book, name="anciens"), headers=grant.headers
        )

        assert response.status_code == 200, way
        assert "private" in response.headers["cache-control"]
        assert theirs.status_code == 401, way


async def test_the_public_pages_of_restricted_data_name_no_other_table(
    machine: httpx.AsyncClient, book: str
) -> None:
    for path in ("data", "files"):
        page = await machine.get(f"/datasets/{book}/{path}")

        assert "anciens" not in page.text.lower(), path


async def test_bytes_of_another_table_count(
    machine: httpx.AsyncClient, portal: Granting, book: str
) -> None:
    grant = portal.grant(book, replace_struct(WHOLE, bytes_a_month=3000))
    await portal.push(machine, grant)
    path = f"/api/resources/{book}/tables/anciens/data/csv/"

    first = await machine.get(path, headers=grant.headers)
    second = await machine.get(path, headers=grant.headers)

    assert (first.status_code, second.status_code) == (200, 403)
