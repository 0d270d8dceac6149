"""In a real browser, what strangers dropped is saved and never run, whoever opens or embeds it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request, Route

from tests.node.lasting import browse as browse
from tests.node.lasting import demo as demo
from tests.node.lasting import make_person as make_person
from tests.node.lasting import passer_by as passer_by
from tests.node.lasting import producer as producer
from tests.node.lasting import publisher as publisher
from tests.node.lasting import space as space
from tests.node.producer import Producer
from tests.ui.axe import PATIENCE

RECEIVER = "https://told.example"
RUN = f"document.title='ran';new Image().src='{RECEIVER}/ran';fetch('{RECEIVER}/ran')"
EVIL = {
    "evil.svg": f'<svg xmlns="http://www.w3.org/2000/svg" onload="{RUN}"><script>{RUN}</script></svg>',
    "evil.html": f'<!doctype html><title>still</title><script>{RUN}</script><img src="x" onerror="{RUN}">',
    "evil.csv": f"<html><title>still</title><script>{RUN}</script></html>",
    "evil.xml": f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>{RUN}</script></html>',
}
EMBEDDING = "https://elsewhere.example/page"
Change = Callable[[dict[str, str]], dict[str, str]]


@dataclass
class Visit:
    """A browser in front of the node, whose answers it receives as they are, or changed for a trial."""

    page: Page
    ran: list[str] = field(default_factory=list)
    has_run: asyncio.Event = field(default_factory=asyncio.Event)
    refused: list[str] = field(default_factory=list)


async def visit(
    context: BrowserContext,
    node: httpx.AsyncClient,
    html: str = "",
    change: Change = dict,
) -> Visit:
    browser_visit = Visit(await context.new_page())

    async def answer(route: Route, request: Request) -> None:
        if request.url.startswith(RECEIVER):
            browser_visit.ran.append(request.url)
            browser_visit.has_run.set()
            await route.abort()
        elif request.url == EMBEDDING:
            await route.fulfill(body=html, content_type="text/html")
        elif request.url.startswith(str(node.base_url)):
            sent = await node.get(request.url)
            await route.fulfill(
                status=sent.status_code,
                headers=change(dict(sent.headers)),
                body=sent.content,
            )
        else:
            await route.abort()

    await context.route("**/*", answer)
    browser_visit.page.on(
        "console", lambda message: browser_visit.refused.append(message.text)
    )
    return browser_visit


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    opened = await browser.new_context(accept_downloads=True)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def addresses(producer: Producer, passer_by: httpx.AsyncClient) -> dict[str, str]:
    """Where each evil file is, for everybody."""
    passer_by.event_hooks = {"response": []}  # what a stranger wrote is no page of ours
    address_by_name = {}
    for name, content in EVIL.items():
        dataset = await producer.publish(
            await producer.draft(content.encode(), name),
            reason="À montrer qu’il ne s’exécute pas",
        )
        address_by_name[name] = (
            f"{str(passer_by.base_url).rstrip('/')}/datasets/{dataset}/file"
        )
    return address_by_name


async def test_opened_it_is_saved(
    context: BrowserContext, passer_by: httpx.AsyncClient, addresses: dict[str, str]
) -> None:
    browser_visit = await visit(context, passer_by)

    for name, address in addresses.items():
        async with browser_visit.page.expect_download() as saving:
            await browser_visit.page.evaluate(
                "address => { location.href = address }", address
            )
        assert (await saving.value).suggested_filename == name
    assert browser_visit.ran == []


def inline(headers: dict[str, str]) -> dict[str, str]:
    """As if a browser, or a proxy, dropped the wish to save."""
    return {
        name: value
        for name, value in headers.items()
        if name not in {"content-disposition", "content-length"}
    }


def bare(headers: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in inline(headers).items()
        if name != "content-security-policy"
    }


@pytest.mark.parametrize("name", EVIL)
async def test_even_shown_it_does_not_run(
    context: BrowserContext,
    passer_by: httpx.AsyncClient,
    addresses: dict[str, str],
    name: str,
) -> None:
    browser_visit = await visit(context, passer_by, change=inline)

    await browser_visit.page.goto(addresses[name])
    await browser_visit.page.wait_for_timeout(200)

    assert browser_visit.ran == []
    assert await browser_visit.page.title() != "ran"
    assert await browser_visit.page.evaluate("origin") == "null"


async def test_embedded_elsewhere_it_does_not_run(
    context: BrowserContext, passer_by: httpx.AsyncClient, addresses: dict[str, str]
) -> None:
    tags = "".join(
        f'<iframe src="{a}"></iframe><embed src="{a}"><object data="{a}"></object><img src="{a}">'
        for a in addresses.values()
    )
    browser_visit = await visit(
        context, passer_by, f"<!doctype html><title>still</title>{tags}", change=inline
    )

    await browser_visit.page.goto(EMBEDDING)
    await browser_visit.page.wait_for_timeout(300)

    assert browser_visit.ran == []
    assert await browser_visit.page.title() == "still"


@pytest.mark.parametrize("name", ["evil.svg", "evil.html"])
async def test_without_the_policy_it_would_run(
    context: BrowserContext,
    passer_by: httpx.AsyncClient,
    addresses: dict[str, str],
    name: str,
) -> None:
    browser_visit = await visit(context, passer_by, change=bare)

    await browser_visit.page.goto(addresses[name])

    await asyncio.wait_for(browser_visit.has_run.wait(), PATIENCE / 1000)

    assert len(browser_visit.ran) > 0
