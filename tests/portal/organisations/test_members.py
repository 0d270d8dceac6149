"""Members invite, come in, get roles and leave by themselves; somebody always administers."""

import itertools
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.depth import by_depth
from tests.mails import do_email_job, text_of
from tests.portal.organisations.conftest import Relay
from tests.portal.transitions import list_trials, read_transitions
from tests.visitors import browse
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.audit.models import AuditEvent
from udi.portal.identity.models import Person
from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.members.actions import SEND_ENTRY
from udi.portal.organisations.members.member_changes import mark_applied
from udi.portal.organisations.members.tasks import task_handlers
from udi.portal.organisations.members.transitions import (
    MembershipEvent,
    MembershipStage,
)
from udi.portal.organisations.models import (
    MemberChange,
    MemberChangeFailure,
    MembershipEntry,
)
from udi.ui.site import Site

PAGE = Path(__file__).parents[3] / "docs/reference/joining.md"
ORGANISATION_PATH = "/my-space/organisations/seve"
NOTED = {
    "accept": "joined",
    "decline": "declined",
    "admit": "joined",
    "refuse": "refused",
    "cancel": "cancelled",
}
TRANSITIONS = read_transitions("""
    invited   accept  joined
    invited   decline declined
    invited   cancel  cancelled
    requested admit   joined
    requested refuse  refused
    requested cancel  cancelled
""")
"""The table of `docs/reference/joining.md`, written a second time."""
WAY = {
    MembershipStage.REFUSED: MembershipEvent.REFUSE,
    MembershipStage.JOINED: MembershipEvent.ACCEPT,
    MembershipStage.DECLINED: MembershipEvent.DECLINE,
    MembershipStage.CANCELLED: MembershipEvent.CANCEL,
}
INVITED_ONLY = {MembershipEvent.ACCEPT, MembershipEvent.DECLINE}


@dataclass
class House:
    """An organisation with an administrator, a publisher, and somebody of another organisation."""

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

    async def events(self) -> list[str]:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            return list(
                (
                    await session.scalars(
                        select(AuditEvent.name).order_by(AuditEvent.at)
                    )
                ).all()
            )

    async def id(self, who: str) -> UUID:
        [person_id] = [
            person.id
            for person in await self.rows(Person)
            if person.subject == self.logins[who].subject
        ]
        assert isinstance(person_id, UUID)
        return person_id

    async def changes(self) -> list[tuple[UUID, list[str], bool]]:
        member_changes = sorted(
            await self.rows(MemberChange), key=lambda change: change.requested_at
        )
        return [
            (change.person_id, change.groups, change.leaves)
            for change in member_changes
        ]

    async def settle(self) -> None:
        """What the worker notes once the identity service has the changes."""
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            for change in (
                await session.scalars(
                    select(MemberChange).where(MemberChange.done_at.is_(None))
                )
            ).all():
                await mark_applied(session, change, "seve")

    async def begin(self, stage: MembershipStage) -> str:
        """An invitation of the stranger, or their request, brought to this stage: its address."""
        if stage in {MembershipStage.REQUESTED, MembershipStage.REFUSED}:
            sent = await self.clients["stranger"].post(
                f"{ORGANISATION_PATH}/membership", data={"words": "Je plante aussi."}
            )
        else:
            form = {"email": self.logins["stranger"].email.upper(), "role": "publisher"}
            sent = await self.clients["admin"].post(
                f"{ORGANISATION_PATH}/invitations", data=form
            )
        assert sent.status_code == 303, sent.text
        [entry] = await self.rows(MembershipEntry)
        address = f"{ORGANISATION_PATH}/entries/{entry.id}"
        if stage in WAY:
            await self.do(address, WAY[stage])
        [entry] = await self.rows(MembershipEntry)
        assert entry.stage == stage
        return address

    async def do(self, address: str, step: MembershipEvent) -> httpx.Response:
        [entry] = await self.rows(MembershipEntry)
        asker = step in {MembershipEvent.ACCEPT, MembershipEvent.DECLINE} or (
            step == MembershipEvent.CANCEL and entry.stage == MembershipStage.REQUESTED
        )
        who = "stranger" if asker else "admin"
        return await self.clients[who].post(
            f"{address}/{step}", data={"role": "publisher", "words": "Pas encore."}
        )

    async def tell(self) -> None:
        for entry in await self.rows(MembershipEntry):
            await do_email_job(
                self.site,
                self.territory,
                task_handlers(self.site),
                SEND_ENTRY,
                {"entry": str(entry.id), "stage": entry.stage},
            )


