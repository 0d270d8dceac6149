"""One site is read by one place at a time, and slow sites never take every place."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.depth import by_depth
from tests.portal.nodes.elsewhere import Answer, Catalogue
from tests.portal.nodes.sources.conftest import Open, ckan
from udi.portal.nodes.sources import harvest_run, leases
from udi.portal.nodes.sources.harvest_run import harvest_next_source
from udi.portal.nodes.sources.site_turns import SiteTurns

SLOW = ("a.example", "b.example", "c.example")


def test_a_site_is_read_once_at_a_time() -> None:
    turns = SiteTurns()

    first = turns.begin("a.example")
    second = turns.begin("a.example")
    turns.end("a.example")

    assert (first, second, turns.begin("a.example")) == (True, False, True)


def test_slow_sites_leave_a_place_to_the_others() -> None:
    turns = SiteTurns(most_slow=2)
    for host in SLOW:
        turns.note_speed(host, slow=True)

    begun = [turns.begin(host) for host in SLOW]
    other = turns.begin("quick.example")
    turns.end("a.example")

    assert (begun, other) == ([True, True, False], True)
    assert turns.begin("c.example")


def test_a_site_that_answers_quickly_again_is_slow_no_more() -> None:
    turns = SiteTurns(most_slow=0)
    turns.note_speed("a.example", slow=True)
    before = turns.begin("a.example")
    turns.note_speed("a.example", slow=False)

    assert (before, turns.begin("a.example")) == (False, True)


async def test_a_site_whose_answers_take_long_gives_way_and_goes_on(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.live = ckan([f"jeu-{place}" for place in range(30)])
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=10"
    )
    impatient = replace(reading.workspace, site_turn=0.0)

    counts = []
    for _ in range(3):
        assert await harvest_next_source(impatient)
        counts.append((await reading.runs())[-1].total)

    assert counts == [10, 20, 30]
    assert [run.created for run in await reading.runs()] == [30]


class Broken(Exception):
    """Something of ours that failed."""


async def fail(*_: Any) -> None:
    raise Broken


@by_depth(
    ("module", "step"),
    [(leases, "find_open_run"), (harvest_run, "read_vocabularies")],
    ids=["taking the source", "reading what it needs"],
    by_default=[0],
)
async def test_a_turn_ends_where_its_beginning_fails(
    catalogue: Catalogue,
    open_source: Open,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    step: str,
) -> None:
    catalogue.live = ckan(["jeu-1"])
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    with monkeypatch.context() as broken:
        broken.setattr(module, step, fail)
        with pytest.raises(Broken):
            await harvest_next_source(reading.workspace)

    run = await reading.read()

    assert (run.outcome, run.created) == ("complete", 1)


def watch_turns(
    live: Callable[[str, dict[str, str]], Answer | None], look: Callable[[], None]
) -> Callable[[str, dict[str, str]], Answer | None]:
    """The same site, which looks at the turns whenever it is asked for something."""

    def answer(path: str, parameters: dict[str, str]) -> Answer | None:
        look()
        return live(path, parameters)

    return answer


@pytest.mark.thorough
async def test_a_slow_site_counts_as_slow_while_it_is_read_until_it_answers_quickly(
    catalogue: Catalogue, open_source: Open
) -> None:
    turns = SiteTurns(most_slow=1)
    turns.note_speed("slow.example", slow=True)
    has_place = []

    def look() -> None:
        has_place.append(turns.begin("slow.example"))
        turns.end("slow.example")

    live = ckan([f"jeu-{place}" for place in range(30)])
    catalogue.live = watch_turns(live, look)
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=10"
    )
    reading.workspace.reader.turns = turns
    impatient = replace(reading.workspace, site_turn=0.0)
    assert await harvest_next_source(impatient)
    before = set(has_place)
    has_place.clear()

    assert await harvest_next_source(replace(reading.workspace, turn=0))
    during = set(has_place)
    has_place.clear()
    await reading.read()

    assert (before, during, set(has_place)) == ({True}, {False}, {True})
