"""From a file to a typed table: no cell is lost, what does not fit is told by line and column."""

import csv
import gzip
import io
import json
import math
from datetime import date, datetime, time
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.depth import examples
from tests.node.tables.reading import converted, names, rows
from udi.tabular.columns.column import ColumnType
from udi.tabular.columns.errors import MOST_LISTED
from udi.tabular.formats.delimited_text import LARGEST_CELL
from udi.tabular.profiles.corrections import CorrectedType, Corrections
from udi.tabular.profiles.profile import profile_path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "typed.parquet"


def write(tmp_path: Path, content: str | bytes, name: str = "table.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def test_each_type_is_stored_as_it_reads(tmp_path: Path, target: Path) -> None:
    file = write(
        tmp_path,
        "nom;code postal;montant;quantité;ouvert;date;horodatage;heure;année;lat\n"
        "Léa;01000;1 234,50 €;12;oui;31/01/2024;31/01/2024 10:30;8h30;2024;48,11\n"
        "Noé;35000;-3,5;NC;non;1/2/2024;01/02/2024 00:00:05;09:15;1999;-1,5\n",
    )

    done = converted(file, target)

    assert [column.type for column in done.profile.columns] == [
        "text", "postcode", "number", "integer", "boolean", "date", "datetime", "time", "year", "latitude",
    ]  # fmt: skip
    assert rows(target) == [
        (
            2,
            "Léa",
            "01000",
            1234.5,
            12,
            True,
            date(2024, 1, 31),
            datetime(2024, 1, 31, 10, 30),  # noqa: DTZ001 - as the file writes it
            time(8, 30),
            2024,
            48.11,
        ),
        (
            3,
            "Noé",
            "35000",
            -3.5,
            None,
            False,
            date(2024, 2, 1),
            datetime(2024, 2, 1, 0, 0, 5),  # noqa: DTZ001
            time(9, 15),
            1999,
            -1.5,
        ),
    ]
    assert done.errors.total == 0


def test_a_day_that_does_not_exist_is_reported(tmp_path: Path, target: Path) -> None:
    file = write(
        tmp_path,
        "n;date\n"
        + "".join(f"a;{1 + n % 28:02}/01/2024\n" for n in range(99))
        + "a;31/02/2024\n",
    )

    done = converted(file, target)

    (error,) = done.errors.listed
    assert (error.line, error.column, error.code, error.value) == (
        101,
        "date",
        "no_such_day",
        "31/02/2024",
    )
    assert (
        error.explanation.meaning % {"value": error.value}
        == "31/02/2024 does not exist."
    )
    assert rows(target)[-1] == (101, "a", None)
    assert done.profile.columns[1].type == "date"


def test_lines_are_those_of_the_file_whatever_is_in_the_cells(
    tmp_path: Path, target: Path
) -> None:
    file = write(tmp_path, 'Titre\r\n\r\nnom;note\r\n"a\r\nb";1\r\n;\r\nc;2\r\n')

    done = converted(file, target)

    assert rows(target) == [(4, "a\nb", 1), (7, "c", 2)]
    assert (done.profile.header_line, done.profile.rows) == (3, 2)


def test_a_cell_without_a_column_is_told_not_dropped(
    tmp_path: Path, target: Path
) -> None:
    lines = ["a;b\n", *("x;1\n" for _ in range(9000)), "x;1;extra\n"]
    file = write(tmp_path, "".join(lines))

    done = converted(file, target)
    values = [*rows(target)[-1], *(error.value for error in done.errors.listed)]

    assert "extra" in values


def test_types_are_confirmed_on_every_value(tmp_path: Path, target: Path) -> None:
    """What the first 16 MB promise, later rows may refuse: decimals, leading zeros, words, the first value at all."""
    filler = "words " * 500
    early = f"1;10;12345678901234567;2024-01-01;;48.1;{filler}\n" * 6_000
    late = f"1,5;0012;so on;2024-01-01 10:00;x@example.org;480.1;{filler}\n" * 400
    file = write(tmp_path, "a;b;c;d;e;lat;f\n" + early + late)

    before = profile_path(file)
    done = converted(file, target)

    assert not before.exact
    assert before.rows == pytest.approx(6_400, rel=0.05)
    assert [column.type for column in before.columns] == [
        "integer",
        "integer",
        "integer",
        "date",
        "empty",
        "latitude",
        "text",
    ]
    assert [column.type for column in done.profile.columns] == [
        "number",
        "code",
        "text",
        "datetime",
        "email",
        "number",
        "text",
    ]
    assert (done.profile.rows, done.profile.exact) == (6_400, True)
    assert rows(target)[-1][1:7] == (
        1.5,
        "0012",
        "so on",
        datetime(2024, 1, 1, 10),  # noqa: DTZ001
        "x@example.org",
        480.1,
    )
    assert done.errors.total == 0
    assert [
        (note.code, note.column, note.values["value"]) for note in done.profile.notes
    ] == [("fell_back", "c", "so on")]


def test_few_misfits_keep_the_type_and_are_counted_and_listed(
    tmp_path: Path, target: Path
) -> None:
    file = write(
        tmp_path,
        "n;v\n" + "".join(f"a;{n if n % 60 else 'x'}\n" for n in range(60_000)),
    )

    done = converted(file, target)

    assert done.profile.columns[1].type == "integer"
    assert done.errors.counts == {("v", "not_an_integer"): 1000}
    assert len(done.errors.listed) == MOST_LISTED
    assert [error.line for error in done.errors.listed[:2]] == [2, 62]
    assert [note.code for note in done.profile.notes] == ["doubtful_header", "misfits"]


def test_an_accent_far_away_changes_the_encoding(tmp_path: Path, target: Path) -> None:
    file = write(
        tmp_path,
        b"n;v\n" + (b"abcdefgh" * 250 + b";1\n") * 9_500 + "café;2\n".encode("cp1252"),
    )

    done = converted(file, target)

    assert done.profile.encoding == "Windows-1252"
    assert rows(target)[-1][1] == "café"


def test_one_bad_byte_does_not_ruin_the_other_letters(
    tmp_path: Path, target: Path
) -> None:
    file = write(tmp_path, b"nom\n" + "Hélène\n".encode() * 40 + b"Andr\xe9\n")

    done = converted(file, target)

    assert rows(target)[0][1] == "Hélène"
    assert [(error.line, error.code) for error in done.errors.listed] == [
        (42, "bad_letter")
    ]
    assert "bad_bytes" in [note.code for note in done.profile.notes]


def test_names_differ_also_for_a_database(tmp_path: Path, target: Path) -> None:
    file = write(tmp_path, "nom,NOM,geometry,,__line,__id\na,b,c,d,e,f\n")

    done = converted(file, target)

    assert names(target) == [
        "nom",
        "NOM (2)",
        "geometry",
        "col4",
        "__line (2)",
        "__id (2)",
    ]
    assert rows(target) == [(2, "a", "b", "c", "d", "e", "f")]
    assert done.profile.columns[1].name == "NOM (2)"
    assert [(note.code, note.column) for note in done.profile.notes] == [
        ("repeated_name", "NOM"),
        ("reserved_name", "__line"),
        ("reserved_name", "__id"),
    ]


def test_corrections_win(tmp_path: Path, target: Path) -> None:
    file = write(tmp_path, "a;b\n1;01/02/2024\nx;02/03/2024\ny;13/13/2024\n")
    corrections = Corrections(
        header_line=0,
        types={
            "col1": CorrectedType(ColumnType.INTEGER),
            "col2": CorrectedType(ColumnType.DATE, "%m/%d/%Y"),
        },
    )
    corrections = Corrections.from_json(json.loads(json.dumps(corrections.as_json())))

    done = converted(file, target, corrections)

    assert rows(target) == [
        (1, None, None),
        (2, 1, date(2024, 1, 2)),
        (3, None, date(2024, 2, 3)),
        (4, None, None),
    ]
    assert done.errors.counts == {
        ("col1", "not_an_integer"): 3,
        ("col2", "not_a_date"): 1,
        ("col2", "no_such_day"): 1,
    }


def test_corrected_encoding_and_delimiter_are_obeyed(
    tmp_path: Path, target: Path
) -> None:
    file = write(tmp_path, "a|b;c\né|1;2\n".encode("cp850"))

    done = converted(file, target, Corrections(encoding="IBM850", delimiter="|"))

    assert (done.profile.encoding, done.profile.delimiter) == ("IBM850", "|")
    assert rows(target) == [(2, "é", "1;2")]


def test_a_damaged_code_is_told_apart(tmp_path: Path, target: Path) -> None:
    file = write(
        tmp_path, "siret;nom\n" + "69201865800074;a\n" * 18 + "2,10104E+13;b\n"
    )

    done = converted(file, target)

    assert done.profile.columns[0].type == "siret"
    assert [(error.line, error.code) for error in done.errors.listed] == [
        (20, "damaged_number")
    ]
    assert "damaged_number" in [note.code for note in done.profile.notes]


def test_a_packed_table_reads_like_the_table(tmp_path: Path, target: Path) -> None:
    file = write(tmp_path, gzip.compress("nom;âge\nLéa;3\n".encode()), "t.csv.gz")

    done = converted(file, target)

    assert (done.profile.media_type, done.profile.label) == (
        "application/gzip",
        "CSV, Gzip",
    )
    assert rows(target) == [(2, "Léa", 3)]


def test_parquet_comes_in(tmp_path: Path, target: Path) -> None:
    file = tmp_path / "t.parquet"
    duckdb.connect().execute(
        "copy (select '01000' as cp, 1.5 as v, date '2024-02-29' as d, [1, 2] as l, 'x'::blob as b) to ? (format parquet)",
        [str(file)],
    )

    done = converted(file, target)

    assert rows(target) == [(1, "01000", 1.5, date(2024, 2, 29), "[1,2]")]
    assert [note.code for note in done.profile.notes] == ["left_out_column"]


@pytest.mark.thorough
def test_a_thousand_columns_and_cells_of_megabytes(
    tmp_path: Path, target: Path
) -> None:
    wide = write(
        tmp_path,
        ",".join(f"c{n}" for n in range(1000))
        + "\n"
        + (",".join("1" * 1000) + "\n") * 10,
    )
    lines = examples(550_000, 1_500_000)
    large = write(tmp_path, 'a,b\n"' + "x\n" * lines + '",1\ny,2\n', "large.csv")

    assert converted(wide, target).profile.rows == 10
    assert len(names(target)) == 1000
    assert converted(large, target).profile.rows == 2
    assert [len(row[1]) for row in rows(target)] == [2 * lines, 1]


def test_too_many_columns_and_a_cell_without_end_are_explained(
    tmp_path: Path, target: Path
) -> None:
    # Of the whole process: other tests import what lifts it (frictionless).
    csv.field_size_limit(LARGEST_CELL)
    wide = write(
        tmp_path,
        ",".join(f"c{n}" for n in range(1001)) + "\n" + ",".join("1" * 1001) + "\n",
    )
    endless = write(tmp_path, 'a,b\n1,2\n"' + "x,y\n" * 5_000_000, "endless.csv")

    failures = [converted(file, target).failure for file in (wide, endless)]

    assert [failure.code for failure in failures if failure] == [
        "too_many_columns",
        "too_large_cell",
    ]
    assert failures[1]
    assert failures[1].values == {"line": "3"}
    assert not target.exists()


LETTERS = {"cp1252": "aéz;,|\t\"'\n -.0"}
"""Letters of nobody's language cannot be told from those of another 8-bit encoding: only accents of French there."""
DELIMITER = st.sampled_from([",", ";", "\t", "|"])
NUMBER = st.decimals(min_value=-99999, max_value=99999, places=2, allow_nan=False)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[tuple[str, str, str, str]], bytes]:
    """Rows of a word, a number, a day and a text, and a file that holds them in some way of writing."""
    comma = draw(st.booleans())
    delimiter = draw(DELIMITER)
    count = draw(st.integers(5, 40))
    words = draw(
        st.lists(
            st.sampled_from(["Rennes", "Brest", "Saint-Malo", "Vitré"]),
            min_size=count,
            max_size=count,
        )
    )
    numbers = draw(st.lists(NUMBER, min_size=count, max_size=count))
    days = draw(
        st.lists(
            st.dates(date(1950, 1, 1), date(2049, 12, 31)),
            min_size=count,
            max_size=count,
        )
    )
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))
    text = st.text(
        alphabet=st.sampled_from(LETTERS.get(encoding, "aéœ€z;,|\t\"'\n «-.0")),
        max_size=12,
    )
    cells = [
        "un texte libre",
        *draw(st.lists(text, min_size=count - 1, max_size=count - 1)),
    ]
    how = draw(st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"]))
    body = [
        (word, str(number).replace(".", "," if comma else "."), day.strftime(how), cell)
        for word, number, day, cell in zip(words, numbers, days, cells, strict=True)
    ]
    file = io.StringIO()
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=end)
    for title in range(draw(st.integers(0, 3))):
        file.write(f"Titre {title}{end}")
    writer.writerow(["ville", "montant total", "date", "texte libre"])
    writer.writerows(body)
    return body, file.getvalue().encode(encoding)


def day_of(text: str) -> date:
    """A day that was written in one of the three ways, which differ in their sign."""
    order = "%Y-%m-%d" if "-" in text else text[2].join(("%d", "%m", "%Y"))
    return datetime.strptime(text, order).date()  # noqa: DTZ007 - a day has no zone


@given(tables())
@settings(
    max_examples=examples(8, 40),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_cell_of_any_table_is_found_again(
    tmp_path: Path, table: tuple[list[tuple[str, str, str, str]], bytes]
) -> None:
    body, content = table
    target = tmp_path / "typed.parquet"

    done = converted(write(tmp_path, content), target)

    assert names(target) == ["ville", "montant total", "date", "texte libre"]
    assert [column.type for column in done.profile.columns] == [
        "text",
        "number",
        "date",
        "text",
    ]
    for (_, word, number, day, cell), source_row in zip(
        rows(target), body, strict=True
    ):
        assert word == source_row[0]
        assert math.isclose(number, float(source_row[1].replace(",", ".")))
        assert day == day_of(source_row[2])
        assert (cell or "") == source_row[3]
    assert done.errors.total == 0
