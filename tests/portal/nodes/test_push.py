"""A node publishes, corrects and withdraws; what it sends twice counts once."""

import asyncio
import uuid
from typing import Any

from litestar import Litestar
from sqlalchemy import select

from tests.contract.node import RESOURCES, Pusher, make_file, make_record
from udi.portal.catalogue.models import Dataset, DatasetState, Distribution
from udi.portal.nodes.actions.push import note_seen
from udi.portal.nodes.models import Node, ReportDeliveryState


async def dataset_of(pusher: Pusher, dataset: str) -> Dataset:
    async with pusher.site.database.session(pusher.territory.id) as session:
        return (
            await session.scalars(
                select(Dataset).where(Dataset.id == uuid.UUID(dataset))
            )
        ).one()


async def test_a_push_publishes_the_record_under_its_id(north: Pusher) -> None:
    record = make_record(north.organisation)

    answer = await north.post(record)

    dataset = await dataset_of(north, record["global_id"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert (dataset.title, dataset.state) == (
        record["resource_title"],
        DatasetState.PUBLISHED,
    )
    assert (dataset.node_id, dataset.organisation_id) == (
        north.node.id,
        north.organisation,
    )


async def test_the_answer_names_the_report(north: Pusher) -> None:
    record = make_record(north.organisation)

    answer = await north.post(record)

    [report] = await north.reports()
    assert answer.json() == str(report.id)
    assert (report.method, report.version, report.accepted) == ("POST", "1.4.1", True)
    assert (str(report.resource_id), report.resource_title) == (
        record["global_id"],
        record["resource_title"],
    )
    assert report.delivery == ReportDeliveryState.PENDING


async def test_the_same_push_twice_makes_one_dataset_and_two_reports(
    north: Pusher,
) -> None:
    record = make_record(north.organisation)

    answers = [await north.post(record) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert await north.count_datasets() == 1
    assert len(await north.reports()) == 2


async def test_the_same_push_ten_times_at_once_makes_one_dataset(north: Pusher) -> None:
    record = make_record(north.organisation)

    answers = await asyncio.gather(*(north.post(record) for _ in range(10)))

    assert {answer.status_code for answer in answers} == {200}
    assert await north.count_datasets() == 1


async def test_a_push_under_a_known_id_with_other_words_is_refused(
    north: Pusher,
) -> None:
    record = make_record(north.organisation)
    await north.post(record)

    answer = await north.post({**record, "resource_title": "Other words"})

    assert answer.status_code == 409
    assert [error["code"] for error in answer.json()["errors"]] == ["ERR-304"]
    assert (await dataset_of(north, record["global_id"])).title == record[
        "resource_title"
    ]


async def test_an_update_replaces_the_description_and_the_files(north: Pusher) -> None:
    record = make_record(north.organisation)
    await north.post(record)
    files = [make_file(), make_file()]

    answer = await north.put(
        {**record, "resource_title": "Other words", "available_formats": files}
    )

    assert answer.status_code == 200
    assert (await dataset_of(north, record["global_id"])).title == "Other words"
    async with north.site.database.session(north.territory.id) as session:
        distribution_ids = set(await session.scalars(select(Distribution.id)))
    assert distribution_ids == {uuid.UUID(file["media_id"]) for file in files}


async def test_an_update_may_name_the_record_in_its_address(north: Pusher) -> None:
    record = make_record(north.organisation)
    await north.post(record)

    right = await north.send(
        "PUT",
        f"{RESOURCES}/{record['global_id']}",
        {**record, "resource_title": "Right"},
    )
    refusal = await north.send(
        "PUT", f"{RESOURCES}/{uuid.uuid4()}", {**record, "resource_title": "Wrong"}
    )

    assert right.status_code == 200
    assert refusal.status_code == 422
    assert [error["code"] for error in refusal.json()["errors"]] == ["ERR-303"]
    assert (await dataset_of(north, record["global_id"])).title == "Right"


async def test_every_fault_of_a_record_is_said_at_once(north: Pusher) -> None:
    known = make_record(north.organisation, local_id="taken")
    await north.post(known)
    faulty = make_record(north.organisation, local_id="taken") | {
        "resource_title": "",
        "theme": "astrology",
        "producer": {
            "organization_id": str(uuid.uuid4()),
            "organization_name": "Nobody",
        },
    }

    refusal = await north.send("PUT", f"{RESOURCES}/{uuid.uuid4()}", faulty)

    assert refusal.status_code == 404
    assert [(error["field"], error["code"]) for error in refusal.json()["errors"]] == [
        ("global_id", "ERR-303"),
        ("resource_title", "ERR-308"),
        ("global_id", "ERR-104"),
        ("producer.organization_id", "ERR-113"),
        ("theme", "ERR-303"),
        ("local_id", "ERR-304"),
    ]
    assert await north.count_datasets() == 1


async def test_identifiers_that_no_database_can_hold_are_refused(
    north: Pusher,
) -> None:
    faulty = make_record(north.organisation, local_id="a\x00b", theme="a\x01b")

    assert (await north.post(faulty)).status_code == 422


async def test_what_is_unknown_can_neither_be_updated_nor_withdrawn(
    north: Pusher,
) -> None:
    record = make_record(north.organisation)

    answers = [await north.put(record), await north.delete(record["global_id"])]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert [answer.json()["errors"][0]["code"] for answer in answers] == [
        "ERR-104",
        "ERR-104",
    ]
    assert [report.accepted for report in await north.reports()] == [False, False]
    assert await north.count_datasets() == 0


async def test_a_withdrawn_record_leaves_the_catalogue_and_can_be_published_again(
    north: Pusher,
) -> None:
    record = make_record(north.organisation)
    await north.post(record)

    withdrawn = await north.delete(record["global_id"])
    state = (await dataset_of(north, record["global_id"])).state
    again = [await north.delete(record["global_id"]), await north.put(record)]
    back = await north.post(record)

    assert withdrawn.status_code == 200
    assert state == DatasetState.WITHDRAWN
    assert [answer.status_code for answer in again] == [404, 404]
    assert back.status_code == 200
    assert (
        await dataset_of(north, record["global_id"])
    ).state == DatasetState.PUBLISHED
    assert [report.method for report in await north.reports()] == [
        "POST",
        "DELETE",
        "DELETE",
        "PUT",
        "POST",
    ]


async def test_another_node_cannot_publish_under_a_withdrawn_id(
    north: Pusher, south: Pusher
) -> None:
    record = make_record(north.organisation)
    await north.post(record)
    await north.delete(record["global_id"])

    answer = await south.post(
        {**record, "producer": make_record(south.organisation)["producer"]}
    )

    assert answer.status_code == 403
    assert [error["code"] for error in answer.json()["errors"]] == ["ERR-111"]


async def test_local_id_and_doi_name_one_dataset_each(
    north: Pusher, south: Pusher
) -> None:
    names = {"local_id": "trees-1", "doi": "10.5072/FK2/ABCDEF"}
    await north.post(make_record(north.organisation, **names))

    refused = await south.post(make_record(south.organisation, **names))
    accepted = await south.post(make_record(south.organisation, local_id="trees-2"))

    assert refused.status_code == 409
    assert [(error["field"], error["code"]) for error in refused.json()["errors"]] == [
        ("local_id", "ERR-304"),
        ("doi", "ERR-304"),
    ]
    assert accepted.status_code == 200


async def test_two_nodes_that_take_one_local_id_at_once_get_one_dataset(
    north: Pusher, south: Pusher
) -> None:
    records = [
        (node, make_record(node.organisation, local_id="same"))
        for node in (north, south) * 3
    ]

    answers = await asyncio.gather(*(node.post(record) for node, record in records))

    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    assert await north.count_datasets() == 1


async def test_a_theme_that_the_territory_does_not_know_is_refused(
    north: Pusher,
) -> None:
    answer = await north.post(make_record(north.organisation, theme="astrology"))

    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("theme", "ERR-303")
    assert "environment" in error["remedy"]


async def test_every_fault_is_named_at_once_in_the_callers_language(
    north: Pusher,
) -> None:
    record = make_record(
        north.organisation, theme="astrology", resource_title="x" * 151, keywords=[]
    )

    english = await north.send("POST", body=record, Accept_Language="en")
    french = await north.send("POST", body=record, Accept_Language="fr")

    fields = {error["field"] for error in english.json()["errors"]}
    assert fields == {"resource_title", "keywords", "theme"}
    assert english.headers["content-type"] == "application/problem+json"
    assert {error["reason"] for error in english.json()["errors"]}.isdisjoint(
        {error["reason"] for error in french.json()["errors"]}
    )


async def test_older_versions_are_read(north: Pusher) -> None:
    for version in ("1.2.0", "1.2.1", "1.3.0", "1.4.0", "1.4.1"):
        record = make_record(north.organisation, metadata_info={"api_version": version})
        assert (await north.post(record)).status_code == 200, version


async def test_a_call_waits_for_no_other_that_is_being_noted(north: Pusher) -> None:
    async with north.site.database.session(north.territory.id) as session:
        await note_seen(session, north.node)
        answer = await north.post(make_record(north.organisation))

    assert answer.status_code == 200


async def test_a_call_is_noted_as_last_seen(north: Pusher) -> None:
    assert north.node.last_seen_at is None

    assert (
        await north.client.get("/kalim/v1/integrationRequest/search")
    ).status_code == 200

    async with north.site.database.session(north.territory.id) as session:
        assert (await session.scalars(select(Node.last_seen_at))).one() is not None


async def test_ids_are_generated(north: Pusher) -> None:
    ids = {(await north.client.get("/kalim/v1/id_generation")).json() for _ in range(2)}

    assert len(ids) == 2
    assert {uuid.UUID(identifier).version for identifier in ids} == {4}


async def test_the_report_can_be_asked_for(north: Pusher) -> None:
    record = make_record(north.organisation)
    await north.put(record)
    created = await north.post(record)

    answer = await north.client.get(f"{RESOURCES}/{record['global_id']}/report")

    assert answer.status_code == 200
    assert answer.json()["report_id"] == created.json()
    assert answer.json()["integration_status"] == "OK"


async def test_a_node_searches_its_own_requests(north: Pusher, south: Pusher) -> None:
    records = [make_record(north.organisation) for _ in range(3)]
    for record in records:
        await north.post(record)
    await north.put(make_record(north.organisation))
    await south.post(make_record(south.organisation))
    search = "/kalim/v1/integrationRequest/search"

    page = (await north.client.get(search, params={"limit": 2, "offset": 1})).json()
    refused = (
        await north.client.get(search, params={"integrationStatus": "KO"})
    ).json()
    matching_page = (
        await north.client.get(search, params={"globalId": records[0]["global_id"]})
    ).json()
    past = (
        await north.client.get(
            search, params={"creationDateMax": "2020-01-01T00:00:00Z"}
        )
    ).json()

    assert (page["total"], len(page["elements"])) == (4, 2)
    assert page["elements"][0]["global_id"] == records[2]["global_id"]
    assert [element["method"] for element in refused["elements"]] == ["PUT"]
    assert refused["elements"][0]["integration_errors"][0]["error_code"] == "ERR-104"
    assert [element["progress_status"] for element in matching_page["elements"]] == [
        "INTEGRATION_HANDLED"
    ]
    assert past["total"] == 0


async def test_a_search_that_makes_no_sense_is_refused(north: Pusher) -> None:
    search = "/kalim/v1/integrationRequest/search"
    for parameters in (
        {"integrationStatus": "MAYBE"},
        {"globalId": "x"},
        {"limit": "many"},
        {"creationDateMin": "soon"},
    ):
        answer = await north.client.get(search, params=parameters)

        assert answer.status_code == 400, parameters
        assert answer.headers["content-type"] == "application/problem+json"


async def test_the_reason_of_a_withdrawal_is_read_at_its_address(
    north: Pusher, portal_app: Litestar, browse: Any
) -> None:
    record = make_record(north.organisation)
    await north.post(record)

    await north.delete(
        f"{record['global_id']}?reason=Two%20columns%0A<b>were</b>%00%20swapped."
    )

    async with browse(portal_app, north.territory) as reader:
        page = await reader.get(f"/data/{record['global_id']}")
    assert page.status_code == 410
    assert "Two columns were swapped." in page.text
