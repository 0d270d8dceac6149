"""How much waits for a person, counted once a minute for the header of each page that they read."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.ui.dependencies import AnyRequest

COUNT_SECONDS = 60.0
"""How long a count in the header is good for; what the person does themselves shows at once."""
MOST_COUNTED_PEOPLE = 10_000
READING_METHODS = {"GET", "HEAD", "OPTIONS"}


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


CountWaiting = Callable[[AnyRequest, Territory, Actor], Awaitable[InboxCount]]


class HeaderCounter:
    """Counts for the header what waits for the person of a request, as `count_waiting` of the program does."""

    def __init__(self, count_waiting: CountWaiting) -> None:
        self._count_waiting = count_waiting
        self._counts = InboxCounts()

    async def count(self, request: AnyRequest) -> None:
        """Put the count where the header finds it; after a form, make it anew at the next page."""
        state = request.scope["state"]
        actor: Actor | None = state.get("actor")
        territory: Territory | None = state.get("territory")
        if actor is None or territory is None or "bearer" in state:
            return
        if request.method not in READING_METHODS:
            self._counts.forget(territory.id, actor.person_id)
            return
        if "text/html" not in request.headers.get("accept", ""):
            return
        known = self._counts.find(territory.id, actor.person_id)
        if known is None:
            known = await self._count_waiting(request, territory, actor)
            self._counts.store(territory.id, actor.person_id, known)
        state["inbox_count"] = known
