"""A real Keycloak deletes an account with the rights that the worker has, and nothing leads to it any more."""

import asyncio
from datetime import timedelta

import pytest

from tests.identity.scene import Scene, member_of
from udi.kit.clock import now
from udi.portal.identity.deletion.erasure import delete_at_identity_service
from udi.portal.identity.provision.account_changes import read_last_login
from udi.portal.identity.provision.admin import (
    RealmAdmin,
    connect_for_members,
    find_or_none,
)
from udi.portal.identity.provision.memberships import apply_members_account
from udi.portal.identity.provision.operators import (
    add_operator,
    apply_operators_client,
    list_operator_accounts,
    remove_operator,
)
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


async def test_the_worker_sees_who_runs_the_installation(
    scene: Scene, worker: RealmAdmin, connected: Settings
) -> None:
    """Whether somebody is the last operator is asked with its rights."""
    operator, _ = await scene.logged_in(member_of(scene.territory))
    await asyncio.to_thread(apply_operators_client, scene.admin, connected)
    await asyncio.to_thread(add_operator, scene.admin, operator.email)

    listed = await asyncio.to_thread(list_operator_accounts, worker)
    await asyncio.to_thread(remove_operator, scene.admin, operator.email)
    left = await asyncio.to_thread(list_operator_accounts, worker)

    assert operator.id in {account["id"] for account in listed}
    assert operator.id not in {account["id"] for account in left}


async def test_the_worker_reads_the_last_login_of_an_account_and_of_no_other(
    scene: Scene, worker: RealmAdmin
) -> None:
    before = now()
    someone, _ = await scene.logged_in(member_of(scene.territory))
    never = await scene.person()

    login_at = await asyncio.to_thread(read_last_login, worker, someone.id)
    none = await asyncio.to_thread(read_last_login, worker, never.id)

    assert login_at is not None
    assert before - timedelta(minutes=1) < login_at < now() + timedelta(minutes=1)
    assert none is None
