"""What a program asks of a list of sources, readings or records: from where on, how many, and which."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from udi.kit.errors import InvalidError, Refusal, field_error
from udi.kit.paging import MAX_PAGE_SIZE
from udi.ui.dependencies import AnyRequest

CURSOR = "cursor"
SIZE = "size"
LARGEST = 10**9


@dataclass(frozen=True)
class BatchRequest:
    """A part of a list: past `cursor` (empty: from its beginning), so many at most."""

    cursor: str
    size: int

    def id(self) -> UUID | None:
        """The cursor of a list whose places are identifiers.

        Raises:
            InvalidError: it is none.
        """
        try:
            if self.cursor:
                return UUID(self.cursor)
            return None
        except ValueError as error:
            raise InvalidError(refusals=[BAD_CURSOR]) from error

    def number(self) -> int:
        """The cursor of a list whose places are numbers, from 0.

        Raises:
            InvalidError: it is none.
        """
        if self.cursor and not (
            self.cursor.isascii()
            and self.cursor.isdigit()
            and int(self.cursor) < LARGEST
        ):
            raise InvalidError(refusals=[BAD_CURSOR])
        return int(self.cursor or 0)

    def links(
        self, address: str, places: Sequence[object], **more: str
    ) -> dict[str, str]:
        """Where the list goes on; one place more than `size` says that it does."""
        parameters = {
            SIZE: str(self.size),
            **{name: value for name, value in more.items() if value},
        }
        links = {
            "self": _page_url(address, parameters, self.cursor),
            "first": _page_url(address, parameters),
        }
        if len(places) > self.size:
            links["next"] = _page_url(address, parameters, str(places[self.size - 1]))
        return links


BAD_CURSOR = Refusal(
    CURSOR,
    "This is no place in the list.",
    "Follow the link “next” of an answer.",
    "unreadable",
)


def _page_url(address: str, parameters: dict[str, str], cursor: str = "") -> str:
    return (
        f"{address}?{urlencode({**parameters, **({CURSOR: cursor} if cursor else {})})}"
    )


def read_batch(request: AnyRequest, *more: str) -> BatchRequest:
    """The part that is asked for.

    Raises:
        InvalidError: a parameter is unknown (besides `more`), or the size is none.
    """
    accepted_names = (CURSOR, SIZE, *more)
    refusals = list(_refuse_unknown_parameters(request.query_params, accepted_names))
    size = request.query_params.get(SIZE, "") or str(MAX_PAGE_SIZE)
    good = size.isascii() and size.isdigit() and len(size) <= len(str(MAX_PAGE_SIZE))
    if not (good and 1 <= int(size) <= MAX_PAGE_SIZE):
        refusals.append(
            Refusal(
                SIZE,
                "This is not a number in range.",
                "Send a whole number from %(least)s to %(most)s.",
                "out-of-range",
                {"least": 1, "most": MAX_PAGE_SIZE},
            )
        )
    if refusals:
        raise InvalidError(refusals=refusals)
    return BatchRequest(request.query_params.get(CURSOR, "")[:100], int(size))


def _refuse_unknown_parameters(
    names: Iterable[str], accepted_names: Sequence[str]
) -> Iterable[Refusal]:
    for name in names:
        if name not in accepted_names:
            values = {"names": ", ".join(accepted_names)}
            yield Refusal(
                name,
                "This parameter does not exist.",
                "Use %(names)s.",
                "unknown-parameter",
                values,
            )


def read_choice(request: AnyRequest, name: str, values: Sequence[str]) -> str:
    """One of these values, or nothing.

    Raises:
        InvalidError: it is another.
    """
    choice: str = request.query_params.get(name, "")
    if choice and choice not in values:
        named = {"names": ", ".join(values)}
        raise field_error(
            name,
            "This value does not exist.",
            "Use %(names)s.",
            "unknown-value",
            named,
        )
    return choice
