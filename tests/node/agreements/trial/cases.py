"""Random policies and what is done under them: mostly what was agreed and its edges, sometimes a step beyond."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import TypeVar

from tests.node.agreements.trial.addresses import PLACES, Address
from tests.node.agreements.trial.model import GEOMETRY, Question
from tests.node.agreements.trial.rules import PARTIAL_KINDS
from tests.node.agreements.trial.sources import SOURCES, Column, Kind, Source, cell_text
from udi.protocol.terms import SEVERAL, Operator, Purpose, RowFilter, Terms

T = TypeVar("T")
USUAL = 0.86
IN_PART = 0.75
UNNAMED = 0.4
PLACED = 0.5
VISIBLE = 0.8
CHANGED = 0.3
RARE = 0.05
"""How often a value is the usual one; a part is opened, no column named, the places named; only what is visible asked
for; the standing changed; how often something is as it seldom is."""
STEPS = 3
"""Readings of a case, after the first."""
LATER = timedelta(minutes=10)
"""More than a case lasts: what is read now is not of the minute of a moment so far away."""
LENGTHS = (LATER, timedelta(hours=30), timedelta(days=45), timedelta(days=400))
ORDERED = (Operator.LT, Operator.LTEQ, Operator.GT, Operator.GTEQ)
UNFIT = {Kind.NUMBER: "beaucoup", Kind.DATE: "hier", Kind.BOOLEAN: "peut-être"}
"""A value that no cell of the kind can have."""
SPENT = (0, 0, 700, 50_000)
REMAINING = (None, None, None, None, None, None, 0, 1, 40, 900, 4_000, 1_000_000)
"""Bytes that the agreement leaves, beyond those that were read before."""
FREQUENCIES = {
    "export": 8,
    "page": 6,
    "export for a person": 4,
    "file": 3,
    "items": 2,
    "item": 2,
}
"""How often each form of address is tried; the others once."""
SELDOM = 0.2
"""How often those of places are, where there are none."""
PACES = (None, None, None, None, None, None, 1, 2, 3, 60)


@dataclass(frozen=True)
class Event:
    """What the portal changes and tells before a reading: `state` and the rest of a standing, and by which way."""

    state: str = "active"
    closes_after: timedelta | None = None
    """From the present of the case; negative: it closed already."""
    secret: str = "kept"
    """`kept`, `replaced`, or `ending` when it ends in the middle of the agreement."""
    way: str = "pushed"
    """`pushed` to the node, `asked` for by its worker, or `late`: pushed, and the one before it once more."""


@dataclass(frozen=True)
class Step:
    """A reading: `moment` and `offset` say when, `reader` who, `purpose` what is said of it."""

    address: Address
    method: str
    event: Event | None
    reader: str
    purpose: str
    moment: str
    offset: timedelta
    question: Question
    byte_range: tuple[int, int] | None


@dataclass(frozen=True)
class Case:
    """A policy, an agreement under it, what was read before, and readings one after the other."""

    source: str
    terms: Terms
    purpose: Purpose
    before: timedelta
    """How long ago the agreement began."""
    after: timedelta
    """How long it still lasts."""
    spent: int
    """Bytes that were read earlier in the month of the present."""
    readings: int
    """Readings of the present minute."""
    steps: tuple[Step, ...]


class Chance(Random):
    """The choices of one case: the same number makes the same case."""

    def seldom(self, usual: T, *others: T) -> T:
        """Mostly the usual value."""
        if self.random() < USUAL:
            return usual
        return self.choice(others)

    def some(self, values: Sequence[T], most: int) -> list[T]:
        """One of the values at least, and at most so many of them, in an order of their own."""
        return self.sample(values, self.randint(1, min(most, len(values))))


def draw_case(number: int, addresses: Mapping[str, Sequence[Address]]) -> Case:
    """A policy, and readings under it at addresses by their form; the first is at one that serves data.

    A new address changes the cases that draw it, and no others.
    """
    chance = Chance(number)
    first = _plain_step(number, addresses)
    drawn = chance.choice(["readings"] * 3 + ["trees"] * 6 + ["plan"])
    name = "trees" if first.address.needs_places else drawn
    source = SOURCES[name]
    purposes = tuple(chance.some(list(Purpose), 3))
    spent = chance.choice(SPENT)
    readings = chance.randint(0, 2)
    terms = _draw_terms(chance, source, purposes, spent, readings)
    return Case(
        source=name,
        terms=terms,
        purpose=chance.choice(purposes),
        before=chance.choice(LENGTHS),
        after=chance.choice(LENGTHS),
        spent=spent,
        readings=readings,
        steps=(
            first,
            *(
                _draw_step(chance, f"{number} {rank}", addresses, source, terms)
                for rank in range(1, STEPS + 1)
            ),
        ),
    )


def draw_address(key: str, addresses: Sequence[Address]) -> Address:
    """The address that a key falls to: one that is added takes its share of the keys, the others keep theirs."""
    return min(
        addresses,
        key=lambda address: sha256(f"{key} {address.path}".encode()).digest(),
    )


def _plain_step(number: int, addresses: Mapping[str, Sequence[Address]]) -> Step:
    """What the project itself asks at one of the addresses that serve data, as soon as it has its credential."""
    serving = [
        address
        for form in sorted(addresses)
        for address in addresses[form]
        if address.shows_data
    ]
    address = draw_address(f"{number}", serving)
    return Step(
        address=address,
        method=address.methods[0],
        event=None,
        reader="project",
        purpose="",
        moment="present",
        offset=timedelta(),
        question=Question(),
        byte_range=None,
    )


def _draw_terms(
    chance: Chance,
    source: Source,
    purposes: tuple[Purpose, ...],
    spent: int,
    readings: int,
) -> Terms:
    """What is opened of a file: all of it, or columns and rows; how much of it, how often."""
    columns: tuple[str, ...] = ()
    rows: tuple[RowFilter, ...] = ()
    if chance.random() < IN_PART:
        columns = _draw_columns(chance, source)
        rows = _draw_filters(chance, source)
    remaining = chance.choice(REMAINING)
    pace = chance.choice(PACES)
    return Terms(
        purposes=purposes,
        columns=columns,
        rows=rows,
        bytes_a_month=None if remaining is None else max(spent + remaining, 1),
        requests_a_minute=None if pace is None else max(readings + pace - 1, 1),
    )


def _draw_columns(chance: Chance, source: Source) -> tuple[str, ...]:
    """Some columns in the order of the table, and now and then one that it has not any more."""
    if not source.columns:
        return ("colonne",)
    if chance.random() < UNNAMED:
        return ()
    selection = chance.some(source.names, len(source.names) - 1)
    columns = tuple(name for name in source.names if name in selection)
    if source.places and chance.random() < PLACED:
        columns = (*columns, GEOMETRY)
    if chance.random() < RARE:
        return (*columns, "colonne qui n'est plus")
    return columns


def _draw_filters(chance: Chance, source: Source) -> tuple[RowFilter, ...]:
    """Up to two filters of rows, and now and then one that no cell can be compared with."""
    if not source.columns:
        return ()
    columns = chance.sample(source.columns, chance.randint(0, 2))
    return tuple(_draw_filter(chance, source, column) for column in columns)


def _draw_filter(chance: Chance, source: Source, column: Column) -> RowFilter:
    cells = sorted(
        {cell_text(cell) for cell in source.values(column.name) if cell is not None}
    )
    operators = [
        candidate
        for candidate in Operator
        if candidate not in ORDERED or column.kind is not Kind.BOOLEAN
    ]
    operator = chance.choice(operators)
    if operator in SEVERAL:
        values = chance.some(cells, 3)
    else:
        values = [chance.choice(cells)]
    if column.kind in UNFIT and chance.random() < RARE:
        values = [UNFIT[column.kind]]
    return RowFilter(column=column.name, operator=operator, values=tuple(values))


def _draw_step(
    chance: Chance,
    key: str,
    addresses: Mapping[str, Sequence[Address]],
    source: Source,
    terms: Terms,
) -> Step:
    """A reading, by whoever may or may not, when it may or may not be, of what is hidden now and then."""
    visible = [
        column
        for column in source.columns
        if not terms.columns or column.name in terms.columns
    ]
    columns = visible if chance.random() < VISIBLE else source.columns
    forms = sorted(addresses)
    weights = [
        FREQUENCIES.get(candidate, 1)
        if source.places or candidate not in PLACES
        else SELDOM
        for candidate in forms
    ]
    form = chance.choices(forms, weights)[0]
    address = draw_address(key, addresses[form])
    moment = chance.seldom("present", "start", "end")
    usual = "GET" if "GET" in address.methods else address.methods[0]
    return Step(
        address=address,
        method=chance.seldom(usual, *address.methods),
        event=_draw_event(chance) if chance.random() < CHANGED else None,
        reader=chance.seldom(
            "project", "nobody", "unknown", "replaced", "of another dataset"
        ),
        purpose=chance.seldom("", "agreed", "agreed", "another"),
        moment=moment,
        offset=timedelta(seconds=0 if moment == "present" else chance.randint(-1, 1)),
        question=_draw_question(chance, address, source, columns),
        byte_range=chance.choice([None, None, (0, 9), (4, 30)]),
    )


def _draw_event(chance: Chance) -> Event:
    """A change of the standing."""
    return Event(
        state=chance.choice([*["active"] * 5, "suspended", "revoked", "given_up"]),
        closes_after=chance.choice([*[None] * 5, -LATER, 2 * LATER]),
        secret=chance.choice(["kept", "kept", "kept", "replaced", "ending"]),
        way=chance.choice(["pushed", "pushed", "asked", "late"]),
    )


def _draw_question(
    chance: Chance, address: Address, source: Source, columns: Sequence[Column]
) -> Question:
    """What is asked of the rows, about these columns."""
    is_export = address.form == "export" and address.kind not in PARTIAL_KINDS
    takes_questions = is_export or address.form in {"page", "items"}
    if not takes_questions or not columns or chance.random() < UNNAMED:
        return Question()
    kind = chance.choice(["equal", "columns", "sort", "total", "group"])
    column = chance.choice(columns)
    if kind == "equal" or address.form == "items":
        cells = [
            cell_text(cell) for cell in source.values(column.name) if cell is not None
        ]
        return Question(equal=(column.name, chance.choice(cells)))
    if kind == "columns":
        return Question(
            columns=tuple(chance.some([candidate.name for candidate in columns], 3))
        )
    numbers = [candidate.name for candidate in columns if candidate.kind is Kind.NUMBER]
    if kind == "sort" or is_export or not numbers:
        return Question(sort=(column.name, chance.choice([True, False])))
    total = chance.choice(numbers)
    is_grouped = kind == "group" and column.name != total
    return Question(group=column.name if is_grouped else "", total=total)
