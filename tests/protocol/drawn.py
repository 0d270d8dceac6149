"""Random tables, policies, agreements on them, and readings of them: names and values as awkward as files have them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar
from uuid import UUID

from hypothesis import strategies as st

from tests.protocol.agreed import (
    AGREEMENT_ID,
    DATASET_ID,
    LEADER_ID,
    PRODUCER_ID,
    PROJECT_ID,
)
from udi.protocol.agreement import Agreement, Party
from udi.protocol.policy import Policy, Requester
from udi.protocol.terms import (
    SEVERAL,
    Measure,
    Operator,
    Prohibition,
    Purpose,
    RowFilter,
    Terms,
)

T = TypeVar("T")
Cell = Decimal | str | None
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
AWKWARD = (
    "îlot", "énergie (kWh)", "a, b", "«", "»", "a » , « b", "x»", "”", "“a”, “b”", "x””", "100 %", "{0}", "%(x)s", "début.",
    "a\u00a0»", "Seules ces colonnes", "é" * 30, "1", "code/insee?#", "ß\u0301", "\U0001f333", " a ", '"', "'", "\\",
)  # fmt: skip
NUMBERS = ("-3", "0", "2.5", "10", "1000000")
texts = st.sampled_from(AWKWARD) | st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=8
)
names = texts.filter(lambda text: bool(text.strip()))
BOUNDS = (
    1,
    2,
    999,
    1000,
    1001,
    1500,
    10**6,
    10**9 + 1,
    12_345_000_000,
    10**13,
    2**63 - 1,
)
LIMITS = st.sampled_from((None, *BOUNDS))
PACES = st.sampled_from((None, 1, 2, 60, 1000, 100_000))


@dataclass(frozen=True)
class Table:
    """The columns of a table, each of numbers or of texts, and some of its rows."""

    numeric: dict[str, bool]
    rows: tuple[dict[str, Cell], ...]


@dataclass(frozen=True)
class DrawnReading:
    """A reading, as an outsider would tell it."""

    title: str
    dataset: str
    purpose: Purpose | None
    columns: tuple[str, ...] | None
    as_file: bool
    size: int
    bytes_before: int
    readings_before: int
    moment: datetime


@dataclass(frozen=True)
class Case:
    """Everything about which all must say the same."""

    table: Table
    policy: Policy
    agreement: Agreement
    readings: tuple[DrawnReading, ...]


def subset(values: Sequence[T], mask: int) -> tuple[T, ...]:
    """Some of the values; the order turns with the mask, for what is said is said in its order."""
    selection = [value for place, value in enumerate(values) if mask >> place & 1]
    turn = mask % len(selection) if selection else 0
    return tuple(selection[turn:] + selection[:turn])


class Bits:
    """A drawn number, taken a few bits at a time: one draw costs as much as another, however much it says."""

    def __init__(self, number: int) -> None:
        self.number = number

    def some(self, values: Sequence[T], *, least: int = 0) -> tuple[T, ...]:
        mask = self.number & (1 << len(values)) - 1
        self.number >>= len(values)
        return subset(values, mask if mask or not least else (1 << len(values)) - 1)


@st.composite
def filters(draw: st.DrawFn, numeric: dict[str, bool]) -> RowFilter:
    column = draw(st.sampled_from(list(numeric)))
    operator = draw(st.sampled_from(list(Operator)))
    values: tuple[str, ...] = NUMBERS if numeric[column] else AWKWARD
    place = draw(st.integers(0, len(values) - 3))
    return RowFilter(
        column=column,
        operator=operator,
        values=values[place : place + (3 if operator in SEVERAL else 1)],
    )


def an_agreement(chance: Random, policy: Policy) -> Agreement:
    starts = EPOCH + timedelta(seconds=chance.randint(0, 10**8))
    kind = chance.choice(policy.requesters)
    return Agreement(
        id=UUID(AGREEMENT_ID),
        dataset=UUID(DATASET_ID),
        dataset_title=chance.choice(AWKWARD),
        project=UUID(PROJECT_ID),
        project_title=chance.choice(AWKWARD),
        provider=Party(
            kind=Requester.COMPANY, id=UUID(PRODUCER_ID), name=chance.choice(AWKWARD)
        ),
        requester=Party(
            kind=kind,
            id=UUID(LEADER_ID),
            name="" if kind is Requester.PERSON else chance.choice(AWKWARD),
        ),
        purpose=chance.choice(policy.terms.purposes),
        terms=policy.terms,
        starts_at=starts,
        ends_at=starts + timedelta(seconds=chance.randint(1, 10**8)),
        text={"fr": "…"},
        page="https://data.example.org/agreements/6f1f7c3e",
    )


def a_reading(
    chance: Random, numeric: dict[str, bool], agreement: Agreement
) -> DrawnReading:
    """Mostly what was agreed, at its edges; sometimes a step beyond."""
    terms = agreement.terms
    limit = terms.bytes_a_month or 10**6
    pace = terms.requests_a_minute or 60
    middle = agreement.starts_at + (agreement.ends_at - agreement.starts_at) / 2
    if chance.random() < 0.7 and terms.columns:
        opened = terms.columns
    else:
        opened = tuple(numeric)
    return DrawnReading(
        title="Another" if chance.random() < 0.05 else agreement.dataset_title,
        dataset=DATASET_ID,
        purpose=chance.choice(
            [None, agreement.purpose, agreement.purpose, *terms.purposes[:1]]
        ),
        columns=chance.choice([None, subset(opened, chance.getrandbits(len(opened)))]),
        as_file=chance.random() < 0.2,
        size=chance.choice([0, 0, 0, 1, limit, limit + 1]),
        bytes_before=chance.choice([0, 0, 0, 0, 1, limit - 1, limit]),
        readings_before=chance.choice([0, 0, 0, 0, pace - 1, pace]),
        moment=chance.choice([agreement.starts_at, middle, middle, agreement.ends_at])
        + timedelta(seconds=chance.choice([-1, 0, 0, 0, 0, 1])),
    )


def a_row(chance: Random, numeric: dict[str, bool]) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for name, is_number in numeric.items():
        value = chance.choice(NUMBERS if is_number else AWKWARD)
        cells[name] = (
            None if chance.random() < 0.1 else Decimal(value) if is_number else value
        )
    return cells


@st.composite
def cases(draw: st.DrawFn) -> Case:
    columns = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    bits = Bits(draw(st.integers(0, 2**30 - 1)))
    counts = draw(st.integers(0, 120 * 90 * 21 - 1))
    kinds = bits.some(columns)
    numeric = {name: name in kinds for name in columns}
    terms = Terms(
        purposes=bits.some(list(Purpose), least=1),
        prohibitions=bits.some(list(Prohibition)),
        measures=bits.some(list(Measure)),
        general_interest=bool(bits.some([1])),
        columns=bits.some(columns),
        attribution=draw(texts).strip(),
        months=1 + counts % 120,
        rows=tuple(draw(st.lists(filters(numeric), max_size=2, unique=True))),
        bytes_a_month=draw(LIMITS),
        requests_a_minute=draw(PACES),
    )
    policy = Policy(
        requesters=bits.some(list(Requester), least=1),
        terms=terms,
        answer_days=1 + counts // 120 % 90,
        renewals=counts // 120 // 90,
    )
    chance = Random(counts * 2**30 + bits.number)  # noqa: S311 - no secret
    agreement = an_agreement(chance, policy)
    table = Table(numeric, tuple(a_row(chance, numeric) for _ in range(3)))
    return Case(
        table,
        policy,
        agreement,
        tuple(a_reading(chance, numeric, agreement) for _ in range(3)),
    )
