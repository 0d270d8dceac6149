"""A mail address gives a right only where the identity service proved it: every place where one counts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import func, select

from tests.portal.catalogue.conftest import armor
from tests.portal.catalogue.corpus import Catalogue
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.organisations.members.transitions import MembershipStage
from udi.portal.organisations.models import MembershipEntry
from udi.portal.projects.calls.models import Call, Juror
from udi.portal.projects.models import ProjectMember
from udi.ui.own_data_pages import CSV_PATH, DELETION, JSON_PATH, PATH
from udi.ui.person_erasure import erase_person
from udi.ui.personal_rows import read_register
from udi.ui.site import Site

__all__ = ["armor"]
PROJECT = {
    "title": "L’ombre",
    "summary": "Où marcher.",
    "purpose": "civic",
    "words": "Une carte.",
    "audience": "inhabitants",
}
CLOSED = {401, 403, 404}
NAMED = {
    "Invitations to my address": "Invitations à mon adresse",
    "Invitations into projects": "Invitations dans des projets",
    "Juries that I am in": "Jurys dont je fais partie",
}
"""The kinds of rows that the address of somebody invited names."""


@dataclass
class Invited:
    """Somebody whose address is invited everywhere, and the addresses that this opens."""

    territory: Territory
    site: Site
    app: Litestar
    login: Login
    reads: list[str]
    acts: list[tuple[str, dict[str, str]]]

    async def statuses(self, client: httpx.AsyncClient) -> dict[str, int]:
        read = {
            address: (await client.get(address)).status_code for address in self.reads
        }
        return read | {
            address: (await client.post(address, data=data)).status_code
            for address, data in self.acts
        }


@pytest.fixture
async def invited(
    portal_app: Litestar, portal_site: Site, armor: Catalogue
) -> AsyncIterator[Invited]:
    territory = armor.territory
    login = make_person(territory)
    async with AsyncExitStack() as stack:
        manager, leader = [
            await stack.enter_async_context(browse(portal_app, territory, someone))
            for someone in (
                make_person(territory, memberships={"armor": ["managers"]}),
                make_person(territory),
            )
        ]
        sent = await manager.post(
            "/my-space/organisations/armor/invitations",
            data={"email": login.email, "role": "publisher"},
        )
        project = str(
            (await leader.post("/projects/new", data=PROJECT)).headers["location"]
        )
        joined = await leader.post(
            f"{project}/team", data={"email": login.email, "right": "edit"}
        )
        assert (sent.status_code, joined.status_code) == (303, 303)
        call = await _call(portal_site, territory, login.email)
        async with portal_site.database.session(territory.id, role="worker") as session:
            entry = (
                await session.scalars(
                    select(MembershipEntry.id).where(
                        MembershipEntry.stage == MembershipStage.INVITED
                    )
                )
            ).one()
        offer = f"/my-space/organisations/armor/entries/{entry}"
        yield Invited(
            territory, portal_site, portal_app, login,
            reads=[offer, f"{project}/invitation", f"/calls/{call}/jury"],
            acts=[(f"{project}/invitation", {"what": "accept"}), (f"{offer}/accept", {})],
        )  # fmt: skip


async def _call(site: Site, territory: Territory, email: str) -> object:
    """A call that has closed, with a juror."""
    moment = now()
    async with site.database.session(territory.id, role="worker") as session:
        call = Call(
            title="Rafraîchir", summary="x", words="x", language="fr", state="open", closes_at=moment, created_at=moment,
            results_at=moment + timedelta(days=9), changed_at=moment, opened_at=moment - timedelta(days=9),
        )  # fmt: skip
        session.add(call)
        await session.flush()
        session.add(Juror(call_id=call.id, email=email, named_at=moment))
        await session.flush()
        return call.id


async def _lists(client: httpx.AsyncClient) -> str:
    """The pages that name what somebody is invited to."""
    return (await client.get("/join")).text + (await client.get("/projects/mine")).text


async def test_an_address_that_was_not_proven_opens_nothing(invited: Invited) -> None:
    unproven = replace(invited.login, email_verified=False)
    async with browse(invited.app, invited.territory, unproven) as client:
        statuses = await invited.statuses(client)
        lists = await _lists(client)

    assert set(statuses.values()) <= CLOSED, statuses
    assert "/entries/" not in lists
    assert "/invitation" not in lists
    async with invited.site.database.session(
        invited.territory.id, role="worker"
    ) as session:
        members = (await session.scalars(select(ProjectMember))).all()
        entries = (await session.scalars(select(MembershipEntry))).all()
    assert [row.person_id for row in (*members, *entries)] == [None, None]


async def test_the_same_address_proven_opens_them(invited: Invited) -> None:
    async with browse(invited.app, invited.territory, invited.login) as client:
        lists = await _lists(client)
        statuses = await invited.statuses(client)

    assert set(statuses.values()) == {200, 303}, statuses
    assert "/entries/" in lists
    assert "/invitation" in lists


def _own_rows(document: dict[str, list[dict[str, str]]]) -> set[str]:
    """What the download has of the rows that an address names."""
    return {kind["what"] for kind in document["kinds"]} & NAMED.keys()


@pytest.mark.parametrize("proven", [True, False])
async def test_own_data_has_what_a_proven_address_names(
    invited: Invited, *, proven: bool
) -> None:
    login = replace(invited.login, email_verified=proven)
    async with browse(invited.app, invited.territory, login) as client:
        document = (await client.get(JSON_PATH)).json()
        pages = [
            (await client.get(path)).content.decode()
            for path in (PATH, CSV_PATH, DELETION)
        ]

    named = NAMED.keys() if proven else set()
    assert _own_rows(document) == named
    words = {NAMED[what] for what in named}
    assert [{word for word in NAMED.values() if word in page} for page in pages] == [
        words
    ] * len(pages)


@pytest.mark.parametrize("proven", [True, False])
async def test_a_deletion_erases_what_a_proven_address_names(
    invited: Invited, *, proven: bool
) -> None:
    address = invited.login.email
    login = replace(invited.login, email_verified=proven)
    async with browse(invited.app, invited.territory, login):
        pass
    async with invited.site.database.session(
        invited.territory.id, role="worker"
    ) as session:
        person = (
            await session.scalars(
                select(Person).where(Person.subject == invited.login.subject)
            )
        ).one()
        register = read_register(invited.site.domains)
        await erase_person(session, register, person, former_name="x")
        left = [
            await session.scalar(select(func.count()).where(model.email == address))
            for model in (MembershipEntry, ProjectMember, Juror)
        ]

    assert left == ([0, 0, 0] if proven else [1, 1, 1])


async def test_a_colleague_is_added_by_a_proven_address_only(
    portal_app: Litestar, armor: Catalogue
) -> None:
    leader = make_person(armor.territory, memberships={"armor": ["publishers"]})
    impostor = replace(
        make_person(armor.territory, memberships={"armor": []}), email_verified=False
    )
    colleague = make_person(armor.territory, memberships={"armor": []})
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            browse(portal_app, armor.territory, leader)
        )
        for someone in (impostor, colleague):
            await stack.enter_async_context(
                browse(portal_app, armor.territory, someone)
            )
        form = PROJECT | {"organisation": "armor", "requester": "public_body"}
        project = str(
            (await client.post("/projects/new", data=form)).headers["location"]
        )
        for someone in (impostor, colleague):
            await client.post(
                f"{project}/team", data={"email": someone.email, "right": "see"}
            )
        site: Site = portal_app.state.site
        async with site.database.session(armor.territory.id, role="worker") as session:
            rows = (
                await session.execute(select(ProjectMember.email, ProjectMember.stage))
            ).all()

    assert {row.email: row.stage for row in rows} == {
        impostor.email: "invited",
        colleague.email: "joined",
    }
