"""What a person may have done to each column that says something of people: the ways offered, the one to propose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from udi.node.tables.column import ColumnType, TypedColumn
from udi.node.tables.personal.explanations import What
from udi.node.tables.personal.report import Finding, Strength
from udi.node.tables.personal.ways import DATED, OFFERED, PLACED, Step, Treatment, Way, steps_of

LEFT = ""
"""The column stays as it is."""
COARSER_BY_ITSELF = DATED | PLACED | {ColumnType.POSTCODE, ColumnType.COMMUNE, ColumnType.YEAR}


@dataclass(frozen=True)
class Choice:
    """One column, what was found in it, the codes of what may be done to it (`drop`, `generalise:year`), and the likeliest."""

    place: int
    column: TypedColumn
    findings: tuple[Finding, ...]
    offered: tuple[str, ...]
    proposed: str = LEFT


def list_choices(findings: Sequence[Finding], columns: Sequence[TypedColumn]) -> list[Choice]:
    """The columns of the table where something was found, in its order; what is found elsewhere is no column of it."""
    return [
        choice
        for place, column in enumerate(columns)
        if (choice := _choice(place, column, [one for one in findings if column.name in one.columns and not one.place]))
    ]


def _choice(place: int, column: TypedColumn, findings: Sequence[Finding]) -> Choice | None:
    if not findings:
        return None
    offered = [code for one in findings for way in OFFERED[one.what] for code in _codes(way, column)]
    stops = [one for one in findings if one.strength is Strength.STOP]
    return Choice(place, column, tuple(findings), tuple(dict.fromkeys(offered)), _proposed(column, stops))


def _codes(way: Way, column: TypedColumn) -> list[str]:
    if way is Way.AGGREGATE:
        return []
    return [code_of(way, step) for step in steps_of(column)] if way is Way.GENERALISE else [code_of(way)]


def _proposed(column: TypedColumn, stops: Sequence[Finding]) -> str:
    """The first way out of what stops the publication; a detail that singles out only beside others is made coarser."""
    alone = next((one for one in stops if one.what is not What.SMALL_GROUP), None)
    if alone:
        return next(code for way in OFFERED[alone.what] for code in _codes(way, column))
    coarser = stops and (column.type in COARSER_BY_ITSELF or "age" in column.name.lower().split())
    return code_of(Way.GENERALISE, steps_of(column)[0]) if coarser else LEFT


def code_of(way: Way, step: Step | None = None) -> str:
    """A way as the value of a form's choice."""
    return f"{way.value}:{step.value}" if step else way.value


def as_treatments(chosen: Mapping[str, str], counted: Sequence[str]) -> tuple[Treatment, ...]:
    """What is to be done, from the code chosen for each column and the columns by which rows are counted."""
    treatments = []
    for name, code in chosen.items():
        if code and not (counted and code == Way.DROP):
            way, _, step = code.partition(":")
            treatments.append(Treatment(Way(way), (name,), Step(step) if step else None))
    return (*treatments, *([Treatment(Way.AGGREGATE, tuple(counted))] if counted else []))


def as_codes(treatments: Sequence[Treatment]) -> dict[str, str]:
    """The code of each column that is treated, apart from counting."""
    return {
        name: code_of(one.way, one.step) for one in treatments if one.way is not Way.AGGREGATE for name in one.columns
    }
