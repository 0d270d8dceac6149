"""Every page of both programs, in every state and every mode, in both languages: nothing wrong, and no page forgotten."""

import asyncio
import json
import os
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from playwright.async_api import Browser

from tests.contract.readers.npm import npm_package
from tests.depth import thorough
from tests.pages import plain, rgaa
from tests.pages.criteria import CHECKED, CRITERIA, SUBJECTS, broken_by
from tests.pages.findings import Fault, Findings, write_part
from tests.pages.modes import MODES, list_parts, list_widths, unsized
from tests.pages.place import Place, furnished
from tests.pages.table import NO_PAGES, STOPS, Stop
from tests.rules.pages import Page as Document
from tests.rules.test_routes import addresses
from tests.ui.axe import axe_faults, axe_rules, axe_version
from tests.ui.tab import PICTURES, Tab, open_tab
from udi.kit.clock import now
from udi.settings import Settings
from udi.ui.declarations import FILE, accessibility

LANGUAGES = ("fr", "en")
OF_WORDS = {"reflow", "large text"}
"""Modes that the length of words changes: a run of everything looks at them in both languages, since those share their markup."""
OF_WIDTHS = {"reflow"}
"""Modes that `list_widths` looks at besides."""
OF_PARTS = {"forced colours", "no motion", "paper", "keyboard"}
"""Modes that only what a page is built of changes: looked at where that was on no page before (`list_parts`), as by axe-core."""
FIRST = {stop.route: stop for stop in reversed(STOPS)}
"""Of each route, the state that bears every mode in each run; the others do in a thorough one, and for the declaration."""
RANKS = {stop.name: rank for rank, stop in enumerate(STOPS)}
STATUS_OK = 200
VNU = "26.9.27"
"""The version of the Nu HTML checker."""
OF_FIGURES = "A “figure” element with a “figcaption” descendant must not have a “role” attribute."
"""What it refuses and the French rules ask for (RGAA 4.1.2, 1.9.1)."""
PRESENT = "selectors => selectors.filter(each => document.querySelector(each))"
SHOWN_HOSTS = """[...document.querySelectorAll('img[src], iframe[src], source[srcset]')]
  .filter(element => !element.closest('details'))
  .map(element => new URL(element.src || element.srcset.split(' ')[0], document.baseURI).host)"""
"""Whom pictures and frames are asked of: a page that is laid out and not drawn never loads the ones that wait until they are near."""
ANONYMOUS = {"portal", "node", "installation"}


@dataclass(frozen=True)
class Visit:
    """What came of a page, and what is wrong with it."""

    status: int
    document: Document
    faults: list[Fault]
    other_hosts: set[str]
    """Hosts that something was asked of, besides its own."""
    cookies: list[str]
    present: list[str]
    """Selectors of `SUBJECTS` that it has an element of."""


@pytest.fixture(scope="module")
async def tabs(chromium: Browser) -> AsyncIterator[dict[str, Tab]]:
    """A tab for each language, which every page is shown in."""
    opened = {
        language: await open_tab(
            chromium, locale=language, axe=is_whole(language), still=True
        )
        for language in LANGUAGES
        if is_whole(language) or shows_all()
    }
    yield opened
    for tab in opened.values():
        await tab.page.context.close()


@pytest.fixture(scope="module")
async def place(
    settings: Settings, portal_app: Litestar, node_app: Litestar
) -> AsyncIterator[Place]:
    async with furnished(settings, portal_app, node_app) as furnished_place:
        yield furnished_place


def filled(address: str, names: dict[str, str]) -> str:
    return re.sub(r"\{([^}]+)\}", lambda match: names[match[1]], address)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return Findings()


def is_whole(language: str) -> bool:
    """Whether pages in this language bear every mode, and axe-core; the others share their markup."""
    return language == LANGUAGES[0] or thorough()


def is_shown(stop: Stop, language: str) -> bool:
    """Whether a browser shows a page: one state of each route, in the first language; the others are read."""
    return shows_all() or (is_first_state(stop) and is_whole(language))


def shows_all() -> bool:
    """Whether a browser shows each state in each language: in a run of everything, for the declaration and for pictures."""
    return is_everything() or PICTURES in os.environ


def is_first_state(stop: Stop) -> bool:
    """Whether a page bears every mode: one state of each route, or all of them in a run of everything."""
    return FIRST[stop.route] == stop or is_everything()


def is_everything() -> bool:
    """Whether each page bears every mode in each language."""
    return thorough() or "UDI_DECLARATIONS" in os.environ


def list_visits() -> list[Any]:
    """Every page in every language, marked where it is left to a run of everything."""
    return [
        pytest.param(
            stop,
            language,
            marks=[] if is_visited(stop, language) else [pytest.mark.thorough],
            id=f"{stop.name}-{language}",
        )
        for stop in STOPS
        for language in LANGUAGES
    ]


