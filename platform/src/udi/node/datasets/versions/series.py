"""The files of a dataset that are each of a period, as one table: those whose columns agree, and how the others differ."""

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePath
from uuid import UUID

from udi.node.datasets.models import Dataset, PartRole, PreparationState, Version
from udi.node.datasets.versions.column_units import units_of
from udi.node.datasets.versions.findings import is_table, named_tables_of
from udi.node.files.models import SERVED_ACCESS, FileAccess
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.exports.unions import (
    ColumnDisagreement,
    TableUnion,
    UnionMember,
    compare_columns,
    merge_columns,
    merge_units,
)
from udi.tabular.geo.places import geometry_kind
from udi.tabular.profiles.named_tables import SERIES
from udi.tabular.profiles.profile import Profile

PERIOD = "period"
"""The column that says of which period a row is, as far as no column of the files is called so."""
FEWEST = 2
MOST_CELLS = 400_000_000
"""Of all files together: what a child writes as one table in its time, with a margin."""


@dataclass(frozen=True)
class SeriesFile:
    """The newest version of the main file or of a part, with its period, as it stands in the column of periods."""

    title: str
    first_day: date
    last_day: date | None
    version: Version
    profile: Profile
    units: Mapping[str, str] = field(default_factory=dict)
    """The unit of each column that has one, by name."""

    @property
    def part_id(self) -> UUID | None:
        """The part; None for the main file."""
        return self.version.part_id

    @property
    def period(self) -> str:
        """The period, as a year, a month, a day or an interval (ISO 8601)."""
        return period_label(self.first_day, self.last_day)

    @property
    def label(self) -> str:
        """The title with the period."""
        return f"{self.title} ({self.period})"

    def overlaps(self, other: "SeriesFile") -> bool:
        """Whether a day is in both periods."""
        return self.first_day <= (other.last_day or date.max) and other.first_day <= (
            self.last_day or date.max
        )


@dataclass(frozen=True)
class FileLeftOut:
    """A file that is not in the table, and how its columns differ from those of the table."""

    file: SeriesFile
    disagreement: ColumnDisagreement


@dataclass(frozen=True)
class Series:
    """The files in the table, the oldest period first, and those that are not in it.

    `is_waiting`: one of them is being read again, so nobody knows yet. `has_namesake`: the main file was read when a
    table of its own could still be called so, and that one has the address.
    """

    files: tuple[SeriesFile, ...] = ()
    left_out: tuple[FileLeftOut, ...] = ()
    is_waiting: bool = False
    has_namesake: bool = False

    @property
    def is_table(self) -> bool:
        """Whether there is one."""
        return (
            len(self.files) >= FEWEST
            and not self.is_waiting
            and not self.has_namesake
            and not self.is_too_large
        )

    @property
    def is_too_large(self) -> bool:
        """Whether they are more together than one table is written of."""
        columns = len(self.files[0].profile.columns) if self.files else 0
        return self.rows * (columns + 1) > MOST_CELLS

    @property
    def is_listed(self) -> bool:
        """Whether a page has something to say of it."""
        return len(self.files) >= FEWEST or bool(self.left_out) or self.is_waiting

    @property
    def overlaps(self) -> tuple[SeriesFile, ...]:
        """The files of the table whose period shares a day with that of another: rows may be in both."""
        return tuple(
            file
            for file in self.files
            if any(file.overlaps(other) for other in self.files if other is not file)
        )

    @property
    def newest(self) -> SeriesFile:
        """The file of the last period, with which the others are compared."""
        return self.files[-1]

    @property
    def title(self) -> str:
        """The first period and the last."""
        return f"{self.files[0].period}–{self.files[-1].period}"

    @property
    def rows(self) -> int:
        """How many rows they have together."""
        return sum(file.profile.rows or 0 for file in self.files)

    @property
    def units(self) -> dict[str, str]:
        """The unit of each column whose unit all of them write."""
        return merge_units([(file.profile.columns, file.units) for file in self.files])

    @property
    def geometry(self) -> str:
        """One word for the places of all of them."""
        return geometry_kind({file.profile.geometry for file in self._placed})

    @property
    def union(self) -> TableUnion:
        """How their tables become one."""
        columns = merge_columns([file.profile.columns for file in self.files])
        marks = self._marks()
        is_years = all(len(mark) == len("2026") for mark in marks)
        mark_type = ColumnType.YEAR if is_years else ColumnType.TEXT
        period = TypedColumn(_unused_name(columns), mark_type)
        boxes = [file.profile.bbox for file in self._placed if file.profile.bbox]
        bbox = None
        if boxes:
            west, south, east, north = zip(*boxes, strict=True)
            bbox = (min(west), min(south), max(east), max(north))
        return TableUnion(
            columns=(period, *columns),
            members=tuple(
                _member(file, mark, columns)
                for file, mark in zip(self.files, marks, strict=True)
            ),
            has_places=bool(self._placed),
            bbox=bbox,
        )

    @property
    def _placed(self) -> list[SeriesFile]:
        return [file for file in self.files if file.profile.bbox]

    def _marks(self) -> list[str]:
        """What the column of periods says of each file: its title too, where several are of one period."""
        periods = [file.period for file in self.files]
        return [
            f"{file.period} {file.title}"
            if periods.count(file.period) > 1
            else file.period
            for file in self.files
        ]


