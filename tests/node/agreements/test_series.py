"""The table of all periods of a restricted dataset is given to who may read all of it, and to nobody else."""

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
from tests.node.agreements.test_named_tables import PAGES, PARTIAL, TABLES, read
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
from tests.node.test_erase_dataset import withdraw
from tests.node.test_series import add_year, date_main
from udi.node.agreements.portal_sync import AgreementSync
from udi.protocol.terms import Terms

NAME = "series"


@pytest.fixture(scope="module", params=["columns agree", "columns differ"])
async def years(
    producer: Producer, asker: AgreementSync, request: pytest.FixtureRequest
) -> str:
    """A restricted dataset of two years, which are one table or not."""
    if request.param == "columns differ":
        return await publish_years(
            producer, METERS.replace(b"compteur,commune", b"compteur,ville", 1)
        )
    return await publish_years(producer, METERS)


async def publish_years(producer: Producer, earlier: bytes) -> str:
    """A restricted dataset of a year and of an earlier one."""
    dataset = await producer.publish(
        await producer.draft(METERS, "2024.csv"), access="restricted", reason="Essai"
    )
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    await add_year(producer, dataset, 2023, earlier)
    return dataset


@pytest.mark.parametrize(
    "years", only({"columns agree"}, ["columns agree", "columns differ"]), indirect=True
)
async def test_who_has_no_agreement_does_not_learn_whether_it_is_there(
    machine: httpx.AsyncClient, years: str
) -> None:
    for way in (*TABLES, *PAGES):
        status, code, text = await read(machine, way, id=years, name=NAME)

        assert (status, code) == (401, "no_credential"), way
        assert HIDDEN not in text


@pytest.mark.parametrize("terms", PARTIAL.values(), ids=PARTIAL)
@pytest.mark.parametrize(
    "years", only({"columns agree"}, ["columns agree", "columns differ"]), indirect=True
)
async def test_an_agreement_on_a_part_does_not_open_it(
    machine: httpx.AsyncClient, portal: Granting, years: str, terms: Terms
) -> None:
    grant = portal.grant(years, terms)
    assert (await portal.push(machine, grant)).status_code == 200

    for way in TABLES:
        status, code, text = await read(
            machine, way, id=years, name=NAME, headers=grant.headers
        )

        assert (status, code) == (403, "only_in_part"), way
        assert HIDDEN not in text
        assert "2023" not in text


async def test_the_public_pages_of_restricted_data_do_not_name_it(
    producer: Producer, machine: httpx.AsyncClient, years: str
) -> None:
    producer_page = await producer.page(f"/datasets/{years}")
    public = [
        (await machine.get(f"/datasets/{years}/{path}")).text
        for path in ("data", "files", "datapackage.json")
    ]

    assert "Toutes les périodes" in producer_page
    assert [text for text in public if "riodes" in text or "series" in text] == []


@pytest.mark.parametrize("years", ["columns agree"], indirect=True)
async def test_an_agreement_on_all_opens_it(
    producer: Producer, machine: httpx.AsyncClient, portal: Granting, years: str
) -> None:
    grant = portal.grant(years, WHOLE)
    assert (await portal.push(machine, grant)).status_code == 200

    for way in TABLES:
        answer = await machine.get(
            way.format(id=years, name=NAME), headers=grant.headers
        )
        assert answer.status_code == 200, (way, answer.text)
        assert answer.headers["cache-control"] == "private, no-store"
    rows = await machine.get(
        f"/api/resources/{years}/tables/{NAME}/data/", headers=grant.headers
    )
    assert rows.json()["meta"]["total"] == 80
    for way in PAGES:
        producer_response = await producer.client.get(way.format(id=years, name=NAME))
        theirs = await machine.get(
            way.format(id=years, name=NAME), headers=grant.headers
        )
        assert (producer_response.status_code, theirs.status_code) == (200, 401), way
        assert "private" in producer_response.headers["cache-control"]


async def test_withdrawal_ends_an_agreement_on_all(
    producer: Producer, machine: httpx.AsyncClient, portal: Granting
) -> None:
    dataset = await publish_years(producer, METERS)
    grant = portal.grant(dataset, WHOLE)
    await portal.push(machine, grant)
    address = f"/api/resources/{dataset}/tables/{NAME}/data/"

    before = await machine.get(address, headers=grant.headers)
    await withdraw(producer, dataset)
    after = await machine.get(address, headers=grant.headers)

    assert (before.status_code, after.status_code) == (200, 410)


@pytest.mark.parametrize("years", ["columns agree"], indirect=True)
async def test_its_bytes_count(
    machine: httpx.AsyncClient, portal: Granting, years: str
) -> None:
    grant = portal.grant(years, replace_struct(WHOLE, bytes_a_month=6000))
    await portal.push(machine, grant)
    path = f"/api/resources/{years}/tables/{NAME}/data/csv/"

    first = await machine.get(path, headers=grant.headers)
    second = await machine.get(path, headers=grant.headers)

    assert (first.status_code, second.status_code) == (200, 403)


@pytest.mark.parametrize("years", ["columns agree"], indirect=True)
async def test_an_agreement_on_a_part_reads_that_part_of_the_main_file_alone(
    machine: httpx.AsyncClient, portal: Granting, years: str
) -> None:
    grant = portal.grant(years, IN_PART)
    await portal.push(machine, grant)

    rows = await machine.get(f"/api/resources/{years}/data/", headers=grant.headers)

    assert rows.json()["meta"]["total"] == 20
    assert set(rows.json()["data"][0]) == {"__id", "compteur", "commune", "index"}
