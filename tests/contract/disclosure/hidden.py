"""A table whose cells nobody but its producer may read, and random changes of them that change nothing else."""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

COLUMNS = ("compteur", "releve", "index (m3)", "latitude", "longitude", "note")
NAME = "compteurs.csv"
FIRST = date(2025, 2, 3)


@dataclass(frozen=True)
class Hidden:
    """The rows of a table, and how its file is written."""

    rows: tuple[tuple[str, ...], ...]
    delimiter: str = ";"
    encoding: str = "utf-8"
    newline: str = "\n"
    units: tuple[tuple[str, ...], ...] = ()
    """A line of units below the names, or none: the cells below tell that it is one."""

    @property
    def content(self) -> bytes:
        every = (COLUMNS, *self.units, *self.rows)
        lines = (self.delimiter.join(cells) for cells in every)
        return (self.newline.join(lines) + self.newline).encode(self.encoding)

    @property
    def days(self) -> tuple[str, str]:
        """The first and the last day."""
        return min(row[1] for row in self.rows), max(row[1] for row in self.rows)


def draw(chance: random.Random, *, rows: int = 60) -> Hidden:
    """A table of so many rows."""
    return Hidden(tuple(_row(chance, number) for number in range(rows)))


def change(chance: random.Random, hidden: Hidden) -> Hidden:
    """The same columns with other cells: values, order, number of rows, days at both ends, places, units below the names,
    and how it is written.
    """
    rows = [
        _row(chance, chance.randrange(10_000)) for _ in range(chance.randrange(40, 400))
    ]
    rows += chance.sample(hidden.rows, 10)
    chance.shuffle(rows)
    csv_options = {
        "delimiter": chance.choice(";,\t"),
        "encoding": chance.choice(("utf-8", "cp1252", "utf-16")),
    }
    units = (("", "", "hl", "", "", ""),)
    return replace(
        hidden,
        rows=tuple(rows),
        units=units,
        newline=chance.choice(("\n", "\r\n")),
        **csv_options,
    )


def _row(chance: random.Random, number: int) -> tuple[str, ...]:
    day = FIRST + timedelta(days=chance.randrange(700))
    place = f"{47 + chance.random() * 2:.5f}", f"{-4 + chance.random() * 3:.5f}"
    note = (
        chance.choice(("relevé", "estimé", "à vérifier", "coupé"))
        + f" {chance.randrange(10**6)}"
    )
    return (
        f"PA-{number:04}",
        day.isoformat(),
        str(chance.randrange(10**6)),
        *place,
        note,
    )
