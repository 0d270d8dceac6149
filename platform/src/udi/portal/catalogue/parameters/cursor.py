"""Where a program is in its walk through the whole catalogue."""

from collections.abc import Iterable
from uuid import UUID

from udi.kit.errors import InvalidError, Refusal
from udi.kit.paging import MAX_PAGE_SIZE

CURSOR = "cursor"
SIZE = "size"


def read_cursor(pairs: Iterable[tuple[str, str]]) -> tuple[UUID | None, int]:
    """After which dataset to go on (None: from the first), and how many to take.

    Raises:
        InvalidError: a parameter is unknown, or its value; each is named.
    """
    parameters = dict(pairs)
    refusals = [
        Refusal(
            name,
            "This parameter does not exist.",
            f"Use {CURSOR}, {SIZE}.",
            "unknown-parameter",
        )
        for name in parameters
        if name not in {CURSOR, SIZE}
    ]
    place = parameters.get(CURSOR, "")
    size = parameters.get(SIZE, "") or str(MAX_PAGE_SIZE)
    try:
        after = UUID(place) if place else None
    except ValueError:
        after = None
        refusals.append(
            Refusal(
                CURSOR,
                "This is no place in the walk.",
                "Follow the link “next” of an answer.",
                "unreadable",
            )
        )
    if not (
        size.isascii()
        and size.isdigit()
        and len(size) <= len(str(MAX_PAGE_SIZE))
        and 1 <= int(size) <= MAX_PAGE_SIZE
    ):
        remedy = f"Send a whole number from 1 to {MAX_PAGE_SIZE}."
        refusals.append(
            Refusal(SIZE, "This is not a number in range.", remedy, "out-of-range")
        )
    if refusals:
        raise InvalidError(
            "The catalogue cannot be walked like this.", refusals=refusals
        )
    return after, int(size)
