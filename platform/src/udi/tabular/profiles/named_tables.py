"""The tables of a file beside its main one: further sheets, layers, members of an archive; each has a name in addresses.

They are the very tables that were searched for people (`remainder`): what was not searched is none.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from udi.tabular.columns.column import Bounds, ColumnType, TypedColumn
from udi.tabular.profiles.conversion import TableConversion
from udi.tabular.profiles.profile import whole_degrees

MOST_TABLES = 30
MOST_NAMED_COLUMNS = 2_000
"""Of the tables of one file together: their names are kept beside the version."""
MOST_LEFT = 100
LONGEST_NAME = 60
FEWEST_COLUMNS = 2
WITHIN = " › "
"""Between the parts of a place: a sheet of a workbook of an archive."""
PART_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What no table is called: it is how the files of a dataset are called in addresses."""
SERIES = "series"
"""What no table is called either: it is how the files of a dataset that are each of a period are called, as one table."""
SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".tab", ".json", ".geojson", ".parquet"})
"""What a name loses of the name of a file in an archive."""


@dataclass(frozen=True)
class NamedTable:
    """One of them; `title` is that of its sheet or layer, or the name of its file.

    Its Parquet is in an object with all others of its file: `size` bytes from `start`. `suffix` is that of the object,
    empty until it is stored.
    """

    name: str
    title: str
    columns: tuple[TypedColumn, ...]
    rows: int
    geometry: str = ""
    bbox: Bounds | None = None
    start: int = 0
    size: int = 0
    suffix: str = ""

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        columns = [
            [column.name, column.type.value, column.format] for column in self.columns
        ]
        return {**vars(self), "columns": columns}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "NamedTable":
        """What `as_json` gave."""
        columns = tuple(
            TypedColumn(name, ColumnType(kind), pattern)
            for name, kind, pattern in value["columns"]
        )
        box = value["bbox"]
        bbox = (box[0], box[1], box[2], box[3]) if box else None
        return cls(**{**value, "columns": columns, "bbox": bbox})

    def without_cells(self) -> "NamedTable":
        """The same without anything that a cell says: of places, no more than the degrees in which they are."""
        return replace(self, bbox=whole_degrees(self.bbox) if self.bbox else None)


@dataclass
class NamedTableFolder:
    """Takes the tables that are found, as files of a folder in the order of the file.

    `left` are the titles of those that are not read: hidden sheets, and what is more than the bounds; `dropped` are those
    that their producer leaves out (`left_out`).
    """

    folder: Path
    left_out: frozenset[str] = frozenset()
    tables: list[NamedTable] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    _names: set[str] = field(default_factory=lambda: {SERIES})

    def add(self, place: str, converted: TableConversion, path: Path) -> None:
        """Keep a typed table, unless it is a list of remarks, or one too many; its file goes into the folder.

        One that is not kept has its name all the same: no other takes its address.
        """
        profile = converted.profile
        is_list = len(profile.columns) < FEWEST_COLUMNS and not profile.geometry
        if is_list or not profile.rows:
            return
        name = _unused_name(name_of_place(place), self._names)
        self._names.add(name)
        title = clean_title(place) or name
        if title in self.left_out:
            self.dropped.append(title)
            return
        columns = len(profile.columns) + sum(
            len(table.columns) for table in self.tables
        )
        if len(self.tables) >= MOST_TABLES or columns > MOST_NAMED_COLUMNS:
            self.leave(title)
            return
        table = NamedTable(
            name=name,
            title=title,
            columns=profile.columns,
            rows=profile.rows,
            geometry=profile.geometry,
            bbox=profile.bbox,
            start=self.tables[-1].start + self.tables[-1].size if self.tables else 0,
            size=path.stat().st_size,
        )
        self.folder.mkdir(exist_ok=True)
        path.replace(self.file_of(len(self.tables)))
        self.tables.append(table)

    def leave(self, place: str) -> None:
        """Name a table that is not read."""
        title = clean_title(place)
        if title and len(self.left) < MOST_LEFT:
            self.left.append(title)

    def file_of(self, rank: int) -> Path:
        """Where the table of this rank, from 0, is."""
        return self.folder / f"{rank}.parquet"


def clean_title(place: str) -> str:
    """The title of a sheet, a layer or a file on one line, without control characters; empty where nothing is left."""
    signs = (
        " " if unicodedata.category(sign).startswith("C") else sign for sign in place
    )
    return " ".join("".join(signs).split())


def name_of_place(place: str) -> str:
    """The name of a table in addresses: letters, digits and hyphens of its title."""
    parts = [_plain_part(part) for part in place.split(WITHIN)]
    name = "-".join(filter(None, parts))[:LONGEST_NAME].strip("-")
    if PART_ID.fullmatch(name):
        return f"table-{name}"
    return name or "table"


def _plain_part(part: str) -> str:
    path = PurePosixPath(part)
    if path.suffix.lower() in SUFFIXES:
        part = path.stem
    plain = unicodedata.normalize("NFKD", part).encode("ascii", "ignore").decode()
    signs = "".join(sign if sign.isalnum() else "-" for sign in plain.lower())
    return "-".join(filter(None, signs.split("-")))


def _unused_name(name: str, used: set[str]) -> str:
    """The name, with the first number that nobody has where it is taken."""
    number = 1
    unused = name
    while unused in used:
        number += 1
        unused = f"{name}-{number}"
    return unused
