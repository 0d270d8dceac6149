"""The page of a table in a real browser: nothing out of the screen, nothing that axe-core refuses, nothing from elsewhere."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Browser, Route

from tests.node.producer import SLUG, Producer
from tests.node.test_show_data import SPOTS
from tests.ui.axe import axe_violations
from udi.kit.tenancy import Territory

pytestmark = pytest.mark.filterwarnings("default::ResourceWarning")
WIDTHS = (1280, 320)


async def seen(browser: Browser, client: httpx.AsyncClient, address: str, language: str, name: str) -> list[str]:
    """What is wrong with a page at both widths; kept as a picture in the folder `UDI_PICTURES`, when there is one."""

    async def answer(route: Route) -> None:
        parts = urlsplit(route.request.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        found = await client.get(path, headers={"Accept-Language": language})
        await route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.content)

    wrong = []
    for width in WIDTHS:
        page = await browser.new_page(viewport={"width": width, "height": 800}, java_script_enabled=True)
        await page.route("**/*", answer)
        await page.goto(address)
        wrong += await axe_violations(page)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        wrong += [f"{name} is {wide} wide at {width}"] if wide > width else []
        if folder := os.environ.get("UDI_PICTURES"):
            await page.screenshot(path=Path(folder) / f"{name}-{width}-{language}.png", full_page=True)
        await page.close()
    return wrong


async def test_a_table_is_shown_at_every_width(
    producer: Producer, passer_by: httpx.AsyncClient, browser: Browser, demo: Territory
) -> None:
    dataset = await producer.publish(await producer.draft(SPOTS.encode(), "lieux.csv"))
    draft = await producer.draft(SPOTS.encode(), "lieux.csv")
    node = demo.links["node"]

    assert await seen(browser, passer_by, f"{node}/datasets/{dataset}/data", "fr", "data") == []
    assert await seen(browser, passer_by, f"{node}/datasets/{dataset}/data", "en", "data") == []
    assert await seen(browser, producer.client, f"{node}/datasets/{draft}/check", "fr", "check") == []
    assert await seen(browser, producer.client, f"{node}/spaces/{SLUG}/place", "fr", "place") == []


async def test_a_real_map_is_shown(
    producer: Producer, passer_by: httpx.AsyncClient, browser: Browser, demo: Territory, shared_data: Path
) -> None:
    communes = (shared_data / "data/geo/france_communes-44-loire-atlantique.geojson").read_bytes()
    draft = await producer.draft(communes, "communes-44.geojson")
    node = demo.links["node"]

    assert await seen(browser, producer.client, f"{node}/datasets/{draft}/data", "fr", "map") == []
    assert await seen(browser, producer.client, f"{node}/datasets/{draft}/check", "fr", "check-map") == []
    assert await seen(browser, producer.client, f"{node}/datasets/{draft}/understood", "fr", "correct-map") == []
