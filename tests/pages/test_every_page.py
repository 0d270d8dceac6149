"""Every page of both programs, in every state and every mode, in both languages: nothing wrong, and no page forgotten."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from litestar import Litestar
from playwright.async_api import Browser, BrowserContext, Page, Route

from tests.pages.modes import MODES
from tests.pages.place import Place, furnished
from tests.pages.table import NO_PAGES, STOPS, Stop
from tests.rules.test_routes import addresses
from tests.ui.axe import axe_violations, open_browser
from udi.settings import Settings

pytestmark = pytest.mark.filterwarnings("default::ResourceWarning")
LANGUAGES = ("fr", "en")
ANONYMOUS = {"portal", "node", "installation"}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
async def place(settings: Settings, portal_app: Litestar, node_app: Litestar) -> AsyncIterator[Place]:
    async with furnished(settings, portal_app, node_app) as found:
        yield found


def filled(address: str, names: dict[str, str]) -> str:
    return re.sub(r"\{([^}]+)\}", lambda found: names[found[1]], address)


async def open_stop(
    context: BrowserContext, client: httpx.AsyncClient, url: str, language: str
) -> tuple[Page, int, set[str]]:
    """The page, its status, and the hosts that were asked for something."""
    asked: set[str] = set()

    async def answer(route: Route) -> None:
        parts = urlsplit(route.request.url)
        asked.add(parts.netloc)
        if parts.netloc != client.base_url.netloc.decode():
            await route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>x</title>")
            return
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        found = await client.get(path, headers={"Accept-Language": language})
        headers = {key: value for key, value in found.headers.items() if key != "content-encoding"}
        await route.fulfill(status=found.status_code, headers=headers, body=found.content)

    page = await context.new_page()
    await page.route("**/*", answer)
    origin = str(client.base_url).rstrip("/")
    response = await page.goto(f"{origin}{url}")
    assert response is not None
    return page, response.status, asked


async def picture(page: Page, stop: Stop, language: str, mode: str = "") -> None:
    if folder := os.environ.get("UDI_PICTURES"):
        name = re.sub(r"[^\w]+", "-", f"{stop.name} {language} {mode}").strip("-")
        await page.screenshot(path=Path(folder) / f"{name[:110]}.png", full_page=True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
async def test_a_page_bears_every_mode(place: Place, browser: Browser, stop: Stop, language: str) -> None:
    client, url = place.visitors[stop.who], filled(stop.address, place.names)
    context = await browser.new_context(viewport={"width": 1280, "height": 1024}, locale=language)
    page, status, asked = await open_stop(context, client, url + language_of(url, language), language)

    others = asked - {client.base_url.netloc.decode()}
    faults = await walk(page, stop, language)
    cookies = await context.cookies()
    await context.close()

    assert status == stop.status
    assert faults == []
    assert others == set()
    assert stop.who not in ANONYMOUS or cookies == []


def language_of(url: str, language: str) -> str:
    """A frame says its language in its address."""
    return f"?lang={language}" if url.startswith("/embed/") else ""


async def walk(page: Page, stop: Stop, language: str) -> list[str]:
    """What is wrong with a page; by keyboard and on paper once, since languages share their markup."""
    faults = [] if await page.locator(f"html[lang={language}]").count() else ["the page is in another language"]
    await page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    faults += await axe_violations(page)
    await picture(page, stop, language)
    for name, mode in MODES.items():
        if language == LANGUAGES[0] or name in {"reflow", "large text"}:
            faults += [f"{name}: {fault}" for fault in await mode(page)]
    return faults


def test_no_page_is_forgotten(portal_app: Litestar, node_app: Litestar) -> None:
    routes = {
        address
        for app, program in ((portal_app, "portal"), (node_app, "node"))
        for address in addresses(app, program)
        if address.split(" ")[1] == "GET"
    }
    none = {f"{program} GET {path}" for program, paths in NO_PAGES.items() for path in paths}

    assert {stop.route for stop in STOPS} | none == routes
    assert {stop.route for stop in STOPS} & none == set()


async def test_what_is_called_no_page_answers_with_none(place: Place) -> None:
    sample: dict[str, Any] = {
        "slug": "armor", "name": "1.xml", "number": "1", "part": "table", "kind": "csv", "code": "fr", "action": "status_show",
        "digest": "0", "media_id": place.names["portal table"], "upload_id": "0", "line": "1", "filename": "x", "file_id": "0",
        "archive_id": "0", "collection": "datasets", "record_id": place.names["portal table"],
        "language": "fr", "word": "test", "object_id": "count",
    }  # fmt: skip
    pages = []
    for program, who, dataset in (("portal", "team", "portal table"), ("node", "producer", "node map")):
        names = sample | {"dataset_id": place.names[dataset], "resource_id": place.names[dataset]}
        for path in NO_PAGES[program]:
            answer = await place.visitors[who].get(
                filled(path, names | ({"slug": "mairie-kerlevan"} if program == "node" else {}))
            )
            if answer.status_code == 200 and answer.headers.get("content-type", "").startswith("text/html"):
                pages.append(f"{program} {path}")

    assert pages == []
