"""A node tells the portal which accounts are used there, so that none of them counts as one that nobody uses."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, update

from tests.contract.credentials.test_leaving import Leaver, leaver
from udi.kit.clock import now
from udi.kit.errors import InvalidError
from udi.node.identity.models import WebSession as NodeSession
from udi.node.spaces.models import ScriptKey
from udi.portal.identity.models import Person, WatchedAccount
from udi.portal.nodes.accounts import read_query

__all__ = ["leaver"]


async def read_day(leaver: Leaver) -> date | None:
    """The day of the last use elsewhere, as the portal has it."""
    world = leaver.world
    query = select(Person.node_used_on).where(Person.subject == world.login.subject)
    async with world.portal.database.session(
        world.territory.id, role="worker"
    ) as session:
        return await session.scalar(query)


async def leave_node(leaver: Leaver, *, key_used_hours_ago: float) -> None:
    """End the sessions at the node; a script was at work some time ago."""
    world = leaver.world
    used_at = now() - timedelta(hours=key_used_hours_ago)
    async with world.node.database.session(
        world.territory.id, role="worker"
    ) as session:
        await session.execute(delete(NodeSession))
        await session.execute(update(ScriptKey).values(last_used_at=used_at))


async def test_who_is_logged_in_at_a_node_uses_the_account(leaver: Leaver) -> None:
    before = await read_day(leaver)

    await leaver.asker.check_accounts(leaver.world.territory)

    assert (before, await read_day(leaver)) == (None, now().date())


@pytest.mark.parametrize(("hours", "is_used"), [(1, True), (23, True), (25, False)])
async def test_a_script_at_work_uses_the_account_of_its_key(
    leaver: Leaver, *, hours: float, is_used: bool
) -> None:
    await leave_node(leaver, key_used_hours_ago=hours)

    await leaver.asker.check_accounts(leaver.world.territory)

    assert (await read_day(leaver) is not None) is is_used


async def test_an_account_that_the_portal_does_not_know_keeps_its_day_too(
    leaver: Leaver,
) -> None:
    world = leaver.world
    async with world.portal.database.session(
        world.territory.id, role="worker"
    ) as session:
        moved = update(Person).where(Person.subject == world.login.subject)
        await session.execute(moved.values(subject="somebody-else"))

    await leaver.asker.check_accounts(world.territory)

    query = select(WatchedAccount.node_used_on).where(
        WatchedAccount.subject == world.login.subject
    )
    async with world.portal.database.session(
        world.territory.id, role="worker"
    ) as session:
        assert await session.scalar(query) == now().date()


def test_of_a_node_of_an_earlier_release_all_that_hold_something_count() -> None:
    earlier = read_query(json.dumps({"subjects": ["a", "b"]}).encode())
    present = read_query(json.dumps({"subjects": ["a", "b"], "used": ["b"]}).encode())

    assert (earlier.in_use, present.in_use) == (["a", "b"], ["b"])


@pytest.mark.parametrize("used", ["b", [1], [""], ["x" * 101], ["x"] * 1001])
def test_what_is_no_list_of_accounts_is_refused(used: object) -> None:
    with pytest.raises(InvalidError):
        read_query(json.dumps({"subjects": [], "used": used}).encode())
