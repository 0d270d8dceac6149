"""A CKAN that is registered without a number of rows is read a hundred at a time; what it refuses is asked for as it numbers itself."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.depth import by_depth
from tests.portal.nodes.elsewhere import Answer, Catalogue
from tests.portal.nodes.sources.conftest import Open, ckan
from udi.portal.nodes.harvest.ckan import find_smaller_page

PATH = "/api/3/action/package_search"
NAMES = [f"jeu-{number:03}" for number in range(130)]
FEW = NAMES[:30]
"""Three pages of ten."""
Live = Callable[[str, dict[str, str]], Answer | None]


def list_requests(catalogue: Catalogue) -> list[tuple[str, str]]:
    """The start and the rows of each page that was asked for."""
    queries = (
        parse_qs(urlsplit(path).query)
        for path in catalogue.requests
        if path.startswith(PATH)
    )
    return [
        (query.get("start", [""])[0], query.get("rows", [""])[0]) for query in queries
    ]


def refuse_sizes(answer: Any) -> Live:
    """A CKAN that gives ten at a time, and this to whoever asks for more."""
    usual = ckan(FEW)

    def live(path: str, parameters: dict[str, str]) -> Answer | None:
        if path == PATH and "rows" in parameters:
            status, body = answer
            return status, {"Content-Type": "application/json"}, body
        return usual(path, parameters)

    return live


async def test_pages_after_the_first_hold_a_hundred(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.live = ckan(NAMES)
    reading = await open_source(f"{catalogue.origin}{PATH}")

    run = await reading.read()

    assert (run.outcome, run.created) == ("complete", len(NAMES))
    assert list_requests(catalogue) == [
        ("", ""),
        ("10", "100"),
        ("110", "100"),
    ]


@pytest.mark.thorough
async def test_a_site_that_gives_fewer_is_read_whole(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.live = ckan(NAMES, largest=25)
    reading = await open_source(f"{catalogue.origin}{PATH}")

    run = await reading.read()

    assert (run.outcome, run.created) == ("complete", len(NAMES))
    assert list_requests(catalogue)[:3] == [("", ""), ("10", "100"), ("35", "100")]


@by_depth(
    "answer",
    [
        (409, b'{"success": false, "error": {"rows": ["Invalid"]}}'),
        (404, b""),
        (200, b'{"help": "", "success": false, "error": {"message": "Invalid"}}'),
        (
            200,
            b'{"help": "", "success": true, "result": {"count": 60, "results": []}}',
        ),
        (200, b"<!DOCTYPE html><title>Too much</title>"),
        (200, b"Too much"),
    ],
    ids=["conflict", "not found", "no success", "empty", "a page", "a text"],
    by_default=[0, 3],
)
async def test_what_a_site_refuses_is_asked_for_in_its_own_size(
    catalogue: Catalogue, open_source: Open, answer: tuple[int, bytes]
) -> None:
    catalogue.live = refuse_sizes(answer)
    reading = await open_source(f"{catalogue.origin}{PATH}")

    run = await reading.read()

    assert (run.outcome, run.created) == ("complete", len(FEW))
    assert {row.level for row in await reading.faults()} <= {"warned", "mended"}
    assert list_requests(catalogue)[:4] == [
        ("", ""),
        ("10", "100"),
        ("10", ""),
        ("20", ""),
    ]
    assert len(list_requests(catalogue)) == len(FEW) // 10 + 1


@pytest.mark.thorough
async def test_a_size_that_its_address_names_is_kept(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.live = ckan(NAMES)
    reading = await open_source(f"{catalogue.origin}{PATH}?rows=50")

    run = await reading.read()

    assert (run.outcome, run.created) == ("complete", len(NAMES))
    assert {rows for _, rows in list_requests(catalogue)} == {"50"}


async def test_a_page_that_says_no_success_loses_nothing(
    catalogue: Catalogue, open_source: Open
) -> None:
    """The reading is not complete, so that nothing is missing."""
    usual = ckan(NAMES)
    catalogue.live = usual
    reading = await open_source(f"{catalogue.origin}{PATH}?rows=100")
    await reading.read()

    def live(path: str, parameters: dict[str, str]) -> Answer | None:
        if parameters.get("start") == "100":
            return 200, {}, b'{"help": "", "success": false, "error": {}}'
        return usual(path, parameters)

    catalogue.live = live
    run = await reading.read()

    assert (run.outcome, run.missing, run.withdrawn) == ("partial", 0, 0)
    assert "document_exception" in {row.code for row in await reading.faults()}


@pytest.mark.parametrize(
    ("entry", "address", "smaller"),
    [
        ("?q=a", "?q=a&start=10&rows=100", "?q=a&start=10"),
        ("?q=a", "?q=a&start=10", ""),
        ("?q=a", "?q=a&rows=100", ""),
        ("?q=a", "?q=a&fl=id&rows=1000&start=0", ""),
        ("?rows=100", "?start=100&rows=100", ""),
    ],
)
def test_find_smaller_page_knows_the_pages_that_were_made_larger(
    entry: str, address: str, smaller: str
) -> None:
    site = f"https://catalogue.example{PATH}"
    expected = f"{site}{smaller}" if smaller else ""

    assert find_smaller_page(f"{site}{entry}", f"{site}{address}") == expected
