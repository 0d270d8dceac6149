"""A session keeps the rights of its own person: the identity service is asked again, and may end it."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.kit.realm import CLIENT, SUBJECT, Realm
from udi.kit import clock
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.sessions import Sessions
from udi.kit.tenancy import Territory
from udi.portal.identity.deletion.actions import note_erasure
from udi.portal.identity.models import TABLES, Person, WebSession


@pytest.fixture
async def realm(tmp_path: Path) -> AsyncIterator[Realm]:
    new_realm = Realm(tmp_path)
    yield new_realm
    await new_realm.stop()


@pytest.fixture
def sessions(realm: Realm, portal_database: Database) -> Sessions:
    return Sessions(portal_database, TABLES, realm.service, lambda _territory: CLIENT)


@pytest.fixture
def login(realm: Realm, demo: Territory) -> Login:
    """A login whose rights are to be asked again at once: it administers an organisation."""
    rights = {f"{demo.slug}--seve": {"groups": ["/managers"]}}
    return Login(
        issuer=realm.service.issuer, subject=SUBJECT, name="Compte", email="a@people.example", sid=str(uuid.uuid4()),
        access_expires_at=clock.now() - timedelta(seconds=1), refresh_token="refresh", organisations=rights,
    )  # fmt: skip


async def test_find_actor_asks_again_which_rights_there_are(
    sessions: Sessions, realm: Realm, demo: Territory, login: Login
) -> None:
    token = await sessions.log_in(demo, login)
    realm.rights = {"organization": {f"{demo.slug}--seve": {"groups": ["/publishers"]}}}

    actor = await sessions.find_actor(demo, token)

    assert actor is not None
    assert actor.memberships == {"seve": frozenset({"publishers"})}


async def test_find_actor_ends_a_session_that_is_answered_about_somebody_else(
    sessions: Sessions, realm: Realm, demo: Territory, login: Login
) -> None:
    token = await sessions.log_in(demo, login)
    realm.person = realm.rights = {"sub": "somebody else"}

    assert await sessions.find_actor(demo, token) is None
    realm.person = realm.rights = {}
    assert await sessions.find_actor(demo, token) is None


@pytest.mark.parametrize("seconds", [600, -900])
async def test_find_actor_goes_on_while_the_clock_of_the_identity_service_differs(
    sessions: Sessions, realm: Realm, demo: Territory, login: Login, seconds: int
) -> None:
    token = await sessions.log_in(demo, replace(login, refresh_token="used up"))
    moment = int(clock.now().timestamp()) + seconds
    realm.person = realm.rights = {"iat": moment, "exp": moment + 300}

    during = await sessions.find_actor(demo, token)
    async with sessions.database.session(demo.id) as session:
        [refresh_token] = (
            await session.scalars(select(WebSession.refresh_token))
        ).all()
    realm.person = {}
    realm.rights = {"organization": {f"{demo.slug}--seve": {"groups": ["/publishers"]}}}
    await ask_again(sessions, demo)
    after = await sessions.find_actor(demo, token)

    assert during is not None
    assert after is not None
    assert refresh_token == "refresh"
    assert during.memberships == {"seve": frozenset({"managers"})}
    assert after.memberships == {"seve": frozenset({"publishers"})}


async def ask_again(sessions: Sessions, territory: Territory) -> None:
    """Have the rights of every session be due."""
    due = clock.now() - timedelta(seconds=1)
    async with sessions.database.session(territory.id) as session:
        await session.execute(update(WebSession).values(access_expires_at=due))


async def test_find_actor_ends_a_session_that_the_identity_service_ended(
    sessions: Sessions, realm: Realm, demo: Territory, login: Login
) -> None:
    token = await sessions.log_in(demo, login)
    realm.refusal = "invalid_grant"

    assert await sessions.find_actor(demo, token) is None
    realm.refusal = ""
    assert await sessions.find_actor(demo, token) is None


async def test_find_actor_ends_a_session_whose_account_was_deleted_meanwhile(
    sessions: Sessions,
    portal_database: Database,
    realm: Realm,
    demo: Territory,
    login: Login,
) -> None:
    token = await sessions.log_in(demo, login)
    async with portal_database.session(demo.id, role="worker") as session:
        await note_erasure(session, login.subject)
        await session.execute(update(Person).values(name="Former"))

    actor = await sessions.find_actor(demo, token)

    async with portal_database.session(demo.id, role="worker") as session:
        names = (await session.scalars(select(Person.name))).all()
        open_sessions = (await session.scalars(select(WebSession.id))).all()
    assert (actor, names, open_sessions) == (None, ["Former"], [])


async def test_find_actor_goes_on_where_the_program_itself_is_refused(
    sessions: Sessions, realm: Realm, demo: Territory, login: Login
) -> None:
    token = await sessions.log_in(demo, login)
    realm.refusal = "unauthorized_client"

    actor = await sessions.find_actor(demo, token)

    assert actor is not None
    assert actor.may_manage("seve")


async def test_log_in_ends_the_session_whose_place_it_takes(
    sessions: Sessions, demo: Territory, login: Login
) -> None:
    lasting = replace(login, access_expires_at=clock.now() + timedelta(minutes=5))
    former = await sessions.log_in(demo, lasting)

    present = await sessions.log_in(demo, lasting, replaced=former)

    assert await sessions.find_actor(demo, former) is None
    assert await sessions.find_actor(demo, present) is not None


async def test_log_out_ends_one_session_and_says_its_id_token(
    sessions: Sessions, demo: Territory, login: Login
) -> None:
    lasting = replace(
        login,
        access_expires_at=clock.now() + timedelta(minutes=5),
        id_token="of the session",
    )
    token = await sessions.log_in(demo, lasting)
    other = await sessions.log_in(demo, lasting)

    assert await sessions.log_out(demo, token) == "of the session"
    assert await sessions.log_out(demo, token) is None
    assert await sessions.find_actor(demo, other) is not None
