"""A correction changes exactly the cells that were asked for: every other byte of the file stays, in any dialect."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.depth import examples
from udi.tabular.editing.row_changes import (
    CorrectionResult,
    EditableRow,
    RowEdit,
    RowQuery,
    TableCorrection,
    correct_rows,
    read_rows,
)
from udi.tabular.editing.row_positions import digest_of
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.schemas.declarations import DeclaredSchema

NAMES = ("nom", "ville", "note")
WHOLE = RowQuery(size=1_000)
MARKS = {"utf-8-sig": b"\xef\xbb\xbf", "utf-16": b"\xff\xfe"}
CODECS = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}


@dataclass(frozen=True)
class Dialect:
    """How a file is written."""

    encoding: str
    delimiter: str
    newline: str
    ends: bool
    """Whether the last line has a line end."""

    @property
    def corrections(self) -> dict[str, object]:
        """What its producer said of it, so that nothing is guessed."""
        charsets = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}
        encoding = charsets.get(self.encoding, self.encoding)
        return Corrections(encoding, self.delimiter, header_line=1).as_json()

    def token(self, value: str, *, quoted: bool) -> str:
        """A cell, between quotes where it must be."""
        if quoted or any(sign in value for sign in (self.delimiter, '"', "\n")):
            text = value.replace("\n", self.newline).replace('"', '""')
            return f'"{text}"'
        return value

    def file(self, lines: Sequence[Sequence[str]]) -> bytes:
        """A file of these tokens."""
        text = self.newline.join(map(self.delimiter.join, lines))
        text += self.newline if self.ends else ""
        codec = CODECS.get(self.encoding, self.encoding)
        return MARKS.get(self.encoding, b"") + text.encode(codec)


dialects = st.builds(
    Dialect,
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
values = st.text("abcdé à;,|\t\"'\n0123-€", max_size=8)
first_values = st.from_regex(r"[a-z]{2}[a-zé;,\"]{0,4}", fullmatch=True)
rows = st.tuples(first_values, values, values)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content)
    return path


def rows_of(path: Path, corrections: dict[str, object]) -> tuple[EditableRow, ...]:
    page = read_rows(path, path.name, corrections, WHOLE)
    assert page.refusal == ""
    assert page.names == NAMES
    return page.rows


def correct(
    path: Path, edits: Sequence[RowEdit], corrections: dict[str, object] | None = None
) -> tuple[CorrectionResult, bytes]:
    """What came of it, and the new file; the file as it was where nothing was written."""
    folder = path.parent / "out"
    folder.mkdir(exist_ok=True)
    target = folder / "new.csv"
    target.unlink(missing_ok=True)
    correction = TableCorrection(tuple(edits), digest_of(NAMES))
    result = correct_rows(path, path.name, corrections or {}, target, correction)
    return result, (target if target.exists() else path).read_bytes()


@settings(max_examples=examples(20, 1_000), deadline=None)
@given(
    dialect=dialects,
    table=st.lists(rows, min_size=2, max_size=6),
    quotes=st.lists(st.booleans(), min_size=18, max_size=18),
    data=st.data(),
)
def test_a_correction_changes_exactly_what_was_asked(
    dialect: Dialect,
    table: list[tuple[str, str, str]],
    quotes: list[bool],
    data: st.DataObject,
) -> None:
    quoted = [quotes[3 * place : 3 * place + 3] for place in range(6)]
    lines = [
        [
            dialect.token(value, quoted=mark)
            for value, mark in zip(row, marks, strict=True)
        ]
        for row, marks in zip(table, quoted, strict=False)
    ]
    header = list(NAMES)
    with TemporaryDirectory() as folder:
        path = write(Path(folder), dialect.file([header, *lines]))
        before = rows_of(path, dialect.corrections)
        assert [row.cells for row in before] == table
        changed = data.draw(st.integers(0, len(table) - 1))
        column = data.draw(st.integers(1, 2))
        value = data.draw(values)
        removed = data.draw(st.one_of(st.none(), st.integers(0, len(table) - 1)))
        added = data.draw(st.one_of(st.none(), rows))
        cells = list(table[changed])
        cells[column] = value
        edits = [_edit(before[changed], tuple(cells))]
        if removed is not None and removed != changed and len(table) > 2:
            edits.append(_edit(before[removed], None))
        else:
            removed = None
        if added is not None:
            edits.append(RowEdit(0, "", added))
        result, content = correct(path, edits, dialect.corrections)

    originals = [list(line) for line in lines]
    if value != table[changed][column]:
        was_quoted = _is_quoted(originals[changed][column])
        lines[changed][column] = dialect.token(value, quoted=was_quoted)
    places = [place for place in range(len(lines)) if place != removed]
    expected = [lines[place] for place in places]
    for row in [added] if added else []:
        marks = map(_is_quoted, originals[places[-1]])
        expected.append(
            [
                dialect.token(new, quoted=mark)
                for new, mark in zip(row, marks, strict=True)
            ]
        )
    ends = dialect.ends or removed == len(lines) - 1
    assert result.is_clear
    assert content == replace(dialect, ends=ends).file([header, *expected])


def _edit(row: EditableRow, values: tuple[str, ...] | None) -> RowEdit:
    return RowEdit(row.number, row.digest, values, row.position)


def _is_quoted(token: str) -> bool:
    return token.startswith('"')


TABLE = 'nom;ville;note\r\nLes Amis;Ré;1\r\n"École; voile";Brest;2\r\n'.encode("cp1252")


def test_rows_are_found_by_words_number_and_line(tmp_path: Path) -> None:
    path = write(tmp_path, TABLE)

    def numbers(query: RowQuery) -> list[int]:
        return [row.number for row in read_rows(path, path.name, {}, query).rows]

    assert numbers(RowQuery(words="BREST")) == [2]
    assert numbers(RowQuery(number=1)) == [1]
    assert numbers(RowQuery(line=3)) == [2]
    assert numbers(RowQuery(size=1, page=2)) == [2]
    assert numbers(RowQuery(words="nowhere")) == []


def test_lines_above_and_below_the_table_stay(tmp_path: Path) -> None:
    content = (
        "Associations de la ville;;\n\nnom;ville;note\n"
        + "".join(f"Club {place};Brest;{place}\n" for place in range(9))
        + "\nSource : mairie, relevé de 2025;;\n"
    ).encode()
    path = write(tmp_path, content)
    row = rows_of(path, {})[0]

    result, written = correct(
        path,
        [
            RowEdit(1, row.digest, ("Club zéro", "Brest", "0")),
            RowEdit(0, "", ("Club 9", "Brest", "9")),
        ],
    )

    assert (result.changed, result.added) == (1, 1)
    assert written == content.replace(b"Club 0;", "Club zéro;".encode()).replace(
        b"Club 8;Brest;8\n", b"Club 8;Brest;8\nClub 9;Brest;9\n"
    )


def test_a_short_row_is_filled_up_to_the_cell(tmp_path: Path) -> None:
    path = write(tmp_path, b"nom,ville,note\nun,Brest,1\ndeux\ntrois,Brest,3\n")
    row = rows_of(path, {})[1]

    _, written = correct(path, [RowEdit(2, row.digest, ("deux", "", "2"))])

    assert written == b"nom,ville,note\nun,Brest,1\ndeux,,2\ntrois,Brest,3\n"


def test_a_row_that_moved_is_corrected_where_it_stands_now(tmp_path: Path) -> None:
    path = write(tmp_path, TABLE)
    row = rows_of(path, {})[0]
    path.write_bytes(TABLE.replace(b"note\r\n", b"note\r\nNeuf;Ici;0\r\n"))

    result, written = correct(
        path, [RowEdit(1, row.digest, ("Les Amis", "Oléron", "1"))]
    )

    assert result.changed == 1
    assert "Neuf;Ici;0\r\nLes Amis;Oléron;1\r\n".encode("cp1252") in written


def test_a_row_that_somebody_changed_is_a_conflict_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, TABLE)
    first, second = rows_of(path, {})
    path.write_bytes(TABLE.replace(b";1\r\n", b";7\r\n"))

    result, written = correct(
        path,
        [
            RowEdit(1, first.digest, ("Les Amis", "Oléron", "1"), first.position),
            RowEdit(2, second.digest, None, second.position),
        ],
    )

    assert [conflict.row for conflict in result.conflicts] == [rows_of(path, {})[0]]
    assert (result.is_done, written) == (False, path.read_bytes())


def test_of_equal_rows_the_one_that_was_shown_is_removed(tmp_path: Path) -> None:
    path = write(tmp_path, b"nom,ville,note\na,b,1\nc,d,2\na,b,1\n")
    row = rows_of(path, {})[2]

    _, written = correct(path, [RowEdit(3, row.digest, None, row.position)])

    assert written == b"nom,ville,note\na,b,1\nc,d,2\n"


def test_a_page_is_bounded_by_what_its_form_takes(tmp_path: Path) -> None:
    within = "é" * 6_000
    beyond = "é" * 8_000
    path = write(
        tmp_path,
        "".join(
            f"{row}\n" for row in ["nom,ville,note", *[f"a,b,{within}"] * 50]
        ).encode(),
    )

    assert read_rows(path, path.name, {}, RowQuery()).refusal == ""
    path.write_bytes(path.read_bytes().replace(within.encode(), beyond.encode()))
    assert read_rows(path, path.name, {}, RowQuery()).refusal == "too_large"
    assert read_rows(path, path.name, {}, RowQuery(size=10)).refusal == ""


def test_columns_that_changed_are_told_and_nothing_is_written(tmp_path: Path) -> None:
    path = write(tmp_path, TABLE.replace(b"ville", b"commune"))
    row = read_rows(path, path.name, {}, WHOLE).rows[0]

    result, written = correct(path, [RowEdit(1, row.digest, ("x", "y", "z"))])

    assert result.refusal == "columns"
    assert result.names == ("nom", "commune", "note")
    assert written == path.read_bytes()


def test_a_letter_that_the_encoding_lacks_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, TABLE)
    row = rows_of(path, {})[0]

    result, _ = correct(path, [RowEdit(1, row.digest, ("Les Amis", "Ω", "1"))])

    assert [(one.column, one.letter) for one in result.refused] == [(1, "Ω")]


def test_a_row_without_any_value_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, TABLE)
    row = rows_of(path, {})[0]

    result, _ = correct(path, [RowEdit(1, row.digest, (" ", "", ""))])

    assert len(result.refused) == 1


def test_a_row_that_would_be_read_as_a_note_is_refused(tmp_path: Path) -> None:
    content = b"nom,ville,note\n" + b"".join(b"a%d,b,%d\n" % (n, n) for n in range(9))
    path = write(tmp_path, content)

    result, written = correct(
        path, [RowEdit(0, "", ("Source : mairie de Brest, 2025", "", ""))]
    )

    assert (result.refusal, written) == ("other_reading", content)


def test_saving_what_was_shown_writes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, TABLE)
    row = rows_of(path, {})[0]

    result, _ = correct(path, [RowEdit(1, row.digest, row.cells)])

    assert (result.is_clear, result.is_done) == (True, False)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'nom,ville,note\n"a,b,c\nd,e,f\n', "irregular"),
        (
            b"nom,ville,note\ncaf\xe9 \xc3\xa9\xc3\xa9\xc3\xa8\xc3\xa0\xc3\xa9\xc3\xa9\xc3\xa8\xc3\xa0\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9,b,c\n"
            * 1,
            "letters",
        ),
        (b'"nom,ville,note"\n"a,b,c"\n"d,e,f"\n', "irregular"),
        (b"%PDF-1.7\n", "format"),
        (b"nom,ville,note\n" + b"a,b,c\n" * 5_001, "too_large"),
    ],
    ids=["a quote that never closes", "damaged", "lines in quotes", "PDF", "long"],
)
def test_a_file_of_which_one_cell_cannot_be_changed_alone_is_refused(
    tmp_path: Path, content: bytes, code: str
) -> None:
    path = write(tmp_path, content)

    assert read_rows(path, path.name, {}, WHOLE).refusal == code
    assert correct(path, [RowEdit(0, "", ("x", "y", "z"))])[0].refusal == code


def test_cells_are_checked_against_the_model_of_the_table(tmp_path: Path) -> None:
    path = tmp_path / "prenoms.csv"
    names = ("COMMUNE_NOM", "COLL_INSEE", "ENFANT_SEXE", "ENFANT_PRENOM", "NOMBRE_OCCURRENCES", "ANNEE")  # fmt: skip
    path.write_text(f"{','.join(names)}\nBrest,29019,F,Nolwenn,3,2025\n", "utf-8")
    corrections = Corrections(schema=DeclaredSchema("prenoms")).as_json()
    target = tmp_path / "out" / "new.csv"
    target.parent.mkdir()
    edit = RowEdit(0, "", ("Brest", "29019", "X", "Yann", "few", "2025"))
    correction = TableCorrection((edit,), digest_of(names))
    ask = (path, path.name, corrections, target)

    refused = correct_rows(*ask, correction)
    saved = correct_rows(*ask, replace(correction, is_checked=False))

    assert [(fault.column, fault.kind) for fault in refused.faults] == [
        ("ENFANT_SEXE", "enum"),
        ("NOMBRE_OCCURRENCES", "type"),
    ]
    assert not refused.is_done
    assert saved.added == 1