@pytest.fixture
async def house(
    portal_site: Site,
    portal_app: Litestar,
    demo: Territory,
    make_person: Callable[..., Login],
) -> AsyncIterator[House]:
    async with portal_site.database.session(demo.id) as session:
        facts = {"summary": {}, "email": "bonjour@seve.example"}
        await apply_organisation(
            session, id=UUID(int=7), slug="seve", name="Association Sève", **facts
        )
    logins = {
        "admin": make_person(demo, memberships={"seve": ["managers"]}),
        "publisher": make_person(demo, memberships={"seve": ["publishers"]}),
        "stranger": make_person(demo, memberships={"autre": ["managers"]}),
    }
    house = House(portal_site, portal_app, demo, logins)
    async with (
        browse(portal_app, demo, logins["admin"]) as admin,
        browse(portal_app, demo, logins["publisher"]) as publisher,
        browse(portal_app, demo, logins["stranger"]) as stranger,
    ):
        house.clients = {"admin": admin, "publisher": publisher, "stranger": stranger}
        yield house


@pytest.mark.parametrize(
    ("stage", "steps"),
    list_trials(itertools.product(MembershipStage, MembershipEvent), TRANSITIONS),
)
async def test_every_pair_of_stage_and_step_follows_the_table(
    house: House, stage: MembershipStage, steps: list[MembershipEvent]
) -> None:
    address = await house.begin(stage)
    before = await house.events()

    for step in steps:
        answer = await house.do(address, step)

        target = TRANSITIONS.get((stage, step))
        is_request = stage in {MembershipStage.REQUESTED, MembershipStage.REFUSED}
        refusal = 403 if is_request and step in INVITED_ONLY else 409
        assert answer.status_code == (303 if target else refusal), answer.text
        assert [entry.stage for entry in await house.rows(MembershipEntry)] == [
            target or stage
        ]
        assert (await house.events())[len(before) :] == (
            [f"member.{NOTED[step]}"] if target else []
        )
        joined = "joined" in {stage, target}
        assert await house.changes() == (
            [(await house.id("stranger"), ["publishers"], False)] if joined else []
        )


