"""The units of columns, as their producer confirmed them: what the file does not write itself is kept for the next versions too."""

from collections.abc import Mapping

from udi.kit.errors import Refusal
from udi.node.datasets.models import Author, Dataset
from udi.node.datasets.versions.column_units import (
    list_changed_units,
    list_unit_columns,
)
from udi.node.datasets.versions.findings import profile_of
from udi.tabular.formats.units import LONGEST_UNIT


def set_column_units(
    author: Author, dataset: Dataset, units: Mapping[str, str]
) -> list[Refusal]:
    """Keep the unit of each column that a form names; what is wrong with them, by the place of their field.

    Columns of which no unit is asked are passed over. Nothing is kept where one is wrong.
    """
    profile = profile_of(dataset)
    columns = list_unit_columns(dataset, profile)
    refusals = [
        Refusal(
            f"unit-{columns.index(name)}",
            "The unit of “%(column)s” is too long: 40 characters at most.",
            values={"column": name},
        )
        for name, unit in units.items()
        if name in columns and len(unit) > LONGEST_UNIT
    ]
    if refusals:
        return refusals
    confirmed = {name: unit for name, unit in units.items() if name in columns}
    differing = list_changed_units(dataset, profile, confirmed)
    if differing != dataset.column_units:
        changed = dict(set(differing.items()) ^ set(dataset.column_units.items()))
        dataset.column_units = differing
        dataset.record_event(author, "column.units_changed", columns=sorted(changed))
    return []
