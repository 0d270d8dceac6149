"""Where a row stands among others, so that it is found again, and no other is taken for it, whatever others change."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

WRITTEN = re.compile(
    r"([0-9]{1,7})\.([0-9]{1,7})\.([0-9]{1,7})\.([0-9a-f]{16}|)\.([0-9a-f]{16}|)"
)


@dataclass(frozen=True)
class RowPosition:
    """What is around a row: how many rows the table has, and the digests of its neighbours, empty where there is none.

    `rank` is its place, from 1, among the `equals` rows that say the same.
    """

    count: int = 0
    rank: int = 1
    equals: int = 1
    previous: str = ""
    following: str = ""

    @classmethod
    def parse(cls, text: str) -> "RowPosition":
        """Of what `str` wrote; anything else is an unknown position."""
        match = WRITTEN.fullmatch(text)
        if match is None:
            return UNKNOWN_POSITION
        count, rank, equals = (int(match[group]) for group in (1, 2, 3))
        return cls(count, rank, equals, match[4], match[5])

    def __str__(self) -> str:
        return (
            f"{self.count}.{self.rank}.{self.equals}.{self.previous}.{self.following}"
        )


UNKNOWN_POSITION = RowPosition()


class Presence(StrEnum):
    """Whether a row that does not say the same any more is still there."""

    CHANGED = "changed"
    """It stands where it stood."""
    GONE = "gone"
    UNKNOWN = "unknown"
    """It was removed, or changed together with its neighbours."""


def digest_of(cells: Sequence[str]) -> str:
    """What tells a row from another one, and from itself once it is changed."""
    joined = "\x1f".join(cells)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class RowIndex:
    """The rows of a table by what they say; places are from 0."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self.digests = [digest_of(cells) for cells in rows]

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        places = dict[str, list[int]]()
        for place, digest in enumerate(self.digests):
            places.setdefault(digest, []).append(place)
        return places

    def position_of(self, place: int) -> RowPosition:
        """What is around a row."""
        equals = self._places[self.digests[place]]
        return RowPosition(
            len(self.digests),
            equals.index(place) + 1,
            len(equals),
            self._digest_at(place - 1),
            self._digest_at(place + 1),
        )

    def find(self, number: int, digest: str, position: RowPosition) -> int | None:
        """The place of a row that says what it said; None where it cannot be told from others that say the same."""
        equals = self._places.get(digest, [])
        if number - 1 in equals and self._stands_there(number, position):
            return number - 1
        if len(equals) != position.equals or not 0 < position.rank <= len(equals):
            return None
        return equals[position.rank - 1]

    def look_for(self, number: int, position: RowPosition) -> Presence:
        """What became of a row that does not say the same any more."""
        is_fewer = len(self.digests) < position.count
        if self._stands_there(number, position):
            return Presence.UNKNOWN if is_fewer else Presence.CHANGED
        if is_fewer or self._has_closed_up(number, position):
            return Presence.GONE
        return Presence.UNKNOWN

    def _stands_there(self, number: int, position: RowPosition) -> bool:
        """Whether the row of this number has the neighbours of the one that had it, so that it is the same.

        The last row is never sure: it may have been removed, and another one added. Nor is a row above one of several that
        say the same, which may be the next of these.
        """
        place = number - 1
        return (
            0 <= place < len(self.digests) - 1
            and self._digest_at(place - 1) == position.previous
            and self._is_alone(place + 1, position.following)
        )

    def _has_closed_up(self, number: int, position: RowPosition) -> bool:
        """Whether the neighbours of a row stand side by side."""
        place = number - 1
        return self._digest_at(place - 1) == position.previous and self._is_alone(
            place, position.following
        )

    def _is_alone(self, place: int, digest: str) -> bool:
        """Whether this row says that, and no other one does."""
        return self._places.get(digest) == [place]

    def _digest_at(self, place: int) -> str:
        return self.digests[place] if 0 <= place < len(self.digests) else ""
