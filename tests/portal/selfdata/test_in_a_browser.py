"""The pages of registers and of who reads them: on every screen, and a letter written without any script."""

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.portal.selfdata.conftest import ENGLISH, REGISTER, TownHall
from tests.portal.selfdata.test_my_data import fill
from tests.ui.tab import Answered, Tab, open_tab

LIGHT = 100_000
STATEMENT = {"holds_data": "yes", "officer_email": "dpo@kerlevan.example"}


@pytest.fixture
async def plain_tab(browser: Browser) -> Tab:
    """A tab that runs no script."""
    return await open_tab(browser, axe=False, java_script_enabled=False)


async def keep_register(town_hall: TownHall) -> None:
    """The commune states, takes a sample list, and publishes all of it."""
    ticked = {"entry": [str(n) for n in range(14)]}
    await town_hall.manager.post(f"{REGISTER}/statement", data=STATEMENT)
    await town_hall.manager.post(f"{REGISTER}/templates/commune", data=ticked)
    await town_hall.manager.post(f"{REGISTER}/publish")
    await fill(town_hall, 14)


@pytest.mark.thorough
async def test_pages_hold_on_every_screen_and_stay_light(
    town_hall: TownHall, tab: Tab
) -> None:
    await keep_register(town_hall)
    row = await town_hall.add(service="Brouillon", data="")
    origin = town_hall.territory.origin
    manager, anyone = town_hall.manager, town_hall.anyone
    refused_entry = await town_hall.publish(row)
    publish = f"{REGISTER}/entries/{row.id}/publish"

    for who, path, name in (
        (manager, REGISTER, "register"),
        (manager, f"{REGISTER}/templates/school", "register-template"),
        (manager, f"{REGISTER}/entries/{row.id}", "entry"),
        (Answered(manager, publish, refused_entry), publish, "entry-refused"),
        (anyone, "/my-data", "my-data"),
        (anyone, "/my-data?q=zzz", "my-data-none"),
        (anyone, "/my-data/letter?org=kerlevan", "my-data-refused"),
        (anyone, "/my-data/letter?right=access&org=kerlevan&org=o01", "letters"),
        (anyone, "/my-data/producers/kerlevan", "my-data-producer"),
        (anyone, "/my-data/producers/seve", "my-data-silent"),
        (anyone, "/my-data/rights", "rights"),
        (anyone, "/help", "help"),
    ):
        assert await tab.find_faults(who, f"{origin}{path}", name, "fr", "en") == []
    for path in ("/my-data?all=1", "/my-data/producers/kerlevan", "/my-data/rights"):
        page = await anyone.get(path)
        assert len(page.content) < LIGHT - 25_000, "what is left is for the styles"


@pytest.mark.thorough
async def test_an_inhabitant_writes_to_three_without_a_script(
    town_hall: TownHall, plain_tab: Tab
) -> None:
    await keep_register(town_hall)
    origin = town_hall.territory.origin
    page = plain_tab.page
    await plain_tab.visit(town_hall.anyone, f"{origin}/my-data", "en", unfold=False)

    await page.get_by_label("Choose Mairie de Kerlévan").check()
    await page.get_by_label("Choose Organisme 03").check()
    await page.get_by_role("button", name="Keep my choice and look further").click()
    await expect(page.get_by_text("Clear 2 choices")).to_be_visible()
    await page.get_by_label("Choose Organisme 13").check()
    await page.get_by_label("Erase").check()
    await page.get_by_role("button", name="Write the letter").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text(
        "Your letters: Erase"
    )
    letters = page.get_by_role("link", name=re.compile("Open in my mail program"))
    assert await letters.count() == 3
    address = urlsplit(str(await letters.first.get_attribute("href")))
    assert address.path == "dpo@kerlevan.example"
    assert "Please erase these data" in parse_qs(address.query)["body"][0]
    await page.get_by_role("link", name="Change my choice").click()
    await expect(page.get_by_text("Clear 3 choices")).to_be_visible()


async def test_a_stranger_who_chooses_nothing_is_told_so(
    town_hall: TownHall, plain_tab: Tab
) -> None:
    origin = town_hall.territory.origin
    page = plain_tab.page
    await plain_tab.visit(town_hall.anyone, f"{origin}/my-data", "en", unfold=False)

    await page.get_by_role("button", name="Write the letter").click()

    await expect(page.get_by_role("alert")).to_contain_text(
        "Choose one organisation at least."
    )
    answer: httpx.Response = await town_hall.anyone.get(
        "/my-data/letter", headers=ENGLISH
    )
    assert answer.status_code == 422
