"""Style sheets have no left and no right: they turn by themselves for a language that is written the other way."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tinycss2

SOURCE = Path(__file__).parents[2] / "platform/src/udi"
MADE = SOURCE / "ui/keycloak/udi/login/resources"
"""Made of the others."""
SHEETS = sorted(path for path in SOURCE.rglob("*.css") if not path.is_relative_to(MADE))
PHYSICAL = re.compile(
    r"left|right|(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)(?:-.+)?"
    r"|border-(?:top|bottom)-(?:left|right)-radius|(?:overflow|overscroll-behavior)-[xy]"
)
SIDED = {"text-align", "float", "clear", "caption-side", "text-align-last"}
FOUR_SIDED = {"margin", "padding", "inset", "border-width", "border-style"}
PAGES = sorted(
    path
    for path in SOURCE.rglob("templates/**/*.html")
    if "emails" not in path.parts and "local" not in path.parts
)
ALLOWED = {"overflow-x", "overflow-y"}
"""Scrolling of a table: the axis is the same in both directions."""


def list_declarations(css: str) -> Iterator[tuple[str, list[str]]]:
    """(property, words of its value) of each declaration, in nested rules too."""
    for match in re.finditer(r"([a-z-]+)\s*:\s*([^;{}]+)(?=[;}])", css):
        yield match[1], match[2].replace("!important", "").split()


def find_physical(css: str) -> list[str]:
    """The declarations that name a left or a right, or give different values to both sides."""
    faults = []
    for name, words in list_declarations(css):
        is_sided = name in SIDED and {"left", "right"} & set(words)
        is_uneven = name in FOUR_SIDED and len(words) == 4 and words[1] != words[3]
        if (PHYSICAL.fullmatch(name) and name not in ALLOWED) or is_sided or is_uneven:
            faults.append(f"{name}: {' '.join(words)}")
    return faults


def test_sheets_can_be_read() -> None:
    assert len(SHEETS) > 5
    assert [
        (path, rule.message)
        for path in SHEETS
        for rule in tinycss2.parse_stylesheet(path.read_text())
        if rule.type == "error"
    ] == []


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.stem)
def test_a_sheet_has_no_left_and_no_right(path: Path) -> None:
    assert find_physical(path.read_text()) == []


@pytest.mark.parametrize(
    ("css", "faults"),
    [
        ("a{margin-left:1px}", 1),
        ("a{padding:0 1px 0 2px}", 1),
        ("a{padding:0 1px 0 1px;padding:1px}", 0),
        ("a{text-align:right}", 1),
        ("a{text-align:end;inset-inline:0 auto}", 0),
        ("@media print{a{border-top-left-radius:0}}", 1),
        ("a{left:0}", 1),
    ],
)
def test_a_side_is_found(css: str, faults: int) -> None:
    assert len(find_physical(css)) == faults


def test_pages_have_no_style_of_their_own() -> None:
    assert len(PAGES) > 100
    assert [path for path in PAGES if re.search(r"\sstyle=", path.read_text())] == []
