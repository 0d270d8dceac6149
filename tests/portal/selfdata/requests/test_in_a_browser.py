"""The pages of one's own requests: on every screen, light, and without a script from «Ask here» to the node's button."""

import pytest
from playwright.async_api import Browser, expect

from tests.pages.subject_requests import ask_about_own_data
from tests.portal.selfdata.requests.conftest import HOME, Inhabitants
from tests.ui.tab import Tab, open_tab

LIGHT = 75_000
"""Bytes of a page, so that its styles fit under what a page may weigh."""


@pytest.fixture
async def plain_tab(browser: Browser) -> Tab:
    """A tab that runs no script."""
    return await open_tab(browser, axe=False, java_script_enabled=False)


@pytest.mark.thorough
async def test_pages_hold_on_every_screen_and_stay_light(
    inhabitants: Inhabitants, tab: Tab
) -> None:
    person, team = inhabitants.person, inhabitants.team
    anyone = inhabitants.town_hall.anyone
    names = await ask_about_own_data(
        inhabitants.site, inhabitants.territory, person, producer="kerlevan"
    )
    [answered] = [row.id for row in await inhabitants.rows() if row.state == "answered"]
    origin = inhabitants.territory.origin

    for who, path, name in (
        (person, "/my-data/ask?right=access&all=1", "ask"),
        (person, HOME, "requests"),
        (inhabitants.other, HOME, "requests-none"),
        (person, f"{HOME}/{names['portal unsent']}", "draft"),
        (person, f"{HOME}/{names['portal own']}", "late"),
        (person, f"{HOME}/{answered}", "receipt"),
        (anyone, "/my-data", "my-data-punctual"),
        (anyone, "/my-data/producers/kerlevan", "producer-punctual"),
        (anyone, "/my-data/paper?org=kerlevan&right=erasure&whom=child", "paper"),
        (team, "/territory/subject-requests", "team-figures"),
    ):
        assert await tab.find_faults(who, f"{origin}{path}", name, "fr", "en") == []
        page = await who.get(path)
        assert len(page.content) < LIGHT


@pytest.mark.thorough
async def test_an_inhabitant_asks_two_without_a_script(
    inhabitants: Inhabitants, plain_tab: Tab
) -> None:
    origin = inhabitants.territory.origin
    page = plain_tab.page
    await plain_tab.visit(inhabitants.person, f"{origin}/my-data", "en", unfold=False)

    await page.get_by_label("Choose Mairie de Kerlévan").check()
    await page.get_by_label("Choose Association Sève").check()
    await page.get_by_label("Erase").check()
    await page.get_by_role("button", name="Ask here").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ask here: Erase")
    begin = page.get_by_role("button", name="Begin 2 requests")
    await expect(begin).to_be_visible()
    await inhabitants.ask("kerlevan", "seve", right="erasure")
    await plain_tab.visit(inhabitants.person, f"{origin}{HOME}", "en", unfold=False)
    await expect(page.get_by_text("2 requests to be sent")).to_be_visible()
    await page.get_by_role("link", name="Continue Mairie de Kerlévan").click()

    button = page.get_by_role("button", name="Go on at Mairie de Kerlévan")
    await expect(button).to_be_visible()
    form = page.locator("form", has=button)
    assert await form.get_attribute("action") == "https://node.example/subjects/tickets"
