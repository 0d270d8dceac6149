"""What someone looks for, read from an address and written back to one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from udi.kit.errors import InvalidError, Refusal
from udi.kit.paging import MAX_PAGE_SIZE, PAGE_SIZE, page_number
from udi.protocol.access import AccessRights
from udi.protocol.themes import THEMES

FILTERS = ("theme", "producer", "access", "format", "licence")
RELEVANCE, MODIFIED, TITLE = "relevance", "modified", "title"
SORTS = (RELEVANCE, MODIFIED, TITLE)
LONGEST_TEXT, MOST_VALUES, LAST_PAGE = 200, 30, 5000
CLOSED_LISTS: dict[str, tuple[str, ...]] = {
    "theme": tuple(THEMES),
    "access": tuple(access.value for access in AccessRights),
}
Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Criteria:
    """`exact`: do not look for another word in place of one that nothing has."""

    text: str = ""
    theme: tuple[str, ...] = ()
    producer: tuple[str, ...] = ()
    access: tuple[str, ...] = ()
    format: tuple[str, ...] = ()
    licence: tuple[str, ...] = ()
    sort: str = ""
    page: int = 1
    size: int = PAGE_SIZE
    exact: bool = False

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """The filters in use."""
        return {name: getattr(self, name) for name in FILTERS if getattr(self, name)}

    @property
    def order(self) -> str:
        """The order asked for, else by relevance to the words, else the newest first."""
        return self.sort or (RELEVANCE if self.text else MODIFIED)

    def changed(self, **changes: Any) -> "Criteria":
        """The same with some changes, from its first page."""
        return replace(self, **{"page": 1, **changes})

    def without(self, name: str, value: str) -> "Criteria":
        """The same without one value of a filter."""
        return self.changed(**{name: tuple(kept for kept in getattr(self, name) if kept != value)})

    def pairs(self, *left_out: str) -> Iterator[tuple[str, str]]:
        """Its parameters, those that say something; `left_out` names some to leave."""
        written = {
            "q": [self.text] if self.text else [],
            **{name: list(getattr(self, name)) for name in FILTERS},
            "sort": [self.sort] if self.sort else [],
            "exact": ["1"] if self.exact else [],
            "size": [str(self.size)] if self.size != PAGE_SIZE else [],
            "page": [str(self.page)] if self.page > 1 else [],
        }
        return ((name, value) for name, values in written.items() if name not in left_out for value in values)

    def address(self, path: str, *left_out: str) -> str:
        """The path with its parameters."""
        query = urlencode(list(self.pairs(*left_out)))
        return f"{path}?{query}" if query else path


def read_criteria(pairs: Pairs) -> Criteria:
    """The criteria of a page's address: what makes no sense is left out."""
    found = _collect(pairs)
    sort = _last(found, "sort")
    criteria = Criteria(
        text=_last(found, "q")[:LONGEST_TEXT].strip(),
        sort=sort if sort in SORTS else "",
        page=page_number(_last(found, "page") or 1, last=LAST_PAGE),
        exact=_last(found, "exact") == "1",
    )
    filters: dict[str, Any] = {name: tuple(_known(name, found.get(name, []))) for name in FILTERS}
    return replace(criteria, **filters)


def read_strict_criteria(pairs: Pairs) -> Criteria:
    """The criteria of an API request.

    Raises:
        InvalidError: a parameter is unknown, or its value; each is named.
    """
    found = _collect(pairs)
    refusals = [*_unknown(found), *_wrong_values(found), *_wrong_numbers(found)]
    if refusals:
        raise InvalidError("The catalogue cannot be searched like this.", refusals=refusals)
    criteria = read_criteria([(name, value) for name, values in found.items() for value in values])
    return replace(criteria, size=int(_last(found, "size") or PAGE_SIZE))


def _collect(pairs: Pairs) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        if not name:
            continue
        readable = "".join(sign for sign in value if sign.isprintable() or sign.isspace())
        found.setdefault(name, []).append(readable)
    return found


def _last(found: dict[str, list[str]], name: str) -> str:
    return found.get(name, [""])[-1]


def _known(name: str, values: Sequence[str]) -> list[str]:
    allowed = CLOSED_LISTS.get(name)
    kept = (value for value in values if value and len(value) <= LONGEST_TEXT and (allowed is None or value in allowed))
    return list(dict.fromkeys(kept))[:MOST_VALUES]


def _unknown(found: dict[str, list[str]]) -> Iterator[Refusal]:
    names = ("q", *FILTERS, "sort", "page", "size", "exact")
    for name in found:
        if name not in names:
            remedy = f"Use {', '.join(names)}."
            yield Refusal(name[:LONGEST_TEXT], "This parameter does not exist.", remedy, "unknown-parameter")


def _wrong_values(found: dict[str, list[str]]) -> Iterator[Refusal]:
    lists = {**CLOSED_LISTS, "sort": SORTS, "exact": ("0", "1")}
    for name, allowed in lists.items():
        if any(value not in allowed for value in found.get(name, []) if value):
            yield Refusal(
                name, "This value is not in the list.", f"Choose among {', '.join(allowed)}.", "unknown-value"
            )
    for name in ("q", *FILTERS):
        if any(len(value) > LONGEST_TEXT for value in found.get(name, [])):
            remedy = f"Send at most {LONGEST_TEXT} characters."
            yield Refusal(name, "This value is too long.", remedy, "too-long")
        if len(found.get(name, [])) > MOST_VALUES:
            yield Refusal(name, "There are too many values.", f"Send at most {MOST_VALUES}.", "too-many")


def _wrong_numbers(found: dict[str, list[str]]) -> Iterator[Refusal]:
    for name, most in (("page", LAST_PAGE), ("size", MAX_PAGE_SIZE)):
        value = _last(found, name)
        digits = value.isascii() and value.isdigit() and len(value) < 10  # noqa: PLR2004 - no number this long is in range
        if value and not (digits and 1 <= int(value) <= most):
            remedy = f"Send a whole number from 1 to {most}."
            yield Refusal(name, "This is not a number in range.", remedy, "out-of-range")
