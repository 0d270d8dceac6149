"""Real tables are understood as a person read them by eye."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.depth import examples
from udi.tabular.formats.text_encoding import CHARSETS as CHARSETS_OFFERED
from udi.tabular.profiles.conversion import convert_table
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.profile import Profile, profile_path

TYPES = {
    "int": "integer", "num": "number", "bool": "boolean", "lat": "latitude", "lon": "longitude", "latlon": "point",
    "code:postcode": "postcode", "code:insee": "commune", "code:dep": "department", "code:reg": "region",
    "code:siren": "siren", "code:siret": "siret",
}  # fmt: skip
CHARSETS = {
    "ascii": "UTF-8", "utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252",
    "cp850": "IBM850", "": "",
}  # fmt: skip
GEOGRAPHIC = {
    "geojson": "GeoJSON",
    "gpkg": "GeoPackage",
    "shapefile zip": "Shapefile",
    "gpkg zip": "ZIP",
}
SHARE = 0.95
SMALL = 50_000
SPARSE = examples(8, 1)
"""A wrong correction is tried on one file in so many."""


@dataclass(frozen=True)
class Label:
    """What a person read: encoding, delimiter, header, rows, columns, types."""

    encoding: str
    delimiter: str
    header_line: int
    rows: int
    columns: int
    types: dict[str, str]


def labels(shared: Path) -> list[dict[str, str]]:
    return list(
        csv.DictReader(
            (shared / "reference/tables-labels.tsv").read_text().splitlines(),
            delimiter="\t",
        )
    )


def read_label(line: dict[str, str]) -> Label:
    pairs = (pair.rpartition("=") for pair in line["notable_types"].split("; ") if pair)
    return Label(
        CHARSETS[line["encoding"]],
        line["delimiter"].replace("TAB", "\t"),
        int(line["header_row"]),
        int(line["rows"]),
        int(line["columns"]),
        {name: TYPES.get(kind, kind) for name, _, kind in pairs},
    )


def compare(profile: Profile, label: Label) -> dict[str, str]:
    """What differs, by what it is."""
    type_by_name = {column.name: column.type.value for column in profile.columns}
    pairs = {
        "encoding": (profile.encoding if label.encoding else "", label.encoding),
        "delimiter": (profile.delimiter, label.delimiter),
        "header": (profile.header_line, label.header_line),
        "rows": ((profile.rows or 0) + count_notes(profile), label.rows),
        "columns": (len(profile.columns), label.columns),
        "types": ({name: type_by_name.get(name) for name in label.types}, label.types),
    }
    return {
        what: f"{_differing(actual, want) if isinstance(actual, dict) else actual!r}"
        for what, (actual, want) in pairs.items()
        if actual != want
    }


def count_notes(profile: Profile) -> int:
    """Notes below the rows of a table, which these labels count as rows."""
    return sum(
        int(note.values["count"]) for note in profile.notes if note.code == "footer"
    )


def _differing(got: object, want: object) -> str:
    assert isinstance(got, dict)
    assert isinstance(want, dict)
    return ", ".join(
        f"{name}: {got[name]} for {want[name]}"
        for name in want
        if got[name] != want[name]
    )


def test_tables_are_understood_as_a_person_read_them(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything right at once, with no correction but the sheet where a file is labelled for several."""
    right = 0
    misses = list[str]()
    difference_counts = Counter[str]()
    tables = [line for line in labels(shared_data) if line["format"] not in GEOGRAPHIC]
    tables = tables[:: examples(3, 1)]
    for line in tables:
        profile = profile_path(
            shared_data / "data/tables" / line["file"],
            corrections=Corrections(sheet=line["sheet"]),
        )
        different = compare(profile, read_label(line))
        right += not different
        difference_counts.update(different.keys())
        misses += [f"{line['file']} {line['sheet']}: {different}"] if different else []
    with capsys.disabled():
        print(  # noqa: T201
            f"\nunderstood {right}/{len(tables)}, everything right at once; wrong: {dict(difference_counts)}"
        )
        print("\n".join(misses))  # noqa: T201
    assert len(tables) > examples(63, 190)
    assert right >= SHARE * len(tables), misses


@pytest.mark.parametrize(
    "charset", [*dict.fromkeys(CHARSETS_OFFERED.values())][:: examples(6, 1)]
)
def test_a_wrong_correction_is_no_accident(
    shared_data: Path, tmp_path: Path, charset: str
) -> None:
    """Whatever a producer says of the characters of any small file, it is read or refused in words."""
    corrections = Corrections(encoding=charset)
    read = 0
    for path in sorted((shared_data / "data/bad").iterdir())[::SPARSE]:
        if path.is_file() and path.stat().st_size < SMALL:
            profile = profile_path(path, corrections=corrections)
            if profile.is_table:
                read += (
                    convert_table(
                        path,
                        profile,
                        tmp_path / "typed.parquet",
                        corrections=corrections,
                    ).failure
                    is None
                )
    assert read >= 10 // SPARSE


def test_files_of_maps_have_their_kind(shared_data: Path) -> None:
    maps = [line for line in labels(shared_data) if line["format"] in GEOGRAPHIC]
    for line in maps:
        profile = profile_path(shared_data / "data/geo" / line["file"])
        assert (profile.label, profile.is_table) == (
            GEOGRAPHIC[line["format"]],
            False,
        ), line["file"]
    assert len(maps) == 10
