"""What waits about restricted data is in the inbox of who can act, and of nobody else."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import httpx
from litestar import Litestar
from sqlalchemy import update

from tests.portal.access.conftest import Desk
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.access.models import AccessAgreement, AccessRequest

JSON = "/inbox.json"


async def kinds(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    """(kind, role) of all that waits for somebody."""
    document = (await client.get(JSON)).json()
    return [(item["kind"], item["role"]) for item in document["items"]]


async def test_request_waits_for_the_producer_then_its_question_for_who_asks(
    desk: Desk,
) -> None:
    await desk.set_policy()
    before = [await kinds(client) for client in (desk.producer, desk.person)]
    address = await desk.ask()
    asked = [await kinds(client) for client in (desk.producer, desk.person, desk.team)]
    page = await desk.producer.get("/inbox")
    await desk.decide(address, "question", "Qui lira ?")
    questioned = [await kinds(client) for client in (desk.producer, desk.person)]

    assert before == [[], []]
    assert asked == [[("access_request", "producer")], [], []]
    assert f'href="{address}"' in page.text
    assert questioned == [[], [("access_answer", "person")]]
    assert (await desk.passer.get("/inbox")).status_code in {302, 303}


async def test_late_request_comes_first_and_is_counted(desk: Desk) -> None:
    await desk.set_policy()
    await desk.ask()
    async with desk.site.database.session(desk.territory.id, role="worker") as session:
        late = now() - timedelta(days=3)
        await session.execute(update(AccessRequest).values(due_at=late))
    page = await desk.producer.get("/inbox")
    document = (await desk.producer.get(JSON)).json()

    assert "En retard" in page.text
    assert (document["total"], document["late"]) == (1, 1)


async def test_agreement_waits_for_both_sides_in_its_last_month(desk: Desk) -> None:
    await desk.set_policy()
    address = await desk.ask()
    await desk.decide(address, "grant")
    fresh = [await kinds(client) for client in (desk.producer, desk.person)]
    async with desk.site.database.session(desk.territory.id, role="worker") as session:
        soon = now() + timedelta(days=10)
        await session.execute(update(AccessAgreement).values(ends_at=soon))
    ending = [await kinds(client) for client in (desk.producer, desk.person)]

    assert fresh == [[], []]
    assert ending == [[("agreement", "producer")], [("agreement", "person")]]


async def test_header_counts_what_waits_and_forgets_it_once_done(desk: Desk) -> None:
    await desk.set_policy()
    address = await desk.ask()
    counted = await desk.producer.get("/data")
    await desk.decide(address, "refuse")
    after = await desk.producer.get("/data")
    stranger = await desk.passer.get("/data")

    assert 'class="pill"' in counted.text
    assert 'class="pill"' not in after.text
    assert 'href="/inbox"' in after.text
    assert 'href="/inbox"' not in stranger.text


async def test_inbox_of_another_territory_holds_nothing_of_this_one(
    desk: Desk,
    portal_app: Litestar,
    other: Territory,
    make_person: Callable[..., Login],
) -> None:
    await desk.set_policy()
    await desk.ask()
    login = make_person(other, moderator=True, memberships={"armor": ["managers"]})
    async with browse(portal_app, other, login) as neighbour:
        assert await kinds(neighbour) == []


async def test_item_is_new_until_it_was_seen(desk: Desk) -> None:
    await desk.set_policy()
    await desk.producer.get("/inbox")
    await asyncio.sleep(0.01)
    await desk.ask()
    first = await desk.producer.get("/inbox")
    second = await desk.producer.get("/inbox")

    assert "Nouveau" in first.text
    assert "Nouveau" not in second.text
