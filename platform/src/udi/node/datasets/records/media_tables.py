"""What a record says of the tables and the periods of the files of open data: columns, sheets, all periods as one table."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from udi.node.datasets.descriptions.description import is_restricted
from udi.node.datasets.models import Dataset, PreparationState, Version
from udi.node.datasets.versions.column_units import units_of
from udi.node.datasets.versions.series import Series, find_series
from udi.node.datasets.versions.table_list import TableEntry, list_tables_of
from udi.node.tables.addresses import TableAddresses
from udi.protocol.schema import ENTRIES as MOST_ENTRIES
from udi.protocol.schema import LINE as LONGEST_LINE
from udi.protocol.structures import Interval, MediaColumn, MediaTable
from udi.tabular.profiles.named_tables import SERIES
from udi.tabular.profiles.profile import Profile

NO_TABLE = frozenset({PreparationState.FAILED, PreparationState.PLAIN})
"""How the look at a file ended where its API has no rows of it."""
END_OF_DAY = time(23, 59, 59)


def media_tables(
    dataset: Dataset, version: Version, origin: str
) -> tuple[MediaTable, ...]:
    """The tables of an open file, where it has others than its main one or is a part; `origin` is that of the node."""
    if is_restricted(dataset.description):
        return ()
    entries = list_tables_of(dataset, version)
    if not any(entry.table_name for entry in entries):
        return ()
    return tuple(_media_table(entry, origin) for entry in entries[:MOST_ENTRIES])


def _media_table(entry: TableEntry, origin: str) -> MediaTable:
    return MediaTable(
        name=entry.title[:LONGEST_LINE],
        url=origin + entry.address,
        records=entry.rows,
        fields=entry.columns,
    )


def find_record_series(dataset: Dataset, versions: Iterable[Version]) -> Series:
    """The table of all periods that the files of a record of open data are together; none of restricted data."""
    if is_restricted(dataset.description):
        return Series()
    return find_series(dataset, versions)


def series_table(dataset: Dataset, series: Series, origin: str) -> MediaTable:
    """The table of all periods as a record names it."""
    return MediaTable(
        name=series.title,
        url=origin + TableAddresses(dataset.id, SERIES).page,
        records=series.rows,
        fields=len(series.union.columns),
    )


def file_periods(first_day: date | None, last_day: date | None) -> tuple[Interval, ...]:
    """The period that a file is about, where its producer says one: from the first instant to the last."""
    if first_day is None:
        return ()
    start = datetime.combine(first_day, time(), UTC)
    end = datetime.combine(last_day, END_OF_DAY, UTC) if last_day else None
    return (Interval(start=start, end=end),)


def media_columns(dataset: Dataset, version: Version) -> tuple[MediaColumn, ...]:
    """The first columns of an open table, unless it could not be read; of restricted data a record names none."""
    profile = Profile.from_json(version.profile)
    if is_restricted(dataset.description) or not profile.is_table:
        return ()
    if version.preparation and version.preparation.state in NO_TABLE:
        return ()
    units = profile.units if version.part_id else units_of(dataset, profile)
    return tuple(
        MediaColumn(column.name, units.get(column.name, ""))
        for column in profile.columns[:MOST_ENTRIES]
        if column.name.strip() and len(column.name) <= LONGEST_LINE
    )