def is_visited(stop: Stop, language: str) -> bool:
    """Whether this run looks at a page.

    That is one state of each route in the first language, every other of these in the second, and each other state in one
    of them by turns.
    """
    if shows_all():
        return True
    turn = RANKS[stop.name] % len(LANGUAGES)
    if is_first_state(stop):
        return is_whole(language) or turn == 0
    return language == LANGUAGES[turn]


@pytest.mark.parametrize(("stop", "language"), list_visits())
async def test_a_page_bears_every_mode(
    place: Place, tabs: dict[str, Tab], findings: Findings, stop: Stop, language: str
) -> None:
    if is_shown(stop, language):
        visit = await show(place, tabs[language], findings, stop, language)
    else:
        visit = await read(place, stop, language)
    findings.note(stop.name, language, visit.faults)
    if visit.status == STATUS_OK:
        findings.keep(stop.who, language, visit.document, visit.present)

    assert visit.status == stop.status
    assert [str(fault) for fault in visit.faults] == []
    assert visit.other_hosts == set()
    assert [cookie for cookie in visit.cookies if stop.who in ANONYMOUS] == []


async def show(
    place: Place, tab: Tab, findings: Findings, stop: Stop, language: str
) -> Visit:
    """Show a page in the browser, and look at all of it."""
    client = place.visitors[stop.who]
    url = filled(stop.address, place.names)
    origin = str(client.base_url).rstrip("/")
    response = await tab.visit(
        client, f"{origin}{url}{language_of(url, language)}", language
    )
    shown_hosts = await tab.page.evaluate(SHOWN_HOSTS)
    document = Document(await response.text(), tab.page.url, response.headers, None)
    faults = read_document(document, language)
    faults += await walk(tab, findings, stop, language)
    present = await tab.page.evaluate(PRESENT, list(SUBJECTS.values()))
    cookies = await tab.page.context.cookies()
    await tab.page.context.clear_cookies()
    return Visit(
        response.status,
        document,
        faults,
        (tab.hosts | set(shown_hosts)) - {client.base_url.netloc.decode(), ""},
        [cookie["name"] for cookie in cookies],
        present,
    )


async def read(place: Place, stop: Stop, language: str) -> Visit:
    """Read the markup and the words of a page that no browser shows."""
    url = filled(stop.address, place.names)
    client = place.visitors[stop.who]
    response = await client.get(
        f"{url}{language_of(url, language)}",
        headers={"Accept-Language": language},
        follow_redirects=True,
    )
    document = Document(response.text, str(response.url), response.headers, None)
    return Visit(
        response.status_code,
        document,
        read_document(document, language),
        set(),
        response.headers.get_list("set-cookie"),
        [],
    )


@pytest.mark.thorough
async def test_the_nu_html_checker_finds_no_error(place: Place, tmp_path: Path) -> None:
    checker = npm_package("vnu-jar", VNU)
    names = {}
    for position, stop in enumerate(STOPS):
        url = filled(stop.address, place.names)
        page = await place.visitors[stop.who].get(
            f"{url}{language_of(url, LANGUAGES[0])}", follow_redirects=True
        )
        names[f"{position}.html"] = stop.name
        (tmp_path / f"{position}.html").write_bytes(page.content)

    completed = await asyncio.to_thread(
        subprocess.run,
        ["java", "-Xss4m", "-jar", checker.file("vnu-jar/build/dist/vnu.jar"),
         "--errors-only", "--format", "json", "--exit-zero-always", tmp_path],
        check=True, capture_output=True, text=True, timeout=540,
    )  # fmt: skip

    messages = json.loads(completed.stderr)["messages"]
    assert len(names) > 200
    assert [
        (names[Path(message["url"]).name], message["message"], message.get("extract"))
        for message in messages
        if message["message"] != OF_FIGURES
    ] == []


def language_of(url: str, language: str) -> str:
    """A frame says its language in its address."""
    if url.startswith("/embed/"):
        return f"?lang={language}"
    return ""


def read_document(document: Document, language: str) -> list[Fault]:
    """What is wrong with the markup and the words of a page."""
    faults = []
    if document.root.get("lang") != language:
        faults.append(Fault("language", "the page is in another language"))
    faults += [
        Fault(rule.__name__, message)
        for rule in rgaa.RULES
        for message in rule(document)
    ]
    faults += [
        Fault(rule.__name__, message)
        for rule in plain.RULES
        for message in rule(document, language)
    ]
    return faults


