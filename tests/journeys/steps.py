"""What a person does in the browser, in their own words."""

from playwright.async_api import Page

from tests.journeys.installation import Installation
from tests.ui.axe import axe_violations

PUBLISHER = "publication@kerlevan.example"


NARROW = 320
"""Width at which a page must read without scrolling sideways, in CSS pixels (WCAG 2.2, 1.4.10)."""


async def check(page: Page) -> None:
    """The page shown has nothing that axe-core finds wrong, and fits a narrow screen."""
    assert await axe_violations(page) == []
    usual = page.viewport_size
    assert usual is not None
    await page.set_viewport_size({"width": NARROW, "height": usual["height"]})
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW, f"{page.url} scrolls sideways"
    await page.set_viewport_size(usual)


async def log_in(page: Page, installation: Installation, username: str = PUBLISHER) -> None:
    """From any page of a program: log in by the identity service's own pages, checked on the way."""
    await page.get_by_role("link", name="Se connecter").first.click()
    await page.locator("input[name=username]").fill(username)
    await check(page)
    await page.locator("input[name=username]").press("Enter")
    await page.locator("input[name=password]").fill(installation.password(username))
    await check(page)
    await page.locator("input[name=password]").press("Enter")
    await page.wait_for_url(lambda url: "/realms/" not in url)


async def open_page(page: Page, url: str) -> None:
    """Open an address and check the page."""
    response = await page.goto(url)
    assert response is not None
    assert response.status == 200, url
    await check(page)
