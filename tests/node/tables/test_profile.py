"""What is understood of a file, and that nothing a file holds is an accident."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from udi.tabular.formats.file_kind import OLE, recognise_kind
from udi.tabular.formats.text_encoding import detect_encoding, iana_name
from udi.tabular.profiles.profile import Profile, profile_file


def profile_of(name: str, content: bytes) -> Profile:
    def read() -> Iterator[bytes]:
        for start in range(0, len(content), 60_001):
            yield content[start : start + 60_001]

    return profile_file(name, len(content), read)


SQLITE = b"SQLite format 3\x00".ljust(72, b"\x00")
ENCODINGS = {
    "UTF-8",
    "UTF-16",
    "UTF-16LE",
    "UTF-16BE",
    "UTF-32",
    "Windows-1252",
    "ISO-8859-1",
    "macintosh",
    "IBM850",
    "Windows-1250",
    "Windows-1251",
    "KOI8-R",
    "ISO-8859-5",
    "IBM866",
    "Windows-1253",
    "ISO-8859-7",
    "Shift_JIS",
    "GB18030",
    "Big5",
}
"""IANA's names of those that are told apart."""
TEXT = "nom;prénom;né le\nHélène;Noël;01/02/2003\nLéa;André;28/12/2004\n"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252"), ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16LE"), ("utf-16-be", "UTF-16BE"), ("mac_roman", "macintosh"), ("cp850", "IBM850"),
    ],
)  # fmt: skip
def test_an_encoding_is_recognised_and_the_accents_are_right(
    encoding: str, name: str
) -> None:
    profile = profile_of("gens.csv", TEXT.encode(encoding))

    assert profile.encoding == name
    assert [column.name for column in profile.columns] == ["nom", "prénom", "né le"]
    assert [column.type for column in profile.columns] == ["text", "text", "date"]
    assert profile.sample[0] == ("Hélène", "Noël", "01/02/2003")
    assert (profile.delimiter, profile.header_line, profile.rows) == (";", 1, 2)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_and_line_ends(end: str, delimiter: str) -> None:
    lines = [
        ["nom", "valeur", "note"],
        ["un, deux; trois", "4", 'dit "oui"'],
        ["cinq\nsix", "7", ""],
    ]
    text = end.join(
        delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in line)
        for line in lines
    )

    profile = profile_of("x.csv", text.encode())

    assert (profile.delimiter, len(profile.columns), profile.rows) == (delimiter, 3, 2)


def test_rows_after_the_sample_are_counted() -> None:
    profile = profile_of("x.csv", b"code;libell\xe9\n" + b'"00123";"de\nux"\n' * 60_000)

    assert (profile.rows, profile.exact, profile.encoding) == (
        60_000,
        True,
        "Windows-1252",
    )
    assert [column.type for column in profile.columns] == ["code", "text"]


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
def test_what_is_no_table_is_a_plain_file(
    name: str, content: bytes, label: str
) -> None:
    profile = profile_of(name, content)

    assert (profile.label, profile.is_table) == (label, False)


def test_a_profile_of_an_earlier_version_is_still_read() -> None:
    old = {
        "media_type": "text/csv", "label": "CSV", "encoding": "UTF-8", "delimiter": ";", "header_line": 1,
        "columns": [{"name": "nom", "kind": "text"}, {"name": "n", "kind": "number"}, {"name": "v", "kind": "empty"}],
        "rows": 2, "exact": True, "sample": [["a", "1", ""]], "first_day": None, "last_day": "2026-01-01",
    }  # fmt: skip

    profile = Profile.from_json(old)

    assert [(column.name, column.type) for column in profile.columns] == [
        ("nom", "text"),
        ("n", "number"),
        ("v", "empty"),
    ]
    assert (profile.notes, profile.sheet, profile.failure) == ((), "", None)
    assert Profile.from_json(profile.as_json()) == profile


def test_a_profile_survives_its_json() -> None:
    profile = profile_of("gens.csv", TEXT.encode())

    assert Profile.from_json(profile.as_json()) == profile


@given(
    st.binary(max_size=3000),
    st.sampled_from(["a.csv", "a.tsv", "a.txt", "a", "a.json"]),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_have_a_profile(content: bytes, name: str) -> None:
    profile = profile_of(name, content)

    assert profile.media_type
    assert all(len(line) == len(profile.columns) for line in profile.sample)


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=800),
    st.sampled_from([",", ";", "\t", '"', "\n", "\r"]),
)
def test_any_text_has_a_profile(text: str, often: str) -> None:
    content = text.replace("a", often).encode()

    assert profile_of("x.csv", content).encoding in {
        "",
        *("UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32"),
    }


@given(st.binary(max_size=500), st.integers(1, 500))
def test_scan_names_an_encoding_that_has_an_iana_name(
    content: bytes, length: int
) -> None:
    assert (
        iana_name(detect_encoding(_truncate(content, length), len(content)).encoding)
        in ENCODINGS
    )


@given(
    st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=200),
    st.integers(1, 500),
)
def test_scan_finds_utf_8_wherever_the_text_is_cut(text: str, length: int) -> None:
    words = text.replace("\ufffd", "")
    content = words.encode()

    scan = detect_encoding(_truncate(content, length), len(content))

    assert (iana_name(scan.encoding), scan.damaged, scan.lost) == ("UTF-8", 0, False)
    assert content.decode(scan.encoding) == words


def _truncate(content: bytes, length: int) -> list[bytes]:
    return [content[start : start + length] for start in range(0, len(content), length)]


def test_every_bad_file_has_a_profile(shared_data: Path) -> None:
    files = [
        path for path in sorted((shared_data / "data/bad").iterdir()) if path.is_file()
    ]
    for path in files:
        profile = profile_of(path.name, path.read_bytes())
        assert Profile.from_json(profile.as_json()) == profile, path.name
    assert len(files) > 200


@pytest.mark.parametrize(
    ("name", "head", "label"),
    [
        ("lettre.doc", OLE, "DOC"), ("séance.ppt", OLE, "PPT"), ("budget.xls", OLE, "XLS"),
        ("arbres.sqlite", SQLITE, "SQLite"), ("arbres.gpkg", SQLITE, "GeoPackage"),
        ("arbres.db", SQLITE[:68] + b"GPKG", "GeoPackage"),
        ("séance.pptx", b"PK\x03\x04", "PPTX"), ("séance.odp", b"PK\x03\x04", "ODP"),
    ],
)  # fmt: skip
def test_files_that_begin_alike_are_told_apart(
    name: str, head: bytes, label: str
) -> None:
    assert recognise_kind(head, name).label == label
