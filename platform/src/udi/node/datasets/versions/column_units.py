"""The units of the columns of a dataset: what its producer confirmed, else what its file writes."""

from collections.abc import Mapping

from udi.node.datasets.models import Dataset
from udi.tabular.columns.chosen_roles import Roles, is_unmeasured, read_roles
from udi.tabular.columns.column import TypedColumn
from udi.tabular.formats.units import MEASURED
from udi.tabular.overviews import role_words
from udi.tabular.profiles.profile import Profile

MOST_FIELDS = 40
"""Columns of which a form asks the unit: those past it keep what the file writes."""
WITHOUT_UNIT = (
    role_words.IDENTIFIER
    | role_words.COORDINATE
    | role_words.PART_OF_TIME
    | role_words.YEARS
)


def units_of(dataset: Dataset, profile: Profile) -> dict[str, str]:
    """The unit of each column that has one, by name.

    A column that its producer said to have none has none; a `profile` without cells gives what the names write alone.
    """
    names = {column.name for column in profile.columns if column.type in MEASURED}
    confirmed = {
        name: unit for name, unit in dataset.column_units.items() if name in names
    }
    units = {**profile.units, **confirmed}
    return {name: unit for name, unit in units.items() if unit}


def list_unit_columns(dataset: Dataset, profile: Profile) -> list[str]:
    """The columns of which a form asks the unit: numbers that are neither codes, nor coordinates, nor parts of a date."""
    roles = read_roles(dataset.column_roles, profile.columns)
    units = units_of(dataset, profile)
    columns = [
        column.name
        for column in profile.columns
        if column.name in units or _is_measure(column, roles)
    ]
    return columns[:MOST_FIELDS]


def list_changed_units(
    dataset: Dataset, profile: Profile, units: Mapping[str, str]
) -> dict[str, str]:
    """What to keep of the units of a form: those that differ from what the file writes; others stay as they were kept."""
    unlisted = {
        name: unit for name, unit in dataset.column_units.items() if name not in units
    }
    differing = {
        name: unit
        for name, unit in units.items()
        if unit != profile.units.get(name, "")
    }
    return {**unlisted, **differing}


def _is_measure(column: TypedColumn, roles: Roles) -> bool:
    if column.type not in MEASURED or is_unmeasured(roles, column.name):
        return False
    words = role_words.words_of(column.name)
    is_code = bool(set(words) & WITHOUT_UNIT) or bool(
        set(words[-1:]) & role_words.IDENTIFIER_ENDS
        or set(words[:1]) & role_words.IDENTIFIER_STARTS
    )
    return not is_code
