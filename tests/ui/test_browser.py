"""In a real browser: no violation for axe-core, nothing wider than the narrowest screen, in light and in dark."""

from typing import Literal

import pytest
from playwright.async_api import Browser, Page, Route

from tests.depth import only
from tests.ui.axe import axe_violations
from tests.ui.pages import ORIGIN, SENT, TERRITORY, samples
from udi.ui import assets, motif, theme

VIEWS: list[tuple[int, Literal["light", "dark"]]] = [
    (1280, "light"),
    (1280, "dark"),
    (320, "light"),
]
PAGE_NAMES = [
    "arrival",
    "error-403",
    "error-404",
    "error-422",
    "installation",
    "node",
    "sheet",
]


async def show(browser: Browser, name: str, *, language: str) -> Page:
    """Open a sample page as a program would serve it, with the same headers."""
    drawn = samples(language)
    sheet = assets.asset_url("udi.css")
    asset = assets.find_asset(*sheet.split("/")[2:])
    assert asset is not None
    files = {
        sheet: (asset.content.decode(), "text/css"),
        "/theme.css": (theme.style_sheet(TERRITORY.theme), "text/css"),
        "/icon.svg": (motif.icon_svg(TERRITORY.slug, TERRITORY.theme), "image/svg+xml"),
    } | {f"/{key}": (html, SENT["Content-Type"]) for key, html in drawn.items()}

    async def answer(route: Route) -> None:
        body, kind = files.get(
            route.request.url.removeprefix(ORIGIN), ("", "text/plain")
        )
        await route.fulfill(body=body, headers=SENT | {"Content-Type": kind})

    page = await browser.new_page()
    await page.route("**/*", answer)
    await page.goto(f"{ORIGIN}/{name}")
    return page


@pytest.mark.parametrize("name", only({"sheet", "arrival", "error-404"}, PAGE_NAMES))
async def test_a_page_is_accessible_and_never_scrolls_sideways(
    browser: Browser, name: str
) -> None:
    page = await show(browser, name, language="fr")
    results = []
    for width, scheme in VIEWS:
        await page.set_viewport_size({"width": width, "height": 900})
        await page.emulate_media(color_scheme=scheme)
        wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        results.append((await axe_violations(page), wide))

    assert results == [([], False)] * len(VIEWS)


async def test_a_planted_fault_is_found(browser: Browser) -> None:
    page = await show(browser, "arrival", language="fr")
    await page.evaluate("document.querySelector('main label').remove()")

    violations = await axe_violations(page)

    assert [violation for violation in violations if " label (critical)" in violation]
    await page.close()


async def test_the_page_refuses_what_its_policy_refuses(browser: Browser) -> None:
    page = await show(browser, "arrival", language="en")
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))

    await page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')"
    )

    assert any("Content Security Policy" in text for text in refused)
    await page.close()


async def test_the_keyboard_reaches_the_content_first(browser: Browser) -> None:
    page = await show(browser, "sheet", language="en")

    await page.keyboard.press("Tab")

    assert (
        await page.evaluate("document.activeElement.getAttribute('href')") == "#content"
    )
    assert (
        await page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    )
    await page.close()
