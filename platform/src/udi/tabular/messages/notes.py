"""Messages about a file: why it is no table, what stays doubtful, which cells do not fit."""

from dataclasses import dataclass, field, replace
from typing import Any

OF_NO_CELL = frozenset(
    {"count", "line", "most", "mark", "sheet", "sheets", "other", "certain"}
)
"""Values of notes that are no cell of the file; those of remarks on maps never are."""


@dataclass(frozen=True)
class NoteExplanation:
    """Words for a person, in English; `%(name)s` stands for a value of the note."""

    meaning: str
    remedy: str = ""


@dataclass(frozen=True)
class Note:
    """Something to tell about a file or about one of its columns.

    `code` is a key of `EXPLANATIONS`, or (what is said of a map) the sentence itself.
    """

    code: str
    column: str = ""
    values: dict[str, str] = field(default_factory=dict)

    @property
    def explanation(self) -> NoteExplanation:
        return EXPLANATIONS.get(self.code) or NoteExplanation(self.code)

    @property
    def message_values(self) -> dict[str, str]:
        """What the words may name."""
        return {"column": self.column, **self.values}

    def without_cells(self) -> "Note":
        """The same, without the cells of the file that it quotes."""
        if self.code not in EXPLANATIONS:
            return self
        return replace(
            self,
            values={
                name: value if name in OF_NO_CELL else "…"
                for name, value in self.values.items()
            },
        )

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Note":
        return cls(
            str(value["code"]),
            str(value.get("column", "")),
            dict(value.get("values") or {}),
        )


DOUBTFUL_HEADER = "doubtful_header"
NO_HEADER = "no_header"
"""Notes over which nobody says that a table holds nothing about people."""
SETTLED_LINES_LEFT = "settled_lines_left"
SETTLED_END_LEFT = "settled_end_left"
"""Notes of what was settled of the lines of an earlier file and does not hold for this one."""