def find_series(dataset: Dataset, versions: Iterable[Version]) -> Series:
    """The table of the files of these versions: of each file one, and of files of data that have a period."""
    current = list(versions)
    files = sorted(
        _list_files(dataset, current),
        key=lambda file: (file.first_day, file.last_day or date.max),
    )
    waiting = len(files) >= FEWEST and any(
        _is_read_again(file.version) for file in files
    )
    namesake = any(has_series_sheet(version) for version in current)
    tables = [file for file in files if is_table(file.version)]
    attempts = [_gather(newest, tables) for newest in reversed(tables)]
    for files_in, left_out in attempts:
        if len(files_in) >= FEWEST:
            return Series(files_in, left_out, waiting, namesake)
    if not attempts:
        return Series(is_waiting=waiting)
    return Series(*attempts[0], waiting, namesake)


def find_open_series(dataset: Dataset) -> Series:
    """The same of the files that everybody reads."""
    return _find_current_series(dataset, frozenset({FileAccess.OPEN}))


def find_served_series(dataset: Dataset) -> Series:
    """The same of the files that are given, to everybody or under an agreement."""
    return _find_current_series(dataset, SERVED_ACCESS)


def _find_current_series(dataset: Dataset, access: frozenset[FileAccess]) -> Series:
    if dataset.withdrawn_at is not None:
        return Series()
    current = [_find_served(versions) for versions in _versions_by_file(dataset)]
    return find_series(
        dataset,
        [version for version in current if version and version.file.access in access],
    )


def find_newest_series(dataset: Dataset) -> Series:
    """The same of the newest versions, published or not, for their producer."""
    return find_series(
        dataset, [versions[0] for versions in _versions_by_file(dataset) if versions]
    )


def _versions_by_file(dataset: Dataset) -> list[list[Version]]:
    return [dataset.versions, *(part.versions for part in dataset.parts)]


def _find_served(versions: Iterable[Version]) -> Version | None:
    """The newest version that is given, to everybody or under an agreement."""
    return next(
        (version for version in versions if version.file.access in SERVED_ACCESS), None
    )


def period_label(first_day: date, last_day: date | None) -> str:
    """A period as ISO 8601 writes it: a year, a month or a day where it is a whole one, else an interval."""
    if last_day is None:
        return f"{first_day}/.."
    if first_day == last_day:
        return str(first_day)
    if (first_day.month, first_day.day) == (1, 1) and last_day == date(
        first_day.year, 12, 31
    ):
        return f"{first_day:%Y}"
    _, days = calendar.monthrange(first_day.year, first_day.month)
    if first_day.day == 1 and last_day == first_day.replace(day=days):
        return f"{first_day:%Y-%m}"
    return f"{first_day}/{last_day}"


def _list_files(dataset: Dataset, versions: Iterable[Version]) -> Iterable[SeriesFile]:
    for version in versions:
        part = dataset.find_part(version.part_id)
        title = part.title if part else PurePath(version.file.name).stem
        is_data = part is None or part.role == PartRole.DATA
        first_day = part.first_day if part else dataset.file_first_day
        last_day = part.last_day if part else dataset.file_last_day
        if is_data and first_day is not None:
            profile = Profile.from_json(version.profile)
            units = units_of(dataset, profile) if part is None else profile.units
            yield SeriesFile(title, first_day, last_day, version, profile, units)


def _gather(
    newest: SeriesFile, tables: Sequence[SeriesFile]
) -> tuple[tuple[SeriesFile, ...], tuple[FileLeftOut, ...]]:
    """The files that agree with the newest and with one another, the last ones first asked, and those that do not.

    Each is compared with the columns of all that are in the table before it: where the newest is empty, the last one
    that is not decides.
    """
    agreeing = [newest]
    left_out = list[FileLeftOut]()
    columns = newest.profile.columns
    units = dict(newest.units)
    for file in reversed(tables):
        if file is newest:
            continue
        disagreement = compare_columns(columns, file.profile.columns, units, file.units)
        if disagreement is None:
            agreeing.append(file)
            columns = merge_columns([file.profile.columns, columns])
            units = {**file.units, **units}
        else:
            left_out.append(FileLeftOut(file, disagreement))
    ranks = {id(file): rank for rank, file in enumerate(tables)}
    agreeing.sort(key=lambda file: ranks[id(file)])
    return tuple(agreeing), tuple(reversed(left_out))


def has_series_sheet(version: Version) -> bool:
    """Whether a version of the main file has a table of its own that is called as that of all periods is."""
    return version.part_id is None and any(
        sheet.name == SERIES for sheet in named_tables_of(version)
    )


def _is_read_again(version: Version) -> bool:
    preparation = version.preparation
    return preparation is not None and preparation.state == PreparationState.WAITING


def _member(
    file: SeriesFile, mark: str, columns: tuple[TypedColumn, ...]
) -> UnionMember:
    ranks = {column.name: rank for rank, column in enumerate(file.profile.columns)}
    return UnionMember(
        mark,
        tuple(
            None
            if file.profile.columns[ranks[column.name]].type is ColumnType.EMPTY
            else ranks[column.name]
            for column in columns
        ),
        len(file.profile.columns) if file.profile.bbox else None,
    )


def _unused_name(columns: tuple[TypedColumn, ...]) -> str:
    used = {column.name.casefold() for column in columns}
    name = PERIOD
    number = 1
    while name in used:
        number += 1
        name = f"{PERIOD}_{number}"
    return name
