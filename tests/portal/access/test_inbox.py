"""What waits about restricted data is in the inbox of who can act, and of nobody else."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import update

from tests.portal.access.conftest import Workspace
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
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    before = [await kinds(client) for client in (workspace.producer, workspace.person)]
    address = await workspace.ask()
    waiting_kinds = [
        await kinds(client)
        for client in (workspace.producer, workspace.person, workspace.team)
    ]
    page = await workspace.producer.get("/inbox")
    await workspace.decide(address, "question", "Qui lira ?")
    questioned = [
        await kinds(client) for client in (workspace.producer, workspace.person)
    ]

    assert before == [[], []]
    assert waiting_kinds == [[("access_request", "producer")], [], []]
    assert f'href="{address}"' in page.text
    assert questioned == [[], [("access_answer", "person")]]
    assert (await workspace.passer.get("/inbox")).status_code == 303


@pytest.mark.thorough
async def test_late_request_comes_first_and_is_counted(workspace: Workspace) -> None:
    await workspace.set_policy()
    await workspace.ask()
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        late = now() - timedelta(days=3)
        await session.execute(update(AccessRequest).values(due_at=late))
    page = await workspace.producer.get("/inbox")
    document = (await workspace.producer.get(JSON)).json()

    assert "En retard" in page.text
    assert (document["total"], document["late"]) == (1, 1)


@pytest.mark.thorough
async def test_agreement_waits_for_both_sides_in_its_last_month(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    await workspace.decide(address, "grant")
    fresh = [await kinds(client) for client in (workspace.producer, workspace.person)]
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        soon = now() + timedelta(days=10)
        await session.execute(update(AccessAgreement).values(ends_at=soon))
    ending = [await kinds(client) for client in (workspace.producer, workspace.person)]

    assert fresh == [[], []]
    assert ending == [[("agreement", "producer")], [("agreement", "person")]]


@pytest.mark.thorough
async def test_header_counts_what_waits_and_forgets_it_once_done(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    counted = await workspace.producer.get("/data")
    space = await workspace.producer.get("/my-space")
    await workspace.decide(address, "refuse")
    after = await workspace.producer.get("/data")
    stranger = await workspace.passer.get("/data")

    assert '<span class="badge">1</span>' in counted.text
    assert "Voir ce qui est à traiter" in space.text
    assert '<span class="badge">1</span>' not in after.text
    assert 'href="/inbox"' in after.text
    assert 'href="/inbox"' not in stranger.text


async def test_inbox_of_another_territory_holds_nothing_of_this_one(
    workspace: Workspace,
    portal_app: Litestar,
    other: Territory,
    make_person: Callable[..., Login],
) -> None:
    await workspace.set_policy()
    await workspace.ask()
    login = make_person(other, moderator=True, memberships={"armor": ["managers"]})
    async with browse(portal_app, other, login) as neighbour:
        assert await kinds(neighbour) == []


@pytest.mark.thorough
async def test_item_is_new_until_it_was_seen(workspace: Workspace) -> None:
    await workspace.set_policy()
    await workspace.producer.get("/inbox")
    await asyncio.sleep(0.01)
    await workspace.ask()
    first = await workspace.producer.get("/inbox")
    second = await workspace.producer.get("/inbox")

    assert "Nouveau" in first.text
    assert "Nouveau" not in second.text
