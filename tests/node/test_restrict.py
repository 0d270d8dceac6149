"""A producer opens data to one project at a time: everybody reads the description, nobody a row."""

import copy
import json
import re
import uuid

import httpx
import pytest

from tests.node.producer import SLUG, TABLE, Producer
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.descriptions.prefill import FROM_CELLS
from udi.node.datasets.models import Dataset
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.records.rudi import compose_document

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
        stored_dataset = await find_dataset(session, uuid.UUID(restricted))

    assert stored_dataset is not None
    assert stored_dataset.restricted
    assert stored_dataset.delivery is not None
    assert stored_dataset.delivery.record is not None
    record = stored_dataset.delivery.record
    assert record["access_condition"]["confidentiality"] == {
        "restricted_access": True,
        "gdpr_sensitive": False,
    }
    assert record["dataset_size"] == {"number_of_fields": 3}
    assert SECRET not in json.dumps(record)


async def test_columns_are_told_to_everybody_and_rows_to_nobody(
    restricted: str, passer_by: httpx.AsyncClient, demo: Territory
) -> None:
    page = await passer_by.get(
        f"/datasets/{restricted}/data", headers={"accept": "text/html"}
    )
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


async def test_how_the_file_is_written_and_tagged_is_told_to_nobody(
    restricted: str, passer_by: httpx.AsyncClient
) -> None:
    """A tag made of the bytes would say whether a guess of all of them is right."""
    about = [
        f"/api/resources/{restricted}/{part}" for part in ("", "profile/", "swagger/")
    ]
    package = (await passer_by.get(f"/datasets/{restricted}/datapackage.json")).json()
    described = (await passer_by.get(about[2])).json()["info"]["description"]

    answers = [await passer_by.get(path) for path in about]
    guessed = [
        await passer_by.get(path, headers={"If-None-Match": "*"}) for path in about
    ]

    assert [
        name
        for answer in answers
        for name in answer.headers
        if name in {"etag", "last-modified"}
    ] == []
    assert [answer.status_code for answer in guessed] == [200, 200, 200]
    assert described.startswith("3 columns.")
    assert {"encoding", "dialect", "bytes", "hash"}.isdisjoint(package["resources"][0])
    assert "licenses" not in package


async def test_a_description_that_is_not_published_is_in_no_package(
    producer: Producer, restricted: str, passer_by: httpx.AsyncClient
) -> None:
    await producer.describe(
        restricted, access="public", summary="7919 lignes.", keywords="secret"
    )

    package = await passer_by.get(f"/datasets/{restricted}/datapackage.json")

    assert "7919 lignes" not in package.text
    assert package.json()["keywords"] == ["association", "vie locale"]


@pytest.fixture
async def proposed(
    producer: Producer, node_database: Database, demo: Territory
) -> Dataset:
    """An open dataset that is published as it was proposed: with the number of its rows, and its days."""
    dataset = await producer.draft()
    described = await read(node_database, demo, dataset)
    await producer.publish(
        dataset, **{name: described.description[name] for name in FROM_CELLS}
    )
    return await read(node_database, demo, dataset)


async def read(database: Database, territory: Territory, dataset: str) -> Dataset:
    async with database.session(territory.id, role="worker") as session:
        stored_dataset = await find_dataset(session, uuid.UUID(dataset))
    assert stored_dataset is not None
    return stored_dataset


