"""Units of numbers, as headers write them."""

from pathlib import Path

import pytest

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.exports.data_package import table_schema
from udi.tabular.formats.units import find_unit, find_units
from udi.tabular.profiles.profile import Profile, profile_path


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("montant (€)", "€"),
        ("Superficie [km²]", "km²"),
        ("consommation en kWh", "kWh"),
        ("Height in m", "m"),
        ("budget (en milliers)", "milliers"),
        ("PM10 (µg/m3)", "µg/m3"),
        ("effectif (nombre)", ""),
        ("Montant", ""),
        ("ville (Bretagne)", ""),
        ("mise en place", ""),
        ("", ""),
    ],
)
def test_find_unit_reads_the_end_of_a_name(name: str, unit: str) -> None:
    assert find_unit(name) == unit


def test_a_line_of_units_says_more_than_names_and_only_of_numbers() -> None:
    columns = (
        TypedColumn("montant (€)", ColumnType.NUMBER),
        TypedColumn("surface", ColumnType.INTEGER),
        TypedColumn("note (m)", ColumnType.TEXT),
        TypedColumn("habitants", ColumnType.INTEGER),
    )
    lines = {
        "montant (€)": "(k€)",
        "surface": "ha",
        "note (m)": "m",
        "habitants": "nombre",
    }

    units = find_units(columns, lines)

    assert units == {"montant (€)": "k€", "surface": "ha"}
    fields = table_schema(columns, units=units)["fields"]
    assert [field.get("unit") for field in fields] == ["k€", "ha", None, None]


def test_a_profile_keeps_the_line_of_units_and_loses_it_with_the_cells(
    tmp_path: Path,
) -> None:
    path = tmp_path / "parcs.csv"
    path.write_text(
        "parc;surface;prix (€)\n;ha;\nNord;3;120\nSud;4;80\nEst;9;75\nOuest;2;60\n"
    )

    profile = profile_path(path)

    assert profile.units == {"surface": "ha", "prix (€)": "€"}
    assert Profile.from_json(profile.as_json()).units == profile.units
    # The cells below make it a line of units: of hidden ones, names alone may speak.
    assert profile.without_cells().units == {"prix (€)": "€"}
