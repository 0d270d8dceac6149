"""What a program asks of a list of sources, readings or records: from where on, how many, and which."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request
from litestar.datastructures import State

from udi.kit.errors import InvalidError, Refusal
from udi.kit.paging import MAX_PAGE_SIZE

CURSOR, SIZE = "cursor", "size"
LARGEST = 10**9
Asked = Request[Any, Any, State]


@dataclass(frozen=True)
class Batch:
    """A part of a list: past `cursor` (empty: from its beginning), so many at most."""

    cursor: str
    size: int

    def id(self) -> UUID | None:
        """The cursor of a list whose places are identifiers.

        Raises:
            InvalidError: it is none.
        """
        try:
            return UUID(self.cursor) if self.cursor else None
        except ValueError as error:
            raise InvalidError(refusals=[NO_PLACE]) from error

    def number(self) -> int:
        """The cursor of a list whose places are numbers, from 0.

        Raises:
            InvalidError: it is none.
        """
        if self.cursor and not (self.cursor.isascii() and self.cursor.isdigit() and int(self.cursor) < LARGEST):
            raise InvalidError(refusals=[NO_PLACE])
        return int(self.cursor or 0)

    def links(self, address: str, places: Sequence[object], **more: str) -> dict[str, str]:
        """Where the list goes on; one place more than `size` says that it does."""
        asked = {SIZE: str(self.size), **{name: value for name, value in more.items() if value}}
        links = {"self": _at(address, asked, self.cursor), "first": _at(address, asked)}
        if len(places) > self.size:
            links["next"] = _at(address, asked, str(places[self.size - 1]))
        return links


NO_PLACE = Refusal(CURSOR, "This is no place in the list.", "Follow the link “next” of an answer.", "unreadable")


def _at(address: str, asked: dict[str, str], cursor: str = "") -> str:
    return f"{address}?{urlencode({**asked, **({CURSOR: cursor} if cursor else {})})}"


def read_batch(request: Asked, *more: str) -> Batch:
    """The part that is asked for.

    Raises:
        InvalidError: a parameter is unknown (besides `more`), or the size is none.
    """
    taken = (CURSOR, SIZE, *more)
    refusals = list(_unknown(request.query_params, taken))
    size = request.query_params.get(SIZE, "") or str(MAX_PAGE_SIZE)
    good = size.isascii() and size.isdigit() and len(size) <= len(str(MAX_PAGE_SIZE))
    if not (good and 1 <= int(size) <= MAX_PAGE_SIZE):
        refusals.append(
            Refusal(
                SIZE, "This is not a number in range.", "Send a whole number from %(least)s to %(most)s.", "out-of-range",
                {"least": 1, "most": MAX_PAGE_SIZE},
            )
        )  # fmt: skip
    if refusals:
        raise InvalidError(refusals=refusals)
    return Batch(request.query_params.get(CURSOR, "")[:100], int(size))


def _unknown(found: Iterable[str], taken: Sequence[str]) -> Iterable[Refusal]:
    for name in found:
        if name not in taken:
            values = {"names": ", ".join(taken)}
            yield Refusal(name, "This parameter does not exist.", "Use %(names)s.", "unknown-parameter", values)


def read_choice(request: Asked, name: str, values: Sequence[str]) -> str:
    """One of these values, or nothing.

    Raises:
        InvalidError: it is another.
    """
    said: str = request.query_params.get(name, "")
    if said and said not in values:
        named = {"names": ", ".join(values)}
        raise InvalidError(
            refusals=[Refusal(name, "This value does not exist.", "Use %(names)s.", "unknown-value", named)]
        )
    return said
