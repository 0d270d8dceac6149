"""Cells that do not fit: how many by column and kind, and the first ones one by one."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from heapq import merge
from typing import Any

from udi.tabular.columns.cell_list import CellListFolder
from udi.tabular.messages.notes import NoteExplanation

MOST_LISTED = 1000
LONGEST_VALUE = 200


@dataclass(frozen=True)
class CellError:
    """One cell that does not fit: the line of the producer's own file, the column, why, and what it says.

    `code` is a key of `CELL_WORDS`, or (what is said of a place) the sentence itself.
    """

    line: int
    column: str
    code: str
    value: str

    @property
    def explanation(self) -> NoteExplanation:
        return CELL_WORDS.get(self.code) or NoteExplanation(self.code)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class CellErrorReport:
    """All errors of a table, counted; the first `MOST_LISTED` by line, listed; every one in `listing`, where there is one."""

    listed: list[CellError] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By column and code."""
    listing: CellListFolder | None = None

    def add(self, line: int, column: str, code: str, value: str) -> None:
        """One more."""
        self.counts[column, code] += 1
        if self.listing is not None:
            self.listing.cells.add(line, column, code, value[:LONGEST_VALUE])
        if len(self.listed) < MOST_LISTED:
            self.listed.append(CellError(line, column, code, value[:LONGEST_VALUE]))

    def merge_errors(
        self, listed: list[CellError], counts: Counter[tuple[str, str]]
    ) -> None:
        """Others, listed in the order of their lines."""
        self.listed = list(merge(self.listed, listed, key=lambda error: error.line))[
            :MOST_LISTED
        ]
        self.counts += counts

    @property
    def total(self) -> int:
        return self.counts.total()


CELL_WORDS = {
    "extra_cell": NoteExplanation(
        "There is no column for %(value)s.", "Quote cells that hold the separator."
    ),
    "bad_letter": NoteExplanation("Some letters of %(value)s are damaged."),
    "no_such_day": NoteExplanation("%(value)s does not exist."),
    "no_such_time": NoteExplanation("%(value)s is not a valid time of day."),
    "damaged_number": NoteExplanation(
        "%(value)s was damaged by a spreadsheet program: its last digits are lost."
    ),
    "not_a_boolean": NoteExplanation("%(value)s is neither yes nor no."),
    "not_an_integer": NoteExplanation("%(value)s is not a whole number."),
    "not_a_number": NoteExplanation("%(value)s is not a number."),
    "not_a_date": NoteExplanation(
        "%(value)s is not a date as the others of this column."
    ),
    "not_a_datetime": NoteExplanation(
        "%(value)s is not a date and time as the others of this column."
    ),
    "not_a_time": NoteExplanation("%(value)s is not a time of the day."),
    "not_a_year": NoteExplanation("%(value)s is not a year."),
    "not_a_latitude": NoteExplanation("%(value)s is not a latitude: from -90 to 90."),
    "not_a_longitude": NoteExplanation(
        "%(value)s is not a longitude: from -180 to 180."
    ),
    "not_a_point": NoteExplanation("%(value)s is not a latitude and a longitude."),
    "not_a_uuid": NoteExplanation("%(value)s is not a UUID."),
    "not_a_url": NoteExplanation("%(value)s is not a web address."),
    "not_an_email": NoteExplanation("%(value)s is not an e-mail address."),
    "not_a_phone": NoteExplanation("%(value)s is not a telephone number."),
    "not_a_code": NoteExplanation(
        "%(value)s is not a code as the others of this column."
    ),
    "not_a_postcode": NoteExplanation("%(value)s is not a postcode."),
    "not_a_commune": NoteExplanation("%(value)s is not the code of a municipality."),
    "not_a_department": NoteExplanation("%(value)s is not the code of a department."),
    "not_a_region": NoteExplanation("%(value)s is not the code of a region."),
    "not_a_siren": NoteExplanation("%(value)s is not a SIREN: nine digits."),
    "not_a_siret": NoteExplanation("%(value)s is not a SIRET: fourteen digits."),
}
