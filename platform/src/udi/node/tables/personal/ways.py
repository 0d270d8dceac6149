"""The ways out of personal data: what a treatment is, and which ones fit what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from udi.kit.errors import InvalidError, Refusal
from udi.node.tables.column import GEOMETRY, ColumnType, TypedColumn
from udi.node.tables.personal.explanations import What
from udi.node.tables.personal.report import Finding


class Way(StrEnum):
    """`AGGREGATE` counts rows by some columns; the others change one column each."""

    DROP = "drop"
    MASK = "mask"
    PSEUDONYMISE = "pseudonymise"
    GENERALISE = "generalise"
    AGGREGATE = "aggregate"


class Step(StrEnum):
    """How coarse a generalised value becomes: `GRID` is a hundredth of a degree, about a kilometre."""

    YEAR = "year"
    FIVE_YEARS = "five_years"
    TEN_YEARS = "ten_years"
    DEPARTMENT = "department"
    GRID = "grid"


@dataclass(frozen=True)
class Treatment:
    """What is done to columns; `step` for a generalisation."""

    way: Way
    columns: tuple[str, ...]
    step: Step | None = None

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return {
            "way": self.way.value,
            "columns": list(self.columns),
            "step": self.step.value if self.step else None,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Treatment":
        """What `as_json` gave."""
        step = Step(value["step"]) if value.get("step") else None
        return cls(Way(value["way"]), tuple(value["columns"]), step)


OFFERED: dict[What, tuple[Way, ...]] = {
    What.EMAIL: (Way.MASK, Way.DROP, Way.PSEUDONYMISE),
    What.PHONE: (Way.MASK, Way.DROP, Way.PSEUDONYMISE),
    What.NIR: (Way.DROP,),
    What.TAX_NUMBER: (Way.DROP,),
    What.IBAN: (Way.DROP,),
    What.FULL_NAME: (Way.DROP, Way.PSEUDONYMISE),
    What.FAMILY_NAME: (Way.DROP, Way.PSEUDONYMISE),
    What.GIVEN_NAME: (Way.DROP, Way.PSEUDONYMISE),
    What.NAME_IN_TEXT: (Way.DROP,),
    What.BIRTH_DATE: (Way.GENERALISE, Way.DROP),
    What.BIRTH_YEAR: (Way.GENERALISE, Way.DROP),
    What.ADDRESS: (Way.DROP,),
    What.PLATE: (Way.DROP, Way.PSEUDONYMISE),
    What.IP_ADDRESS: (Way.DROP, Way.PSEUDONYMISE),
    What.PERSON_CODE: (Way.PSEUDONYMISE, Way.DROP),
    What.SPECIAL: (Way.DROP, Way.AGGREGATE),
    What.FAMILY_STATUS: (Way.DROP, Way.AGGREGATE),
    What.SMALL_GROUP: (Way.AGGREGATE, Way.GENERALISE, Way.DROP),
}
"""The ways out of each finding, the one to propose first."""
PLACED = frozenset({ColumnType.LATITUDE, ColumnType.LONGITUDE, ColumnType.POINT})
DATED = frozenset({ColumnType.DATE, ColumnType.DATETIME})


def steps_of(column: TypedColumn) -> tuple[Step, ...]:
    """How a column can be made coarser."""
    if column.type in PLACED:
        return (Step.GRID,)
    if column.type in DATED:
        return (Step.YEAR, Step.FIVE_YEARS)
    if column.type in {ColumnType.POSTCODE, ColumnType.COMMUNE}:
        return (Step.DEPARTMENT,)
    if column.type is ColumnType.YEAR:
        return (Step.FIVE_YEARS,)
    if column.type in {ColumnType.INTEGER, ColumnType.NUMBER}:
        return (Step.TEN_YEARS, Step.FIVE_YEARS, Step.DEPARTMENT)
    return tuple(Step)


def propose(finding: Finding, columns: Sequence[TypedColumn]) -> Treatment:
    """The treatment to show first for what was found."""
    way = OFFERED[finding.what][0]
    by_name = {column.name: column for column in columns}
    step = steps_of(by_name[finding.columns[0]])[0] if way is Way.GENERALISE else None
    return Treatment(way, finding.columns, step)


def check_treatments(treatments: Sequence[Treatment], columns: Sequence[TypedColumn], *, geometries: bool) -> None:
    """Refuse what cannot be done.

    Raises:
        InvalidError: a column that the table has not, a generalisation without its step, two treatments of one column.
    """
    known = {column.name for column in columns} | ({GEOMETRY} if geometries else set())
    refusals, seen = [], set[str]()
    for treatment in treatments:
        for name in treatment.columns:
            if name not in known:
                refusals.append(Refusal(name, "The table has no such column.", "Choose one of its columns."))
            elif treatment.way is not Way.AGGREGATE and name in seen:
                refusals.append(Refusal(name, "Two changes are asked for this column.", "Keep one of them."))
            if treatment.way is Way.GENERALISE and treatment.step is None:
                refusals.append(Refusal(name, "How coarse the values should become is not said.", "Choose a step."))
            seen |= set() if treatment.way is Way.AGGREGATE else {name}
    if refusals:
        raise InvalidError(refusals=refusals)
