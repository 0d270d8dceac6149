"""State machines: which event leads from which state to which, and who may bring it about."""

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from udi.kit.errors import ConflictError

StateT = TypeVar("StateT", bound=StrEnum)
EventT = TypeVar("EventT", bound=StrEnum)


class Transition(NamedTuple, Generic[StateT, EventT]):
    """One row of a table; `actors` is empty where the table does not say who."""

    state: StateT
    event: EventT
    target: StateT
    actors: tuple[str, ...]


class Transitions(Generic[StateT, EventT]):
    """A table of transitions; iterating yields its rows in their order.

    `actors` gives the events of each actor, or pairs of state and event where the actor may bring the event about in
    that state only. `reason` and `remedy` are what a person reads of an event that is not possible; `%(state)s`,
    `%(event)s` and `%(actor)s` in them are filled.
    """

    def __init__(
        self,
        table: Mapping[tuple[StateT, EventT], StateT],
        *,
        reason: str,
        remedy: str,
        actors: Mapping[str, Collection[EventT | tuple[StateT, EventT]]] | None = None,
    ) -> None:
        self._reason = reason
        self._remedy = remedy
        self._actors = actors or {}
        self._state_type = type(next(iter(table))[0])
        self._rows = {
            (state, event): Transition(state, event, target, self._may(state, event))
            for (state, event), target in table.items()
        }

    def _may(self, state: StateT, event: EventT) -> tuple[str, ...]:
        return tuple(
            actor
            for actor, events in self._actors.items()
            if event in events or (state, event) in events
        )

    def __iter__(self) -> Iterator[Transition[StateT, EventT]]:
        return iter(self._rows.values())

    def is_allowed(self, state: str, event: EventT, actor: str | None = None) -> bool:
        """Whether the event is possible in a state: for an actor, or for anybody."""
        row = self._rows.get((self._state_type(state), event))
        return row is not None and (actor is None or actor in row.actors)

    def next_state(self, state: str, event: EventT, actor: str | None = None) -> StateT:
        """Return the state that an event leads to.

        Raises:
            ConflictError: it is not possible in this state, or not for this actor.
        """
        if not self.is_allowed(state, event, actor):
            raise ConflictError(
                self._reason,
                remedy=self._remedy,
                values={"state": state, "event": event, "actor": actor or ""},
            )
        return self._rows[self._state_type(state), event].target

    def events(self, state: str, actor: str | None = None) -> list[EventT]:
        """Return what may be done in a state, by an actor or by anybody, in the table's order."""
        return [
            row.event
            for row in self
            if row.state == state and (actor is None or actor in row.actors)
        ]

    def events_of(self, actor: str) -> list[EventT]:
        """Return what an actor may do in any state, in the order in which `actors` names it."""
        events = (
            entry[1] if isinstance(entry, tuple) else entry
            for entry in self._actors[actor]
        )
        return list(dict.fromkeys(events))
