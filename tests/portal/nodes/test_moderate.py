"""The territory's team takes a dataset off the portal: everybody reads why, its node is told, and cannot undo it alone."""

from collections.abc import Callable

import httpx
import pytest
from litestar import Litestar

from tests.contract.node import Pusher, Receiver, deliver, make_record
from tests.ui.tab import Tab
from tests.visitors import browse
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.nodes.models import Report, ReportDeliveryState

REASON = "Des noms de personnes y étaient."


@pytest.fixture
def moderator(demo: Territory, make_person: Callable[..., Login]) -> Login:
    """Somebody of the territory's team."""
    return make_person(demo, moderator=True)


async def test_the_team_takes_a_dataset_off_and_its_node_reads_why(
    portal_app: Litestar,
    demo: Territory,
    listening: Pusher,
    mailbox: Receiver,
    moderator: Login,
) -> None:
    record = make_record(listening.organisation)
    await listening.post(record)
    await deliver(listening)
    address = f"/data/{record['global_id']}"
    async with browse(portal_app, demo, moderator) as team:
        assert (
            f"{address}/withdraw"
            in (await team.get(address, follow_redirects=True)).text
        )
        silent = await team.post(f"{address}/withdraw", data={"reason": " "})
        done = await team.post(f"{address}/withdraw", data={"reason": REASON})
        page = await team.get(address)
        again = await team.post(f"{address}/withdraw", data={"reason": REASON})
    await deliver(listening)

    assert (
        silent.status_code,
        done.status_code,
        page.status_code,
        again.status_code,
    ) == (422, 303, 410, 409)
    assert REASON in page.text
    assert f"{address}/allow" in page.text
    _, withdrawal_report = mailbox.reports
    document = withdrawal_report.document
    assert (
        document["method"],
        document["integration_status"],
        document["comment"],
    ) == (
        "DELETE",
        "OK",
        REASON,
    )
    assert (document["withdrawn_by_team"], document["resource_id"]) == (
        True,
        record["global_id"],
    )
    assert [report.delivery for report in await listening.reports()] == [
        ReportDeliveryState.SENT
    ] * 2


async def test_its_node_publishes_it_again_only_once_the_team_lets_it(
    portal_app: Litestar, demo: Territory, listening: Pusher, moderator: Login
) -> None:
    record = make_record(listening.organisation)
    address = f"/data/{record['global_id']}"
    await listening.post(record)
    async with browse(portal_app, demo, moderator) as team:
        await team.post(f"{address}/withdraw", data={"reason": REASON})
        refused = await listening.post(record)
        allowed = await team.post(f"{address}/allow")
        twice = await team.post(f"{address}/allow")

    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (
        403,
        "ERR-108",
    )
    assert REASON in refused.json()["errors"][0]["reason"]
    assert (allowed.status_code, twice.status_code) == (303, 409)
    assert (await listening.post(record)).status_code == 200


async def test_a_node_that_is_away_is_told_later(
    portal_app: Litestar,
    demo: Territory,
    listening: Pusher,
    mailbox: Receiver,
    moderator: Login,
) -> None:
    record = make_record(listening.organisation)
    await listening.post(record)
    await deliver(listening)
    mailbox.statuses.extend([503, 503])
    async with browse(portal_app, demo, moderator) as team:
        await team.post(
            f"/data/{record['global_id']}/withdraw", data={"reason": REASON}
        )

    await deliver(listening)

    [report] = await listening.reports(Report.comment != "")
    assert (report.delivery, report.attempts, mailbox.refused) == (
        ReportDeliveryState.SENT,
        3,
        2,
    )


async def test_nobody_else_may(
    portal_app: Litestar,
    demo: Territory,
    listening: Pusher,
    make_person: Callable[..., Login],
) -> None:
    record = make_record(listening.organisation)
    await listening.post(record)
    address = f"/data/{record['global_id']}"

    async def send(client: httpx.AsyncClient) -> int:
        return (
            await client.post(f"{address}/withdraw", data={"reason": REASON})
        ).status_code

    async with browse(portal_app, demo, make_person(demo)) as somebody:
        assert (
            await send(somebody),
            (await somebody.get(f"{address}/withdraw")).status_code,
        ) == (403, 403)
        assert (
            f"{address}/withdraw"
            not in (await somebody.get(address, follow_redirects=True)).text
        )
    async with browse(portal_app, demo) as nobody:
        assert await send(nobody) in {303, 401}
        assert (await nobody.get(address, follow_redirects=True)).status_code == 200


@pytest.mark.thorough
async def test_the_pages_of_the_team_in_a_browser(
    portal_app: Litestar, demo: Territory, listening: Pusher, moderator: Login, tab: Tab
) -> None:
    record = make_record(listening.organisation)
    await listening.post(record)
    path = f"/data/{record['global_id']}"
    address = f"{demo.origin}{path}"
    async with browse(portal_app, demo, moderator) as team:
        assert (
            await tab.find_faults(
                team, f"{address}/withdraw", "team-withdraw", "fr", "en"
            )
            == []
        )
        await team.post(f"{path}/withdraw", data={"reason": REASON})
        assert await tab.find_faults(team, address, "team-withdrawn", "fr", "en") == []
