"""What recurs costs the database as many statements where many territories have nothing to do as where few have."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, literal, select

from tests import stage
from tests.ui.test_schedules import site_of
from udi.kit import schedules, territory_reads
from udi.kit.confirmation import FRESH_FOR
from udi.kit.db import Database
from udi.kit.schedules import FEW, QUIET_FOR, TerritoriesFailedError, choose_turn
from udi.kit.tenancy import Territory
from udi.kit.territories import FIND_STATE
from udi.kit.territory_reads import find_territories, read_territories
from udi.node.agreements.queries import select_under_agreements
from udi.node.datasets.exchange.account_reports import AccountReport
from udi.node.datasets.exchange.portal import PortalUnavailableError
from udi.node.datasets.worker import create_account_sync
from udi.portal.audit.models import AuditEvent
from udi.portal.nodes.sources.worker import list_due
from udi.settings import ProgramName, Settings
from udi.ui.metrics import measure_site
from udi.ui.site import Site
from udi.ui.worker import list_schedules

IN_TURNS = {"check_links", "compare_accounts", "exchange_inbox", "measure_service"}
"""Scheduled tasks that ask others, or look at the outside: of many territories, so many have their turn."""
REGISTER = ("FROM platform.territory", str(FIND_STATE).strip())
MORE = 3


@pytest.fixture
async def two(
    portal_database: Database, node_database: Database, settings: Settings
) -> AsyncIterator[list[Territory]]:
    """Two territories of both programs, to which a test adds."""
    databases = (portal_database, node_database)
    made = [await stage.add_territory(databases, settings, "idle") for _ in range(2)]
    yield made
    for territory in made:
        await stage.remove_territory(databases, territory.id)


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The statements that are asked meanwhile, without those that read the register."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not any(words in statement for words in REGISTER):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def count_each(site: Site) -> Counter[str]:
    """How many statements each thing that recurs asks, once."""
    site.registry.invalidate()
    await site.registry.list()
    works: dict[str, Callable[[], Awaitable[object]]] = {
        schedule.name: schedule.run
        for schedule in list_schedules(site)
        if schedule.cron.startswith("* ") and schedule.name not in IN_TURNS
    }
    works["metrics"] = lambda: measure_site(site)
    counts: Counter[str] = Counter()
    for name, work in works.items():
        with counted_statements() as statements:
            await work()
        counts[name] = len(statements)
    return counts


@pytest.mark.parametrize("program", ["portal", "node"])
async def test_idle_territories_add_no_statement_to_what_recurs_each_minute(
    two: list[Territory],
    portal_database: Database,
    node_database: Database,
    settings: Settings,
    program: ProgramName,
) -> None:
    databases = (portal_database, node_database)
    async with site_of(settings, program) as site:
        few = await count_each(site)
        two += [
            await stage.add_territory(databases, settings, "idle") for _ in range(MORE)
        ]
        many = await count_each(site)

    assert many == few
    assert few["metrics"] > 0


async def test_sources_that_are_due_are_found_by_one_statement(
    two: list[Territory], settings: Settings
) -> None:
    async with site_of(settings, "portal") as site:
        await site.registry.list()
        with counted_statements() as statements:
            due = await list_due(site)

    assert not {territory.id for territory in two} & {known.id for known in due}
    assert len(statements) == 1


async def test_territories_under_agreements_are_found_by_one_statement(
    two: list[Territory], node_database: Database
) -> None:
    with counted_statements() as statements:
        territories = await find_territories(node_database, *select_under_agreements())

    assert not {territory.id for territory in two} & territories
    assert len(statements) == 1


async def test_each_territory_is_read_with_its_own_rows_and_none_stays_named(
    two: list[Territory], portal_database: Database
) -> None:
    first, second = two
    async with portal_database.session(first.id, role="worker") as session:
        session.add(AuditEvent(name="idle.noted", facts={}))
    query = select(AuditEvent.name.label("word")).where(
        AuditEvent.name.like("idle%"), AuditEvent.name != "it's"
    )

    rows = await read_territories(portal_database, query, role="worker")
    async with portal_database.platform_session(role="worker") as session:
        outside = list(await session.scalars(select(AuditEvent.id)))

    assert rows[first.id] == [{"word": "idle.noted"}]
    assert second.id not in rows
    assert await find_territories(portal_database, query) >= {first.id}
    assert outside == []


async def test_a_role_reads_no_more_of_territories_together_than_of_each(
    two: list[Territory], portal_database: Database
) -> None:
    async with portal_database.session(two[0].id, role="worker") as session:
        session.add(AuditEvent(name="idle.noted", facts={}))

    with pytest.raises(Exception, match="permission denied"):
        await read_territories(portal_database, select(AuditEvent.id), role="public")


async def test_territories_of_several_statements_are_all_read(
    two: list[Territory], portal_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(territory_reads, "AT_ONCE", 1)

    with counted_statements() as statements:
        read_ids = await find_territories(portal_database, select(literal(1)))

    assert read_ids >= {territory.id for territory in two}
    assert len(statements) >= len(read_ids)


@dataclass
class Portal:
    """Answers that nothing changed, but to one territory, the first time."""

    deaf_to: UUID
    calls: list[UUID] = field(default_factory=list)

    async def query_accounts(
        self, territory: Territory, *_: object, **__: object
    ) -> AccountReport:
        self.calls.append(territory.id)
        if self.calls.count(self.deaf_to) == 1 and territory.id == self.deaf_to:
            raise PortalUnavailableError("It does not answer.")
        return AccountReport(None, [], [])


async def test_a_territory_whose_portal_did_not_answer_is_tried_at_the_next_pass(
    two: list[Territory], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "FEW", 0)
    monkeypatch.setattr(schedules, "QUIET_TURNS", 10**9)
    both_ids = {territory.id for territory in two}
    portal = Portal(two[0].id)
    territories_by_pass = []
    async with site_of(settings, "node") as site:
        sync = replace(create_account_sync(site), portal=portal)  # type: ignore[arg-type]  # it has what is called
        for _ in range(3):
            portal_calls = len(portal.calls)
            with suppress(TerritoriesFailedError):
                await sync.run()
            territories_by_pass.append(both_ids & set(portal.calls[portal_calls:]))

    assert territories_by_pass == [both_ids, {two[0].id}, set()]


ONE = Territory(
    id=stage.NOBODY, slug="one", name={}, tagline={}, languages=("fr",), hosts=(), origin="", contact="", theme={},
    links={},
)  # fmt: skip
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def make_territories(count: int) -> list[Territory]:
    return [replace(ONE, id=UUID(int=number)) for number in range(count)]


@pytest.mark.parametrize("every", [1, 2, 3, 4, 5])
def test_many_territories_have_their_turn_in_time_however_seldom_a_pass_begins(
    every: int,
) -> None:
    territories = make_territories(FEW + 7)
    done_at: dict[UUID, datetime] = {}
    pauses: list[timedelta] = []
    for number in range(40):
        moment = NOON + number * every * MINUTE
        turn = choose_turn(territories, done_at, moment)
        # One pass fails: what it took is tried at the next.
        chosen = turn if number != 7 else set()
        pauses += [moment - done_at.get(territory, moment) for territory in chosen]
        done_at |= dict.fromkeys(chosen, moment)

    last_pause = 39 * every * MINUTE + NOON - min(done_at.values())
    assert len(done_at) == len(territories)
    assert max(*pauses, last_pause) <= FRESH_FOR
    assert max(*pauses, last_pause) < QUIET_FOR + 2 * every * MINUTE


def test_the_load_of_many_territories_is_spread_over_passes() -> None:
    territories = make_territories(100)
    done_at: dict[UUID, datetime] = {}
    sizes = []
    for number in range(12):
        moment = NOON + number * MINUTE
        turn = choose_turn(territories, done_at, moment)
        sizes.append(len(turn))
        done_at |= dict.fromkeys(turn, moment)

    assert sizes == [100] + [25] * 11


def test_few_territories_have_their_turn_at_each_pass() -> None:
    territories = make_territories(FEW)
    done_at = {territory.id: NOON for territory in territories}

    assert choose_turn(territories, done_at, NOON) == set(done_at)
