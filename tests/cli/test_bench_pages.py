"""What `udi bench pages` says of figures; that pages keep their budgets is proven on an installation, among the journeys."""

from dataclasses import replace

import pytest

from bench.load import ecoindex
from bench.load.kinds import kind_of, weigh_kinds
from bench.load.visits import MOST_AGAIN, MOST_BYTES, MOST_REQUESTS, Visit, find_faults

LIGHT = Visit("/", "fr", 12_700, 5, 700, 2, 174)


@pytest.mark.parametrize(
    ("elements", "requests", "wire_bytes", "points", "letter"),
    [
        (0, 0, 0, 100.0, "A"),
        (47, 2, 1_370, 95.0, "A"),
        (603, 78, 1_448_320, 50.0, "D"),
        (594_601, 3920, 223_212_260, 0.0, "G"),
    ],
)
def test_a_page_at_the_edge_of_a_twentieth_has_its_points(
    elements: int, requests: int, wire_bytes: int, points: float, letter: str
) -> None:
    score = ecoindex.score(elements=elements, requests=requests, wire_bytes=wire_bytes)

    assert (score, ecoindex.grade(score)) == (points, letter)


def test_points_between_two_edges_are_in_proportion() -> None:
    below, above = (
        ecoindex.score(elements=n, requests=0, wire_bytes=0) for n in (47, 75)
    )

    assert ecoindex.score(elements=61, requests=0, wire_bytes=0) == pytest.approx(
        (below + above) / 2, abs=0.1
    )


@pytest.mark.parametrize(
    ("points", "letter"), [(80.1, "A"), (80, "B"), (55.1, "C"), (40, "E"), (10, "G")]
)
def test_a_letter_begins_above_its_points(points: float, letter: str) -> None:
    assert ecoindex.grade(points) == letter


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"wire_bytes": MOST_BYTES}, "a first visit takes 60000 bytes"),
        ({"requests": MOST_REQUESTS + 1}, "a first visit takes 9 requests"),
        ({"again_bytes": MOST_AGAIN}, "a next visit takes 30000 bytes"),
        ({"elements": 621}, "its EcoIndex is B"),
        ({"elsewhere": ["fonts.example"]}, "it asks fonts.example"),
        ({"cookies": 1}, "it sets 1 cookies"),
    ],
)
def test_each_broken_budget_is_named(changes: dict[str, object], message: str) -> None:
    [fault] = find_faults([LIGHT, replace(LIGHT, **changes)])  # type: ignore[arg-type]  # one field of several kinds

    assert fault.startswith("/ (fr): ")
    assert message in fault


def test_a_light_page_breaks_none() -> None:
    assert find_faults([LIGHT]) == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "home"), ("/data?q=zzzzzz", "search"), ("/data/1f/arbres", "dataset"), ("/data/1f/history", "history"),
        ("/producers/armor", "producer"), ("/eco-design", "text"), ("http://node.localhost/datasets/1f/data", "table"),
        ("http://node.localhost/", "publish"),
    ],
)  # fmt: skip
def test_each_page_is_of_one_kind(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def test_a_page_of_no_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no kind of page is at /nowhere"):
        kind_of("/nowhere")


def test_a_kind_weighs_what_its_heaviest_page_does() -> None:
    heavy = replace(LIGHT, path="/data", wire_bytes=50_000, elements=500)
    other = replace(
        heavy, path="/data?q=x", wire_bytes=20_000, requests=8, elements=100
    )

    weights = weigh_kinds([other, LIGHT, heavy, replace(heavy, language="en")])

    assert list(weights) == ["home", "search"]
    assert weights["search"] == {
        "pages": 2, "first_bytes": 50_000, "first_requests": 8, "next_bytes": 700, "next_requests": 2, "elements": 500,
        "score": heavy.score, "grade": heavy.grade,
    }  # fmt: skip
