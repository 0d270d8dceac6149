"""Requests to join, requests of members and invitations are in the inbox of who answers them."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select, update

from tests.depth import by_depth
from tests.mails import text_of
from tests.portal.organisations.conftest import FORM, Relay, Workspace
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.identity.departures import change_rights, end_account
from udi.portal.identity.models import InboxClaim, Person
from udi.portal.notifications.inbox_digests import (
    queue_inbox_mails,
    send_inbox_mail,
)
from udi.portal.notifications.models import Subscription
from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.models import Application
from udi.ui.site import Site

JSON = "/inbox.json"


async def kinds(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    """(kind, role) of all that waits for somebody."""
    document = (await client.get(JSON)).json()
    return [(item["kind"], item["role"]) for item in document["items"]]


async def test_application_waits_for_the_team_then_its_question_for_who_asked(
    workspace: Workspace,
) -> None:
    address = await workspace.ask()
    waiting_kinds = [
        await kinds(client) for client in (workspace.team, workspace.person)
    ]
    page = await workspace.team.get("/inbox")
    await workspace.decide(address, "request_information", "Quel service ?")
    questioned = [await kinds(client) for client in (workspace.team, workspace.person)]
    await workspace.decide(address, "approve")
    settled = [await kinds(client) for client in (workspace.team, workspace.person)]

    assert waiting_kinds == [[("application", "team")], []]
    assert f'href="{address}"' in page.text
    assert questioned == [[], [("application_question", "person")]]
    assert settled == [[], []]


@pytest.mark.thorough
async def test_members_and_invitations_wait_for_whom_they_concern(
    portal_site: Site,
    portal_app: Litestar,
    demo: Territory,
    make_person: Callable[..., Login],
) -> None:
    async with portal_site.database.session(demo.id) as session:
        facts = {"summary": {}, "email": "bonjour@seve.example"}
        await apply_organisation(
            session, id=UUID(int=7), slug="seve", name="Association Sève", **facts
        )
    invited = make_person(demo)
    home = "/my-space/organisations/seve"
    async with (
        browse(
            portal_app, demo, make_person(demo, memberships={"seve": ["managers"]})
        ) as manager,
        browse(
            portal_app, demo, make_person(demo, memberships={"seve": ["publishers"]})
        ) as publisher,
        browse(portal_app, demo, make_person(demo)) as asker,
        browse(portal_app, demo, invited) as guest,
    ):
        await asker.post(f"{home}/membership", data={"words": "Je plante aussi."})
        await manager.post(
            f"{home}/invitations", data={"email": invited.email, "role": "member"}
        )
        waiting = [await kinds(client) for client in (manager, publisher, asker, guest)]

    assert waiting == [
        [("membership_request", "producer")],
        [],
        [],
        [("invitation", "person")],
    ]


async def test_empty_inbox_says_so_and_leads_on(workspace: Workspace) -> None:
    page = await workspace.person.get("/inbox")

    assert page.status_code == 200
    assert "Rien ne vous attend" in page.text
    assert 'href="/my-space"' in page.text


@pytest.mark.thorough
async def test_colleague_reads_who_is_looking_and_who_decided(
    workspace: Workspace, portal_app: Litestar, make_person: Callable[..., Login]
) -> None:
    address = await workspace.ask()
    [item] = (await workspace.team.get(JSON)).json()["items"]
    claim = f"/inbox/{item['kind']}/{item['id']}/claim"
    colleague_login = make_person(workspace.territory, moderator=True)
    async with browse(portal_app, workspace.territory, colleague_login) as colleague:
        claimed = await workspace.team.post(claim)
        seen = await colleague.get("/inbox")
        second_claim = await colleague.post(claim)
        stranger_claim = await workspace.person.post(claim)
        form = {"decision": "approve", "words": "", "revision": "1"}
        form["revision"] = str((await workspace.one(address)).revision)
        acted = await colleague.post(f"{address}/decide", data=form)
        second_act = await workspace.team.post(f"{address}/decide", data=form)

    assert claimed.status_code == acted.status_code == 303
    assert "Compte de test l’examine depuis" in seen.text
    assert second_claim.status_code == 409
    assert "Compte de test l’examine déjà" in second_claim.text
    assert stranger_claim.status_code == 404
    assert second_act.status_code == 409
    assert "Compte de test a déjà tranché cette demande" in second_act.text


async def test_claim_can_be_left_to_others(
    workspace: Workspace, portal_app: Litestar, make_person: Callable[..., Login]
) -> None:
    await workspace.ask()
    [item] = (await workspace.team.get(JSON)).json()["items"]
    path = f"/inbox/{item['kind']}/{item['id']}"
    await workspace.team.post(f"{path}/claim")
    await workspace.team.post(f"{path}/release")
    login = make_person(workspace.territory, moderator=True)
    async with browse(portal_app, workspace.territory, login) as colleague:
        claimed = await colleague.post(f"{path}/claim")

    assert claimed.status_code == 303


@by_depth("leaves", [True, False], ids=["leaves", "may do less"], by_default=[0])
async def test_claim_of_somebody_who_went_is_nobodys(
    workspace: Workspace,
    portal_app: Litestar,
    make_person: Callable[..., Login],
    *,
    leaves: bool,
) -> None:
    await workspace.ask()
    [item] = (await workspace.team.get(JSON)).json()["items"]
    claim = f"/inbox/{item['kind']}/{item['id']}/claim"
    await workspace.team.post(claim)
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        claimant = select(InboxClaim.person_id)
        person = (
            await session.scalars(select(Person).where(Person.id.in_(claimant)))
        ).one()
        if leaves:
            await end_account(session, person, (), ())
        else:
            await change_rights(session, person, {}, ())
    login = make_person(workspace.territory, moderator=True)
    async with browse(portal_app, workspace.territory, login) as colleague:
        claimed = await colleague.post(claim)

    assert claimed.status_code == 303


@pytest.mark.thorough
async def test_item_that_came_by_a_clock_ahead_of_ours_can_be_claimed(
    workspace: Workspace,
) -> None:
    await workspace.ask()
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        ahead = now() + timedelta(minutes=1)
        await session.execute(update(Application).values(submitted_at=ahead))
    [item] = (await workspace.team.get(JSON)).json()["items"]

    claimed = await workspace.team.post(f"/inbox/{item['kind']}/{item['id']}/claim")

    assert claimed.status_code == 303
    assert "Vous l’examinez depuis" in (await workspace.team.get("/inbox")).text


@pytest.mark.thorough
async def test_feed_has_the_same_list(workspace: Workspace) -> None:
    address = await workspace.ask()
    feed = await workspace.team.get("/inbox.atom")
    [item] = (await workspace.team.get(JSON)).json()["items"]

    assert feed.headers["content-type"].startswith("application/atom+xml")
    assert f"urn:uuid:{item['id']}" in feed.text
    assert f"{workspace.territory.origin}{address}" in feed.text


@pytest.mark.thorough
async def test_inbox_by_mail_leaves_once_a_day_where_something_waits(
    workspace: Workspace, relay: Relay
) -> None:
    await workspace.ask()
    for client in (workspace.team, workspace.person):
        await client.post("/following/inbox-mail", data={"rhythm": "daily"})
    until = now() + timedelta(days=1, hours=1)
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        queued = [
            await queue_inbox_mails(session, until, workspace.territory.zone)
            for _ in range(2)
        ]
    for subscription in await workspace.rows(Subscription):
        assert subscription.inbox_mailed_until is not None
        await send_inbox_mail(
            workspace.site,
            workspace.territory,
            subscription.id,
            subscription.inbox_mailed_until,
        )
    [mail] = relay.mails
    content = str(text_of(mail))
    unsubscribe = urlsplit(mail["List-Unsubscribe"].strip("<>")).path
    stopped = await workspace.person.post(unsubscribe)
    rhythms = sorted(row.inbox_rhythm for row in await workspace.rows(Subscription))

    assert queued == [2, 0]
    assert "1 point vous attend" in mail["Subject"]
    assert FORM["name"] in content
    assert stopped.status_code == 200
    assert rhythms == ["daily", "never"]
