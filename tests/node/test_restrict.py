"""A producer opens data to one project at a time: everybody reads the description, nobody a row."""

import json
import re
import uuid

import httpx
import pytest

from tests.node.producer import SLUG, Producer
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.queries import find_dataset

SECRET = "Les Amis du Phare"


@pytest.fixture
async def restricted(producer: Producer) -> str:
    """A restricted dataset, published."""
    return await producer.publish(access="restricted")


async def test_the_form_says_what_restricted_means(producer: Producer) -> None:
    page = await producer.page(f"/datasets/{await producer.draft()}/describe")

    assert 'value="restricted"' in page
    assert "à un projet à la fois" in page


async def test_the_record_says_it_and_tells_no_number_of_rows(
    restricted: str, node_database: Database, demo: Territory
) -> None:
    async with node_database.session(demo.id, role="worker") as session:
        found = await find_dataset(session, uuid.UUID(restricted))

    assert found is not None
    assert found.restricted
    assert found.delivery is not None
    assert found.delivery.record is not None
    record = found.delivery.record
    assert record["access_condition"]["confidentiality"] == {"restricted_access": True, "gdpr_sensitive": False}
    assert record["dataset_size"] == {"number_of_fields": 3}
    assert SECRET not in json.dumps(record)


async def test_columns_are_told_to_everybody_and_rows_to_nobody(
    restricted: str, passer_by: httpx.AsyncClient, demo: Territory
) -> None:
    page = await passer_by.get(f"/datasets/{restricted}/data", headers={"accept": "text/html"})
    profile = await passer_by.get(f"/api/resources/{restricted}/profile/")
    package = await passer_by.get(f"/datasets/{restricted}/datapackage.json")

    assert page.status_code == profile.status_code == package.status_code == 200
    assert "commune" in page.text
    assert f"{demo.links['portal']}/data/{restricted}" in page.text
    assert profile.json()["profile"]["header"] == ["nom", "commune", "création"]
    assert "total_lines" not in profile.json()["profile"]
    assert "hash" not in package.text
    assert "bytes" not in package.text
    for answer in (page, profile, package):
        assert SECRET not in answer.text


async def test_a_machine_is_told_where_to_ask_and_never_sent_to_a_login(
    restricted: str, passer_by: httpx.AsyncClient, demo: Territory
) -> None:
    page = f"{demo.links['portal']}/data/{restricted}"

    refused = await passer_by.get(f"/datasets/{restricted}/file", headers={"accept": "*/*"})
    person = await passer_by.get(f"/datasets/{restricted}/file", headers={"accept": "text/html"})

    assert refused.status_code == person.status_code == 401
    assert refused.headers["www-authenticate"] == 'Bearer realm="udi"'
    assert refused.headers["link"] == f'<{page}>; rel="help"'
    assert refused.headers["cache-control"] == "private, no-store"
    assert "access-control-allow-origin" not in refused.headers
    assert refused.json()["page"] == page
    assert refused.json()["type"] == "/problems/restricted"
    assert page in person.text
    assert "location" not in person.headers


async def test_its_producer_reads_it_as_before(restricted: str, producer: Producer) -> None:
    file = await producer.client.get(f"/datasets/{restricted}/data")
    rows = await producer.client.get(f"/api/resources/{restricted}/data/")

    assert SECRET in file.text
    assert SECRET in rows.text
    assert rows.headers["cache-control"] == "private, no-store"
    assert "access-control-allow-origin" not in rows.headers


async def test_a_colleague_of_another_producer_does_not(
    restricted: str, stranger: object, node_app: object, demo: Territory, browse: object
) -> None:
    async with browse(node_app, demo, stranger) as client:  # type: ignore[operator]  # a fixture's function
        answer = await client.get(f"/api/resources/{restricted}/data/")

    assert answer.status_code == 401


async def test_open_data_may_be_restricted_and_opened_again(producer: Producer, passer_by: httpx.AsyncClient) -> None:
    dataset = await producer.publish()
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 200

    await producer.publish(dataset, access="restricted")
    closed = await passer_by.get(f"/datasets/{dataset}/file", headers={"accept": "*/*"})
    history = await producer.page(f"/datasets/{dataset}")
    await producer.publish(dataset, access="public")

    assert closed.status_code == 401
    assert "ouvert à tous auparavant" in history
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 200


async def test_a_description_that_is_not_published_opens_nothing(
    producer: Producer, restricted: str, passer_by: httpx.AsyncClient
) -> None:
    await producer.describe(restricted, access="public")
    understood = await producer.page(f"/datasets/{restricted}/understood")
    form = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', understood))
    await producer.client.post(f"/datasets/{restricted}/understood", data=form)

    answer = await passer_by.get(f"/datasets/{restricted}/file", headers={"accept": "*/*"})

    assert answer.status_code == 401


async def test_a_form_without_the_question_changes_nothing(producer: Producer, restricted: str) -> None:
    await producer.publish(restricted)

    assert (await producer.client.get(f"/datasets/{restricted}/review")).status_code == 200
    assert "Restreinte" in await producer.page(f"/datasets/{restricted}/review")


async def test_a_withdrawn_one_says_so(producer: Producer, restricted: str, passer_by: httpx.AsyncClient) -> None:
    await producer.client.post(f"/datasets/{restricted}/withdraw", data={"reason": "Wrong"})

    assert (await passer_by.get(f"/datasets/{restricted}/file")).status_code == 410


async def test_a_frame_of_it_says_where_to_ask(restricted: str, passer_by: httpx.AsyncClient) -> None:
    frame = await passer_by.get(f"/embed/datasets/{restricted}/table")

    assert frame.status_code == 401
    assert SECRET not in frame.text
    assert f"/data/{restricted}" in frame.text


async def test_the_space_is_the_towns(producer: Producer, restricted: str) -> None:
    assert restricted in await producer.page(f"/spaces/{SLUG}")
