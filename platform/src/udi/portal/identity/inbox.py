"""The inbox: all that waits for a person, of every domain, in one list."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.kit.service_registry import Hook, Services
from udi.portal.identity.models import Person

MOST_OF_A_DOMAIN = 200
COUNT_SECONDS = 60.0
"""How long a count in the header is good for; what the person does themselves shows at once."""
MOST_COUNTED_PEOPLE = 10_000


class InboxRole(StrEnum):
    """In which of their roles something waits for a person."""

    PERSON = "person"
    PRODUCER = "producer"
    TEAM = "team"


class InboxKind(StrEnum):
    """What waits."""

    ACCESS_REQUEST = "access_request"
    ACCESS_ANSWER = "access_answer"
    AGREEMENT = "agreement"
    APPLICATION = "application"
    APPLICATION_QUESTION = "application_question"
    CALL = "call"
    CALL_QUESTION = "call_question"
    DATA_REQUEST = "data_request"
    MEMBERSHIP_REQUEST = "membership_request"
    INVITATION = "invitation"
    REPORT = "report"
    SOURCE = "source"


@dataclass(frozen=True, kw_only=True)
class InboxItem:
    """Something that waits for a person; `url` is the page where it is settled.

    `who` asks, `organisation` is the producer for whom the person acts; both are names, empty where there is none.
    """

    kind: InboxKind
    role: InboxRole
    id: UUID
    title: str
    url: str
    since: datetime
    due_on: date | None = None
    who: str = ""
    organisation: str = ""

    def is_late(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.due_on is not None and self.due_on < today

    def is_new(self, visited_at: datetime | None) -> bool:
        """Whether it came after the person last looked at the inbox."""
        return visited_at is None or self.since > visited_at


InboxSource = Callable[[AsyncSession, Actor], Awaitable[Sequence[InboxItem]]]
INBOX = Hook[InboxSource]("what waits for a person")


async def list_inbox(
    services: Services, session: AsyncSession, actor: Actor
) -> list[InboxItem]:
    """All that waits for a person: what is due first, then what waits longest."""
    items: list[InboxItem] = []
    for source in services.contributions(INBOX):
        items += await source(session, actor)
    return sorted(items, key=_order)


def _order(item: InboxItem) -> tuple[date, datetime, str]:
    return (item.due_on or date.max, item.since, str(item.id))


async def mark_visit(session: AsyncSession, actor: Actor) -> datetime | None:
    """Note that the person looks at the inbox now; when they did before, None for the first time."""
    person = await session.get(Person, (session.info["tenant"], actor.person_id))
    if person is None:
        return None
    before = person.inbox_visited_at
    own = update(Person).where(Person.id == actor.person_id)
    await session.execute(own.values(inbox_visited_at=now()))
    return before


def count_by_role(items: Iterable[InboxItem]) -> Mapping[InboxRole, int]:
    """How many items wait in each role; roles without any are left out."""
    counts: dict[InboxRole, int] = {}
    for item in items:
        counts[item.role] = counts.get(item.role, 0) + 1
    return counts


@dataclass(frozen=True)
class InboxCount:
    """How much waits for a person, for the header."""

    waiting: int
    late: int


class InboxCounts:
    """Counts of the header, kept for a minute for each person of a territory; forgotten when the person does something."""

    def __init__(self) -> None:
        self._counts: dict[tuple[UUID, UUID], tuple[float, InboxCount]] = {}

    def find(self, territory: UUID, person: UUID) -> InboxCount | None:
        """The count that is still good, None where it has to be made."""
        stored = self._counts.get((territory, person))
        if stored is None or stored[0] < time.monotonic():
            return None
        return stored[1]

    def store(self, territory: UUID, person: UUID, count: InboxCount) -> None:
        """Keep a count; the oldest goes where too many are kept."""
        self._counts.pop((territory, person), None)
        if len(self._counts) >= MOST_COUNTED_PEOPLE:
            self._counts.pop(next(iter(self._counts)))
        self._counts[territory, person] = (time.monotonic() + COUNT_SECONDS, count)

    def forget(self, territory: UUID, person: UUID) -> None:
        """Make the count anew at the next page."""
        self._counts.pop((territory, person), None)


def count(items: Sequence[InboxItem], today: date) -> InboxCount:
    """How much of this waits, and how much of that is late."""
    return InboxCount(len(items), sum(item.is_late(today) for item in items))
