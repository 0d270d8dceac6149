"""Links between our documents lead somewhere: to a file that is there, and to a heading that it has."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / name
    for name in (
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "CODE_OF_CONDUCT.md",
        "SECURITY.md",
    )
] + sorted((ROOT / "docs").rglob("*.md"))
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
ELSEWHERE = re.compile(r"[a-z]+:", re.IGNORECASE)
HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
PLAIN_HEADING = re.compile(r"[^\w\- ]")


def links(page: Path) -> list[str]:
    """The relative links and images of a page, code apart."""
    targets = LINK.findall(CODE.sub("", page.read_text()))
    return [unquote(link) for link in targets if not ELSEWHERE.match(link)]


def anchors(page: Path) -> set[str]:
    """The names under which a forge shows the headings of a page."""
    headings = HEADING.findall(
        re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    )
    return {
        PLAIN_HEADING.sub("", heading.lower()).replace(" ", "-") for heading in headings
    }


def broken(page: Path) -> Iterator[str]:
    """What is wrong with the links of a page."""
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_relative_to(ROOT):
            yield f"{link} leads out of the project"
        elif not target.exists():
            yield f"{link} is not there"
        elif anchor and anchor not in anchors(target):
            yield f"{link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = ROOT / "docs/README.md"
    planted = tmp_path / "planted.md"
    planted.write_text(
        "# Here\n\n[a](nowhere.md) [b](#there) [c](#here) `[d](code.md)` [e](https://example.org)\n"
    )

    assert links(page)
    assert links(planted) == ["nowhere.md", "#there", "#here"]
    assert anchors(planted) == {"here"}


def test_every_page_of_the_docs_is_in_the_index() -> None:
    index = ROOT / "docs/README.md"
    linked = {
        (index.parent / link.partition("#")[0]).resolve() for link in links(index)
    }

    assert [
        page.name
        for page in sorted((ROOT / "docs").rglob("*.md"))
        if page not in {*linked, index}
    ] == []


def test_the_index_lists_no_page_twice() -> None:
    pages = [link for link in links(ROOT / "docs/README.md") if ".md" in link]

    assert sorted(pages) == sorted(set(pages))
