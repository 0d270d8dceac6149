"""The lines of a sheet come from the one reading that its columns need."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter

from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.spreadsheets import sheet_rows
from udi.tabular.profiles import opened_files
from udi.tabular.profiles.raw_lines import LineRole, read_raw_lines


@pytest.mark.parametrize("rows", [3, 17, 60])
def test_read_raw_lines_reads_a_sheet_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    file = tmp_path / "lieux.xlsx"
    book = xlsxwriter.Workbook(str(file))
    sheet = book.add_worksheet("Lieux")
    sheet.write_row(0, 0, ["lieu", "nombre"])
    for row in range(1, rows + 1):
        sheet.write_row(row, 0, [f"Lieu {row}", row])
    book.close()
    walks = list[str]()

    def count_walk(path: Path, name: str) -> Iterator[Row]:
        walks.append(name)
        return sheet_rows(path, name)

    monkeypatch.setattr(opened_files, "sheet_rows", count_walk)

    raw = read_raw_lines(file, "lieux.xlsx", {}, file.stat().st_size)

    last_line = rows + 1
    last_shown = [*raw.first, *raw.last][-1]
    first_lines = list(range(1, min(last_line, 15) + 1))
    last_lines = list(range(max(16, last_line - 7), last_line + 1))
    assert walks == ["Lieux"]
    assert [one.line for one in raw.first] == first_lines
    assert [one.line for one in raw.last] == last_lines
    assert raw.first[0].role is LineRole.NAMES
    assert last_shown.cells == (f"Lieu {rows}", str(rows))
    assert last_shown.below == 0
