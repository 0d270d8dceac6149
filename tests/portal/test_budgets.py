"""What one person, address or territory may do in a while: counted by all processes together, refused with the time to wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import event, func, select

from tests import visitors
from tests.portal.projects.conftest import FORM
from tests.visitors import browse, make_person
from udi.kit import budgets
from udi.kit.budgets import (
    RateLimit,
    address_subject,
    delete_old_counts,
    require_budget,
    spend_budget,
    spend_budgets,
)
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.errors import TooManyRequestsError
from udi.kit.tenancy import Territory
from udi.portal import app as portal
from udi.portal import site as portal_parts
from udi.portal.projects.actions import describe
from udi.portal.tenants import budgets as portal_budgets
from udi.portal.tenants.models import SpentBudget
from udi.settings import Settings

SMALL = RateLimit("trial", 7, 3600)


@pytest.fixture(autouse=True)
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still where it is counted: no test falls between two windows."""
    moment = now()
    monkeypatch.setattr(budgets, "now", lambda: moment)


async def test_as_much_is_spent_at_once_as_may_be_and_no_more(
    portal_database: Database, demo: Territory
) -> None:
    async def attempt() -> bool:
        try:
            async with portal_database.session(demo.id) as session:
                await spend_budget(session, SMALL, "somebody")
        except TooManyRequestsError:
            return False
        return True

    assert sum(await asyncio.gather(*(attempt() for _ in range(25)))) == SMALL.limit


