"""The way through a source: one site, each address once, within bounds, and the same after it was written down."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from udi.portal.nodes.harvest.record import (
    HarvestedPage,
    HarvestedRecord,
    OriginalRecord,
)
from udi.portal.nodes.sources import crawl
from udi.portal.nodes.sources.crawl import CrawlCost, CrawlState

START = "https://x.example/catalogue"


def page(number: int = 1, **more: object) -> HarvestedPage:
    records = tuple(
        HarvestedRecord(
            identifier=f"{place}",
            title={"fr": "Un jeu"},
            source_record=OriginalRecord("text/plain", b""),
        )
        for place in range(number)
    )
    return HarvestedPage(format="rdf", records=records, **more)  # type: ignore[arg-type]  # the names are those of Page


def reading(address: str = START) -> CrawlState:
    return crawl.enter_catalogue(
        crawl.start_crawl(address), address, page(), where=address
    )


def test_pages_follow_one_another_to_the_last() -> None:
    second, faults = crawl.advance(
        reading(),
        START,
        page(next=f"{START}?page=2"),
        where=START,
        cost=CrawlCost(10, 2),
    )
    last, _ = crawl.advance(
        second, f"{START}?page=2", page(), where=f"{START}?page=2", cost=CrawlCost(5, 1)
    )

    assert (second.waiting, faults) == ((f"{START}?page=2",), [])
    assert last.is_complete
    assert (last.pages, last.total, last.size, last.seconds) == (2, 2, 15, 3)


@pytest.mark.parametrize(
    ("leads_to", "code"),
    [
        ("https://y.example/2", "next_elsewhere"),
        ("file:///etc/passwd", "next_elsewhere"),
    ],
)
def test_a_next_page_elsewhere_is_not_read_and_nothing_is_missing(
    leads_to: str, code: str
) -> None:
    place, faults = crawl.advance(reading(), START, page(next=leads_to), where=START)

    assert [fault.code for fault in faults] == [code]
    assert (place.waiting, place.is_complete) == ((), False)


@pytest.mark.parametrize(
    ("announced", "received", "is_complete"),
    [
        (276, 5, False),
        (965, 0, False),
        (276, 200, True),
        (21, 1, False),
        (20, 1, True),
        (6, 2, True),
        (5, 5, True),
        (0, 5, True),
    ],
)
def test_a_catalogue_that_gives_far_less_than_it_announces_is_not_complete(
    *, announced: int, received: int, is_complete: bool
) -> None:
    place, faults = crawl.advance(
        reading(), START, page(received, total=announced), where=START
    )

    codes = [] if is_complete else ["fewer_than_announced"]
    assert (place.is_complete, [fault.code for fault in faults]) == (is_complete, codes)
    assert CrawlState.from_json(place.to_json()) == place


def test_what_is_announced_counts_over_all_pages_and_services_count_too() -> None:
    second = f"{START}?page=2"
    first_page = replace(page(30, total=60, next=second), services=page(10).records)

    place, _ = crawl.advance(reading(), START, first_page, where=START)
    last, faults = crawl.advance(place, second, page(5, total=60), where=second)

    assert (last.announced, last.received) == (60, 45)
    assert (last.is_complete, faults) == (True, [])
    assert "announced" not in reading().to_json()


def test_a_page_that_leads_to_itself_is_the_last() -> None:
    place, faults = crawl.advance(
        reading(), START, page(next=f"{START}#again"), where=START
    )

    assert (place.is_complete, faults) == (True, [])


def test_pages_that_repeat_one_another_end_the_reading_which_is_not_complete() -> None:
    place, faults = crawl.advance(
        reading(), START, page(next=f"{START}?page=2"), where=START, fresh=False
    )

    assert [fault.code for fault in faults] == ["no_progress"]
    assert (place.waiting, place.is_complete) == ((), False)


def test_links_are_followed_on_their_site_only_and_each_once() -> None:
    links = (
        f"{START}/a",
        f"{START}/a",
        "https://other.example/b",
        "ftp://x.example/c",
        "http://[bad",
        START,
    )
    place, faults = crawl.advance(reading(), START, page(0, links=links), where=START)

    assert place.waiting == (f"{START}/a",)
    assert [(fault.code, fault.values["count"]) for fault in faults] == [
        ("links_elsewhere", 1)
    ]
    assert place.broken


def test_a_site_that_answers_under_another_name_is_read_there() -> None:
    moved = "https://www.x.example/catalogue"
    place = crawl.enter_catalogue(crawl.start_crawl(START), START, page(), where=moved)
    place, faults = crawl.advance(
        place, START, page(next=f"{moved}?page=2"), where=moved
    )

    assert (place.waiting, faults) == ((f"{moved}?page=2",), [])


def test_folders_are_read_five_deep() -> None:
    start = "https://x.example/m/"
    place = crawl.enter_catalogue(
        crawl.start_crawl(start), start, HarvestedPage(format="waf"), where=start
    )
    links = (f"{start}1/2/3/4/a.ttl", f"{start}1/2/3/4/5/6/7/a.ttl")

    place, _ = crawl.advance(
        place, start, HarvestedPage(format="waf", links=links), where=start
    )

    assert place.waiting == links[:1]


def test_candidates_are_tried_once_until_one_is_the_catalogue() -> None:
    place = crawl.add_candidates(
        crawl.mark_visited(crawl.start_crawl(START), START),
        [f"{START}/1", f"{START}/2"],
    )
    place = crawl.mark_visited(place, f"{START}/1")
    assert place.waiting == (f"{START}/2",)
    place = crawl.add_candidates(
        crawl.mark_visited(place, f"{START}/2"), [f"{START}/3"]
    )

    assert (place.waiting, place.is_searching, place.is_complete) == ((), True, False)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("pages", crawl.MOST_PAGES),
        ("total", crawl.MOST_RECORDS),
        ("size", crawl.MOST_BYTES),
        ("seconds", crawl.MOST_SECONDS),
    ],
)
def test_there_is_an_end_to_everything(name: str, most: int) -> None:
    below = replace(reading(), **{name: most - 1})
    above = replace(reading(), **{name: most})

    assert crawl.limit_reached(below) is None
    fault = crawl.limit_reached(above)
    assert fault is not None
    assert all(fault.translate())


@given(
    waiting=some.lists(some.text(), max_size=5), visited=some.frozensets(some.text()), offset=some.integers(0, 10**6),
    broken=some.booleans(),
)  # fmt: skip
def test_a_place_that_is_written_down_is_the_same(
    *, waiting: list[str], visited: frozenset[str], offset: int, broken: bool
) -> None:
    place = CrawlState(tuple(waiting), visited=visited, offset=offset, broken=broken)

    assert CrawlState.from_json(json.loads(json.dumps(place.to_json()))) == place


@given(leads=some.lists(some.integers(0, 6), min_size=1, max_size=12))
def test_whatever_pages_say_each_address_is_asked_once_and_it_ends(
    leads: list[int],
) -> None:
    place = reading()
    addresses = []
    while place.waiting:
        address = place.waiting[0]
        addresses.append(address)
        coming = leads[len(addresses) % len(leads)]
        place, _ = crawl.advance(
            place, address, page(next=f"{START}?page={coming}"), where=address
        )

    assert len(addresses) == len(set(addresses)) <= 8
