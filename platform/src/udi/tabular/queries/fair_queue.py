"""Who is served next, when there are few places and many who ask: spaces take turns, none holds every place.

A space that waits and may be served is served before any other space is served twice, whatever the others ask.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(eq=False)
class Slot:
    """One that asks."""

    space: Hashable
    served: bool = False


class QueueFullError(Exception):
    """Too many wait already; `of_space`: they are those of the space itself."""

    def __init__(self, *, of_space: bool) -> None:
        super().__init__()
        self.of_space = of_space


@dataclass
class FairQueue:
    """The line, without a clock: what it answers are tickets whose turn it has become."""

    places: int
    own_places: int
    """Those that one space may hold at once."""
    longest: int
    own_longest: int
    """How many may wait: in all, and of one space."""
    _waiting: OrderedDict[Hashable, deque[Slot]] = field(default_factory=OrderedDict)
    _active_by_space: Counter[Hashable] = field(default_factory=Counter)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(len(line) for line in self._waiting.values())

    @property
    def active_count(self) -> int:
        """How many are served."""
        return self._active_by_space.total()

    def enqueue(self, space: Hashable) -> Slot:
        """A ticket, served at once where there is a place.

        Raises:
            QueueFullError: too many wait.
        """
        if len(self._waiting.get(space, ())) >= self.own_longest:
            raise QueueFullError(of_space=True)
        if self.waiting >= self.longest:
            raise QueueFullError(of_space=False)
        slot = Slot(space)
        self._waiting.setdefault(space, deque()).append(slot)
        self._serve()
        return slot

    def release(self, slot: Slot) -> list[Slot]:
        """Give the place back, or stop waiting; those whose turn it has become."""
        if slot.served:
            self._active_by_space[slot.space] -= 1
            if not self._active_by_space[slot.space]:
                del self._active_by_space[slot.space]
        else:
            self._waiting[slot.space].remove(slot)
            self._forget_empty(slot.space)
        return self._serve()

    def _serve(self) -> list[Slot]:
        served = []
        while self.active_count < self.places and (space := self._next()) is not None:
            slot = self._waiting[space].popleft()
            slot.served = True
            self._active_by_space[space] += 1
            self._waiting.move_to_end(space)
            self._forget_empty(space)
            served.append(slot)
        return served

    def _next(self) -> Hashable | None:
        return next(
            (
                space
                for space in self._waiting
                if self._active_by_space[space] < self.own_places
            ),
            None,
        )

    def _forget_empty(self, space: Hashable) -> None:
        if not self._waiting[space]:
            del self._waiting[space]