async def walk(tab: Tab, findings: Findings, stop: Stop, language: str) -> list[Fault]:
    """What is wrong with a page as it is shown: the whole in the first language, what depends on words alone in the second."""
    page = tab.page
    whole = is_first_state(stop) and is_whole(language)
    has_new_parts = whole and (
        findings.meet_parts(language, await list_parts(page)) or is_everything()
    )
    faults = [Fault("unsized", message) for message in await unsized(page)]
    await tab.take_picture(
        re.sub(r"[^\w]+", "-", f"{stop.name} {language}").strip("-")[:110]
    )
    if whole:
        faults += [Fault(name, message) for name, message in await list_widths(page)]
    if has_new_parts:
        faults += [
            Fault("axe", message, tags) for message, tags in await axe_faults(page)
        ]
    for name, mode in MODES.items():
        if whole and name in OF_WIDTHS:
            continue
        if name in OF_WORDS or (whole and (has_new_parts or name not in OF_PARTS)):
            faults += [Fault(name, message) for message in await mode(page)]
    return faults


async def test_pages_hold_together_and_the_declaration_says_what_the_walk_found(
    findings: Findings, browser: Browser
) -> None:
    visits = {
        (stop.name, language)
        for stop in STOPS
        for language in LANGUAGES
        if is_visited(stop, language)
    }
    if not visits <= findings.visited:
        pytest.skip("only some of the pages were visited")
    faults = findings.across()
    for fault in faults:
        for number in broken_by(fault.check):
            findings.broken[number].add("the pages together")
    declaration = findings.as_dict(await axe_version(browser))
    if os.environ.get("UDI_DECLARATIONS"):
        write_part("accessibility", {**declaration, "date": now().date().isoformat()})

    assert [str(fault) for fault in faults] == []
    shipped = json.loads(FILE.read_text(encoding="utf-8"))["accessibility"]
    assert {
        key: value for key, value in shipped.items() if key != "date"
    } == declaration


def test_the_declaration_is_about_these_criteria_and_pages() -> None:
    declaration = accessibility()

    assert declaration is not None
    assert set(declaration.criteria) == set(CRITERIA)
    assert declaration.pages == len({stop.name for stop in STOPS})
    assert (declaration.languages, declaration.modes) == (
        tuple(sorted(LANGUAGES)),
        tuple(MODES),
    )


async def test_axe_checks_the_criteria_that_it_is_said_to(browser: Browser) -> None:
    page = await browser.new_page()
    rules = await axe_rules(page)
    await page.close()

    axe_criteria = {
        number for tags in rules.values() for number in broken_by("axe", tuple(tags))
    }
    assert {
        number for number, criterion in CRITERIA.items() if "axe" in criterion.checks
    } == axe_criteria & set(CHECKED)


def test_no_page_is_forgotten(portal_app: Litestar, node_app: Litestar) -> None:
    routes = {
        address
        for app, program in ((portal_app, "portal"), (node_app, "node"))
        for address in addresses(app, program)
        if address.split(" ")[1] == "GET"
    }
    none = {
        f"{program} GET {path}" for program, paths in NO_PAGES.items() for path in paths
    }

    assert {stop.route for stop in STOPS} | none == routes
    assert {stop.route for stop in STOPS} & none == set()


async def test_what_is_called_no_page_answers_with_none(place: Place) -> None:
    sample: dict[str, Any] = {
        "slug": "armor", "name": "1.xml", "number": "1", "part": "table", "kind": "csv", "code": "fr", "action": "status_show",
        "digest": "0", "media_id": place.names["portal table"], "upload_id": "0", "line": "1", "filename": "x", "file_id": "0",
        "archive_id": "0", "collection": "datasets", "record_id": place.names["portal table"],
        "source_id": place.names["portal source"], "reading_id": place.names["portal source"], "token": "x",
        "project_id": place.names["portal project"], "call_id": place.names["portal call"],
        "request_id": place.names["portal request"], "access_request_id": place.names["portal request"], "data_request_id": "0", "fault_report_id": "0", "service_id": place.names["portal map"], "restricted_id": place.names["portal table"], "agreement_id": place.names["portal agreement"], "document_id": place.names["portal request"], "submission_id": place.names["portal submission"], "consent_id": place.names["portal consent"],
        "pid": place.names["portal request"], "language": "fr", "word": "test", "object_id": "count", "drawing": "logo",
        "start": place.names["portal start"], "file_name": "x.csv", "table_name": "arbres", "part_id": place.names["node part"],
        "organisation_id": "00000000-0000-0000-0000-000000000000",
    }  # fmt: skip
    pages = []
    for program, who, dataset in (
        ("portal", "team", "portal table"),
        ("node", "producer", "node map"),
    ):
        names = sample | {
            "dataset_id": place.names[dataset],
            "resource_id": place.names[dataset],
        }
        for path in NO_PAGES[program]:
            answer = await place.visitors[who].get(
                filled(
                    path,
                    names | ({"slug": "mairie-kerlevan"} if program == "node" else {}),
                )
            )
            if answer.status_code == 200 and answer.headers.get(
                "content-type", ""
            ).startswith("text/html"):
                pages.append(f"{program} {path}")

    assert pages == []
