"""A program's journal as a chain of numbered lines, for a collector: numbers are given after the commit, so that none is skipped.

A transaction that began early may commit late. Its event has no number until it is seen, and then gets the next one:
what a collector already read stays as it is.
"""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Index,
    Subquery,
    Uuid,
    column,
    delete,
    exists,
    func,
    insert,
    select,
    table,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from udi.kit.db import TenantKey
from udi.kit.hash_chain import ChainHead, seal_line
from udi.kit.tenancy import current_tenant
from udi.settings import ProgramName

BATCH = 1000
"""Events in memory at a time."""
UNNUMBERED = table(
    "unnumbered_event",
    column("tenant_id", Uuid()),
    column("event_id", Uuid()),
    schema="ops",
)
"""A note of each event without a number, which a trigger adds in the transaction of the event."""
BEGIN_CHAINS = """
INSERT INTO app.journal_line (tenant_id, chain, number, digest)
SELECT tenant_id, max(chain) + 1, 0, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
FROM app.journal_line GROUP BY tenant_id"""
"""Where the database came back from a backup: what was numbered since, elsewhere, must not be numbered otherwise."""


class JournalLineColumns:
    """Columns of `app.journal_line`: the number of an event in the journal that leaves for a collector.

    Rows are never changed. Number zero of a chain is its beginning: of no event, with a digest drawn at random.
    """

    __tablename__ = "journal_line"

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 - SQLAlchemy's own convention
        return (
            Index(
                "ix_journal_line_tenant_id_chain_event_id",
                "tenant_id",
                "chain",
                "event_id",
                unique=True,
            ),
        )

    tenant_id: Mapped[TenantKey]
    chain: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False
    )
    event_id: Mapped[UUID | None]
    digest: Mapped[bytes]
    """SHA-256 of the line."""


@dataclass(frozen=True)
class ProgramJournal:
    """What one program notes of who did what, and the table where its lines are numbered."""

    program: ProgramName
    lines: type[JournalLineColumns]
    events: Subquery
    """Those that leave: `tenant_id`, `id`, `at`, `name`, `actor_id`, `subject_id`, `facts`."""
    facts: frozenset[str] | None = None
    """Names of the facts that leave: where people's own words are among them. None: all of them."""


class ChangedEventError(Exception):
    """The event of a line is not what it was when the line was numbered, or is gone."""

    def __init__(self, number: int) -> None:
        super().__init__(f"The event of line {number} was changed.")
        self.number = number


@dataclass(frozen=True)
class JournalChain:
    """The chain of one territory's journal: its count since the first, the digest that it begins with, its last line."""

    count: int
    seed: str
    head: ChainHead


