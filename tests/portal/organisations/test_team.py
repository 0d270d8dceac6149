"""The territory's team invites, comes in and leaves by itself; it never has nobody."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.depth import by_depth
from tests.mails import text_of
from tests.portal.organisations.conftest import Relay
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.errors import ConflictError, NotFoundError
from udi.kit.identity import MODERATORS
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.audit.models import AuditEvent
from udi.portal.identity.departures import end_account
from udi.portal.identity.models import TEAM, Person
from udi.portal.organisations.members.departures import cancel_invitations
from udi.portal.organisations.members.member_changes import is_founding, mark_applied
from udi.portal.organisations.members.transitions import MembershipStage
from udi.portal.organisations.models import MemberChange, MembershipEntry
from udi.portal.organisations.team import operator
from udi.portal.organisations.team.tasks import send_invitation
from udi.ui.site import Site

PATH = "/territory/team"


@dataclass
class TeamScene:
    """A territory with one member of its team, and somebody who will be invited."""

    site: Site
    app: Litestar
    territory: Territory
    logins: dict[str, Login]
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def rows(self, model: Any) -> list[Any]:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            return list((await session.scalars(select(model))).all())

    async def audit_names(self) -> list[str]:
        events = sorted(await self.rows(AuditEvent), key=lambda event: event.at)
        return [event.name for event in events if event.name.startswith("team.")]

    async def person_id(self, name: str) -> UUID:
        [person_id] = [
            person.id
            for person in await self.rows(Person)
            if person.subject == self.logins[name].subject
        ]
        assert isinstance(person_id, UUID)
        return person_id

    async def invite(self, email: str | None = None) -> httpx.Response:
        form = {"email": email or self.logins["invited"].email, "language": "fr"}
        return await self.clients["member"].post(f"{PATH}/invitations", data=form)

    async def invitation(self) -> MembershipEntry:
        [invitation] = await self.rows(MembershipEntry)
        assert isinstance(invitation, MembershipEntry)
        return invitation

    async def answer(self, who: str, event: str) -> httpx.Response:
        invitation = await self.invitation()
        address = f"{PATH}/invitations/{invitation.id}/{event}"
        return await self.clients[who].post(address)

    async def set_invitation(self, **values: Any) -> None:
        """Change the only invitation in the database, as time or others would have."""
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            [invitation] = (await session.scalars(select(MembershipEntry))).all()
            for name, value in values.items():
                setattr(invitation, name, value)

    async def send_mails(self) -> None:
        for invitation in await self.rows(MembershipEntry):
            await send_invitation(
                self.site,
                self.territory,
                invitation.id,
                invitation.expires_at.isoformat(),
            )

    async def settle(self) -> None:
        """What the worker notes once the identity service has the changes."""
        waiting = select(MemberChange).where(MemberChange.done_at.is_(None))
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            for change in (await session.scalars(waiting)).all():
                assert not await is_founding(session, change)
                await mark_applied(session, change, TEAM)

    async def log_in_as_member(self, stack: AsyncExitStack, name: str) -> None:
        """A new login of somebody, who is of the team now."""
        login = self.logins[name]
        login.organisations[self.territory.slug] = {"groups": ["/moderators"]}  # type: ignore[index] # made by this test
        client = browse(self.app, self.territory, login)
        self.clients[name] = await stack.enter_async_context(client)


@pytest.fixture
async def scene(
    portal_site: Site,
    portal_app: Litestar,
    demo: Territory,
    make_person: Callable[..., Login],
) -> AsyncIterator[TeamScene]:
    logins = {
        "member": make_person(demo, moderator=True),
        "invited": make_person(demo),
        "stranger": make_person(demo, memberships={"mairie": ["managers"]}),
    }
    scene = TeamScene(portal_site, portal_app, demo, logins)
    async with AsyncExitStack() as stack:
        for name, login in logins.items():
            client = browse(portal_app, demo, login)
            scene.clients[name] = await stack.enter_async_context(client)
        yield scene


OUTCOMES = {
    ("invited", "invited", "accept"): (303, "joined"),
    ("invited", "invited", "decline"): (303, "declined"),
    ("invited", "member", "resend"): (303, "invited"),
    ("invited", "member", "cancel"): (303, "cancelled"),
    ("invited", "invited", "resend"): (403, "invited"),
    ("invited", "invited", "cancel"): (403, "invited"),
    ("invited", "member", "accept"): (403, "invited"),
    ("invited", "member", "decline"): (403, "invited"),
    ("invited", "stranger", "accept"): (403, "invited"),
    ("invited", "stranger", "decline"): (403, "invited"),
    ("invited", "stranger", "resend"): (403, "invited"),
    ("invited", "stranger", "cancel"): (403, "invited"),
    ("invited", "member", "vanish"): (404, "invited"),
    ("joined", "invited", "accept"): (409, "joined"),
    ("joined", "invited", "decline"): (409, "joined"),
    ("joined", "member", "resend"): (409, "joined"),
    ("joined", "member", "cancel"): (409, "joined"),
    ("declined", "invited", "accept"): (409, "declined"),
    ("declined", "member", "resend"): (409, "declined"),
    ("cancelled", "invited", "accept"): (409, "cancelled"),
    ("cancelled", "member", "resend"): (409, "cancelled"),
}
"""(stage, who, event): status of the answer and the stage after it."""


@pytest.mark.parametrize(("case", "outcome"), OUTCOMES.items())
async def test_invitation_follows_the_table(
    scene: TeamScene, case: tuple[str, str, str], outcome: tuple[int, str]
) -> None:
    stage, who, event = case
    await scene.invite()
    await scene.set_invitation(stage=stage)

    answer = await scene.answer(who, event)

    assert (answer.status_code, (await scene.invitation()).stage) == outcome
    changes = await scene.rows(MemberChange)
    expected = 1 if (stage, event, outcome[0]) == ("invited", "accept", 303) else 0
    assert len(changes) == expected


async def test_invited_person_reads_a_mail_and_joins(
    scene: TeamScene, relay: Relay
) -> None:
    sent = await scene.invite()
    await scene.send_mails()
    invitation = await scene.invitation()
    address = f"{PATH}/invitations/{invitation.id}"
    offered = await scene.clients["invited"].get(address)
    await scene.answer("invited", "accept")
    after = await scene.clients["invited"].get(address)
    waiting = await scene.clients["member"].get(PATH)
    await scene.settle()
    settled = await scene.clients["member"].get(PATH)

    assert sent.status_code == 303
    [mail] = relay.mails
    assert mail["To"] == scene.logins["invited"].email
    assert f"{scene.territory.origin}{address}" in text_of(mail)
    assert f'action="{address}/accept"' in offered.text
    assert 'href="/login?factor=true&amp;back=/territory/team"' in after.text.replace(
        "&back", "&amp;back"
    )
    assert ("Arrive" in waiting.text, "Arrive" in settled.text) == (True, False)
    assert scene.logins["invited"].email in settled.text
    [change] = await scene.rows(MemberChange)
    assert (change.groups, change.leaves, change.organisation_id) == (
        [MODERATORS],
        False,
        None,
    )
    assert await scene.audit_names() == ["team.invited", "team.joined"]


async def test_invitation_expires_and_is_sent_again(
    scene: TeamScene, relay: Relay
) -> None:
    await scene.invite()
    await scene.send_mails()
    await scene.set_invitation(expires_at=now() - timedelta(seconds=1))
    late = await scene.answer("invited", "accept")
    listed = await scene.clients["member"].get(PATH)
    await scene.answer("member", "resend")
    await scene.send_mails()
    accepted = await scene.answer("invited", "accept")

    assert late.status_code == 409
    assert "Expirée" in listed.text
    assert accepted.status_code == 303
    assert len({mail["Message-ID"] for mail in relay.mails}) == 2


@pytest.mark.thorough
async def test_mail_of_an_earlier_sending_is_not_sent(
    scene: TeamScene, relay: Relay
) -> None:
    await scene.invite()
    before = (await scene.invitation()).expires_at
    await scene.answer("member", "resend")
    invitation = await scene.invitation()
    assert before is not None

    await send_invitation(
        scene.site, scene.territory, invitation.id, before.isoformat()
    )

    assert relay.mails == []


@by_depth("address", ["nobody", "", "a b@c.example"], by_default=[0])
async def test_invite_refuses_what_is_no_address(
    scene: TeamScene, address: str
) -> None:
    form = {"email": address, "language": "fr"}
    answer = await scene.clients["member"].post(f"{PATH}/invitations", data=form)

    assert answer.status_code == 422
    assert await scene.rows(MembershipEntry) == []


async def test_invite_refuses_a_second_invitation_and_a_member(
    scene: TeamScene,
) -> None:
    await scene.invite()
    twice = await scene.invite()
    member = await scene.invite(scene.logins["member"].email)

    assert (twice.status_code, member.status_code) == (422, 422)
    assert len(await scene.rows(MembershipEntry)) == 1


@pytest.mark.parametrize("who", ["invited", "stranger"])
async def test_team_page_is_for_the_team(scene: TeamScene, who: str) -> None:
    client = scene.clients[who]
    member = await scene.person_id("member")
    removal = f"{PATH}/members/{member}/removal"
    answers = [
        await client.get(PATH),
        await client.post(f"{PATH}/invitations", data={"email": "a@b.example"}),
        await client.get(removal),
        await client.post(removal),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert await scene.rows(MemberChange) == []
    assert await scene.rows(MembershipEntry) == []


async def test_team_of_another_territory_sees_nothing(
    scene: TeamScene, other: Territory, make_person: Callable[..., Login]
) -> None:
    await scene.invite()
    invitation = await scene.invitation()
    login = make_person(other, moderator=True)
    async with browse(scene.app, other, login) as neighbour:
        page = await neighbour.get(PATH)
        cancelled = await neighbour.post(f"{PATH}/invitations/{invitation.id}/cancel")

    assert page.status_code == 200
    assert scene.logins["member"].email not in page.text
    assert invitation.email not in page.text
    assert cancelled.status_code == 404
    assert (await scene.invitation()).stage == MembershipStage.INVITED


async def test_last_member_stays(scene: TeamScene) -> None:
    person_id = await scene.person_id("member")
    removal = f"{PATH}/members/{person_id}/removal"
    page = await scene.clients["member"].get(removal)
    refused = await scene.clients["member"].post(removal)

    assert f'action="{removal}"' not in page.text
    assert refused.status_code == 409
    assert await scene.rows(MemberChange) == []


async def test_member_leaves_once_there_is_another(scene: TeamScene) -> None:
    async with AsyncExitStack() as stack:
        await scene.invite()
        await scene.answer("invited", "accept")
        await scene.settle()
        await scene.log_in_as_member(stack, "invited")
        person_id = await scene.person_id("member")
        removal = f"{PATH}/members/{person_id}/removal"
        page = await scene.clients["invited"].get(removal)
        left = await scene.clients["member"].post(removal)
        closed = await scene.clients["member"].get(PATH)
        last = await scene.clients["invited"].post(
            f"{PATH}/members/{await scene.person_id('invited')}/removal"
        )

    assert f'action="{removal}"' in page.text
    assert (left.status_code, closed.status_code, last.status_code) == (303, 403, 409)
    assert (await scene.audit_names())[-1] == "team.left"


async def test_two_members_who_remove_each_other_at_once_leave_one(
    scene: TeamScene,
) -> None:
    async with AsyncExitStack() as stack:
        await scene.invite()
        await scene.answer("invited", "accept")
        await scene.settle()
        await scene.log_in_as_member(stack, "invited")
        ids = {name: await scene.person_id(name) for name in ("member", "invited")}
        answers = await asyncio.gather(
            scene.clients["member"].post(f"{PATH}/members/{ids['invited']}/removal"),
            scene.clients["invited"].post(f"{PATH}/members/{ids['member']}/removal"),
        )

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 303
    assert statuses[1] in {403, 409}
    leaving = [change for change in await scene.rows(MemberChange) if change.leaves]
    assert len(leaving) == 1


async def test_invitations_end_with_who_sent_them(scene: TeamScene) -> None:
    await scene.invite()
    async with scene.site.database.session(
        scene.territory.id, role="worker"
    ) as session:
        person = await session.get_one(
            Person, (scene.territory.id, await scene.person_id("member"))
        )
        await end_account(session, person, [cancel_invitations], [])

    assert (await scene.invitation()).stage == MembershipStage.CANCELLED


async def _operate(scene: TeamScene, action: Callable[..., Any], *args: Any) -> Any:
    async with scene.site.database.session(
        scene.territory.id, role="worker"
    ) as session:
        return await action(session, *args)


@pytest.mark.thorough
async def test_operator_invites_lists_and_removes(
    scene: TeamScene, relay: Relay
) -> None:
    email = scene.logins["invited"].email

    async def invite(session: Any) -> str:
        return await operator.invite_or_resend(session, email=email, language="fr")

    first = [await _operate(scene, invite) for _ in range(2)]
    await scene.set_invitation(expires_at=now())
    again = await _operate(scene, invite)
    await scene.send_mails()
    listed = await _operate(scene, operator.describe_team)
    cancelled = await _operate(scene, operator.remove_address, email)
    with pytest.raises(NotFoundError):
        await _operate(scene, operator.remove_address, email)
    with pytest.raises(ConflictError):
        await _operate(scene, operator.remove_address, scene.logins["member"].email)

    assert (*first, again) == ("invited", "unchanged", "invited again")
    assert len(relay.mails) == 1
    states: Mapping[str, str] = {row["email"]: row["state"] for row in listed}
    assert states[scene.logins["member"].email] == "member"
    assert re.fullmatch(r"invited, [67] d left", states[email])
    assert cancelled == "invitation cancelled"


async def test_first_members_are_invited_while_the_team_has_nobody(
    scene: TeamScene, other: Territory
) -> None:
    emails = ["first@territory.example", "second@territory.example"]
    async with scene.site.database.session(other.id, role="worker") as session:
        first = await operator.invite_first_members(session, emails, "fr")
        again = await operator.invite_first_members(session, emails, "fr")
    with_members = await _operate(scene, operator.invite_first_members, emails, "fr")

    assert [outcome for _, outcome in first] == ["invited", "invited"]
    assert [outcome for _, outcome in again] == ["unchanged", "unchanged"]
    assert with_members == []
