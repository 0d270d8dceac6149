"""The files that the trial publishes: each cell is a text that stands nowhere else, so that one that leaks is seen."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

Cell = str | Decimal | bool | date | None
Row = tuple[Cell, ...]
ROWS = 12
FIRST_DAY = date(1907, 3, 1)


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"


@dataclass(frozen=True)
class Column:
    """A column of a file."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Source:
    """A file and what it holds; `places` names its columns of latitude and longitude, where it has them."""

    file_name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    places: tuple[str, str] | None = None
    document: bytes = b""
    """The content of a file that is no table."""

    @property
    def content(self) -> bytes:
        """The file, byte for byte."""
        if self.document:
            return self.document
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([column.name for column in self.columns])
        writer.writerows([cell_text(cell) for cell in row] for row in self.rows)
        return text.getvalue().encode()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in their order."""
        return tuple(column.name for column in self.columns)

    def kind(self, name: str) -> Kind:
        """What the column of this name holds."""
        return next(column.kind for column in self.columns if column.name == name)

    def values(self, name: str) -> tuple[Cell, ...]:
        """The cells of the column of this name, from the first row to the last."""
        place = self.names.index(name)
        return tuple(row[place] for row in self.rows)


def cell_text(cell: Cell) -> str:
    """A cell as the API and the files show it; an empty one is empty."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        if cell:
            return "true"
        return "false"
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def cell_texts(source: Source) -> Iterator[str]:
    """The text of each cell that would betray its row: not those of true and false, nor the empty ones."""
    for row in source.rows:
        for cell in row:
            if cell is not None and not isinstance(cell, bool):
                yield cell_text(cell)


def _turn(values: Sequence[Cell], number: int) -> Cell:
    return values[number % len(values)]


def _readings() -> Source:
    columns = (
        Column("compteur", Kind.TEXT),
        Column("secteur, « îlot »", Kind.TEXT),
        Column("énergie (kWh)", Kind.NUMBER),
        Column("relevé", Kind.DATE),
        Column("vérifié", Kind.BOOLEAN),
        Column("rang", Kind.NUMBER),
    )
    rows = tuple(
        (
            f"zqCOMPTEUR{number:02}",
            _turn(("zqNORD", "zqSUD", "zq« EST », bas", None), number),
            None if number == 5 else Decimal("73100.25") + number * Decimal("1.25"),
            None if number == 7 else FIRST_DAY + timedelta(days=number // 2),
            _turn((True, False, None), number),
            Decimal(840_000 + number % 6),
        )
        for number in range(ROWS)
    )
    return Source("releves.csv", columns, rows)


def _trees() -> Source:
    columns = (
        Column("arbre", Kind.TEXT),
        Column("essence", Kind.TEXT),
        Column("latitude", Kind.NUMBER),
        Column("longitude", Kind.NUMBER),
        Column("hauteur", Kind.NUMBER),
    )
    rows = tuple(
        (
            f"zqARBRE{number:02}",
            _turn(("zqCHÊNE", "zqHÊTRE", "zqIF"), number),
            None if number == 4 else Decimal("48.11701") + number * Decimal("0.00111"),
            None if number == 4 else Decimal("-1.67301") + number * Decimal("0.00222"),
            Decimal("91100.5") + number,
        )
        for number in range(ROWS)
    )
    return Source("arbres.csv", columns, rows, places=("latitude", "longitude"))


READINGS = _readings()
TREES = _trees()
PLAN = Source("plan.pdf", (), (), document=b"%PDF-1.4\n% zqPLAN\n%%EOF\n")
SOURCES = {"readings": READINGS, "trees": TREES, "plan": PLAN}
TABLES = ("readings", "trees")
