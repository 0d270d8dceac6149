"""Visits of pages by a real Chromium: bytes that travelled, requests, elements; with nothing kept, then with what was kept."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, astuple, dataclass, field
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from bench.browser import ensure_browser, find_browser
from bench.load import ecoindex
from udi.cli.local.errors import LocalError
from udi.ui.declarations import PageBudget

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
LANGUAGES = ("fr", "en")
BUDGET = PageBudget()
MOST_BYTES, MOST_REQUESTS, MOST_AGAIN, LEAST_GRADE = astuple(BUDGET)
ELEMENTS = (
    "document.querySelectorAll('*').length - document.querySelectorAll('svg *').length"
)
"""As EcoIndex counts: a drawing is one element."""
FIXED = (
    "/", "/data", "/data?q=zzzzzz", "/producers", "/charter", "/legal", "/accessibility", "/eco-design", "/api", "/problems",
)  # fmt: skip
LOCATION = re.compile(r"<loc>([^<]+)</loc>")
STATUS_OK = 200
NOT_MODIFIED = 304
DATASETS = 12
LANES = 3
"""How many pages are visited at once in each language: a visit mostly waits for a network at rest."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Visit:
    """One page in one language: a first visit, then another by somebody who has seen the home page."""

    path: str
    language: str
    wire_bytes: int
    requests: int
    again_bytes: int
    again_requests: int
    elements: int
    elsewhere: list[str] = field(default_factory=list)
    """Hosts of others that were asked for something."""
    cookies: int = 0

    @property
    def score(self) -> float:
        return ecoindex.score(
            elements=self.elements, requests=self.requests, wire_bytes=self.wire_bytes
        )

    @property
    def grade(self) -> str:
        return ecoindex.grade(self.score)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "score": self.score, "grade": self.grade}


def find_faults(visits: Sequence[Visit]) -> list[str]:
    """Each budget that a page breaks, a sentence each."""
    faults = []
    for visit in visits:
        checks = [
            (visit.wire_bytes >= MOST_BYTES, f"a first visit takes {visit.wire_bytes} bytes; {MOST_BYTES} are too many"),
            (visit.requests > MOST_REQUESTS, f"a first visit takes {visit.requests} requests; {MOST_REQUESTS} are allowed"),
            (visit.again_bytes >= MOST_AGAIN, f"a next visit takes {visit.again_bytes} bytes; {MOST_AGAIN} are too many"),
            (visit.grade != LEAST_GRADE, f"its EcoIndex is {visit.grade} ({visit.score}), with {visit.elements} elements"),
            (bool(visit.elsewhere), f"it asks {', '.join(visit.elsewhere)} for something"),
            (visit.cookies > 0, f"it sets {visit.cookies} cookies before any login"),
        ]  # fmt: skip
        faults += [
            f"{visit.path} ({visit.language}): {words}."
            for broken, words in checks
            if broken
        ]
    return faults


async def visit_all(
    origin: str,
    tell: Tell,
    languages: Sequence[str] = LANGUAGES,
    datasets: int = DATASETS,
) -> tuple[list[Visit], str]:
    """Visit each page of the territory at `origin`, in each language, and say which browser did.

    Of its datasets, those are visited that stand first in the site map.

    Raises:
        LocalError: there is no browser, or nothing answers.
    """
    async with _browser() as browser:
        paths = await _list_pages(browser, origin, datasets)
        lanes = [
            _visit_each(browser, origin, paths[first::LANES], language, tell)
            for language in languages
            for first in range(LANES)
        ]
        visits = [visit for lane in await asyncio.gather(*lanes) for visit in lane]
        visits.sort(
            key=lambda visit: (languages.index(visit.language), paths.index(visit.path))
        )
        return visits, f"Chromium {browser.version}"


async def _visit_each(
    browser: Any, origin: str, paths: Sequence[str], language: str, tell: Tell
) -> list[Visit]:
    """Visit pages in one language, one after the other; nothing is timed, so that others may be visited meanwhile."""
    visits = []
    returning_context = await browser.new_context(locale=language)
    await _weigh(returning_context, f"{origin}/")
    for path in paths:
        url = path if "://" in path else f"{origin}{path}"
        visits.append(await _visit(browser, returning_context, url, path, language))
        tell(
            f"{path} ({language}): {visits[-1].wire_bytes} bytes, {visits[-1].requests} requests"
        )
    await returning_context.close()
    return visits


