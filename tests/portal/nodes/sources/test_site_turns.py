"""One site is read by one place at a time, and slow sites never take every place."""

from dataclasses import replace

from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, ckan
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
