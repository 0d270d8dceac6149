"""A real Keycloak deletes an account with the rights that the worker has, and nothing leads to it any more."""

import asyncio

import pytest

from tests.identity.scene import Scene, member_of
from udi.portal.identity.deletion.erasure import delete_at_identity_service
from udi.portal.identity.provision.admin import (
    RealmAdmin,
    connect_for_members,
    find_or_none,
)
from udi.portal.identity.provision.memberships import apply_members_account
from udi.settings import Settings


@pytest.fixture
async def worker(scene: Scene, connected: Settings) -> RealmAdmin:
    await asyncio.to_thread(apply_members_account, scene.admin, connected)
    return connect_for_members(connected)


async def test_the_worker_deletes_an_account_with_its_memberships(
    scene: Scene, worker: RealmAdmin
) -> None:
    someone, _ = await scene.logged_in(member_of(scene.territory))

    await asyncio.to_thread(delete_at_identity_service, worker, someone.id)

    by_address = await asyncio.to_thread(
        scene.admin.get_users, {"search": someone.email}
    )
    gone = await asyncio.to_thread(find_or_none, scene.admin.get_user, someone.id)
    assert (gone, by_address) == (None, [])


async def test_an_account_that_is_gone_is_deleted_without_complaint(
    scene: Scene, worker: RealmAdmin
) -> None:
    someone = await scene.person()

    await asyncio.to_thread(delete_at_identity_service, worker, someone.id)
    await asyncio.to_thread(delete_at_identity_service, worker, someone.id)

    gone = await asyncio.to_thread(find_or_none, scene.admin.get_user, someone.id)
    assert gone is None