class UnreadableTableError(Exception):
    """A file cannot be read as the table that it should be; never leaves this package."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(code)
        self.note = Note(code, values=values)


SAVE_AGAIN = "Open it in your spreadsheet program, save it again, then drop it again."
EXPLANATIONS = {
    # Why a file is no table.
    "empty": NoteExplanation(
        "There is nothing to read in this file.",
        "Check that it was saved, then drop it again.",
    ),
    "no_table": NoteExplanation(
        "We found no columns in this file.",
        "If it is a table, save it as CSV or as a spreadsheet, then drop it again.",
    ),
    "too_many_columns": NoteExplanation(
        "This table has more than %(most)s columns.",
        "Turn the columns that repeat into rows, or split the table.",
    ),
    "damaged": NoteExplanation(
        "This file is damaged or incomplete: it cannot be opened.", SAVE_AGAIN
    ),
    "password": NoteExplanation(
        "This file is protected by a password: nobody could open it.",
        "Remove the password, then drop it again.",
    ),
    "not_a_sheet": NoteExplanation(
        "This file is not a spreadsheet, despite its name.",
        "Check which file you chose, or save it as a spreadsheet.",
    ),
    "web_page": NoteExplanation(
        "This file is a web page, not a table: the site that it came from returned a page.",
        "Download the table again, open it to check it, then drop it.",
    ),
    "no_filled_sheet": NoteExplanation(
        "No sheet of this file holds a table.", "Check which file you chose."
    ),
    "no_such_sheet": NoteExplanation(
        "There is no sheet named «%(sheet)s» any more.", "Choose another sheet."
    ),
    "too_large_sheet": NoteExplanation(
        "This spreadsheet is too large to be opened as a table.",
        "Save the sheet as CSV, then drop that file.",
    ),
    "too_many_cells": NoteExplanation(
        "This sheet has more than %(most)s cells.",
        "Save the sheet as CSV, then drop that file.",
    ),
    "lone_shapefile": NoteExplanation(
        "A Shapefile is several files, and this .shp is only one of them.",
        "Put it in a ZIP with the .dbf, .shx and .prj files of the same name, then drop the ZIP.",
    ),
    "not_json": NoteExplanation(
        "This file is not valid JSON.",
        "Correct the file in the program that created it.",
    ),
    "no_records": NoteExplanation(
        "We found no list of objects in this JSON file, hence no table."
    ),
    "too_large_cell": NoteExplanation(
        "A cell that begins on line %(line)s never ends: a quotation mark is open and never closed.",
        "Close that quotation mark, or write it twice.",
    ),
    "bomb": NoteExplanation(
        "This archive would unpack to far more than it holds: it is not opened.",
        "Drop the files that it holds instead.",
    ),
    "too_many_files": NoteExplanation(
        "This archive holds more than %(most)s files: it is not opened.",
        "Drop the files that it holds instead.",
    ),
    "unsafe_path": NoteExplanation(
        "This archive holds a file that would be written outside of it: it is not opened.",
        "Make the archive again from its own folder.",
    ),
    "link": NoteExplanation(
        "This archive holds a link to another file: it is not opened.",
        "Put the file itself in the archive.",
    ),
    "too_heavy": NoteExplanation(
        "This table needs more memory than the node gives to one table.",
        "Split it, or make its longest cells shorter.",
    ),
    "too_long": NoteExplanation(
        "Reading this file takes more time than the node gives to one file.",
        "Split it, or save it in a simpler form.",
    ),
    "unread": NoteExplanation("We could not read this file.", SAVE_AGAIN),
    # What stays doubtful.
    "day_or_month": NoteExplanation(
        "The dates of «%(column)s» can be read in two ways. We read %(value)s as day, month, year.",
        "If the month comes first, correct it.",
    ),
    DOUBTFUL_HEADER: NoteExplanation(
        "We are not sure that line %(line)s names the columns: it may be a title, or another line may name them.",
        "State on which line their names are.",
    ),
    NO_HEADER: NoteExplanation(
        "We found no line that names the columns.",
        "State on which line their names are, or give each column a name.",
    ),
    "thousands_or_decimals": NoteExplanation(
        "The numbers of «%(column)s» can be read in two ways. We read the mark in %(value)s as that of decimals, not of thousands.",
        "If that is wrong, correct it.",
    ),
    "encoding_unsure": NoteExplanation(
        "We are not sure of the accents. Look at these words: %(words)s.",
        "If they are wrong, choose other characters.",
    ),
    "bad_bytes": NoteExplanation(
        "Some letters of this file are damaged and show as «%(mark)s».",
        "Correct them in the program that created the file.",
    ),
    "lost_letters": NoteExplanation(
        "Letters were lost before the file came here: they show as «%(mark)s».",
        "Look for the file in which they are still right.",
    ),
    "damaged_number": NoteExplanation(
        "«%(value)s» in «%(column)s» was damaged by a spreadsheet program: its last digits are lost.",
        "Set the column to text in the spreadsheet, and enter these numbers again.",
    ),
    "lost_zeros": NoteExplanation(
        "Zeros in front were lost in the column «%(column)s» (values: %(count)s, such as %(value)s): a spreadsheet program took these codes for numbers.",
        "Set the column to text in the spreadsheet, then enter these codes again.",
    ),
    "zeros_put_back": NoteExplanation(
        "Zeros in front are put back in the column «%(column)s», as you chose (values: %(count)s, such as %(value)s). The file to download stays as it is."
    ),
    "wide_rows": NoteExplanation(
        "Rows with more cells than there are columns: %(count)s, first on line %(line)s. Their values may stand in the wrong column.",
        "Put quotation marks around cells that hold a comma or a semicolon.",
    ),
    "units_line": NoteExplanation(
        "Line %(line)s says the units of the columns: it is not counted as a row."
    ),
    "footer": NoteExplanation(
        "The lines below line %(line)s are notes (%(count)s in all), not rows: the table ends there."
    ),
    "totals_left_out": NoteExplanation(
        "Lines of totals are left out of the table, as you chose: %(count)s."
    ),
    SETTLED_LINES_LEFT: NoteExplanation(
        "What you settled of the lines of an earlier version does not fit this file: its columns have other names, or a line that you left out looks like a row. We read it afresh.",
        "Check its first lines, then settle them again.",
    ),
    SETTLED_END_LEFT: NoteExplanation(
        "The lines that you left out at the end of an earlier version are not there any more, or look like rows. We read this file to its end.",
        "Check its last lines.",
    ),
    "several_tables": NoteExplanation(
        "Another table begins on line %(line)s. The columns and the rows are those of the first table only.",
        "Put each table in a file or a sheet of its own.",
    ),
    "double_encoded": NoteExplanation(
        "The accents of this file were encoded twice («Ã©» for «é»). They are read as they should be; the file to download keeps its letters.",
        "Export it again in UTF-8.",
    ),
    "swapped_coordinates": NoteExplanation(
        "The places of «%(column)s» and «%(other)s» are east of Africa. Were latitudes and longitudes exchanged?",
        "If so, exchange the names of these two columns.",
    ),
    "merged_cells": NoteExplanation(
        "Merged cells span several rows (%(count)s in all): each of these rows gets their value."
    ),
    "formulas_without_values": NoteExplanation(
        "Cells with a formula whose result is not in the file: %(count)s. They are read as empty.",
        SAVE_AGAIN,
    ),
    "misfits": NoteExplanation(
        "Some values of «%(column)s» are not like the others (%(count)s in all), such as %(value)s.",
        "Check them.",
    ),
    "fell_back": NoteExplanation(
        "«%(column)s» looked regular at first, yet %(count)s of its values do not fit, such as %(value)s. It is kept as text.",
        "Correct these values, or give the type of the column.",
    ),
    "open_quote": NoteExplanation(
        "A quotation mark opens on line %(line)s and is never closed: what follows may be read as one cell.",
        "Close that quotation mark, or write it twice.",
    ),
    "repeated_name": NoteExplanation(
        "Several columns are named «%(column)s»; the others got a number."
    ),
    "reserved_name": NoteExplanation(
        "The name «%(column)s» is reserved: a number follows it in the table.",
        "Give this column another name in your file.",
    ),
    "other_sheets": NoteExplanation(
        "This file has other sheets: %(sheets)s. The main table is «%(sheet)s».",
        "If you meant another one, choose it.",
    ),
    "hidden_sheets": NoteExplanation(
        "This file has hidden sheets, and whoever downloads it can show them: %(sheets)s.",
        "Delete them if they are not meant for everybody.",
    ),
    "macros": NoteExplanation(
        "This file holds macros, which many organisations refuse to open.",
        "Save it without macros, or as CSV.",
    ),
    "mixed_zones": NoteExplanation(
        "The times of «%(column)s» are kept as they are written, without their time zone."
    ),
    "left_out_column": NoteExplanation(
        "«%(column)s» holds bytes, not values: it is left out of the table."
    ),
    "no_place": NoteExplanation(
        "Rows without a place: %(count)s, first on line %(line)s. They are in the table, not on the map."
    ),
    "flat_place": NoteExplanation(
        "Lines without any length: %(count)s, first on line %(line)s. They are kept as they are."
    ),
    "crossed_place": NoteExplanation(
        "Outlines that cross themselves: %(count)s, first on line %(line)s. They are kept as they are; surfaces may be wrong."
    ),
}
