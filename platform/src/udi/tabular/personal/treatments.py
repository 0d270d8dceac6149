"""The ways out of personal data: what a treatment is, and which ones fit what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from udi.kit.errors import Refusals
from udi.tabular.columns.column import ColumnType, TypedColumn, places_name
from udi.tabular.personal.explanations import PersonalDataKind


class TreatmentMethod(StrEnum):
    """`AGGREGATE` counts rows by some columns; the others change one column each."""

    DROP = "drop"
    MASK = "mask"
    PSEUDONYMISE = "pseudonymise"
    GENERALISE = "generalise"
    AGGREGATE = "aggregate"


class Granularity(StrEnum):
    """How coarse a generalised value becomes: `GRID` is a hundredth of a degree, about a kilometre."""

    YEAR = "year"
    FIVE_YEARS = "five_years"
    TEN_YEARS = "ten_years"
    DEPARTMENT = "department"
    GRID = "grid"


@dataclass(frozen=True)
class Treatment:
    """What is done to columns; `step` for a generalisation."""

    way: TreatmentMethod
    columns: tuple[str, ...]
    step: Granularity | None = None

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
        step = Granularity(value["step"]) if value.get("step") else None
        return cls(TreatmentMethod(value["way"]), tuple(value["columns"]), step)


OFFERED: dict[PersonalDataKind, tuple[TreatmentMethod, ...]] = {
    PersonalDataKind.EMAIL: (
        TreatmentMethod.MASK,
        TreatmentMethod.DROP,
        TreatmentMethod.PSEUDONYMISE,
    ),
    PersonalDataKind.PHONE: (
        TreatmentMethod.MASK,
        TreatmentMethod.DROP,
        TreatmentMethod.PSEUDONYMISE,
    ),
    PersonalDataKind.NIR: (TreatmentMethod.DROP,),
    PersonalDataKind.TAX_NUMBER: (TreatmentMethod.DROP,),
    PersonalDataKind.IBAN: (TreatmentMethod.DROP,),
    PersonalDataKind.FULL_NAME: (TreatmentMethod.DROP, TreatmentMethod.PSEUDONYMISE),
    PersonalDataKind.FAMILY_NAME: (TreatmentMethod.DROP, TreatmentMethod.PSEUDONYMISE),
    PersonalDataKind.GIVEN_NAME: (TreatmentMethod.DROP, TreatmentMethod.PSEUDONYMISE),
    PersonalDataKind.NAME_IN_TEXT: (TreatmentMethod.DROP,),
    PersonalDataKind.BIRTH_DATE: (TreatmentMethod.GENERALISE, TreatmentMethod.DROP),
    PersonalDataKind.BIRTH_YEAR: (TreatmentMethod.GENERALISE, TreatmentMethod.DROP),
    PersonalDataKind.ADDRESS: (TreatmentMethod.DROP,),
    PersonalDataKind.PLATE: (TreatmentMethod.DROP, TreatmentMethod.PSEUDONYMISE),
    PersonalDataKind.IP_ADDRESS: (TreatmentMethod.DROP, TreatmentMethod.PSEUDONYMISE),
    PersonalDataKind.PERSON_CODE: (TreatmentMethod.PSEUDONYMISE, TreatmentMethod.DROP),
    PersonalDataKind.SPECIAL: (TreatmentMethod.DROP, TreatmentMethod.AGGREGATE),
    PersonalDataKind.FAMILY_STATUS: (TreatmentMethod.DROP, TreatmentMethod.AGGREGATE),
    PersonalDataKind.SMALL_GROUP: (
        TreatmentMethod.AGGREGATE,
        TreatmentMethod.GENERALISE,
        TreatmentMethod.DROP,
    ),
}
"""The ways out of each finding, the one to propose first."""
PLACED = frozenset({ColumnType.LATITUDE, ColumnType.LONGITUDE, ColumnType.POINT})
DATED = frozenset({ColumnType.DATE, ColumnType.DATETIME})


def steps_of(column: TypedColumn) -> tuple[Granularity, ...]:
    """How a column can be made coarser."""
    if column.type in PLACED:
        return (Granularity.GRID,)
    if column.type in DATED:
        return (Granularity.YEAR, Granularity.FIVE_YEARS)
    if column.type in {ColumnType.POSTCODE, ColumnType.COMMUNE}:
        return (Granularity.DEPARTMENT,)
    if column.type is ColumnType.YEAR:
        return (Granularity.FIVE_YEARS,)
    if column.type in {ColumnType.INTEGER, ColumnType.NUMBER}:
        return (Granularity.TEN_YEARS, Granularity.FIVE_YEARS, Granularity.DEPARTMENT)
    return tuple(Granularity)


def check_treatments(
    treatments: Sequence[Treatment], columns: Sequence[TypedColumn], *, geometries: bool
) -> None:
    """Refuse what cannot be done.

    Raises:
        InvalidError: a column that the table has not, a generalisation without its step, two treatments of one column.
    """
    column_names = {column.name for column in columns} | (
        {places_name(column.name for column in columns)} if geometries else set()
    )
    refusals = Refusals()
    treated_names = set[str]()
    for treatment in treatments:
        for name in treatment.columns:
            if name not in column_names:
                refusals.refuse(
                    name,
                    "The table has no such column.",
                    "Choose one of its columns.",
                )
            elif (
                treatment.way is not TreatmentMethod.AGGREGATE and name in treated_names
            ):
                refusals.refuse(
                    name,
                    "Two changes are asked for this column.",
                    "Keep one of them.",
                )
            if treatment.way is TreatmentMethod.GENERALISE and treatment.step is None:
                refusals.refuse(
                    name,
                    "The level of detail of the values is missing.",
                    "Choose a level of detail.",
                )
            treated_names |= (
                set() if treatment.way is TreatmentMethod.AGGREGATE else {name}
            )
    refusals.check()
