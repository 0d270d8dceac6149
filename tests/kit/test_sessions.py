"""Sessions are the server's: they end when they should, and belong to one territory."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from udi.kit import clock, sessions
from udi.kit.db import Database
from udi.kit.oidc import Login, LogoutNotice
from udi.kit.sessions import (
    SessionTables,
    apply_backchannel_logout,
    close_session,
    delete_expired_sessions,
    find_session,
    open_session,
    schedule_expiry,
)
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node.identity.models import TABLES as NODE
from udi.portal.identity.models import TABLES as PORTAL
from udi.portal.tenants.models import Tenant
from udi.settings import Settings

ISSUER = "https://id.example/realms/udi"
PROGRAMS: dict[str, SessionTables] = {"portal": PORTAL, "node": NODE}


def login(subject: str = "", **changed: Any) -> Login:
    defaults = {
        "issuer": ISSUER,
        "subject": subject or str(uuid.uuid4()),
        "name": "Compte",
        "email": "a@people.example",
    }
    return Login(
        **{
            **defaults,
            "access_expires_at": clock.now() + timedelta(minutes=5),
            "sid": "sid-1",
            **changed,
        }
    )


def later(monkeypatch: pytest.MonkeyPatch, **duration: float) -> None:
    monkeypatch.setattr(sessions, "now", lambda: clock.now() + timedelta(**duration))


async def opened(database: Database, territory: Territory, who: Login) -> str:
    async with database.session(territory.id) as session:
        return (await open_session(session, PORTAL, who, territory.slug))[0]


async def is_open(database: Database, territory: Territory, token: str) -> bool:
    async with database.session(territory.id) as session:
        return await find_session(session, PORTAL, token) is not None


@pytest.fixture(params=PROGRAMS)
def program(
    request: pytest.FixtureRequest, portal_database: Database, node_database: Database
) -> tuple[Database, SessionTables]:
    databases = {"portal": portal_database, "node": node_database}
    return databases[request.param], PROGRAMS[request.param]


async def test_both_programs_open_find_and_close_sessions(
    program: tuple[Database, SessionTables], demo: Territory
) -> None:
    database, tables = program
    rights = {
        demo.slug: {"groups": ["/moderators"]},
        f"{demo.slug}--seve": {"groups": ["/publishers"]},
    }
    async with database.session(demo.id) as session:
        token, actor = await open_session(
            session, tables, login(organisations=rights, id_token="i"), demo.slug
        )
        row, person = await find_session(session, tables, token) or (None, None)
        assert await close_session(session, tables, token) == "i"
        assert await find_session(session, tables, token) is None
        assert await close_session(session, tables, token) is None

    assert (actor.moderator, actor.may_publish("seve"), actor.may_manage("seve")) == (
        True,
        True,
        False,
    )
    assert row.memberships == {"seve": ["publishers"]}
    assert person.id == actor.person_id


async def test_the_cookie_is_not_in_the_table(
    portal_database: Database, demo: Territory
) -> None:
    token = await opened(portal_database, demo, login())

    async with portal_database.session(demo.id) as session:
        stored_hash = await session.scalar(select(PORTAL.web_session.token_hash))

    assert len(token) == 43
    assert len(stored_hash) == 32
    assert token.encode() not in stored_hash


async def test_a_person_is_known_by_issuer_and_subject_not_by_mail(
    portal_database: Database, demo: Territory
) -> None:
    first = login("subject-1")
    for who in (
        first,
        login("subject-1", name="New name"),
        login("subject-2"),
        login("subject-1", issuer="other"),
    ):
        await opened(portal_database, demo, who)

    async with portal_database.session(demo.id) as session:
        people = (
            await session.scalars(select(PORTAL.person).order_by(PORTAL.person.subject))
        ).all()

    assert sorted(
        (person.issuer, person.subject, person.name) for person in people
    ) == [
        (ISSUER, "subject-1", "New name"),
        (ISSUER, "subject-2", "Compte"),
        ("other", "subject-1", "Compte"),
    ]


async def test_two_first_logins_of_a_person_at_once_make_one_person(
    portal_database: Database, demo: Territory
) -> None:
    who = login()

    await asyncio.gather(*(opened(portal_database, demo, who) for _ in range(5)))

    async with portal_database.session(demo.id) as session:
        assert (
            await session.scalar(select(func.count()).select_from(PORTAL.person)) == 1
        )
        assert (
            await session.scalar(select(func.count()).select_from(PORTAL.web_session))
            == 5
        )


async def test_another_territory_does_not_know_the_session(
    portal_database: Database, demo: Territory, other: Territory
) -> None:
    token = await opened(portal_database, demo, login())

    assert await is_open(portal_database, demo, token)
    assert not await is_open(portal_database, other, token)


@pytest.mark.parametrize(("minutes", "open_still"), [(29, 1), (31, 0)])
async def test_a_session_nobody_uses_ends_after_half_an_hour(
    portal_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
    minutes: int,
    open_still: int,
) -> None:
    token = await opened(portal_database, demo, login())

    later(monkeypatch, minutes=minutes)

    assert await is_open(portal_database, demo, token) == bool(open_still)


@pytest.mark.parametrize("is_refresh", [True, False])
async def test_a_page_that_refreshes_itself_keeps_no_session_open(
    portal_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_refresh: bool,
) -> None:
    token = await opened(portal_database, demo, login())
    later(monkeypatch, minutes=29)
    async with portal_database.session(demo.id) as session:
        await find_session(session, PORTAL, token, is_refresh=is_refresh)

    later(monkeypatch, minutes=31)

    assert await is_open(portal_database, demo, token) is not is_refresh


async def test_a_session_in_use_ends_after_ten_hours(
    portal_database: Database, demo: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await opened(portal_database, demo, login())
    for quarter in range(1, 40):
        later(monkeypatch, minutes=15 * quarter)
        assert await is_open(portal_database, demo, token)

    later(monkeypatch, minutes=601)

    assert not await is_open(portal_database, demo, token)


def notice(who: Login, **changed: Any) -> LogoutNotice:
    defaults = {
        "client_id": "demo-portal",
        "issuer": who.issuer,
        "subject": who.subject,
        "sid": who.sid,
    }
    return LogoutNotice(
        **{**defaults, "jti": str(uuid.uuid4()), "expires_at": clock.now(), **changed}
    )


async def test_a_logout_notice_ends_the_session_it_names_once(
    portal_database: Database, demo: Territory
) -> None:
    who = login()
    token = await opened(portal_database, demo, who)
    sibling = await opened(
        portal_database, demo, login(who.subject, sid="sid-2")
    )  # fmt: skip
    announced = notice(who)

    async with portal_database.session(demo.id) as session:
        assert await apply_backchannel_logout(session, PORTAL, announced) == 1
        assert await apply_backchannel_logout(session, PORTAL, announced) is None

    assert not await is_open(portal_database, demo, token)
    assert await is_open(portal_database, demo, sibling)


@pytest.mark.parametrize(
    "changed", [{"sid": "another"}, {"subject": "another"}, {"issuer": "another"}]
)
async def test_a_logout_notice_about_others_ends_nothing(
    portal_database: Database, demo: Territory, changed: dict[str, str]
) -> None:
    who = login()
    token = await opened(portal_database, demo, who)

    async with portal_database.session(demo.id) as session:
        assert (
            await apply_backchannel_logout(session, PORTAL, notice(who, **changed)) == 0
        )

    assert await is_open(portal_database, demo, token)


async def test_a_logout_notice_without_session_ends_all_of_the_person(
    portal_database: Database, demo: Territory
) -> None:
    who = login()
    stranger = login()
    mine = [
        await opened(portal_database, demo, login(who.subject, sid=sid))
        for sid in ("a", "b")
    ]
    theirs = await opened(portal_database, demo, stranger)

    async with portal_database.session(demo.id) as session:
        assert await apply_backchannel_logout(session, PORTAL, notice(who, sid="")) == 2

    assert [
        await is_open(portal_database, demo, token) for token in [*mine, theirs]
    ] == [False, False, True]


async def test_the_past_is_forgotten_by_the_worker(
    portal_database: Database, demo: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = login()
    await opened(portal_database, demo, who)
    async with portal_database.session(demo.id) as session:
        await apply_backchannel_logout(session, PORTAL, notice(login(), sid="other"))
        assert await delete_expired_sessions(session, PORTAL) == 0

    later(monkeypatch, hours=11)

    async with portal_database.session(demo.id, role="worker") as session:
        assert await delete_expired_sessions(session, PORTAL) == 2


async def test_the_sweep_goes_through_every_territory(
    portal_database: Database, demo: Territory, other: Territory, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    tokens = {
        territory.slug: await opened(portal_database, territory, login())
        for territory in (demo, other)
    }
    registry = TerritoryRegistry(portal_database, Tenant, lambda host: host, max_age=0)
    later(monkeypatch, hours=11)

    await schedule_expiry(portal_database, registry, PORTAL).run()

    monkeypatch.undo()
    assert not any(
        [
            await is_open(portal_database, territory, tokens[territory.slug])
            for territory in (demo, other)
        ]
    )