async def test_one_that_is_spent_leaves_others_their_own(
    portal_database: Database,
    demo: Territory,
    other: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with portal_database.session(demo.id) as session:
        await spend_budget(session, SMALL, "somebody", cost=SMALL.limit)
    async with portal_database.session(demo.id) as session:
        with pytest.raises(TooManyRequestsError):
            await require_budget(session, SMALL, "somebody")
        await require_budget(session, SMALL, "somebody else")
        await require_budget(session, replace(SMALL, policy="another"), "somebody")
    async with portal_database.session(other.id) as session:
        await require_budget(session, SMALL, "somebody")
    later = now() + timedelta(seconds=SMALL.seconds)
    monkeypatch.setattr(budgets, "now", lambda: later)
    async with portal_database.session(demo.id) as session:
        await require_budget(session, SMALL, "somebody")


async def test_several_are_counted_together_or_none_is(
    portal_database: Database, demo: Territory
) -> None:
    full = replace(SMALL, policy="full", limit=1, seconds=60)
    spent = [(SMALL, "somebody"), (full, "everybody")]
    statements = list[str]()

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    async def spend() -> None:
        async with portal_database.session(demo.id) as session:
            await spend_budgets(session, spent)

    engine = portal_database.engine("app").sync_engine
    event.listen(engine, "before_cursor_execute", note)
    await spend()
    event.remove(engine, "before_cursor_execute", note)
    with pytest.raises(TooManyRequestsError) as refused:
        await spend()

    assert len(statements) == 1
    assert 0 < int(refused.value.headers["Retry-After"]) <= full.seconds
    async with portal_database.session(demo.id) as session:
        rows = await session.execute(
            select(SpentBudget.policy, SpentBudget.subject, SpentBudget.used)
        )
        assert {tuple(row) for row in rows} == {
            ("trial", "somebody", 1),
            ("full", "everybody", 1),
        }


async def test_a_refusal_says_how_long_to_wait(
    portal_database: Database, demo: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = now().replace(minute=50, second=0, microsecond=0)
    monkeypatch.setattr(budgets, "now", lambda: moment)
    with pytest.raises(TooManyRequestsError) as refused:
        async with portal_database.session(demo.id) as session:
            await spend_budget(session, SMALL, "somebody", cost=SMALL.limit + 1)

    assert refused.value.headers["Retry-After"] == "600"
    assert refused.value.remedy % refused.value.values == "Try again in 10 minutes."


async def test_what_was_counted_is_forgotten_after_a_day(
    portal_database: Database, demo: Territory
) -> None:
    async def count() -> int:
        async with portal_database.session(demo.id) as session:
            return (
                await session.scalar(select(func.count()).select_from(SpentBudget)) or 0
            )

    async with portal_database.session(demo.id) as session:
        session.add(
            SpentBudget(
                policy="old",
                subject="somebody",
                begins_at=now() - timedelta(days=2),
                used=1,
            )
        )
        await spend_budget(session, SMALL, "somebody")
    assert await count() == 2
    async with portal_database.session(demo.id, role="worker") as session:
        await delete_old_counts(session)

    assert await count() == 1


def test_an_address_is_not_kept_as_it_is() -> None:
    subject = address_subject("192.0.2.7", "a key")

    assert "192.0.2.7" not in subject
    assert subject == address_subject("192.0.2.7", "a key")
    assert subject != address_subject("192.0.2.7", "another key")
    assert subject != address_subject("192.0.2.8", "a key")


@pytest.fixture(scope="module")
async def second_process(settings: Settings) -> AsyncIterator[Litestar]:
    """Another web worker on the same database."""
    site = portal_parts.build_site(settings)
    visitors.freshen(site.registry)
    app = portal.create(site)
    yield app
    await visitors.shut_down(app)


@asynccontextmanager
async def two_browsers(
    first: Litestar, second: Litestar, territory: Territory, **options: Any
) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with (
        browse(first, territory, **options) as first_client,
        browse(second, territory, **options) as two,
    ):
        yield [first_client, two]


async def test_two_processes_count_the_writes_of_one_person_together(
    portal_app: Litestar,
    second_process: Litestar,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(portal_budgets, "WRITES", RateLimit("writes", 6, 3600))
    async with two_browsers(
        portal_app, second_process, demo, person=make_person(demo)
    ) as browsers:
        answers = [
            await browsers[turn % 2].post("/my-space/tokens", data={})
            for turn in range(10)
        ]

    assert [answer.status_code == 429 for answer in answers] == [False] * 6 + [True] * 4
    assert "Réessayez dans" in answers[-1].text
    assert int(answers[-1].headers["Retry-After"]) > 0


async def test_an_address_is_counted_whoever_is_behind_it(
    portal_app: Litestar,
    second_process: Litestar,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        portal_budgets, "ADDRESS_WRITES", RateLimit("address-writes", 5, 3600)
    )
    answers = []
    for turn in range(8):
        app = (portal_app, second_process)[turn % 2]
        async with browse(app, demo, make_person(demo)) as somebody:
            answers.append(await somebody.post("/my-space/tokens", data={}))

    assert [answer.status_code == 429 for answer in answers] == [False] * 5 + [True] * 3


async def test_reading_is_not_counted(
    portal_app: Litestar, demo: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WRITES", "ADDRESS_WRITES", "TERRITORY_WRITES"):
        monkeypatch.setattr(portal_budgets, name, RateLimit(name, 0, 3600))
    async with browse(portal_app, demo, make_person(demo)) as somebody:
        assert (await somebody.get("/my-space")).status_code == 200
        assert (await somebody.post("/my-space/tokens", data={})).status_code == 429


async def test_projects_are_begun_a_few_an_hour(
    portal_app: Litestar, demo: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describe, "PROJECTS", RateLimit("projects", 3, 3600))
    async with browse(portal_app, demo, make_person(demo)) as somebody:
        answers = [await somebody.post("/projects/new", data=FORM) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [303, 303, 303, 429, 429]


async def test_wrong_credentials_are_tried_ten_times_and_no_more(
    portal_app: Litestar,
    second_process: Litestar,
    demo: Territory,
    other: Territory,
    keycloak: Settings,
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": "nobody",
        "client_secret": "wrong",
    }
    async with two_browsers(portal_app, second_process, demo) as machines:
        answers = [
            await machines[turn % 2].post("/oauth2/token", data=form)
            for turn in range(14)
        ]

    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 4
    async with browse(portal_app, other) as machine:
        assert (await machine.post("/oauth2/token", data=form)).status_code == 401
