"""An operator in a real browser: logs in at the installation's own host, suspends a territory, and opens it again."""

import asyncio
import re

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.journeys.installation import PATIENCE, Installation
from tests.journeys.steps import PUBLISHER, check

MILLISECONDS = 1000
CLOSED = 503
OPEN = 200


async def log_in_at_keycloak(page: Page, place: Installation) -> None:
    """From a page that led to the identity service, by its own forms."""
    await page.locator("input[name=username]").fill(PUBLISHER)
    await page.locator("input[name=username]").press("Enter")
    await page.locator("input[name=password]").fill(place.password(PUBLISHER))
    await page.locator("input[name=password]").press("Enter")
    await page.wait_for_url(lambda url: "/realms/" not in url)


async def ask_and_wait(page: Page, button: str, afterwards: str) -> None:
    """Press a button, and wait for the page to show by itself that it was done."""
    await page.get_by_role("button", name=button).click()
    await expect(page.get_by_role("status")).to_contain_text("en cours")
    await expect(page.get_by_text(afterwards, exact=True).first).to_be_visible(
        timeout=PATIENCE * MILLISECONDS
    )


async def status_of(place: Installation, slug: str) -> int:
    """What the home page of a territory answers to a passer-by."""
    address = f"http://127.0.0.1:{place.settings.port(0)}/"
    headers = {"Host": f"{slug}.localhost"}
    async with httpx.AsyncClient(timeout=60) as client:
        return (await client.get(address, headers=headers)).status_code


@pytest.mark.thorough
async def test_an_operator_suspends_a_territory_and_opens_it_again(
    installation: Installation, context: BrowserContext
) -> None:
    settings = installation.settings
    origin = settings.origin("portal", settings.installation_host)
    added = await asyncio.to_thread(installation.run, "operator", "add", PUBLISHER)
    assert added.returncode == 0, added.stderr
    installation.start("operator", "work")
    page = await context.new_page()
    try:
        await page.goto(f"{origin}/")
        await page.get_by_role("link", name="Pour les exploitants").click()
        await log_in_at_keycloak(page, installation)
        await expect(page.get_by_role("heading", level=1)).to_have_text("2 territoires")
        await check(page)

        await page.get_by_role("link", name=re.compile("Hautes-Terres")).last.click()
        await page.get_by_text("Suspendre le territoire").first.click()
        await ask_and_wait(page, "Suspendre le territoire", "Suspendu")
        await check(page)
        closed = await status_of(installation, "autre")
        await ask_and_wait(page, "Rouvrir le territoire", "En ligne")
        opened = await status_of(installation, "autre")
    finally:
        await asyncio.to_thread(installation.run, "tenant", "resume", "autre")
        await asyncio.to_thread(installation.stop, "operator-work")

    assert (closed, opened) == (CLOSED, OPEN)
