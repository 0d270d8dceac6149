"""The way through a source: one site, each address once, within bounds, and the same after it was written down."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from udi.portal.nodes.harvest.record import Original, Page, Record
from udi.portal.nodes.sources import course
from udi.portal.nodes.sources.course import Cost, Place

START = "https://x.example/catalogue"


def page(number: int = 1, **more: object) -> Page:
    records = tuple(
        Record(identifier=f"{place}", title={"fr": "Un jeu"}, source_record=Original("text/plain", b""))
        for place in range(number)
    )
    return Page(format="rdf", records=records, **more)  # type: ignore[arg-type]  # the names are those of Page


def reading(address: str = START) -> Place:
    return course.found(course.begin(address), address, page(), where=address)


def test_pages_follow_one_another_to_the_last() -> None:
    second, faults = course.onward(reading(), START, page(next=f"{START}?page=2"), where=START, cost=Cost(10, 2))
    last, _ = course.onward(second, f"{START}?page=2", page(), where=f"{START}?page=2", cost=Cost(5, 1))

    assert (second.waiting, faults) == ((f"{START}?page=2",), [])
    assert last.whole
    assert (last.pages, last.found, last.size, last.seconds) == (2, 2, 15, 3)


@pytest.mark.parametrize(
    ("leads_to", "code"), [("https://y.example/2", "next_elsewhere"), ("file:///etc/passwd", "next_elsewhere")]
)
def test_a_next_page_elsewhere_is_not_read_and_nothing_is_missing(leads_to: str, code: str) -> None:
    place, faults = course.onward(reading(), START, page(next=leads_to), where=START)

    assert [fault.code for fault in faults] == [code]
    assert (place.waiting, place.whole) == ((), False)


def test_a_page_that_leads_to_itself_is_the_last() -> None:
    place, faults = course.onward(reading(), START, page(next=f"{START}#again"), where=START)

    assert (place.whole, faults) == (True, [])


def test_pages_that_repeat_one_another_end_the_reading_which_is_not_complete() -> None:
    place, faults = course.onward(reading(), START, page(next=f"{START}?page=2"), where=START, fresh=False)

    assert [fault.code for fault in faults] == ["no_progress"]
    assert (place.waiting, place.whole) == ((), False)


def test_links_are_followed_on_their_site_only_and_each_once() -> None:
    links = (f"{START}/a", f"{START}/a", "https://other.example/b", "ftp://x.example/c", "http://[bad", START)
    place, faults = course.onward(reading(), START, page(0, links=links), where=START)

    assert (place.waiting, faults) == ((f"{START}/a",), [])


def test_a_site_that_answers_under_another_name_is_read_there() -> None:
    moved = "https://www.x.example/catalogue"
    place = course.found(course.begin(START), START, page(), where=moved)
    place, faults = course.onward(place, START, page(next=f"{moved}?page=2"), where=moved)

    assert (place.waiting, faults) == ((f"{moved}?page=2",), [])


def test_folders_are_read_five_deep() -> None:
    start = "https://x.example/m/"
    place = course.found(course.begin(start), start, Page(format="waf"), where=start)
    links = (f"{start}1/2/3/4/a.ttl", f"{start}1/2/3/4/5/6/7/a.ttl")

    place, _ = course.onward(place, start, Page(format="waf", links=links), where=start)

    assert place.waiting == links[:1]


def test_candidates_are_tried_once_until_one_is_the_catalogue() -> None:
    place = course.searching(course.passed(course.begin(START), START), [f"{START}/1", f"{START}/2"])
    place = course.passed(place, f"{START}/1")
    assert place.waiting == (f"{START}/2",)
    place = course.searching(course.passed(place, f"{START}/2"), [f"{START}/3"])

    assert (place.waiting, place.finding, place.whole) == ((), True, False)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("pages", course.MOST_PAGES),
        ("found", course.MOST_RECORDS),
        ("size", course.MOST_BYTES),
        ("seconds", course.MOST_SECONDS),
    ],
)
def test_there_is_an_end_to_everything(name: str, most: int) -> None:
    below, above = replace(reading(), **{name: most - 1}), replace(reading(), **{name: most})

    assert course.enough(below) is None
    fault = course.enough(above)
    assert fault is not None
    assert all(fault.say())


@given(
    waiting=some.lists(some.text(), max_size=5), asked=some.frozensets(some.text()), offset=some.integers(0, 10**6),
    broken=some.booleans(),
)  # fmt: skip
def test_a_place_that_is_written_down_is_the_same(
    *, waiting: list[str], asked: frozenset[str], offset: int, broken: bool
) -> None:
    place = Place(tuple(waiting), asked=asked, offset=offset, broken=broken)

    assert Place.read(json.loads(json.dumps(place.write()))) == place


@given(leads=some.lists(some.integers(0, 6), min_size=1, max_size=12))
def test_whatever_pages_say_each_address_is_asked_once_and_it_ends(leads: list[int]) -> None:
    place, asked = reading(), []
    while place.waiting:
        address = place.waiting[0]
        asked.append(address)
        coming = leads[len(asked) % len(leads)]
        place, _ = course.onward(place, address, page(next=f"{START}?page={coming}"), where=address)

    assert len(asked) == len(set(asked)) <= 8
