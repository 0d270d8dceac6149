"""Many records in one call: each accepted or refused by itself, once, whatever is sent again."""

import asyncio
import uuid
from typing import Any

from httpx import Response
from sqlalchemy import select

from tests.contract.node import Pusher, make_record
from udi.portal.catalogue.models import (
    Dataset,
    Distribution,
    PastDescription,
    Withdrawal,
)
from udi.portal.nodes.batch import MOST

BATCH = "/kalim/v1/batch"


async def put(pusher: Pusher, body: Any) -> Response:
    return await pusher.send("PUT", BATCH, body)


async def titles(pusher: Pusher) -> dict[str, str]:
    async with pusher.site.database.session(pusher.territory.id) as session:
        rows = await session.execute(
            select(Dataset.id, Dataset.title).where(Dataset.state == "published")
        )
        return {str(row.id): row.title for row in rows}


async def test_each_record_is_published_and_reported_in_the_order_sent(
    north: Pusher,
) -> None:
    records = [
        make_record(north.organisation, resource_title=f"Arbres {number}")
        for number in range(5)
    ]
    records[2]["temporal_spread"] = {"start_date": "2020-01-01T00:00:00Z"}

    answer = await put(north, records)

    assert answer.status_code == 200, answer.text
    reports = answer.json()
    assert [report["resource_id"] for report in reports] == [
        record["global_id"] for record in records
    ]
    assert {(report["integration_status"], report["method"]) for report in reports} == {
        ("OK", "PUT")
    }
    assert await titles(north) == {
        record["global_id"]: record["resource_title"] for record in records
    }
    reports_by_id = {str(report.id): report for report in await north.reports()}
    assert reports_by_id.keys() == {report["report_id"] for report in reports}
    assert {report.delivery for report in reports_by_id.values()} == {"pending"}
    async with north.site.database.session(north.territory.id) as session:
        assert len((await session.scalars(select(Distribution))).all()) == sum(
            len(record["available_formats"]) for record in records
        )


async def test_new_versions_and_new_records_travel_together(north: Pusher) -> None:
    old, gone, new = (make_record(north.organisation) for _ in range(3))
    await put(north, [old, gone])
    await north.delete(gone["global_id"])

    answer = await put(north, [old | {"resource_title": "Changé"}, gone, new])

    assert [report["integration_status"] for report in answer.json()] == ["OK"] * 3
    assert (await titles(north))[old["global_id"]] == "Changé"
    assert len(await titles(north)) == 3
    async with north.site.database.session(north.territory.id) as session:
        assert [
            past.dataset_id for past in await session.scalars(select(PastDescription))
        ] == [uuid.UUID(old["global_id"])]
        assert (await session.scalars(select(Withdrawal))).all() == []


async def test_a_refused_record_keeps_no_other_from_being_published(
    north: Pusher, south: Pusher
) -> None:
    theirs = make_record(south.organisation, local_id="taken")
    await south.post(theirs)
    good, untitled, stolen, named, unknown = (
        make_record(north.organisation) for _ in range(5)
    )
    del untitled["resource_title"]
    named["local_id"] = "taken"
    stolen["global_id"] = theirs["global_id"]
    unknown["theme"] = "astrology"

    answer = await put(north, [untitled, good, stolen, named, unknown])

    error_codes = [
        [error["error_code"] for error in report["integration_errors"]]
        for report in answer.json()
    ]
    assert error_codes == [["ERR-202"], [], ["ERR-111"], ["ERR-304"], ["ERR-303"]]
    assert set(await titles(north)) == {good["global_id"], theirs["global_id"]}


async def test_the_same_call_again_changes_nothing(north: Pusher) -> None:
    records = [
        make_record(north.organisation, local_id=f"trees-{number}")
        for number in range(3)
    ]

    for _ in range(2):
        assert [
            report["integration_status"]
            for report in (await put(north, records)).json()
        ] == ["OK"] * 3

    assert len(await titles(north)) == 3
    async with north.site.database.session(north.territory.id) as session:
        assert (await session.scalars(select(PastDescription))).all() == []


async def test_calls_about_the_same_records_in_other_orders_wait_and_end(
    north: Pusher,
) -> None:
    records = [make_record(north.organisation) for _ in range(8)]

    answers = await asyncio.gather(
        *(put(north, records[n:] + records[:n]) for n in range(8))
    )

    assert {answer.status_code for answer in answers} == {200}
    assert all(
        report["integration_status"] == "OK"
        for answer in answers
        for report in answer.json()
    )
    assert len(await titles(north)) == 8


async def test_one_identifier_taken_twice_in_a_call_goes_to_the_first(
    north: Pusher,
) -> None:
    records = [
        make_record(north.organisation, local_id=name)
        for name in ("one", "same", "same", "two")
    ]

    answer = await put(north, records)

    assert [report["integration_status"] for report in answer.json()] == [
        "OK",
        "OK",
        "KO",
        "OK",
    ]
    assert answer.json()[2]["integration_errors"][0]["error_code"] == "ERR-304"
    assert set(await titles(north)) == {
        records[place]["global_id"] for place in (0, 1, 3)
    }


async def test_what_is_no_list_of_records_changes_nothing(north: Pusher) -> None:
    record = make_record(north.organisation)
    invalid_bodies: list[tuple[Any, str]] = [
        ({}, "body"),
        ([], "body"),
        ([record] * (MOST + 1), "body"),
        ([record, 7], "[1]"),
        ([record, make_record(north.organisation), record], "[2].global_id"),
    ]

    for body, place in invalid_bodies:
        answer = await put(north, body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (
            400,
            place,
        ), answer.text

    assert await titles(north) == {}
    assert await north.reports() == []


async def test_without_a_token_nothing_is_read(north: Pusher) -> None:
    answer = await north.send(
        "PUT", BATCH, [make_record(north.organisation)], Authorization="Bearer nothing"
    )

    assert answer.status_code == 401
    assert await titles(north) == {}
