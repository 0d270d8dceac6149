"""What the portal's worker makes at the identity service, with an account that may do little else."""

import asyncio
import secrets

import pytest

from tests.identity.scene import Scene, member_of
from udi.kit.errors import ProvisionError
from udi.kit.identity import MANAGERS, MODERATORS, PUBLISHERS
from udi.portal.identity.models import TEAM
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
