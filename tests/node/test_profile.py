"""What is understood of a file, and that nothing a file holds is an accident."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from udi.node.tables.decoding import guess_encoding
from udi.node.tables.profile import Profile, profile_file

SAMPLE = 256 * 1024


def profile_of(name: str, content: bytes) -> Profile:
    def read() -> Iterator[bytes]:
        for start in range(0, len(content), 60_001):
            yield content[start : start + 60_001]

    return profile_file(name, content[:SAMPLE], len(content), read)


TEXT = "nom;prénom;né le\nHélène;Noël;01/02/2003\nLéa;André;28/12/2004\n"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252"), ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16LE"), ("utf-16-be", "UTF-16BE"), ("mac_roman", "macintosh"), ("cp850", "IBM850"),
    ],
)  # fmt: skip
def test_an_encoding_is_recognised_and_the_accents_are_right(encoding: str, name: str) -> None:
    profile = profile_of("gens.csv", TEXT.encode(encoding))

    assert profile.encoding == name
    assert [column.name for column in profile.columns] == ["nom", "prénom", "né le"]
    assert [column.kind for column in profile.columns] == ["text", "text", "date"]
    assert profile.sample[0] == ("Hélène", "Noël", "01/02/2003")
    assert (profile.delimiter, profile.header_line, profile.rows) == (";", 1, 2)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_and_line_ends(end: str, delimiter: str) -> None:
    lines = [["nom", "valeur", "note"], ["un, deux; trois", "4", 'dit "oui"'], ["cinq\nsix", "7", ""]]
    text = end.join(delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in line) for line in lines)

    profile = profile_of("x.csv", text.encode())

    assert (profile.delimiter, len(profile.columns), profile.rows) == (delimiter, 3, 2)


def test_rows_after_the_sample_are_counted() -> None:
    profile = profile_of("x.csv", b"code;libell\xe9\n" + b'"00123";"de\nux"\n' * 60_000)

    assert (profile.rows, profile.exact, profile.encoding) == (60_000, True, "Windows-1252")
    assert [column.kind for column in profile.columns] == ["text", "text"]


def test_an_accent_met_after_the_sample_changes_the_encoding() -> None:
    late = b"code;libelle\n" + b"1;abcdefghij\n" * 30_000 + "2;été\n".encode("cp1252")

    assert profile_of("x.csv", late).encoding == "Windows-1252"
    assert profile_of("x.csv", late).rows == 30_001


@pytest.mark.parametrize(
    ("name", "content", "label"),
    [
        ("lisez-moi.txt", b"Un texte, avec une virgule.\nEt une autre ligne.\n", "TXT"),
        ("carte.geojson", b'{"type": "FeatureCollection", "features": []}', "GeoJSON"),
        ("x.json", b"[1]", "JSON"),
        ("plan.pdf", b"%PDF-1.7\n", "PDF"),
        ("classeur.xlsx", b"PK\x03\x04rest", "XLSX"),
        ("archive.csv", b"PK\x03\x04rest", "ZIP"),
        ("page.csv", b"<!DOCTYPE html><html>", "HTML"),
        ("octets.csv", bytes(range(256)) * 10, "BIN"),
        ("vide.csv", b"\n\n\n", "CSV"),
    ],
)
def test_what_is_no_table_is_a_plain_file(name: str, content: bytes, label: str) -> None:
    profile = profile_of(name, content)

    assert (profile.label, profile.is_table) == (label, False)


def test_a_profile_survives_its_json() -> None:
    profile = profile_of("gens.csv", TEXT.encode())

    assert Profile.from_json(profile.as_json()) == profile


@given(st.binary(max_size=3000), st.sampled_from(["a.csv", "a.tsv", "a.txt", "a", "a.json"]))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_have_a_profile(content: bytes, name: str) -> None:
    profile = profile_of(name, content)

    assert profile.media_type
    assert all(len(line) == len(profile.columns) for line in profile.sample)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=800), st.sampled_from([",", ";", "\t", '"', "\n", "\r"]))
def test_any_text_has_a_profile(text: str, often: str) -> None:
    content = text.replace("a", often).encode()

    assert profile_of("x.csv", content).encoding in {"", *("UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32")}


@given(st.binary(max_size=500), st.booleans())
def test_any_bytes_have_an_encoding(content: bytes, complete: bool) -> None:  # noqa: FBT001
    content.decode(guess_encoding(content, complete=complete), "replace")


def test_every_bad_file_has_a_profile(shared_data: Path) -> None:
    files = [path for path in sorted((shared_data / "data/bad").iterdir()) if path.is_file()]
    for path in files:
        profile = profile_of(path.name, path.read_bytes())
        assert Profile.from_json(profile.as_json()) == profile, path.name
    assert len(files) > 200


def test_real_tables_are_understood_as_a_person_read_them(shared_data: Path) -> None:
    """Delimiter, header, rows and columns, against labels made by eye; two files are known to be misread."""
    labels = csv.DictReader((shared_data / "reference/tables-labels.tsv").read_text().splitlines(), delimiter="\t")
    misread, read = [], 0
    for label in labels:
        path = shared_data / "data/tables" / label["file"]
        if label["sheet"] or label["format"] not in {"csv", "tsv"} or not path.exists():
            continue
        read += 1
        found = profile_of(path.name, path.read_bytes())
        shape = (found.header_line, found.rows, len(found.columns))
        if tuple(map(str, shape)) != (label["header_row"], label["rows"], label["columns"]):
            misread.append(path.name)
    assert read > 140
    assert set(misread) <= {"csv-detective_csv_file", "goodtables_gla-december_2009.csv"}
