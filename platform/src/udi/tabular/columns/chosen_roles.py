"""What a producer says a column is for, where the rule judged wrong or was not sure."""

from collections.abc import Mapping
from enum import StrEnum

from udi.tabular.columns.column import ColumnType, TypedColumn

NUMBERS = {ColumnType.INTEGER, ColumnType.NUMBER}
DATES = {ColumnType.DATE, ColumnType.DATETIME, ColumnType.YEAR, ColumnType.INTEGER}
AREAS = {
    ColumnType.TEXT,
    ColumnType.CODE,
    ColumnType.COMMUNE,
    ColumnType.DEPARTMENT,
    ColumnType.REGION,
}
NAMED = {*AREAS, *NUMBERS, ColumnType.BOOLEAN, ColumnType.YEAR, ColumnType.POSTCODE}
CODED = {*NAMED, ColumnType.UUID, ColumnType.SIREN, ColumnType.SIRET}


class ChosenRole(StrEnum):
    """What charts, figures and descriptions take a column for."""

    IDENTIFIER = "identifier"
    SUM = "sum"
    """A measure that may be added up."""
    MEAN = "mean"
    """A measure of which the sum means nothing."""
    CATEGORY = "category"
    DATE = "date"
    PLACE = "place"
    """A coordinate where it is a number, else the code or the name of an area."""
    NONE = "none"
    """Of no chart."""


TYPES = {
    ChosenRole.IDENTIFIER: CODED,
    ChosenRole.SUM: NUMBERS,
    ChosenRole.MEAN: NUMBERS,
    ChosenRole.CATEGORY: NAMED,
    ChosenRole.DATE: DATES,
    ChosenRole.PLACE: {*AREAS, *NUMBERS},
}
"""The types of columns that each may be said of; `NONE` is of all."""
MEASURES = {ChosenRole.SUM, ChosenRole.MEAN}
Roles = Mapping[str, ChosenRole]
"""By name of column; a column that is not there is what the rule says."""


def list_role_choices(column: TypedColumn) -> list[ChosenRole]:
    """What may be said of a column."""
    return [
        role for role in ChosenRole if role not in TYPES or column.type in TYPES[role]
    ]


def is_unmeasured(roles: Roles, name: str) -> bool:
    """Whether its producer says that a column is no measure."""
    return name in roles and roles[name] not in MEASURES


def read_roles(
    value: Mapping[str, object], columns: tuple[TypedColumn, ...]
) -> dict[str, ChosenRole]:
    """Those of a stored object that hold of these columns: a column that is gone, or of another type now, has none."""
    roles = {}
    for column in columns:
        text = value.get(column.name)
        if text in list_role_choices(column):
            roles[column.name] = ChosenRole(str(text))
    return roles
