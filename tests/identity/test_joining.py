"""What the portal's worker makes at the identity service, with an account that may do little else."""

import asyncio
import secrets
from uuid import uuid4

import pytest
from litestar import Litestar
from sqlalchemy import select, text

from tests.identity.browser import Browser
from tests.identity.scene import Person, Scene, member_of
from udi.kit.db import Database
from udi.kit.errors import ProvisionError
from udi.kit.identity import MANAGERS, MODERATORS, PUBLISHERS
from udi.kit.tenancy import Territory
from udi.portal.identity.models import TEAM
from udi.portal.identity.models import Person as PersonRow
from udi.portal.identity.provision.admin import (
    IdentityServiceUnavailableError,
    RealmAdmin,
    connect_for_members,
)
from udi.portal.identity.provision.members import Memberships, read_members
from udi.portal.identity.provision.memberships import (
    DesiredMembership,
    apply_members_account,
    make_member,
)
from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.members.member_changes import (
    change_member,
    mark_applied,
)
from udi.settings import Settings

NAMES = [
    ("mairie", "Mairie"),
    ("seve", "Association Sève"),
    ("eaux", "Syndicat des eaux"),
]


@pytest.fixture
async def worker(scene: Scene, connected: Settings) -> RealmAdmin:
    """The realm as the portal's worker reaches it."""
    await asyncio.to_thread(apply_members_account, scene.admin, connected)
    return connect_for_members(connected)


async def make(
    worker: RealmAdmin,
    scene: Scene,
    subject: str,
    groups: tuple[str, ...] | None,
    slug: str = "eaux",
    *,
    founding: bool = False,
) -> None:
    member = DesiredMembership(scene.territory.slug, slug, subject, groups)
    await asyncio.to_thread(make_member, worker, member, NAMES, founding=founding)


async def known(scene: Scene) -> Memberships:
    return await asyncio.to_thread(read_members, scene.admin, scene.territory.slug)


@pytest.mark.usefixtures("alone")
async def test_an_organisation_is_founded_with_its_administrator_who_logs_in_with_the_right(
    worker: RealmAdmin, scene: Scene
) -> None:
    someone, browser = await scene.visitor()

    for _ in range(2):
        await make(worker, scene, someone.id, (MANAGERS,), founding=True)

    await browser.log_in()
    who = (await browser.app.get("/who")).json()
    assert who["memberships"] == {"eaux": [MANAGERS]}
    assert await known(scene) == {someone.id: {"eaux": {MANAGERS}}}


async def test_groups_become_those_wanted_and_leaving_leaves_the_account(
    worker: RealmAdmin, scene: Scene
) -> None:
    someone = await scene.person()
    memberships = []
    for groups in ((MANAGERS,), (PUBLISHERS,), (), (MANAGERS, PUBLISHERS), None, None):
        await make(worker, scene, someone.id, groups)
        memberships.append((await known(scene)).get(someone.id, {}).get("eaux"))

    assert memberships == [
        {MANAGERS},
        {PUBLISHERS},
        set(),
        {MANAGERS, PUBLISHERS},
        None,
        None,
    ]
    assert await asyncio.to_thread(scene.admin.get, f"users/{someone.id}") is not None


@pytest.mark.thorough
async def test_member_of_the_team_gets_the_right_and_loses_it(
    worker: RealmAdmin, scene: Scene
) -> None:
    someone, browser = await scene.visitor()

    for _ in range(2):
        await make(worker, scene, someone.id, (MODERATORS,), slug=TEAM)
    await browser.log_in()
    who = (await browser.app.get("/who")).json()
    joined = (await known(scene))[someone.id]
    await make(worker, scene, someone.id, None, slug=TEAM)

    assert who["moderator"] is True
    assert joined == {TEAM: {MODERATORS}}
    assert someone.id not in await known(scene)


async def test_other_organisations_of_the_person_are_left_alone(
    worker: RealmAdmin, scene: Scene
) -> None:
    someone = await scene.person(member_of(scene.territory))
    before = (await known(scene))[someone.id]

    await make(worker, scene, someone.id, (PUBLISHERS,))
    await make(worker, scene, someone.id, None)

    assert (await known(scene))[someone.id] == before
    assert "mairie" in before


async def test_what_has_people_in_it_is_not_founded_again(
    worker: RealmAdmin, scene: Scene
) -> None:
    earlier = await scene.person()
    later = await scene.person()
    await make(worker, scene, earlier.id, (MANAGERS,))

    with pytest.raises(ProvisionError, match="has members already"):
        await make(worker, scene, later.id, (MANAGERS,), founding=True)

    assert later.id not in await known(scene)


async def test_the_account_changes_no_client_and_no_rule(
    worker: RealmAdmin, scene: Scene
) -> None:
    for attempt in (
        lambda: worker.post("clients", {"clientId": secrets.token_hex(4)}),
        lambda: worker.put("", {"registrationAllowed": False}),
        lambda: worker.post("roles", {"name": secrets.token_hex(4)}),
    ):
        with pytest.raises(ProvisionError, match="403"):
            await asyncio.to_thread(attempt)


