"""The page of the nodes: for the team only, with what could not be delivered and a button to send it again."""

import uuid
from typing import Any

import pytest
from litestar import Litestar

from tests.contract.node import Pusher, Receiver, deliver, make_record
from udi.kit.tenancy import Territory
from udi.portal.nodes.models import Report, ReportDeliveryState


@pytest.fixture
async def failed(listening: Pusher, mailbox: Receiver) -> Report:
    """A report that no attempt could deliver."""
    mailbox.statuses.append(404)
    await listening.post(
        make_record(listening.organisation, resource_title="Arbres perdus")
    )
    await deliver(listening)
    [report] = await listening.reports()
    assert report.delivery == ReportDeliveryState.FAILED
    return report


async def test_the_team_sees_the_nodes_and_what_failed(
    portal_app: Litestar, demo: Territory, failed: Report, browse: Any, make_person: Any
) -> None:
    async with browse(portal_app, demo, make_person(demo, moderator=True)) as team:
        page = await team.get("/nodes")

    assert page.status_code == 200
    assert "Nœuds des producteurs" in page.text
    assert "Node listening" in page.text
    assert "Arbres perdus" in page.text
    assert "404" in page.text
    assert f"/nodes/reports/{failed.id}/resend" in page.text


async def test_a_territory_without_nodes_says_how_to_have_one(
    portal_app: Litestar, demo: Territory, browse: Any, make_person: Any
) -> None:
    async with browse(portal_app, demo, make_person(demo, moderator=True)) as team:
        page = await team.get("/nodes")

    assert page.status_code == 200
    assert "udi node add" in page.text


async def test_members_are_refused_and_passers_by_are_asked_to_log_in(
    portal_app: Litestar,
    demo: Territory,
    listening: Pusher,
    browse: Any,
    make_person: Any,
) -> None:
    member = make_person(demo, memberships={"listening-town": ["managers"]})
    async with (
        browse(portal_app, demo, member) as inside,
        browse(portal_app, demo) as outside,
    ):
        refused = await inside.get("/nodes")
        redirect = await outside.get("/nodes")

    assert refused.status_code == 403
    assert "Node listening" not in refused.text
    assert (redirect.status_code, redirect.headers["location"]) == (
        303,
        "/login?back=/nodes",
    )


async def test_the_team_of_another_territory_sees_nothing(
    portal_app: Litestar,
    other: Territory,
    failed: Report,
    browse: Any,
    make_person: Any,
) -> None:
    async with browse(portal_app, other, make_person(other, moderator=True)) as theirs:
        page = await theirs.get("/nodes")
        resent = await theirs.post(f"/nodes/reports/{failed.id}/resend")
        resent_all = await theirs.post("/nodes/listening/resend")

    assert "Node listening" not in page.text
    assert (resent.status_code, resent_all.status_code) == (404, 404)


@pytest.mark.parametrize(
    "address", ["/nodes/reports/{id}/resend", "/nodes/listening/resend"]
)
async def test_a_report_sent_again_arrives(
    portal_app: Litestar,
    demo: Territory,
    *,
    listening: Pusher,
    mailbox: Receiver,
    failed: Report,
    browse: Any,
    make_person: Any,
    address: str,
) -> None:
    async with browse(portal_app, demo, make_person(demo, moderator=True)) as team:
        answer = await team.post(address.format(id=failed.id))
        await deliver(listening)
        page = await team.get("/nodes")

    assert (answer.status_code, answer.headers["location"]) == (303, "/nodes")
    assert [received.document["report_id"] for received in mailbox.reports] == [
        str(failed.id)
    ]
    assert "Arbres perdus" not in page.text


@pytest.mark.parametrize(
    "address", ["/nodes/reports/{id}/resend", "/nodes/listening/resend"]
)
async def test_only_the_team_sends_again(
    portal_app: Litestar,
    demo: Territory,
    *,
    listening: Pusher,
    failed: Report,
    browse: Any,
    make_person: Any,
    address: str,
) -> None:
    async with (
        browse(portal_app, demo, make_person(demo)) as member,
        browse(portal_app, demo) as stranger,
    ):
        refused = await member.post(address.format(id=failed.id))
        unknown = await stranger.post(address.format(id=failed.id))

    assert (refused.status_code, unknown.status_code) == (403, 401)
    assert [report.delivery for report in await listening.reports()] == [
        ReportDeliveryState.FAILED
    ]


async def test_a_report_that_arrived_is_not_sent_again(
    portal_app: Litestar,
    demo: Territory,
    *,
    listening: Pusher,
    mailbox: Receiver,
    browse: Any,
    make_person: Any,
) -> None:
    await listening.post(make_record(listening.organisation))
    await deliver(listening)
    [report] = await listening.reports()

    async with browse(portal_app, demo, make_person(demo, moderator=True)) as team:
        answer = await team.post(f"/nodes/reports/{report.id}/resend")
        nothing = await team.post(f"/nodes/reports/{uuid.uuid4()}/resend")

    assert (answer.status_code, nothing.status_code) == (409, 404)
    assert len(mailbox.reports) == 1
