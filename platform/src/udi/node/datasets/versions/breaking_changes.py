"""What a new version breaks for those who read the published one: its columns, their types, its rows, its format."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from udi.kit.errors import Refusal
from udi.node.datasets.models import Dataset, PartRole, Version
from udi.node.datasets.versions.findings import named_tables_of, tables_dropped_of
from udi.tabular.columns.column import GEOMETRY, ColumnType, TypedColumn
from udi.tabular.profiles.named_tables import WITHIN, NamedTable
from udi.tabular.profiles.profile import Profile

LOST_SHARE = 0.3
FEWEST_LOST = 10
"""A version that loses this share of the rows, and at least so many, waits for a person."""
WHOLE_NUMBERS = frozenset({ColumnType.INTEGER, ColumnType.YEAR})
SHOWN_COLUMNS = 10

STOPS = {
    "tables": "It loses tables that readers use.",
    "format": "Its format is not that of the published version.",
    "columns": "It loses columns that readers use.",
    "types": "The type of some columns changes.",
    "rows": "It loses a large part of the rows of the published version.",
}
"""What a version may break, and the words for it where its figures are not at hand (the history)."""
DETAILS = {
    "tables": "It loses tables that readers use: %(tables)s.",
    "format": "The published version is «%(before)s», this file is «%(after)s».",
    "columns": "It loses columns that readers use: %(columns)s.",
    "types": "The type of these columns changes: %(columns)s.",
    "rows": "It has %(after)s rows, the published version %(before)s.",
}
"""The same with names of columns and numbers, never a cell."""


@dataclass(frozen=True)
class BreakingChange:
    """One thing that a version breaks: a key of `STOPS`, and the values of its words in `DETAILS`."""

    stop: str
    values: dict[str, str]

    def explain(self, say: Callable[[str], str]) -> str:
        """The sentence in the reader's language."""
        return say(DETAILS[self.stop]) % self.values


def list_breaking_changes(dataset: Dataset, version: Version) -> list[BreakingChange]:
    """What a version breaks of the published one, of the main file or of a part that holds data; nothing for the first
    version, or one that is published.
    """
    before = dataset.find_published_before(version)
    part = dataset.find_part(version.part_id)
    is_data = part is None or part.role == PartRole.DATA
    if before is None or version.published_at is not None or not is_data:
        return []
    changes = compare_profiles(
        Profile.from_json(before.profile), Profile.from_json(version.profile)
    )
    tables_dropped = tables_dropped_of(version)
    tables = [
        table for table in named_tables_of(before) if table.title not in tables_dropped
    ]
    return [*changes, *compare_named_tables(tables, named_tables_of(version))]


def compare_named_tables(
    before: Sequence[NamedTable], after: Sequence[NamedTable]
) -> list[BreakingChange]:
    """What readers of the tables beside the main one lose: tables that are gone, their columns, types and rows."""
    table_by_name = {table.name: table for table in after}
    changes = []
    gone = [table.title for table in before if table.name not in table_by_name]
    if gone:
        changes.append(BreakingChange("tables", {"tables": _join_names(gone)}))
    for table in before:
        newer = table_by_name.get(table.name)
        if newer is not None:
            changes += _compare_tables(table, newer)
    return changes


def _compare_tables(before: NamedTable, after: NamedTable) -> list[BreakingChange]:
    changes = []
    if lost := _lost_columns(before, after):
        names = [f"{before.title}{WITHIN}{name}" for name in lost]
        changes.append(BreakingChange("columns", {"columns": _join_names(names)}))
    if retyped := _retyped_columns(before.columns, after.columns):
        names = [f"{before.title}{WITHIN}{name}" for name in retyped]
        changes.append(BreakingChange("types", {"columns": _join_names(names)}))
    if _loses_rows(before.rows, after.rows):
        changes.append(
            BreakingChange(
                "rows", {"before": str(before.rows), "after": str(after.rows)}
            )
        )
    return changes


def refuse_unintended(
    breaks: Collection[BreakingChange], intended: Collection[str]
) -> list[Refusal]:
    """What a person must still answer who publishes a version that breaks this; `intended` has keys of `STOPS`."""
    broken = {change.stop for change in breaks}
    if broken <= set(intended):
        return []
    reason = "Say whether you want these changes."
    return [Refusal("intended", reason, "Or drop another file.")]


def compare_profiles(before: Profile, after: Profile) -> list[BreakingChange]:
    """What readers of a file lose with another: names, types and counts are compared, cells are not read."""
    if not before.is_table or not after.is_table:
        same = before.is_table == after.is_table and (
            before.is_table or before.media_type == after.media_type
        )
        if same:
            return []
        return [
            BreakingChange("format", {"before": before.label, "after": after.label})
        ]
    breaks = []
    if lost := _lost_columns(before, after):
        breaks.append(BreakingChange("columns", {"columns": _join_names(lost)}))
    if retyped := _retyped_columns(before.columns, after.columns):
        breaks.append(BreakingChange("types", {"columns": _join_names(retyped)}))
    if _loses_rows(before.rows or 0, after.rows or 0):
        breaks.append(
            BreakingChange(
                "rows", {"before": str(before.rows), "after": str(after.rows or 0)}
            )
        )
    return breaks


def _lost_columns(
    before: Profile | NamedTable, after: Profile | NamedTable
) -> list[str]:
    """Columns that are gone, or in which no value is left; the places of a map count as one."""
    column_by_name = {column.name: column for column in after.columns}
    lost = [
        column.name
        for column in before.columns
        if _is_lost(column, column_by_name.get(column.name), after.rows or 0)
    ]
    if before.geometry and not after.geometry:
        lost.append(GEOMETRY)
    return lost


def _is_lost(before: TypedColumn, after: TypedColumn | None, rows: int) -> bool:
    if before.type is ColumnType.EMPTY:
        return False
    return after is None or (after.type is ColumnType.EMPTY and rows > 0)


def _retyped_columns(
    before: Sequence[TypedColumn], after: Sequence[TypedColumn]
) -> list[str]:
    types = {column.name: column for column in after}
    return [
        column.name
        for column in before
        if column.name in types and _is_other_type(column, types[column.name])
    ]


def _is_other_type(before: TypedColumn, after: TypedColumn) -> bool:
    """Whether values are stored otherwise; codes, texts and addresses are all text, years and counts whole numbers."""
    if (
        ColumnType.EMPTY in {before.type, after.type}
        or {before.type, after.type} <= WHOLE_NUMBERS
    ):
        return False
    return before.sql_type != after.sql_type


def _loses_rows(before: int, after: int) -> bool:
    if before and not after:
        return True
    return before - after >= max(FEWEST_LOST, LOST_SHARE * before)


def _join_names(names: Sequence[str]) -> str:
    column_list = ", ".join(names[:SHOWN_COLUMNS])
    if len(names) <= SHOWN_COLUMNS:
        return column_list
    return f"{column_list}…"
