"""Every page of both programs, in every state and every mode, in both languages: nothing wrong, and no page forgotten."""

import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from litestar import Litestar
from playwright.async_api import Browser, BrowserContext, Page, Response, Route

from tests.pages import plain, rgaa
from tests.pages.criteria import CHECKED, CRITERIA, SUBJECTS, broken_by
from tests.pages.findings import Fault, Findings, write_part
from tests.pages.modes import MODES, unsized
from tests.pages.place import Place, furnished
from tests.pages.table import NO_PAGES, STOPS, Stop
from tests.rules.pages import Page as Document
from tests.rules.test_routes import addresses
from tests.ui.axe import axe_faults, axe_rules, axe_version, open_browser
from udi.kit.clock import now
from udi.settings import Settings
from udi.ui.declarations import FILE, accessibility

pytestmark = pytest.mark.filterwarnings("default::ResourceWarning")
LANGUAGES = ("fr", "en")
FOUND = 200
PRESENT = "selectors => selectors.filter(each => document.querySelector(each))"
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
) -> tuple[Page, Response, set[str]]:
    """The page, its answer, and the hosts that were asked for something."""
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
    return page, response, asked


async def picture(page: Page, stop: Stop, language: str, mode: str = "") -> None:
    if folder := os.environ.get("UDI_PICTURES"):
        name = re.sub(r"[^\w]+", "-", f"{stop.name} {language} {mode}").strip("-")
        await page.screenshot(path=Path(folder) / f"{name[:110]}.png", full_page=True)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return Findings()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
async def test_a_page_bears_every_mode(
    place: Place, browser: Browser, findings: Findings, stop: Stop, language: str
) -> None:
    client, url = place.visitors[stop.who], filled(stop.address, place.names)
    context = await browser.new_context(viewport={"width": 1280, "height": 1024}, locale=language)
    page, response, asked = await open_stop(context, client, url + language_of(url, language), language)

    others = asked - {client.base_url.netloc.decode()}
    document = Document(await response.text(), page.url, response.headers, None)
    faults = await walk(page, document, stop, language)
    findings.note(stop.name, language, faults)
    if response.status == FOUND:
        findings.keep(stop.who, language, document, await page.evaluate(PRESENT, list(SUBJECTS.values())))
    cookies = await context.cookies()
    await context.close()

    assert response.status == stop.status
    assert [str(fault) for fault in faults] == []
    assert others == set()
    assert stop.who not in ANONYMOUS or cookies == []


def language_of(url: str, language: str) -> str:
    """A frame says its language in its address."""
    return f"?lang={language}" if url.startswith("/embed/") else ""


async def walk(page: Page, document: Document, stop: Stop, language: str) -> list[Fault]:
    """What is wrong with a page; by keyboard and on paper once, since languages share their markup."""
    here = await page.locator(f"html[lang={language}]").count()
    faults = [] if here else [Fault("language", "the page is in another language")]
    faults += [Fault(rule.__name__, said) for rule in rgaa.RULES for said in rule(document)]
    faults += [Fault(rule.__name__, said) for rule in plain.RULES for said in rule(document, language)]
    faults += [Fault("unsized", said) for said in await unsized(page)]
    await page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    faults += [Fault("axe", said, tags) for said, tags in await axe_faults(page)]
    await picture(page, stop, language)
    for name, mode in MODES.items():
        if language == LANGUAGES[0] or name in {"reflow", "large text"}:
            faults += [Fault(name, said) for said in await mode(page)]
    return faults


@pytest.mark.programs
async def test_pages_hold_together_and_the_declaration_says_what_the_walk_found(
    findings: Findings, browser: Browser
) -> None:
    if len(findings.visited) < len({stop.name for stop in STOPS}) * len(LANGUAGES):
        pytest.skip("only some of the pages were visited")
    faults = findings.across()
    for fault in faults:
        for number in broken_by(fault.check):
            findings.broken[number].add("the pages together")
    found = findings.as_dict(await axe_version(browser))
    if os.environ.get("UDI_DECLARATIONS"):
        write_part("accessibility", {**found, "date": now().date().isoformat()})

    assert [str(fault) for fault in faults] == []
    shipped = json.loads(FILE.read_text(encoding="utf-8"))["accessibility"]
    assert {key: value for key, value in shipped.items() if key != "date"} == found


def test_the_declaration_is_about_these_criteria_and_pages() -> None:
    said = accessibility()

    assert said is not None
    assert set(said.criteria) == set(CRITERIA)
    assert said.pages == len({stop.name for stop in STOPS})
    assert (said.languages, said.modes) == (tuple(sorted(LANGUAGES)), tuple(MODES))


async def test_axe_checks_the_criteria_that_it_is_said_to(browser: Browser) -> None:
    page = await browser.new_page()
    rules = await axe_rules(page)
    await page.close()

    told = {number for tags in rules.values() for number in broken_by("axe", tuple(tags))}
    assert {number for number, criterion in CRITERIA.items() if "axe" in criterion.checks} == told & set(CHECKED)


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
        "source_id": place.names["portal source"], "reading_id": place.names["portal source"], "token": "x",
        "project_id": place.names["portal project"], "call_id": place.names["portal call"],
        "request_id": place.names["portal request"], "access_request_id": place.names["portal request"], "data_request_id": "0", "restricted_id": place.names["portal table"], "agreement_id": place.names["portal agreement"], "document_id": place.names["portal request"],
        "pid": place.names["portal request"], "language": "fr", "word": "test", "object_id": "count",
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
