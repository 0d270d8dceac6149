"""A mended copy says what differs from its file; mending it again changes nothing."""

import tempfile
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.depth import examples
from udi.tabular.formats.line_settings import LineSettings
from udi.tabular.profiles.conversion import TableConversion, convert_table
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.profile import profile_path
from udi.tabular.profiles.repairs import Repair, RepairKind

MENDED = Corrections(
    zeros=("code postal", "siret"), lines=LineSettings(totals=True), mended=True
)
FILE = (
    "Mairie;;;;\nlieu;code postal;jour;montant;versé\n;;;en €;\n"
    "Bourg;1000;12/03/2024;1 200,50;oui\n;;;;\nBrest;29200;13/03/2024;3;non\n"
    "Morlaix;29600;14/03/2024;nc;oui\nTotal;;;1 203,50;\nSource : mairie;;;;\n"
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["Bourg-en-Bresse", "Brest", "Été; rue «A»"]),
        st.sampled_from(["1000", "01000", "29200", ""]),
        st.dates().map(lambda day: day.strftime("%d/%m/%Y")),
        st.integers(-10_000_000, 10_000_000).map(
            lambda number: f"{number:,}".replace(",", " ") + ",5"
        ),
        st.sampled_from(["oui", "non", "nc"]),
    ),
    min_size=4,
    max_size=12,
)


def mend(
    content: str, corrections: Corrections
) -> tuple[TableConversion, list[tuple[Any, ...]], str]:
    """The conversion of a file, its rows, and its mended copy."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "file.csv"
        file.write_text(content)
        target = Path(place) / "table.parquet"
        profile = profile_path(file, "", corrections)
        done = convert_table(file, profile, target, corrections=corrections)
        table = duckdb.read_parquet(str(target)).project("* exclude (__line)")
        copy = Path(place) / "copy.csv"
        table.write_csv(str(copy), header=True)
        return done, table.fetchall(), copy.read_text()


def test_repairs_are_counted_by_column() -> None:
    done, rows, _ = mend(FILE, MENDED)

    assert {(one.kind.value, one.column): one.count for one in done.repairs} == {
        ("titles", ""): 1,
        ("units", ""): 1,
        ("empty_lines", ""): 1,
        ("totals", ""): 1,
        ("notes", ""): 1,
        ("zeros", "code postal"): 1,
        ("dates", "jour"): 3,
        ("numbers", "montant"): 1,
        ("booleans", "versé"): 3,
        ("no_value", "montant"): 1,
    }
    assert [row[1] for row in rows] == ["01000", "29200", "29600"]


def test_nothing_is_listed_where_nobody_asked() -> None:
    done, _, _ = mend(FILE, Corrections())

    assert done.repairs == ()


def test_zeros_that_were_put_back_are_listed_without_a_mended_copy() -> None:
    done, _, _ = mend(FILE, Corrections(zeros=("code postal",)))

    assert done.repairs == (Repair(RepairKind.ZEROS, 1, "code postal"),)


def test_names_letters_zones_and_signs_are_listed() -> None:
    content = (
        "équipement;;équipement;instant;part\n"
        "Médiathèque;1;a;2024-03-12T10:00:00+02:00;12 %\n"
        "Piscine;2;b;2024-03-13T10:00:00;13\n"
        "Théâtre;3;c;2024-03-14T10:00:00Z;(14)\n"
    )
    done, _, _ = mend(content.encode().decode("cp1252"), Corrections(mended=True))

    assert {(one.kind.value, one.column): one.count for one in done.repairs} == {
        ("column_names", ""): 2,
        ("decoded", ""): 1,
        ("dates", "instant"): 2,
        ("numbers", "part"): 2,
    }


@settings(max_examples=examples(4, 100), deadline=None)
@given(ROWS)
def test_mending_a_mended_copy_changes_nothing(rows: list[tuple[str, ...]]) -> None:
    quoted = [(f'"{place}"', *cells) for place, *cells in rows]
    lines = ["Mairie;;;;", "lieu;code postal;jour;montant;versé", ";;;en €;"]
    lines += [";".join(cells) for cells in quoted] + [";;;;", "Source : mairie;;;;"]

    _, first_rows, copy = mend("\n".join(lines), MENDED)
    again, second_rows, second_copy = mend(copy, MENDED)

    assert again.repairs == ()
    assert second_rows == first_rows
    assert second_copy == copy