@asynccontextmanager
async def _browser() -> AsyncIterator[Any]:
    try:
        playwright = import_module("playwright.async_api")
    except ModuleNotFoundError as error:
        raise LocalError(
            "Playwright, which drives the browser, is not here",
            "run `./udi bench pages`",
        ) from error
    ensure_browser()
    where = {"executable_path": path} if (path := find_browser()) else {}
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(args=list(FLAGS), **where)
        try:
            yield browser
        finally:
            await browser.close()


async def _visit(browser: Any, known: Any, url: str, path: str, language: str) -> Visit:
    fresh = await browser.new_context(locale=language)
    first, next_visit = await asyncio.gather(_weigh(fresh, url), _weigh(known, url))
    cookies = len(await fresh.cookies())
    await fresh.close()
    size, addresses, elements = first
    again, asked_again, _ = next_visit
    hosts = {urlsplit(address).netloc for address in addresses} - {urlsplit(url).netloc}
    return Visit(
        path,
        language,
        size,
        len(addresses),
        again,
        len(asked_again),
        elements,
        sorted(hosts),
        cookies,
    )


async def _weigh(context: Any, url: str) -> tuple[int, list[str], int]:
    """Bytes that travelled (headers included), addresses asked of the network, elements of the page."""
    page = await context.new_page()
    wire = await context.new_cdp_session(page)
    await wire.send("Network.enable")
    urls_by_request: dict[str, str] = {}
    sizes: dict[str, int] = {}
    wire.on(
        "Network.requestWillBeSent",
        lambda event: urls_by_request.__setitem__(
            event["requestId"], event["request"]["url"]
        ),
    )
    wire.on(
        "Network.requestServedFromCache",
        lambda event: urls_by_request.pop(event["requestId"], None),
    )
    wire.on(
        "Network.loadingFinished",
        lambda event: sizes.__setitem__(
            event["requestId"], int(event["encodedDataLength"])
        ),
    )
    answer = await page.goto(url, wait_until="networkidle")
    elements = int(await page.evaluate(ELEMENTS))
    await page.close()
    if answer is None or answer.status not in {STATUS_OK, NOT_MODIFIED}:
        raise LocalError(
            f"{url} answers {answer.status if answer else 'nothing'}",
            "look at `udi doctor`",
        )
    network = {
        key: address
        for key, address in urls_by_request.items()
        if sizes.get(key, 1) > 0
    }
    return sum(sizes.values()), list(network.values()), elements


async def _list_pages(browser: Any, origin: str, most_datasets: int) -> list[str]:
    """Fixed pages, producers and datasets of the site map, and what the node shows of each dataset."""
    context = await browser.new_context(locale="en")
    page = await context.new_page()
    try:
        listed = await _locations(page, f"{origin}/sitemaps/pages.xml")
        datasets = (await _locations(page, f"{origin}/sitemaps/1.xml"))[:most_datasets]
        await page.goto(f"{origin}/")
        node = await page.evaluate(
            "[...document.links].map(a => a.origin).find(each => each !== location.origin) || ''"
        )
        if node:
            tables = [
                f"{node}/datasets/{urlsplit(dataset_url).path.split('/')[2]}/data"
                for dataset_url in datasets
            ]
        else:
            tables = []
        table_pages = [url for url in tables if await _status(page, url) == STATUS_OK]
    finally:
        await context.close()
    page_paths = [urlsplit(page_url).path for page_url in (*listed, *datasets)]
    paths = dict.fromkeys(
        (
            *FIXED,
            *page_paths,
            *(
                f"{path.rsplit('/', 1)[0]}/history"
                for path in page_paths
                if path.startswith("/data/")
            ),
        )
    )
    return [*paths, *([f"{node}/"] if node else []), *table_pages]


async def _locations(page: Any, url: str) -> list[str]:
    try:
        answer = await page.goto(url)
    except Exception as error:
        raise LocalError(
            f"Nothing answers at {url}",
            "start it (`./udi up`), or name an address in --url",
        ) from error
    if answer.status == STATUS_OK:
        return LOCATION.findall(await answer.text())
    return []


async def _status(page: Any, url: str) -> int:
    answer = await page.goto(url)
    return int(answer.status)
