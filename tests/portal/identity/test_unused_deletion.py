"""Deleting accounts that nobody uses: what is looked at again, a login that comes between, a task that was cut short."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text, update

from tests.contract.credentials.keycloak_double import KeycloakDouble
from tests.portal.identity.deletions import add_organisation
from tests.portal.identity.unused import (
    UnusedStage,
    last_use_before,
    today,
    warned_twice,
)
from tests.portal.notifications.conftest import Relay, relay
from tests.visitors import make_person
from udi.kit.clock import now
from udi.kit.erased_accounts import AccountErasedError
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.portal.identity.deletion import unused_deletion
from udi.portal.identity.deletion.last_uses import digest_address
from udi.portal.identity.models import Membership, Person, WatchedAccount
from udi.ui.site import Site

__all__ = ["relay"]


@pytest.fixture
async def stage(portal_site: Site, demo: Territory, relay: Relay) -> UnusedStage:
    return UnusedStage(portal_site, make_person(demo))


async def change_use(stage: UnusedStage, demo: Territory, what: str) -> None:
    """What may happen between the review and the deletion."""
    used: dict[str, Any] = {
        "a login": {"last_login_at": now()},
        "a use at a node": {"node_used_on": today()},
    }
    if what == "a login at the identity service":
        stage.service.log_in(stage.login.subject, now())
    elif what == "nobody else manages":
        person = await stage.read(demo)
        await add_organisation(stage.site.database, demo)
        async with stage.site.database.session(demo.id, role="worker") as session:
            session.add(
                Membership(
                    person_id=person.id, organisation_slug="armor", groups=["managers"]
                )
            )
    elif what == "nobody else operates":
        stage.service.operators = {stage.login.subject}
    else:
        async with stage.site.database.session(demo.id, role="worker") as session:
            await session.execute(update(Person).values(**used[what]))


@pytest.mark.parametrize(
    "what",
    [
        "a login",
        "a use at a node",
        "a login at the identity service",
        "nobody else manages",
        "nobody else operates",
    ],
)
async def test_the_deletion_looks_again_and_leaves_who_came_back_or_is_needed(
    stage: UnusedStage, demo: Territory, relay: Relay, what: str
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await stage.review()
    await change_use(stage, demo, what)

    await stage.delete(demo)

    assert stage.login.subject in stage.service.accounts
    assert await stage.is_known(demo)
    assert (await stage.read(demo)).deletion_requested_at is None
    assert relay.mails == []


async def test_a_territory_whose_rows_are_not_held_is_asked_what_needs_them(
    stage: UnusedStage,
    demo: Territory,
    other: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows of eight territories are held: a ninth one has a role for them since the daily look."""
    monkeypatch.setattr(unused_deletion, "MOST_HELD", 1)
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await stage.know(other, used_at=last_use_before(-9))
    await stage.review()
    person = await stage.read(other)
    await add_organisation(stage.site.database, other)
    async with stage.site.database.session(other.id, role="worker") as session:
        session.add(
            Membership(
                person_id=person.id, organisation_slug="armor", groups=["managers"]
            )
        )

    await stage.delete(demo)

    assert stage.login.subject in stage.service.accounts
    assert await stage.is_known(other)


async def test_an_address_that_changed_since_the_daily_look_keeps_the_account(
    stage: UnusedStage, demo: Territory
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await stage.review()
    stage.change_address("new@people.example")

    await stage.delete(demo)

    assert stage.login.subject in stage.service.accounts
    assert await stage.is_known(demo)


async def test_a_deletion_that_was_cut_short_ends_when_it_is_tried_again(
    stage: UnusedStage,
    demo: Territory,
    relay: Relay,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The worker ends after the identity service deleted the account: nothing is looked at again, all is erased.

    The last mail goes where the warnings did, though nobody can be asked for that address any more.
    """
    address = "new@people.example"
    stage.change_address(address)
    await stage.know(
        demo,
        used_at=last_use_before(-3),
        unused_warned_hash=digest_address(address),
        **warned_twice(),
    )
    await stage.review()

    async def end_here(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(unused_deletion, "erase_known", end_here)
        with pytest.raises(ConnectionError):
            await stage.delete(demo)
    half = (stage.login.subject in stage.service.accounts, await stage.is_known(demo))

    await stage.delete(demo)

    assert half == (False, True)
    assert not await stage.is_known(demo)
    assert [mail["To"] for mail in relay.mails] == [address]


async def test_a_use_at_a_node_that_knows_the_account_alone_is_looked_for_again(
    stage: UnusedStage, demo: Territory, other: Territory
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await stage.review()
    async with stage.site.database.session(other.id, role="worker") as session:
        session.add(
            WatchedAccount(
                subject=stage.login.subject, requested_at=now(), node_used_on=today()
            )
        )

    await stage.delete(demo)

    assert stage.login.subject in stage.service.accounts


@dataclass
class BusyKeycloak(KeycloakDouble):
    """While the account is deleted there, its owner logs in, with a code that they were given a moment before."""

    loop: asyncio.AbstractEventLoop | None = None
    log_in_late: Callable[[], Coroutine[Any, Any, None]] | None = None

    def delete_user(self, subject: str) -> None:
        assert self.loop is not None
        assert self.log_in_late is not None
        asyncio.run_coroutine_threadsafe(self.log_in_late(), self.loop).result(60)
        super().delete_user(subject)


WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN"
    " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)


async def test_a_login_during_the_deletion_waits_and_is_refused(
    portal_site: Site, demo: Territory, relay: Relay
) -> None:
    service = BusyKeycloak(loop=asyncio.get_running_loop())
    stage = UnusedStage(portal_site, make_person(demo), service)
    logins: list[asyncio.Task[str]] = []

    async def log_in_late() -> None:
        sessions = portal_site.services[SESSIONS]
        logins.append(asyncio.create_task(sessions.log_in(demo, stage.login)))
        async with portal_site.database.platform_session(role="worker") as session:
            while not await session.scalar(WAITING) and not logins[0].done():
                await asyncio.wait(logins, timeout=0.05)

    service.log_in_late = log_in_late
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await stage.review()

    await stage.delete(demo)

    with pytest.raises(AccountErasedError):
        await logins[0]
    assert not await stage.is_known(demo)
