"""Files that would hold or fill whoever reads them: stopped from their beginning, and never only noted."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from udi.tabular.formats.file_kind import recognise_kind
from udi.tabular.profiles.profile import profile_path
from udi.tabular.profiles.row_sample import MOST_COLUMNS, WIDEST_RECORD
from udi.tabular.safety.findings import Danger, SafetyFinding, SafetySeverity
from udi.tabular.safety.inspection import inspect_file

ZEROS = bytes(20 * 1024**2)
XLINK = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def inspect(folder: Path, name: str, content: bytes) -> list[SafetyFinding]:
    path = folder / name
    path.write_bytes(content)
    return inspect_file(path, name, recognise_kind(content[:4096], name))


def packed(files: dict[str, bytes]) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return into.getvalue()


def nested(levels: int, files: dict[str, bytes]) -> bytes:
    """Archives inside one another: `levels` around the one with these files."""
    content = packed(files)
    for _ in range(levels):
        content = packed({"inside.zip": content})
    return content


def eight(suffix: str, content: bytes) -> bytes:
    """An archive with the same file under eight names."""
    return packed({f"{number}.{suffix}": content for number in range(8)})


def strengths(findings: list[SafetyFinding]) -> dict[Danger, SafetySeverity]:
    return {finding.danger: finding.strength for finding in findings}


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param(
            lambda: eight("zip", packed({"zeros": ZEROS})), marks=pytest.mark.thorough
        ),
        lambda: nested(2, {f"{number}.bin": ZEROS for number in range(8)}),
        pytest.param(
            lambda: eight("gz", gzip.compress(ZEROS)), marks=pytest.mark.thorough
        ),
        lambda: eight("csv", gzip.compress(ZEROS)),
        pytest.param(
            lambda: packed(
                {"a.xlsx": packed({"sheet.xml": ZEROS, "more.xml": ZEROS * 5})}
            ),
            marks=pytest.mark.thorough,
        ),
        lambda: nested(5, {"a.csv": b"a;b\n1;2\n"}),
        lambda: packed({"a.zip": packed({f"{number}": b"" for number in range(2000)})}),
    ],
    ids=["eight", "deep", "gzip", "gzip named csv", "workbook", "levels", "members"],
)
def test_an_archive_in_an_archive_that_would_fill_a_disk_is_a_bomb(
    tmp_path: Path, pack: Callable[[], bytes]
) -> None:
    content = pack()

    assert len(content) < 1024**2
    assert (
        strengths(inspect(tmp_path, "data.zip", content))[Danger.BOMB]
        is SafetySeverity.QUARANTINE
    )


def test_what_an_archive_in_an_archive_hides_is_found(tmp_path: Path) -> None:
    content = packed({"inside.zip": packed({"run.exe": b"MZ", "../outside.csv": b"a"})})

    severities = strengths(inspect(tmp_path, "data.zip", content))

    assert severities == {
        Danger.PATHS: SafetySeverity.QUARANTINE,
        Danger.PROGRAM: SafetySeverity.STOP,
    }


def test_an_archive_in_an_archive_that_cannot_be_looked_into_is_asked_about(
    tmp_path: Path,
) -> None:
    content = packed({"inside.7z": b"7z\xbc\xaf\x27\x1c and more"})

    assert strengths(inspect(tmp_path, "data.zip", content)) == {
        Danger.NESTED: SafetySeverity.WARNING
    }


def test_ordinary_archives_in_an_archive_are_looked_into_and_nothing_is_reported(
    tmp_path: Path,
) -> None:
    content = packed(
        {
            "a.zip": nested(1, {"a.csv": b"a;b\n1;2\n"}),
            "b.csv.gz": gzip.compress(b"a;b\n1;2\n" * 9),
        }
    )

    assert inspect(tmp_path, "data.zip", content) == []


def billion_laughs() -> str:
    levels = [
        f'<g id="l{n + 1}">' + f'<use xlink:href="#l{n}"/>' * 10 + "</g>"
        for n in range(9)
    ]
    return f'<svg {XLINK}><g id="l0"><path d="M0 0"/></g>{"".join(levels)}</svg>'


@pytest.mark.parametrize(
    "drawing",
    [
        billion_laughs(),
        billion_laughs().replace("xlink:href", "href"),
        f'<svg {XLINK}><g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g></svg>',
        f'<svg {XLINK}><g id="a"><use href="#a"/></g></svg>',
        f"<svg {XLINK}>" + "<g>" * 5000 + "</g>" * 5000 + "</svg>",
    ],
    ids=["ten to the ninth", "without xlink", "circle", "itself", "depth"],
)
def test_a_drawing_that_repeats_itself_without_end_is_stopped(
    tmp_path: Path, drawing: str
) -> None:
    assert (
        strengths(inspect(tmp_path, "a.svg", drawing.encode()))[Danger.ENTITIES]
        is SafetySeverity.STOP
    )
    packed_drawing = gzip.compress(drawing.encode())
    assert (
        strengths(inspect(tmp_path, "a.svgz", packed_drawing))[Danger.ENTITIES]
        is SafetySeverity.STOP
    )


def test_a_drawing_that_repeats_a_sign_is_ordinary(tmp_path: Path) -> None:
    drawing = (
        f'<svg {XLINK}><g id="a"><path d="M0 0"/></g>'
        + '<use href="#a"/>' * 2000
        + "</svg>"
    )

    assert inspect(tmp_path, "a.svg", drawing.encode()) == []


def test_a_record_that_is_wider_than_any_table_is_refused_from_the_first_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing looks for columns in it: the search for them is forbidden here."""

    def forbidden(*_: object) -> None:
        raise AssertionError("columns were looked for")

    monkeypatch.setattr("udi.tabular.profiles.profile.find_layout", forbidden)
    path = tmp_path / "wide.csv"
    line = ";".join(f"c{number}" for number in range(200_000))
    path.write_text(f"{line}\n{line}\n")

    profile = profile_path(path)

    assert profile.failure is not None
    assert profile.failure.code == "too_many_columns"
    assert not profile.is_table


def test_empty_cells_on_the_right_of_a_table_are_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "right.csv"
    empty = ";" * (WIDEST_RECORD - 3)
    path.write_text(
        "".join(f"{cells}{empty}\n" for cells in ("nom;prix", "a;1", "b;2", "c;3"))
    )

    profile = profile_path(path)

    assert profile.failure is None
    assert [column.name for column in profile.columns] == ["nom", "prix"]
    assert MOST_COLUMNS < WIDEST_RECORD
