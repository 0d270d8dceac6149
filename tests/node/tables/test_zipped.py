"""Archives: what they hold is told from their directory, and those made to harm are not opened."""

import gzip
import stat
import zipfile
from pathlib import Path

import pytest

from tests.node.tables.reading import converted, rows
from udi.tabular.formats import archives
from udi.tabular.profiles.profile import profile_path


def archive(path: Path, *names: str | zipfile.ZipInfo, content: bytes = b"x") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (["stops.txt", "routes.txt", "agency.txt"], "GTFS"),
        (["feed/stops.txt", "feed/routes.txt"], "GTFS"),
        (["a.shp", "a.dbf", "a.prj"], "Shapefile"),
        (["doc.kml"], "KMZ"),
        (["word/document.xml"], "DOCX"),
        (["a.csv", "b.csv"], "ZIP"),
        (["a.pdf"], "ZIP"),
    ],
)
def test_the_kind_of_an_archive_is_what_it_holds(
    tmp_path: Path, names: list[str], label: str
) -> None:
    profile = profile_path(archive(tmp_path / "x.zip", *names))

    assert (profile.label, profile.is_table, profile.failure) == (label, False, None)


def test_an_archive_of_one_table_is_that_table(tmp_path: Path) -> None:
    file = archive(
        tmp_path / "x.zip", "dossier/é.csv", content="nom;n\nLéa;1\n".encode()
    )

    done = converted(file, tmp_path / "typed.parquet")

    assert (done.profile.media_type, done.profile.label) == (
        "application/zip",
        "CSV, ZIP",
    )
    assert rows(tmp_path / "typed.parquet") == [(2, "Léa", 1)]


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("passwords")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("entries", "content", "code"),
    [
        (["../../etc/cron.d/x"], b"x", "unsafe_path"),
        (["/etc/cron.d/x"], b"x", "unsafe_path"),
        (["C:\\x"], b"x", "unsafe_path"),
        (["..\\..\\x"], b"x", "unsafe_path"),
        ([link()], b"/etc/passwd", "link"),
        (["zeros"], bytes(20 * 1024**2), "bomb"),
    ],
)
def test_an_archive_made_to_harm_is_not_opened(
    tmp_path: Path, entries: list[str | zipfile.ZipInfo], content: bytes, code: str
) -> None:
    failure = profile_path(
        archive(tmp_path / "x.zip", *entries, content=content)
    ).failure

    assert failure
    assert failure.code == code


def test_an_archive_of_very_many_files_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_FILES", 3)

    failure = profile_path(archive(tmp_path / "x.zip", *"abcd")).failure

    assert failure
    assert failure.code == "too_many_files"


@pytest.mark.thorough
def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "x.csv.gz"
    with gzip.open(file, "wb") as writer:
        for _ in range(200):
            writer.write(bytes(1024**2).replace(b"\x00", b"a"))

    failure = profile_path(file).failure

    assert failure
    assert failure.code == "bomb"