@pytest.mark.thorough
async def test_the_account_is_made_once_and_mended(
    scene: Scene, connected: Settings
) -> None:
    def apply() -> str:
        return apply_members_account(scene.admin, connected).outcome

    await asyncio.to_thread(apply)
    again = await asyncio.to_thread(apply)
    client = (
        await asyncio.to_thread(scene.admin.get, "clients", clientId="udi-members")
    )[0]
    await asyncio.to_thread(
        scene.admin.put,
        f"clients/{client['id']}",
        {**client, "secret": "another", "enabled": False},
    )

    assert (again, await asyncio.to_thread(apply)) == ("unchanged", "updated")


async def test_an_identity_service_that_is_away_is_said_as_such(
    scene: Scene, connected: Settings
) -> None:
    nowhere = connect_for_members(
        connected.model_copy(update={"identity_internal_url": "http://localhost:1"})
    )

    with pytest.raises(IdentityServiceUnavailableError):
        await make(nowhere, scene, "x", (MANAGERS,))


async def follow_silently(browser: Browser, path: str) -> str:
    """Open a page as a browser does, by way of a Keycloak that asks nothing; where the person is led back to."""
    leaving = await browser.get(path, Accept="text/html")
    assert leaving.status_code == 303, leaving.text
    to_keycloak = await browser.app.get(leaving.headers["location"])
    answer = await browser.keycloak.get(to_keycloak.headers["location"])
    assert answer.status_code == 302, answer.text
    back = await browser.get(answer.headers["location"])
    return back.headers["location"]


async def found_organisation(
    worker: RealmAdmin, scene: Scene, database: Database, someone: Person
) -> None:
    """A first organisation of somebody, as the worker makes and notes it after an approval."""
    await make(worker, scene, someone.id, (MANAGERS,), founding=True)
    async with database.session(scene.territory.id, role="worker") as session:
        person = select(PersonRow.id).where(PersonRow.subject == someone.id)
        organisation = await apply_organisation(
            session,
            id=uuid4(),
            slug="eaux",
            name="Syndicat des eaux",
            summary={},
            email="eaux@eaux.example",
        )
        person_id = (await session.scalars(person)).one()
        change = await change_member(session, None, organisation, person_id, [MANAGERS])
        await mark_applied(session, change, organisation.slug)


@pytest.mark.usefixtures("alone")
async def test_the_next_page_of_the_portal_has_the_first_organisation(
    worker: RealmAdmin, scene: Scene, portal_database: Database
) -> None:
    someone, browser = await scene.logged_in()
    before = (await browser.get("/who")).json()["memberships"]
    await found_organisation(worker, scene, portal_database, someone)

    by_program = (await browser.get("/who")).json()["memberships"]
    back = await follow_silently(browser, "/who?page=2")

    assert (before, by_program) == ({}, {})
    assert back == "/who?page=2"
    after = await browser.get(back, Accept="text/html")
    assert after.json()["memberships"] == {"eaux": [MANAGERS]}


@pytest.mark.thorough
@pytest.mark.usefixtures("alone")
async def test_the_next_page_of_the_node_has_the_first_organisation(
    worker: RealmAdmin,
    scene: Scene,
    node: Litestar,
    node_database: Database,
    armorine_on_node: Territory,
) -> None:
    someone, at_portal = await scene.logged_in()
    browser = scene.browser(node, armorine_on_node)
    browser.keycloak.cookies = at_portal.keycloak.cookies
    await browser.log_in()
    await make(worker, scene, someone.id, (MANAGERS,), founding=True)
    at_once = await browser.get("/spaces/who", Accept="text/html")
    async with node_database.session(scene.territory.id, role="worker") as session:
        await session.execute(
            text("UPDATE app.web_session SET created_at = now() - interval '11 s'")
        )

    public = await browser.get("/who", Accept="text/html")
    back = await follow_silently(browser, "/spaces/who")

    assert {at_once.status_code, public.status_code} == {200}
    assert back == "/spaces/who"
    who = (await browser.get("/who")).json()
    assert who["memberships"] == {"eaux": [MANAGERS]}


async def test_a_member_of_something_is_never_sent_round(
    scene: Scene, node: Litestar, node_database: Database, armorine_on_node: Territory
) -> None:
    _, at_portal = await scene.logged_in(member_of(scene.territory))
    browser = scene.browser(node, armorine_on_node)
    browser.keycloak.cookies = at_portal.keycloak.cookies
    await browser.log_in()
    async with node_database.session(scene.territory.id, role="worker") as session:
        await session.execute(
            text("UPDATE app.web_session SET created_at = now() - interval '1 hour'")
        )

    page = await browser.get("/spaces/who", Accept="text/html")

    assert page.status_code == 200
