"""Search pages in a real browser: every state at both widths, and the words offered while someone types."""

from urllib.parse import urlsplit

import pytest
from litestar import Litestar
from playwright.async_api import Browser, Route

from tests.portal.catalogue.corpus import Catalogue
from tests.portal.catalogue.test_elsewhere import set_search
from tests.ui.tab import Tab
from tests.visitors import browse
from udi.portal.catalogue.search.feed import SearchFeed

STATES = {
    "synonyms": "/data?q=bicyclette",
    "everything": "/data?facets=keyword&updated=older&updated=year&from=1990&to=2030&bbox=-4.6,48.3,-4.3,48.4&sort=published&access=public",
    "filters": "/data?facets=keyword",
    "wrong": "/data?w=1&s=50&e=2&n=40&from=MMXV",
    "nothing": "/data?q=effectuer",
    "begins": "/data?q=trottin+%22libre+service%22",
    "left out": "/data?q=O%C3%B9+sont+les+pistes+cyclables+pr%C3%A8s+de+Broc%C3%A9liande+%3F",
}


@pytest.fixture
async def filled(armor: Catalogue, feed: SearchFeed) -> Catalogue:
    await armor.add_all()
    await armor.add(
        0, resource_title="Plages et baignades", temporal_spread={"start_date": "2015-06-01T00:00:00+00:00"},
        geography={"bounding_box": {"west_longitude": -4.6, "south_latitude": 48.25, "east_longitude": -4.4, "north_latitude": 48.35}},
    )  # fmt: skip
    await feed.run_once()
    return armor


@pytest.mark.thorough
async def test_every_state_of_a_search_is_sound_at_every_width(
    filled: Catalogue, portal_app: Litestar, tab: Tab
) -> None:
    async with browse(portal_app, filled.territory) as visitor:
        faults_by_state = {
            name: await tab.find_faults(
                visitor, f"{filled.territory.origin}{url}", f"search-{name}", "fr"
            )
            for name, url in STATES.items()
        }

    assert {name: faults for name, faults in faults_by_state.items() if faults} == {}


@pytest.mark.thorough
async def test_answers_from_elsewhere_are_sound_at_every_width(
    filled: Catalogue,
    elsewhere: Catalogue,
    feed: SearchFeed,
    portal_app: Litestar,
    tab: Tab,
) -> None:
    await elsewhere.add(1, resource_title="Vélos de la vallée")
    await set_search(elsewhere, shared=True)
    await set_search(
        filled,
        shared=True,
        partners=["http://nowhere.localhost:9"],
        synonyms=[],
    )
    await feed.run_once()
    own_territory = filled.territory
    faults = []
    for territory, url in ((own_territory, "/data?q=v%C3%A9lo"), (own_territory, "/data?q=v%C3%A9lo&partners=1"),
                           (None, "/data?q=v%C3%A9lo"), (None, "/")):  # fmt: skip
        async with browse(portal_app, territory) as visitor:
            origin = str(visitor.base_url).rstrip("/")
            name = f"elsewhere-{'own' if territory else 'all'}-{len(url)}"
            faults += await tab.find_faults(visitor, f"{origin}{url}", name, "fr")

    assert faults == []


async def test_words_are_offered_while_someone_types_and_none_is_needed(
    filled: Catalogue, portal_app: Litestar, browser: Browser
) -> None:
    async with browse(portal_app, filled.territory) as visitor:

        async def answer(route: Route) -> None:
            parts = urlsplit(route.request.url)
            response = await visitor.get(
                f"{parts.path}?{parts.query}" if parts.query else parts.path
            )
            await route.fulfill(
                status=response.status_code,
                headers=dict(response.headers),
                body=response.content,
            )

        page = await browser.new_page()
        await page.route("**/*", answer)
        await page.goto(f"{filled.territory.origin}/data")
        async with page.expect_response("**/*q=horaires%20trot"):
            await page.locator("#q").press_sequentially("horaires trot")
        nothing = await page.locator("#q-words option").count()
        await page.locator("#q").fill("trot")
        await page.locator("#q-words option").first.wait_for(state="attached")
        offered = await page.locator("#q-words option").evaluate_all(
            "options => options.map(each => each.value)"
        )
        await page.locator("#q").press("Enter")
        await page.locator("h2#results").wait_for()
        await page.close()

    assert nothing == 0, "no dataset has both"
    assert set(offered) == {"trottinettes", "trottinette"}
    assert "q=trot" in page.url
