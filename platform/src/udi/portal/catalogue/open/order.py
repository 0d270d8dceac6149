"""The orders in which a list is read, and a reader's place in one.

A place is the last dataset that a reader has, said by what the list is sorted by, with the values that it had when it was read:
whatever is added, withdrawn or described anew before the reader comes back, what it has not met is still after its place.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import DecodeError, Meta, json
from sqlalchemy import ColumnElement, and_, literal, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from udi.kit.errors import Refusal
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.open.query_parameters import QueryParameters

CURSOR = "cursor"
LONGEST = 4000
KINDS: dict[type, Any] = {
    datetime: Annotated[datetime, Meta(tz=True)],
    str: Annotated[str, Meta(pattern=r"^[^\x00]*$")],
    UUID: UUID,
}
"""What is taken for a value of a column: no more than the database does."""
Place = tuple[Any, ...]


@dataclass(frozen=True)
class SortKey:
    """A column that a list is sorted by; it is never empty."""

    column: InstrumentedAttribute[Any]
    descending: bool = False

    @property
    def clause(self) -> ColumnElement[Any]:
        """The same, as SQL sorts by it."""
        if self.descending:
            return self.column.desc()
        return self.column.asc()

    def at_or_after(self, value: Any) -> ColumnElement[bool]:
        """Rows at a value, or after it."""
        condition: ColumnElement[bool] = (
            self.column <= value if self.descending else self.column >= value
        )
        return condition

    def after(self, value: Any) -> ColumnElement[bool]:
        """Rows after a value."""
        condition: ColumnElement[bool] = (
            self.column < value if self.descending else self.column > value
        )
        return condition


@dataclass(frozen=True)
class SortOrder:
    """An order in which no two datasets are equal: the last key is their identifier."""

    keys: tuple[SortKey, ...]

    @classmethod
    def by(cls, *keys: SortKey) -> "SortOrder":
        """Sorted by some columns, then by identifier the same way round, so that an index reads it from either end."""
        return cls((*keys, SortKey(Dataset.id, keys[-1].descending)))

    @property
    def columns(self) -> list[InstrumentedAttribute[Any]]:
        """What a place in it is made of."""
        return [key.column for key in self.keys]

    @property
    def clauses(self) -> list[ColumnElement[Any]]:
        """The same, as SQL sorts by it."""
        return [key.clause for key in self.keys]

    def after(self, place: Place) -> ColumnElement[bool]:
        """Rows that follow a place. Where all goes the same way round, an index begins right there."""
        first = self.keys[0]
        if len({key.descending for key in self.keys}) == 1:
            values = [
                literal(value, key.column.type)
                for key, value in zip(self.keys, place, strict=True)
            ]
            row = tuple_(*self.columns)
            last = tuple_(*values)
            if first.descending:
                return row < last
            return row > last
        steps = [
            and_(
                *(
                    before.column == value
                    for before, value in zip(self.keys, place[:number], strict=False)
                ),
                key.after(place[number]),
            )
            for number, key in enumerate(self.keys)
        ]
        return and_(first.at_or_after(place[0]), or_(*steps))

    def write_cursor(self, place: Place) -> str:
        """A place as an address says it."""
        return urlsafe_b64encode(json.encode(place)).rstrip(b"=").decode()

    def read_cursor(self, parameters: QueryParameters, number: str) -> Place | None:
        """The place that a reader names, None where it begins; refused if it is none here, or the parameter `number` says another."""
        text = parameters.read_text(CURSOR, longest=LONGEST)
        if not text:
            return None
        if parameters.read_text(number):
            parameters.add_refusal(
                Refusal(
                    CURSOR,
                    "A page has a number or a place, not both.",
                    "Leave %(name)s out.",
                    "two-places",
                    {"name": number},
                )
            )
        try:
            payload = b64decode(
                text + "=" * (-len(text) % 4), altchars=b"-_", validate=True
            )
            return tuple(_in_utc(json.decode(payload, type=self._cursor_type())))
        except (ValueError, DecodeError, OverflowError):
            remedy = "Follow the link “next” of an answer."
            parameters.add_refusal(
                Refusal(CURSOR, "This is no place in the walk.", remedy, "unreadable")
            )
            return None

    def _cursor_type(self) -> Any:
        return tuple.__class_getitem__(
            tuple(KINDS[column.type.python_type] for column in self.columns)
        )


def _in_utc(place: Place) -> Iterable[Any]:
    return (
        value.astimezone(UTC) if isinstance(value, datetime) else value
        for value in place
    )


BY_PUBLICATION_DATE = SortOrder.by(SortKey(Dataset.published_at))
"""As this portal first showed them: a new one is always after the others, so that who reads all misses none."""
