"""The journal as a chain of numbered lines, for a collector: numbers are given after the commit, so that none is skipped.

A transaction that began early may commit late. Its event has no number until it is seen, and then gets the next one:
what a collector already read stays as it is.
"""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, column, delete, exists, func, insert, select, table
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.hash_chain import ChainHead, seal_line
from udi.kit.tenancy import current_tenant
from udi.portal.audit.models import AuditEvent, JournalLine

BATCH = 1000
"""Events in memory at a time."""
PRIVATE_EVENTS = "suggestion.%"
"""What somebody declared of their own interests: nobody else reads that they did, a collector neither."""
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


class ChangedEventError(Exception):
    """The event of a line is not what it was when the line was numbered: the database was changed past the programs."""

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
    session: AsyncSession, slug: str, *, new_chain: bool = False
) -> JournalChain:
    """Give each event that has none its number, in the session's territory, as the worker.

    With `new_chain`, all of them from one on, in a chain of its own: where the database does not continue what was
    exported.
    """
    lock = func.hashtextextended(f"journal:{slug}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(lock)))
    chain = await find_chain(session)
    if chain is None or new_chain:
        chain = await _begin_chain(session, chain.count + 1 if chain else 1)
    await _forget_numbered(session, chain.count)
    head = chain.head
    query = _all_events() if head.number == 0 else _unnumbered_events()
    waiting: list[dict[str, Any]] = []
    events = await session.stream_scalars(query, execution_options={"yield_per": BATCH})
    async for event in events:
        _, head = seal_line(describe_event(event, slug), head)
        waiting.append(
            {
                "chain": chain.count,
                "number": head.number,
                "event_id": event.id,
                "digest": bytes.fromhex(head.digest),
            }
        )
        session.expunge(event)
        if len(waiting) >= BATCH:
            await _add_lines(session, waiting)
            waiting = []
    await _add_lines(session, waiting)
    return JournalChain(chain.count, chain.seed, head)


async def find_chain(session: AsyncSession) -> JournalChain | None:
    """The newest chain of the session's territory; None when nothing was exported yet."""
    query = select(JournalLine).order_by(
        JournalLine.chain.desc(), JournalLine.number.desc()
    )
    last = await session.scalar(query.limit(1))
    if last is None:
        return None
    seed = await find_digest(session, last.chain, 0)
    return JournalChain(
        last.chain, seed or "", ChainHead(last.number, last.digest.hex())
    )


async def find_digest(session: AsyncSession, chain: int, number: int) -> str | None:
    """The digest of one line, if the chain has it."""
    digest = await session.scalar(
        select(JournalLine.digest).where(
            JournalLine.chain == chain, JournalLine.number == number
        )
    )
    if digest is None:
        return None
    return digest.hex()


async def stream_lines(
    session: AsyncSession, slug: str, chain: JournalChain, start: ChainHead
) -> AsyncIterator[bytes]:
    """The lines after `start` up to the chain's head, in their order.

    Raises:
        ChangedEventError: an event is not what it was when its line was numbered, or is gone.
    """
    query = (
        select(JournalLine.number, JournalLine.digest, AuditEvent)
        .join(AuditEvent, AuditEvent.id == JournalLine.event_id)
        .where(
            AuditEvent.tenant_id == JournalLine.tenant_id,
            JournalLine.chain == chain.count,
            JournalLine.number > start.number,
            JournalLine.number <= chain.head.number,
        )
        .order_by(JournalLine.number)
    )
    head = start
    rows = await session.stream(query, execution_options={"yield_per": BATCH})
    async for number, digest, event in rows:
        line, head = seal_line(describe_event(event, slug), head)
        session.expunge(event)
        if (number, digest.hex()) != (head.number, head.digest):
            raise ChangedEventError(head.number)
        yield line
    if head != chain.head:
        raise ChangedEventError(head.number + 1)


def describe_event(event: AuditEvent, slug: str) -> Mapping[str, Any]:
    """What a line says of an event: identifiers drawn at random, our own words, and counts; no name, no address, no value."""
    return {
        "territory": slug,
        "id": str(event.id),
        "at": event.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "name": event.name,
        "actor": _identifier(event.actor_id),
        "subject": _identifier(event.subject_id),
        "facts": _sort_facts(event.facts),
    }


def _sort_facts(facts: Any) -> Any:
    """Facts by their name; what the database holds otherwise, as it is."""
    if isinstance(facts, dict):
        return dict(sorted(facts.items()))
    return facts


def _identifier(value: UUID | None) -> str | None:
    if value is None:
        return None
    return str(value)


def _all_events() -> Any:
    """The events that leave, in their order: a chain that has no line yet begins with them."""
    return (
        select(AuditEvent)
        .where(AuditEvent.name.not_like(PRIVATE_EVENTS))
        .order_by(AuditEvent.at, AuditEvent.id)
    )


def _unnumbered_events() -> Any:
    """Those that were committed since: a trigger notes each in the transaction that adds it."""
    notes = select(UNNUMBERED.c.event_id).where(
        UNNUMBERED.c.tenant_id == current_tenant()
    )
    return _all_events().where(AuditEvent.id.in_(notes))


async def _forget_numbered(session: AsyncSession, count: int) -> None:
    """Forget the notes of events that have a number: an archive that replaces a copy adds its events again."""
    numbered = exists().where(
        JournalLine.tenant_id == UNNUMBERED.c.tenant_id,
        JournalLine.chain == count,
        JournalLine.event_id == UNNUMBERED.c.event_id,
    )
    await session.execute(
        delete(UNNUMBERED).where(UNNUMBERED.c.tenant_id == current_tenant(), numbered)
    )


async def _begin_chain(session: AsyncSession, count: int) -> JournalChain:
    seed = secrets.token_bytes(32)
    beginning = {"chain": count, "number": 0, "event_id": None, "digest": seed}
    await _add_lines(session, [beginning])
    return JournalChain(count, seed.hex(), ChainHead(0, seed.hex()))


async def _add_lines(session: AsyncSession, lines: Sequence[Mapping[str, Any]]) -> None:
    """Add lines, and forget the notes of their events."""
    if not lines:
        return
    await session.execute(insert(JournalLine), lines)
    await session.execute(
        delete(UNNUMBERED).where(
            UNNUMBERED.c.tenant_id == current_tenant(),
            UNNUMBERED.c.event_id.in_([line["event_id"] for line in lines]),
        )
    )