async def test_what_was_proposed_of_cells_is_taken_back_and_what_was_written_stays(
    proposed: Dataset, producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = str(proposed.id)
    assert "2 lignes" in proposed.description["summary"]
    assert proposed.description["first_day"] == "1987-03-12"
    answers = {**proposed.description, "last_day": "2001-01-01"}

    await producer.describe(dataset, **{**answers, "access": "restricted"})

    described = (await read(node_database, demo, dataset)).description
    assert "lignes" not in described["summary"]
    assert (described["first_day"], described["last_day"]) == ("", "2001-01-01")
    assert described["licence"] == ""


async def test_it_is_taken_back_at_publication_too(
    proposed: Dataset, producer: Producer, node_database: Database, demo: Territory
) -> None:
    """Whatever wrote the answers: a description of before, or a client."""
    async with node_database.session(demo.id, role="worker") as session:
        row = await session.get_one(Dataset, (demo.id, proposed.id))
        row.description = {**row.description, "access": "restricted"}

    assert (
        await producer.client.post(
            f"/datasets/{proposed.id}/publish", data={"reason": "x"}
        )
    ).status_code == 303

    delivery = (await read(node_database, demo, str(proposed.id))).delivery
    assert delivery is not None
    assert delivery.record is not None
    assert "lignes" not in json.dumps(delivery.record, ensure_ascii=False)
    assert "temporal_spread" not in delivery.record


async def test_what_was_proposed_before_that_was_kept_is_worked_out_again(
    proposed: Dataset, producer: Producer, node_database: Database, demo: Territory
) -> None:
    async with node_database.session(demo.id, role="worker") as session:
        (await session.get_one(Dataset, (demo.id, proposed.id))).proposals = {}

    await producer.describe(
        str(proposed.id), **{**proposed.description, "access": "restricted"}
    )

    described = (await read(node_database, demo, str(proposed.id))).description
    assert "lignes" not in described["summary"]
    assert described["first_day"] == ""


async def test_a_new_version_of_restricted_data_proposes_no_figure(
    restricted: str, producer: Producer, node_database: Database, demo: Territory
) -> None:
    before = (await read(node_database, demo, restricted)).description
    await producer.describe(
        restricted, **{**before, "summary": "", "first_day": "", "last_day": ""}
    )

    await producer.send(
        TABLE + b"Amicale;Kerlevan;01/02/1950\n",
        path=f"/datasets/{restricted}/versions",
    )

    described = (await read(node_database, demo, restricted)).description
    assert (described["first_day"], described["last_day"]) == ("", "")
    assert "lignes" not in described["summary"]


async def test_open_data_that_are_restricted_lose_their_licence_and_say_so(
    proposed: Dataset, producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = str(proposed.id)
    form = await producer.page(f"/datasets/{dataset}/describe")
    await producer.describe(dataset, access="restricted")
    review = await producer.page(f"/datasets/{dataset}/review")

    await producer.publish(dataset, access="restricted")

    stored_dataset = await read(node_database, demo, dataset)
    assert stored_dataset.delivery is not None
    assert stored_dataset.delivery.record is not None
    access = stored_dataset.delivery.record["access_condition"]
    history = await producer.page(f"/datasets/{dataset}")
    for page in (form, review):
        assert "les copies existantes restent sous cette licence" in page
    assert access["licence"]["licence_type"] == "CUSTOM"
    assert (
        access["licence"]["custom_licence_uri"]
        == f"{demo.links['portal']}/data/{dataset}/access-policy"
    )
    assert "Licence Ouverte 2.0" in access["other_constraints"][0]["text"]
    assert "Les copies faites auparavant restent sous" in history


async def test_data_that_were_never_open_say_nothing_of_a_licence(
    restricted: str, producer: Producer, node_database: Database, demo: Territory
) -> None:
    delivery = (await read(node_database, demo, restricted)).delivery

    assert delivery is not None
    assert delivery.record is not None
    assert "other_constraints" not in delivery.record["access_condition"]
    assert 'name="licence"' not in await producer.page(
        f"/datasets/{restricted}/describe"
    )


async def test_what_a_client_of_rudi_said_of_cells_is_left_out_of_the_record(
    restricted: str, node_database: Database, demo: Territory
) -> None:
    async with node_database.session(demo.id, role="worker") as session:
        dataset = await find_dataset(session, uuid.UUID(restricted))
        assert dataset is not None
        assert dataset.delivery is not None
        assert dataset.delivery.record is not None
        document = copy.deepcopy(dict(dataset.delivery.record))
        document["dataset_size"] = {"number_of_records": 900_000, "number_of_fields": 3}
        document["access_condition"]["licence"] = {
            "licence_type": "STANDARD",
            "licence_label": "etalab-2.0",
        }
        dataset.document = document

        record = compose_document(dataset, dataset.versions[0], demo, at=now())
        await session.rollback()

    assert record["dataset_size"] == {"number_of_fields": 3}
    assert record["access_condition"]["licence"]["licence_type"] == "CUSTOM"


async def test_a_machine_is_told_where_to_ask_and_never_sent_to_a_login(
    restricted: str, passer_by: httpx.AsyncClient, demo: Territory
) -> None:
    page = f"{demo.links['portal']}/data/{restricted}"

    refused = await passer_by.get(
        f"/datasets/{restricted}/file", headers={"accept": "*/*"}
    )
    person = await passer_by.get(
        f"/datasets/{restricted}/file", headers={"accept": "text/html"}
    )

    assert refused.status_code == person.status_code == 401
    assert refused.headers["www-authenticate"] == 'Bearer realm="udi"'
    assert refused.headers["link"] == f'<{page}>; rel="help"'
    assert refused.headers["cache-control"] == "private, no-store"
    assert "access-control-allow-origin" not in refused.headers
    assert refused.json()["page"] == page
    assert refused.json()["type"] == "/problems/restricted"
    assert page in person.text
    assert "location" not in person.headers


async def test_its_producer_reads_it_as_before(
    restricted: str, producer: Producer
) -> None:
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


async def test_open_data_may_be_restricted_and_opened_again(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish()
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 200

    await producer.publish(dataset, access="restricted")
    closed = await passer_by.get(f"/datasets/{dataset}/file", headers={"accept": "*/*"})
    history = await producer.page(f"/datasets/{dataset}")
    await producer.publish(dataset, access="public")

    assert closed.status_code == 401
    assert "auparavant ouvert à tous" in history
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 200


async def test_a_description_that_is_not_published_opens_nothing(
    producer: Producer, restricted: str, passer_by: httpx.AsyncClient
) -> None:
    await producer.describe(restricted, access="public")
    understood = await producer.page(f"/datasets/{restricted}/understood")
    form = dict(
        re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', understood)
    )
    await producer.client.post(f"/datasets/{restricted}/understood", data=form)

    answer = await passer_by.get(
        f"/datasets/{restricted}/file", headers={"accept": "*/*"}
    )

    assert answer.status_code == 401


async def test_a_form_without_the_question_changes_nothing(
    producer: Producer, restricted: str
) -> None:
    await producer.publish(restricted)

    assert (
        await producer.client.get(f"/datasets/{restricted}/review")
    ).status_code == 200
    assert "Restreinte" in await producer.page(f"/datasets/{restricted}/review")


async def test_a_withdrawn_one_says_so(
    producer: Producer, restricted: str, passer_by: httpx.AsyncClient
) -> None:
    await producer.client.post(
        f"/datasets/{restricted}/withdraw", data={"reason": "Wrong"}
    )

    assert (await passer_by.get(f"/datasets/{restricted}/file")).status_code == 410


async def test_a_frame_of_it_says_where_to_ask(
    restricted: str, passer_by: httpx.AsyncClient
) -> None:
    frame = await passer_by.get(f"/embed/datasets/{restricted}/table")

    assert frame.status_code == 401
    assert SECRET not in frame.text
    assert f"/data/{restricted}" in frame.text


async def test_the_space_is_the_towns(producer: Producer, restricted: str) -> None:
    assert restricted in await producer.page(f"/spaces/{SLUG}")