def test_the_documented_table_is_the_tested_one() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| [^|]+ \| `(\w+)` \| [^|]* \| `member",
        PAGE.read_text(),
        re.MULTILINE,
    )

    assert {(stage, step): target for stage, step, target in rows} == TRANSITIONS


async def test_somebody_invited_reads_a_mail_and_comes_in(
    house: House, relay: Relay
) -> None:
    address = await house.begin(MembershipStage.INVITED)
    await house.tell()
    invitation = await house.clients["stranger"].get(address)
    listed = await house.clients["stranger"].get("/join")
    await house.do(address, MembershipEvent.ACCEPT)
    after = await house.clients["stranger"].get(address)
    waiting = await house.clients["admin"].get(ORGANISATION_PATH)
    await house.settle()
    people = await house.clients["admin"].get(ORGANISATION_PATH)

    [mail] = relay.mails
    assert (mail["To"], mail["Subject"]) == (
        house.logins["stranger"].email,
        "Association Sève vous invite à travailler sur ses données",
    )
    assert f"{house.territory.origin}{address}" in text_of(mail)
    assert "Pour publier" in invitation.text
    assert address in listed.text
    assert "Vous la rejoignez" in after.text
    assert ("En cours" in waiting.text, "En cours" in people.text) == (True, False)
    assert house.logins["stranger"].email in people.text


async def test_a_request_is_told_to_the_administrators_and_its_answer_to_who_asked(
    house: House, relay: Relay
) -> None:
    address = await house.begin(MembershipStage.REQUESTED)
    await house.tell()
    silent = await house.clients["admin"].post(f"{address}/refuse", data={"words": " "})
    await house.do(address, MembershipEvent.REFUSE)
    await house.tell()

    assert [mail["To"] for mail in relay.mails] == [
        house.logins["admin"].email,
        house.logins["stranger"].email,
    ]
    assert "Je plante aussi." in text_of(relay.mails[0])
    assert "Pas encore." in text_of(relay.mails[1])
    assert silent.status_code == 422
    assert "Indiquez la raison" in silent.text


async def test_the_last_administrator_names_another_before_leaving(
    house: House,
) -> None:
    admin = await house.id("admin")
    publisher = await house.id("publisher")
    client = house.clients["admin"]
    early = [
        await client.post(f"{ORGANISATION_PATH}/members/{admin}/remove"),
        await client.post(
            f"{ORGANISATION_PATH}/members/{admin}/role", data={"role": "member"}
        ),
    ]
    named = await client.post(
        f"{ORGANISATION_PATH}/members/{publisher}/role", data={"role": "manager"}
    )
    left = await client.post(f"{ORGANISATION_PATH}/members/{admin}/remove")
    gone = await client.get(ORGANISATION_PATH)
    again = await client.post(
        f"{ORGANISATION_PATH}/invitations",
        data={"email": "x@y.example", "role": "member"},
    )

    assert {page.status_code for page in early} == {409}
    assert "aucun responsable" in early[0].text
    assert (
        named.status_code,
        left.status_code,
        gone.status_code,
        again.status_code,
    ) == (303, 303, 403, 403)
    assert await house.changes() == [
        (publisher, ["managers"], False),
        (admin, [], True),
    ]
    await house.settle()
    assert (await client.get(ORGANISATION_PATH)).status_code == 403
    assert (await house.events())[-2:] == ["member.changed", "member.left"]


async def test_a_member_who_does_not_administer_sees_and_leaves_only(
    house: House,
) -> None:
    client = house.clients["publisher"]
    admin = await house.id("admin")
    me = await house.id("publisher")
    page = await client.get(ORGANISATION_PATH)
    refused = [
        await client.post(
            f"{ORGANISATION_PATH}/invitations",
            data={"email": "x@y.example", "role": "manager"},
        ),
        await client.post(
            f"{ORGANISATION_PATH}/members/{me}/role", data={"role": "manager"}
        ),
        await client.post(f"{ORGANISATION_PATH}/members/{admin}/remove"),
    ]
    left = await client.post(f"{ORGANISATION_PATH}/members/{me}/remove")

    assert page.status_code == 200
    assert "/invitations" not in page.text
    assert {refusal.status_code for refusal in refused} == {403}
    assert "bonjour@seve.example" in refused[0].text
    assert left.status_code == 303
    assert await house.changes() == [(me, [], True)]


@pytest.mark.thorough
async def test_a_member_of_another_organisation_reads_why_and_who_can_help(
    house: House, other: Territory
) -> None:
    client = house.clients["stranger"]
    admin = await house.id("admin")
    address = await house.begin(MembershipStage.REQUESTED)
    refused = [
        await client.get(ORGANISATION_PATH),
        await client.post(f"{ORGANISATION_PATH}/members/{admin}/remove"),
        await client.post(
            f"{ORGANISATION_PATH}/invitations",
            data={"email": "x@y.example", "role": "manager"},
        ),
        await client.post(f"{address}/admit", data={"role": "manager"}),
        await client.post(f"{address}/accept"),
    ]
    unknown = await client.get("/my-space/organisations/nobody")

    assert [page.status_code for page in refused] == [403] * 5
    assert "Vous n’êtes pas membre de Association Sève" in refused[0].text
    assert "bonjour@seve.example" in refused[0].text
    assert unknown.status_code == 404
    assert await house.changes() == []
    async with browse(house.app, other, house.logins["admin"]) as elsewhere:
        assert (await elsewhere.get(ORGANISATION_PATH)).status_code == 404


async def test_an_invitation_is_for_its_address_alone(house: House) -> None:
    address = await house.begin(MembershipStage.INVITED)

    page = await house.clients["publisher"].get(address)
    acceptance = await house.clients["publisher"].post(f"{address}/accept")

    assert (page.status_code, acceptance.status_code) == (403, 403)
    assert "autre adresse" in page.text
    assert house.logins["stranger"].email not in page.text


@by_depth(
    ("email", "role"),
    [
        ("nobody", "member"),
        ("a@b.example\nBcc: c@d.example", "member"),
        ("a@b.example", "owner"),
        ("publisher", "member"),
    ],
    by_default=[0],
)
async def test_a_wrong_invitation_is_named(house: House, email: str, role: str) -> None:
    address = house.logins[email].email if email in house.logins else email

    answer = await house.clients["admin"].post(
        f"{ORGANISATION_PATH}/invitations", data={"email": address, "role": role}
    )

    assert answer.status_code == 422
    assert await house.rows(MembershipEntry) == []


@pytest.mark.thorough
async def test_twice_the_same_is_once(house: House) -> None:
    await house.begin(MembershipStage.INVITED)
    form = {"email": house.logins["stranger"].email, "role": "manager"}

    again = await house.clients["admin"].post(
        f"{ORGANISATION_PATH}/invitations", data=form
    )
    membership_request = await house.clients["stranger"].post(
        f"{ORGANISATION_PATH}/membership", data={"words": ""}
    )
    member = await house.clients["publisher"].post(
        f"{ORGANISATION_PATH}/membership", data={"words": ""}
    )

    assert (again.status_code, membership_request.status_code, member.status_code) == (
        422,
        409,
        409,
    )
    assert len(await house.rows(MembershipEntry)) == 1


async def test_an_identity_service_that_is_away_is_said_on_the_page(
    house: House,
) -> None:
    publisher = await house.id("publisher")
    await house.clients["admin"].post(
        f"{ORGANISATION_PATH}/members/{publisher}/role", data={"role": "manager"}
    )
    async with house.site.database.session(
        house.territory.id, role="worker"
    ) as session:
        (
            await session.scalars(select(MemberChange))
        ).one().failure = MemberChangeFailure.AWAY

    page = await house.clients["admin"].get(ORGANISATION_PATH)

    assert "Rien n’est perdu" in page.text
