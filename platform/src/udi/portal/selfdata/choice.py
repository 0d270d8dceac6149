"""Which organisations a visitor looks at and has chosen, all of it in the address: nothing of a visitor is kept."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from udi.kit.paging import Page, page_number
from udi.portal.selfdata.models import LifeMoment
from udi.portal.selfdata.queries import Register
from udi.portal.selfdata.register_input import TEXTS
from udi.protocol.subject_requests import SubjectRight

PATH = "/my-data"
LETTER = f"{PATH}/letter"
CARDS = 12
"""Organisations on a page, and letters on a page."""
LONGEST_TEXT = 100
MOST_CHOSEN = 500
QueryPairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class ChoiceFilters:
    """What an address asks for: words, a moment of life, a page, what is chosen and which right."""

    q: str = ""
    moment: str = ""
    page: int = 1
    chosen: tuple[str, ...] = ()
    """Slugs of organisations."""
    is_all: bool = False
    """All that the words and the moment find are chosen."""
    right: str = ""

    @classmethod
    def of(cls, pairs: QueryPairs) -> "ChoiceFilters":
        """Those of a query; what makes no sense is left out."""
        last = dict(pairs)
        moment = last.get("moment", "")
        right = last.get("right", "")
        chosen = dict.fromkeys(value for name, value in pairs if name == "org")
        return cls(
            q=" ".join(last.get("q", "").split())[:LONGEST_TEXT],
            moment=moment if moment in set(LifeMoment) else "",
            page=page_number(last.get("page", "1")),
            chosen=tuple(chosen)[:MOST_CHOSEN],
            is_all=last.get("all") == "1",
            right=right if right in set(SubjectRight) else "",
        )

    def with_changes(
        self,
        *,
        moment: str | None = None,
        page: int = 1,
        chosen: tuple[str, ...] | None = None,
        is_all: bool | None = None,
    ) -> "ChoiceFilters":
        """The same with another moment, page or choice."""
        return replace(
            self,
            moment=self.moment if moment is None else moment,
            page=page,
            chosen=self.chosen if chosen is None else chosen,
            is_all=self.is_all if is_all is None else is_all,
        )

    def address(self, path: str = PATH) -> str:
        """The address that asks for these."""
        pairs = [("q", self.q), ("moment", self.moment), ("right", self.right)]
        pairs = [(name, value) for name, value in pairs if value]
        if self.is_all:
            pairs.append(("all", "1"))
        else:
            pairs += [("org", slug) for slug in self.chosen]
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        return f"{path}?{urlencode(pairs)}" if pairs else path


@dataclass(frozen=True)
class Choice:
    """The organisations that an address shows, those that it has chosen, and all of the territory."""

    filters: ChoiceFilters
    page: Page[Register]
    matching: Sequence[Register]
    chosen: Sequence[Register]
    total: int
    stated: int
    """How many of the territory made their statement."""

    @property
    def chosen_slugs(self) -> list[str]:
        """Their slugs, in the order of their names."""
        return [register.organisation.slug for register in self.chosen]

    @property
    def chosen_elsewhere(self) -> list[str]:
        """Slugs of the chosen ones that this page does not show."""
        page_slugs = {register.organisation.slug for register in self.page.items}
        return [slug for slug in self.chosen_slugs if slug not in page_slugs]

    def _spelled_out(self) -> ChoiceFilters:
        """The filters with the choice spelled out, so that it outlives another search."""
        return self.filters.with_changes(chosen=tuple(self.chosen_slugs), is_all=False)

    def page_address(self, number: int) -> str:
        """Another page, with the same choice."""
        if self.filters.is_all:
            return self.filters.with_changes(page=number).address()
        return self._spelled_out().with_changes(page=number).address()

    def moment_address(self, moment: str) -> str:
        """Another moment of life, with the same choice."""
        return self._spelled_out().with_changes(moment=moment).address()

    def all_address(self) -> str:
        """All that is found, chosen."""
        return self.filters.with_changes(chosen=(), is_all=True).address()

    def none_address(self) -> str:
        """Nothing chosen."""
        return self.filters.with_changes(chosen=(), is_all=False).address()

    def letter_page_address(self, number: int) -> str:
        """Another page of letters."""
        if self.filters.is_all:
            return self.filters.with_changes(page=number).address(LETTER)
        return self._spelled_out().with_changes(page=number).address(LETTER)


def choose(registers: Sequence[Register], filters: ChoiceFilters) -> Choice:
    """What an address shows of the registers of a territory, and what it has chosen."""
    ordered = sorted(registers, key=_order)
    matching = [register for register in ordered if _matches(register, filters)]
    if filters.is_all:
        chosen = matching
    else:
        slugs = set(filters.chosen)
        chosen = [
            register for register in ordered if register.organisation.slug in slugs
        ]
    page = Page(matching, len(matching), 1, CARDS)
    number = min(filters.page, page.last)
    start = (number - 1) * CARDS
    return Choice(
        filters=replace(filters, page=number),
        page=Page(matching[start : start + CARDS], len(matching), number, CARDS),
        matching=matching,
        chosen=chosen,
        total=len(registers),
        stated=sum(register.statement is not None for register in registers),
    )


def _order(register: Register) -> tuple[int, str]:
    """Those that hold data first, then those that have not said, then those that hold none."""
    statement = register.statement
    if statement is None:
        rank = 1
    elif statement.holds_data:
        rank = 0
    else:
        rank = 2
    return rank, register.organisation.name.casefold()


def _matches(register: Register, filters: ChoiceFilters) -> bool:
    entries = register.published
    if filters.moment and not any(filters.moment in entry.moments for entry in entries):
        return False
    texts = [register.organisation.name]
    for entry in entries:
        for name in TEXTS:
            texts += entry.texts_of(name).values()
    whole = _fold(" ".join(texts))
    return all(word in whole for word in _fold(filters.q).split())


def _fold(text: str) -> str:
    """A text in small letters without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))
