"""Reports travel back to the node: signed, tried again while it is away, given up in sight of the team."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar

from tests.contract.node import (
    Issuer,
    Pusher,
    Receiver,
    clear_queue,
    deliver,
    make_record,
    pushing,
)
from tests.depth import by_depth
from udi.kit import keys
from udi.kit.clock import now
from udi.kit.credentials import InvalidSignatureError
from udi.kit.jobs import Job
from udi.kit.tenancy import Territory
from udi.portal.nodes.models import Report, ReportDeliveryState
from udi.portal.nodes.tasks import SEND_REPORT, ReportDeliveryError, send_report
from udi.protocol.credentials import REPORT


def job(pusher: Pusher, report: Report, *, last: bool = False) -> Job:
    return Job(SEND_REPORT, pusher.territory.id, {"report": str(report.id)}, 0, last)


async def test_the_report_of_an_accepted_record_reaches_the_node(
    listening: Pusher, mailbox: Receiver
) -> None:
    record = make_record(listening.organisation)

    answer = await listening.post(record)
    await deliver(listening)

    [received] = mailbox.reports
    assert "traceparent" not in received.headers
    assert received.path == f"/resources/{record['global_id']}/report"
    assert received.document["report_id"] == answer.json()
    assert received.document["resource_title"] == record["resource_title"]
    assert received.document["integration_status"] == "OK"
    assert received.document["integration_errors"] == []
    [report] = await listening.reports()
    assert (report.delivery, report.attempts, report.last_error) == (
        ReportDeliveryState.SENT,
        1,
        "",
    )
    assert report.sent_at is not None


async def test_the_report_of_a_refused_record_reaches_the_node_in_the_territorys_language(
    listening: Pusher, mailbox: Receiver
) -> None:
    await listening.post(make_record(listening.organisation, keywords=[]))
    await deliver(listening)

    [received] = mailbox.reports
    assert received.document["integration_status"] == "KO"
    [error] = received.document["integration_errors"]
    assert (error["error_code"], error["field_name"]) == ("ERR-202", "keywords")
    assert "At least one entry" not in error["error_message"]


async def test_a_record_without_an_id_is_reported_by_the_answer_only(
    listening: Pusher, mailbox: Receiver
) -> None:
    answer = await listening.post(make_record(listening.organisation, global_id="?"))
    await deliver(listening)

    [report] = await listening.reports()
    assert mailbox.reports == []
    assert report.delivery == ReportDeliveryState.ANSWERED
    assert answer.json()["report_id"] == str(report.id)


async def test_a_report_is_signed_for_its_node_for_five_minutes(
    listening: Pusher, mailbox: Receiver
) -> None:
    await listening.post(make_record(listening.organisation))
    await deliver(listening)
    published = (await listening.client.get("/.well-known/jwks.json")).json()

    token = mailbox.reports[0].token
    origin = listening.territory.origin
    report = mailbox.reports[0].document
    signed = keys.verify(
        token, published, kind=REPORT, issuer=origin, audience=mailbox.origin
    )

    assert signed.subject == report["resource_id"]
    assert signed.expires_at <= now() + timedelta(minutes=5)
    with pytest.raises(InvalidSignatureError):
        keys.verify(
            token,
            published,
            kind=REPORT,
            issuer=origin,
            audience="http://another.example",
        )


async def test_the_published_keys_hold_no_private_half(listening: Pusher) -> None:
    answer = await listening.client.get(
        "/.well-known/jwks.json", headers={"Authorization": ""}
    )

    assert answer.status_code == 200
    assert answer.json()["keys"]
    assert all("d" not in key for key in answer.json()["keys"])


async def test_a_node_that_is_away_for_a_moment_gets_its_report_later(
    listening: Pusher, mailbox: Receiver
) -> None:
    mailbox.statuses.extend([503, 401])

    await listening.post(make_record(listening.organisation))
    await deliver(listening)

    [report] = await listening.reports()
    assert (mailbox.refused, len(mailbox.reports)) == (2, 1)
    assert (report.delivery, report.attempts, report.last_error) == (
        ReportDeliveryState.SENT,
        3,
        "",
    )


async def test_a_report_that_fails_every_attempt_is_given_up_in_sight(
    listening: Pusher, mailbox: Receiver
) -> None:
    mailbox.statuses.extend([503] * 20)

    await listening.post(make_record(listening.organisation))
    await deliver(listening, attempts=1)

    [report] = await listening.reports()
    assert (report.delivery, report.last_error) == (ReportDeliveryState.FAILED, "503")
    assert report.attempts == mailbox.refused == 2
    page = (await listening.client.get("/kalim/v1/integrationRequest/search")).json()
    assert [element["progress_status"] for element in page["elements"]] == [
        "REPORT_ERROR"
    ]


@by_depth("status", [400, 403, 404, 410, 302], by_default=[0])
async def test_a_refusal_that_will_not_change_is_final_at_once(
    listening: Pusher, mailbox: Receiver, status: int
) -> None:
    mailbox.statuses.append(status)
    await listening.post(make_record(listening.organisation))
    [report] = await listening.reports()

    await send_report(listening.site, job(listening, report))

    [report] = await listening.reports()
    assert (report.delivery, report.attempts, report.last_error) == (
        ReportDeliveryState.FAILED,
        1,
        str(status),
    )


@by_depth("status", [408, 429, 500, 502, 503], by_default=[0])
async def test_a_refusal_that_may_pass_is_tried_again(
    listening: Pusher, mailbox: Receiver, status: int
) -> None:
    mailbox.statuses.append(status)
    await listening.post(make_record(listening.organisation))
    [report] = await listening.reports()

    with pytest.raises(ReportDeliveryError):
        await send_report(listening.site, job(listening, report))

    [report] = await listening.reports()
    assert (report.delivery, report.attempts, report.last_error) == (
        ReportDeliveryState.PENDING,
        1,
        str(status),
    )


async def test_a_node_that_does_not_answer_disturbs_nobody(
    portal_site: Any, portal_app: Litestar, demo: Territory, issuer: Issuer
) -> None:
    async with pushing(
        portal_site, portal_app, demo, issuer, slug="down", url="http://localhost:9"
    ) as down:
        answer = await down.post(make_record(down.organisation))
        [report] = await down.reports()

        await send_report(down.site, job(down, report, last=True))

        [report] = await down.reports()
        assert (report.delivery, report.last_error) == (
            ReportDeliveryState.FAILED,
            "unreachable",
        )
        assert answer.status_code == 200
        assert await down.count_datasets() == 1


async def test_a_report_is_never_sent_to_a_private_address(
    portal_site: Any, portal_app: Litestar, demo: Territory, issuer: Issuer
) -> None:
    async with pushing(
        portal_site, portal_app, demo, issuer, slug="inside", url="http://10.0.0.1"
    ) as inside:
        await inside.post(make_record(inside.organisation))
        [report] = await inside.reports()

        await send_report(inside.site, job(inside, report))

        [report] = await inside.reports()
        assert (report.delivery, report.last_error) == (
            ReportDeliveryState.FAILED,
            "address",
        )


async def test_a_delivered_report_is_not_sent_twice(
    listening: Pusher, mailbox: Receiver
) -> None:
    await listening.post(make_record(listening.organisation))
    [report] = await listening.reports()

    for _ in range(2):
        await send_report(listening.site, job(listening, report))

    assert len(mailbox.reports) == 1


async def test_a_report_of_another_territory_is_not_found(
    listening: Pusher, mailbox: Receiver, other: Territory
) -> None:
    await listening.post(make_record(listening.organisation))
    [report] = await listening.reports()

    await send_report(
        listening.site,
        Job(SEND_REPORT, other.id, {"report": str(report.id)}, 0, last=True),
    )
    await send_report(
        listening.site,
        Job(SEND_REPORT, other.id, {"report": str(uuid.uuid4())}, 0, last=True),
    )

    assert mailbox.reports == []
    assert [report.delivery for report in await listening.reports()] == [
        ReportDeliveryState.PENDING
    ]
    await clear_queue(listening.site)