async def number_events(
    session: AsyncSession,
    journal: ProgramJournal,
    slug: str,
    *,
    new_chain: bool = False,
) -> JournalChain:
    """Give each event that has none its number, in the session's territory, as the worker.

    With `new_chain`, all of them from one on, in a chain of its own: where the database does not continue what was
    exported.
    """
    lock = func.hashtextextended(f"journal:{slug}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(lock)))
    chain = await find_chain(session, journal)
    if chain is None or new_chain:
        chain = await _begin_chain(session, journal, chain.count + 1 if chain else 1)
    await _forget_notes(session, journal, chain.count)
    head = chain.head
    query = _all_events(journal) if head.number == 0 else _unnumbered_events(journal)
    waiting: list[dict[str, Any]] = []
    events = await session.stream(query, execution_options={"yield_per": BATCH})
    async for event in events:
        _, head = seal_line(describe_event(journal, event, slug), head)
        waiting.append(
            {
                "chain": chain.count,
                "number": head.number,
                "event_id": event.id,
                "digest": bytes.fromhex(head.digest),
            }
        )
        if len(waiting) >= BATCH:
            await _add_lines(session, journal, waiting)
            waiting = []
    await _add_lines(session, journal, waiting)
    return JournalChain(chain.count, chain.seed, head)


async def find_chain(
    session: AsyncSession, journal: ProgramJournal
) -> JournalChain | None:
    """The newest chain of the session's territory; None when nothing was exported yet."""
    lines = journal.lines
    query = select(lines).order_by(lines.chain.desc(), lines.number.desc())
    last = await session.scalar(query.limit(1))
    if last is None:
        return None
    seed = await find_digest(session, journal, last.chain, 0)
    return JournalChain(
        last.chain, seed or "", ChainHead(last.number, last.digest.hex())
    )


async def find_digest(
    session: AsyncSession, journal: ProgramJournal, chain: int, number: int
) -> str | None:
    """The digest of one line, if the chain has it."""
    lines = journal.lines
    digest = await session.scalar(
        select(lines.digest).where(lines.chain == chain, lines.number == number)
    )
    if digest is None:
        return None
    return digest.hex()


async def stream_lines(
    session: AsyncSession,
    journal: ProgramJournal,
    slug: str,
    chain: JournalChain,
    start: ChainHead,
) -> AsyncIterator[bytes]:
    """The lines after `start` up to the chain's head, in their order.

    Raises:
        ChangedEventError: an event is not what it was when its line was numbered, or is gone.
    """
    lines = journal.lines
    events = journal.events
    query = (
        select(lines.number, lines.digest, events)
        .join(events, events.c.id == lines.event_id)
        .where(
            events.c.tenant_id == lines.tenant_id,
            lines.chain == chain.count,
            lines.number > start.number,
            lines.number <= chain.head.number,
        )
        .order_by(lines.number)
    )
    head = start
    rows = await session.stream(query, execution_options={"yield_per": BATCH})
    async for row in rows:
        line, head = seal_line(describe_event(journal, row, slug), head)
        if (row.number, row.digest.hex()) != (head.number, head.digest):
            raise ChangedEventError(head.number)
        yield line
    if head != chain.head:
        raise ChangedEventError(head.number + 1)


def describe_event(journal: ProgramJournal, event: Any, slug: str) -> Mapping[str, Any]:
    """What a line says of an event: identifiers drawn at random, our own words, and counts; no name, no address, no value."""
    return {
        "territory": slug,
        "program": journal.program,
        "id": str(event.id),
        "at": event.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "name": event.name,
        "actor": _identifier(event.actor_id),
        "subject": _identifier(event.subject_id),
        "facts": _select_facts(journal, event.facts),
    }


def _select_facts(journal: ProgramJournal, facts: Any) -> Any:
    """Facts that leave, by their name; what the database holds otherwise, as it is, where all leave."""
    if isinstance(facts, dict):
        return {
            name: value
            for name, value in sorted(facts.items())
            if journal.facts is None or name in journal.facts
        }
    if journal.facts is None:
        return facts
    return {}


def _identifier(value: UUID | None) -> str | None:
    if value is None:
        return None
    return str(value)


def _all_events(journal: ProgramJournal) -> Any:
    """The events that leave, in their order: a chain that has no line yet begins with them."""
    events = journal.events
    return select(events).order_by(events.c.at, events.c.id)


def _unnumbered_events(journal: ProgramJournal) -> Any:
    """Those that were committed since: a trigger notes each in the transaction that adds it."""
    notes = select(UNNUMBERED.c.event_id).where(
        UNNUMBERED.c.tenant_id == current_tenant()
    )
    return _all_events(journal).where(journal.events.c.id.in_(notes))


async def _forget_notes(
    session: AsyncSession, journal: ProgramJournal, count: int
) -> None:
    """Forget the notes of events that have a number, or left.

    An archive that replaces a copy adds its events again; a space that moves takes the history of its datasets along.
    """
    lines = journal.lines
    numbered = exists().where(
        lines.tenant_id == UNNUMBERED.c.tenant_id,
        lines.chain == count,
        lines.event_id == UNNUMBERED.c.event_id,
    )
    present = exists().where(journal.events.c.id == UNNUMBERED.c.event_id)
    await session.execute(
        delete(UNNUMBERED).where(
            UNNUMBERED.c.tenant_id == current_tenant(), numbered | ~present
        )
    )


async def _begin_chain(
    session: AsyncSession, journal: ProgramJournal, count: int
) -> JournalChain:
    seed = secrets.token_bytes(32)
    beginning = {"chain": count, "number": 0, "event_id": None, "digest": seed}
    await _add_lines(session, journal, [beginning])
    return JournalChain(count, seed.hex(), ChainHead(0, seed.hex()))


async def _add_lines(
    session: AsyncSession, journal: ProgramJournal, lines: Sequence[Mapping[str, Any]]
) -> None:
    """Add lines, and forget the notes of their events."""
    if not lines:
        return
    await session.execute(insert(journal.lines), lines)
    await session.execute(
        delete(UNNUMBERED).where(
            UNNUMBERED.c.tenant_id == current_tenant(),
            UNNUMBERED.c.event_id.in_([line["event_id"] for line in lines]),
        )
    )
