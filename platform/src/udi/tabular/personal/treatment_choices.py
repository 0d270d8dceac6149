"""What a person may have done to each column that says something of people: the ways offered, the one to propose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.report import PersonalDataFinding, PersonalDataSeverity
from udi.tabular.personal.treatments import (
    DATED,
    OFFERED,
    PLACED,
    Granularity,
    Treatment,
    TreatmentMethod,
    steps_of,
)

LEFT = ""
"""The column stays as it is."""
COARSER_BY_ITSELF = (
    DATED | PLACED | {ColumnType.POSTCODE, ColumnType.COMMUNE, ColumnType.YEAR}
)


@dataclass(frozen=True)
class TreatmentChoice:
    """One column, what was found in it, the codes of what may be done to it (`drop`, `generalise:year`), and the likeliest."""

    place: int
    column: TypedColumn
    findings: tuple[PersonalDataFinding, ...]
    offered: tuple[str, ...]
    proposed: str = LEFT


def list_choices(
    findings: Sequence[PersonalDataFinding], columns: Sequence[TypedColumn]
) -> list[TreatmentChoice]:
    """The columns of the table where something was found, in its order; what is found elsewhere is no column of it."""
    return [
        choice
        for place, column in enumerate(columns)
        if (
            choice := _choice(
                place,
                column,
                [
                    finding
                    for finding in findings
                    if column.name in finding.columns and not finding.place
                ],
            )
        )
    ]


def _choice(
    place: int, column: TypedColumn, findings: Sequence[PersonalDataFinding]
) -> TreatmentChoice | None:
    if not findings:
        return None
    offered = [
        code
        for finding in findings
        for way in OFFERED[finding.what]
        for code in _codes(way, column)
    ]
    stops = [
        finding for finding in findings if finding.strength is PersonalDataSeverity.STOP
    ]
    return TreatmentChoice(
        place,
        column,
        tuple(findings),
        tuple(dict.fromkeys(offered)),
        _propose_code(column, stops),
    )


def _codes(way: TreatmentMethod, column: TypedColumn) -> list[str]:
    if way is TreatmentMethod.AGGREGATE:
        return []
    if way is TreatmentMethod.GENERALISE:
        return [code_of(way, step) for step in steps_of(column)]
    return [code_of(way)]


def _propose_code(column: TypedColumn, stops: Sequence[PersonalDataFinding]) -> str:
    """The first way out of what stops the publication; a detail that singles out only beside others is made coarser."""
    direct_stop = next(
        (stop for stop in stops if stop.what is not PersonalDataKind.SMALL_GROUP), None
    )
    if direct_stop:
        return next(
            code for way in OFFERED[direct_stop.what] for code in _codes(way, column)
        )
    coarser = stops and (
        column.type in COARSER_BY_ITSELF or "age" in column.name.lower().split()
    )
    if coarser:
        return code_of(TreatmentMethod.GENERALISE, steps_of(column)[0])
    return LEFT


def code_of(way: TreatmentMethod, step: Granularity | None = None) -> str:
    """A way as the value of a form's choice."""
    if step:
        return f"{way.value}:{step.value}"
    return way.value


def as_treatments(
    code_by_column: Mapping[str, str], counted: Sequence[str]
) -> tuple[Treatment, ...]:
    """What is to be done, from the code chosen for each column and the columns by which rows are counted."""
    treatments = []
    for name, code in code_by_column.items():
        if code and not (counted and code == TreatmentMethod.DROP):
            way, _, step = code.partition(":")
            treatments.append(
                Treatment(
                    TreatmentMethod(way), (name,), Granularity(step) if step else None
                )
            )
    return (
        *treatments,
        *([Treatment(TreatmentMethod.AGGREGATE, tuple(counted))] if counted else []),
    )


def as_codes(treatments: Sequence[Treatment]) -> dict[str, str]:
    """The code of each column that is treated, apart from counting."""
    return {
        name: code_of(treatment.way, treatment.step)
        for treatment in treatments
        if treatment.way is not TreatmentMethod.AGGREGATE
        for name in treatment.columns
    }
