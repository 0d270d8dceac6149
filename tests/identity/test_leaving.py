"""A real Keycloak tells the worker who left and who lost a role; it logs them out."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.identity.scene import Scene, member_of
from udi.kit.clock import now
from udi.kit.db import Database
from udi.portal.identity.account_watcher import AccountWatcher
from udi.portal.identity.models import Membership, Person, WebSession
from udi.portal.identity.provision.account_changes import read_account, read_changes
from udi.portal.identity.provision.admin import connect_for_members
from udi.portal.identity.provision.memberships import apply_members_account
from udi.settings import Settings


@pytest.fixture
async def watcher(scene: Scene, connected: Settings) -> AccountWatcher:
    await asyncio.to_thread(apply_members_account, scene.admin, connected)
    return AccountWatcher(
        scene.portal.state.site, lambda: connect_for_members(connected)
    )


async def credentials_of(
    database: Database, scene: Scene, subject: str
) -> tuple[int, dict[str, list[str]], bool]:
    """Sessions, groups, and whether they left."""
    async with database.session(scene.territory.id, role="worker") as session:
        person = (
            await session.scalars(select(Person).where(Person.subject == subject))
        ).one()
        sessions = (
            await session.scalars(
                select(WebSession).where(WebSession.person_id == person.id)
            )
        ).all()
        groups = await session.scalars(
            select(Membership).where(Membership.person_id == person.id)
        )
        return (
            len(sessions),
            {row.organisation_slug: row.groups for row in groups},
            person.left_at is not None,
        )


@pytest.mark.parametrize("way", ["disabled", "deleted"])
async def test_who_is_disabled_or_deleted_is_found_and_logged_out(
    scene: Scene, portal_database: Database, watcher: AccountWatcher, way: str
) -> None:
    someone, browser = await scene.logged_in(member_of(scene.territory))
    await watcher.run_once()
    before = await credentials_of(portal_database, scene, someone.id)
    if way == "disabled":
        await asyncio.to_thread(
            scene.admin.put, f"users/{someone.id}", {"enabled": False}
        )
    else:
        await asyncio.to_thread(scene.admin.delete, f"users/{someone.id}")

    await watcher.run_once()

    assert before == (
        1,
        {"mairie": ["managers", "publishers"], "": ["moderators"]},
        False,
    )
    assert await credentials_of(portal_database, scene, someone.id) == (0, {}, True)
    assert (await browser.get("/who")).json() == {}
    sessions = await asyncio.to_thread(scene.admin.get, f"users/{someone.id}/sessions")
    assert not sessions


async def test_who_leaves_an_organisation_or_a_group_is_found(
    scene: Scene, portal_database: Database, watcher: AccountWatcher
) -> None:
    someone, browser = await scene.logged_in(member_of(scene.territory))
    await watcher.run_once()
    listed = await asyncio.to_thread(
        scene.admin.get, f"organizations/members/{someone.id}/organizations"
    )
    [mairie] = [
        organisation["id"]
        for organisation in listed
        if organisation["alias"].endswith("--mairie")
    ]
    groups = await asyncio.to_thread(
        scene.admin.get, f"organizations/{mairie}/members/{someone.id}/groups"
    )
    [managers] = [group["id"] for group in groups if group["name"] == "managers"]

    path = f"organizations/{mairie}/groups/{managers}/members/{someone.id}"
    await asyncio.to_thread(scene.admin.delete, path)
    await watcher.run_once()
    less = (await browser.get("/who")).json()["memberships"]
    await asyncio.to_thread(
        scene.admin.delete, f"organizations/{mairie}/members/{someone.id}"
    )
    await watcher.run_once()
    none = (await browser.get("/who")).json()["memberships"]

    assert (less, none) == ({"mairie": ["publishers"]}, {})


async def test_the_account_of_the_worker_reads_events(
    scene: Scene, connected: Settings
) -> None:
    await asyncio.to_thread(apply_members_account, scene.admin, connected)
    admin = connect_for_members(connected)
    someone = await scene.person(member_of(scene.territory))
    since = now() - timedelta(minutes=1)
    await asyncio.to_thread(scene.admin.put, f"users/{someone.id}", {"enabled": False})

    changes = await asyncio.to_thread(read_changes, admin, since)

    assert someone.id in changes.disabled & changes.touched
    assert await asyncio.to_thread(read_account, admin, someone.id) is None
