"""A tab of the browser in front of programs that answer in this process, on a wide screen and on a narrow one."""

import asyncio
import os
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
from playwright.async_api import Browser, Page, Response, Route, ViewportSize

from tests.depth import thorough
from tests.ui.axe import PATIENCE, axe_script, axe_violations

WIDE: ViewportSize = {"width": 1280, "height": 1024}
NARROW: ViewportSize = {"width": 320, "height": 256}
"""1280 × 1024 at 400 % (WCAG 2.2, 1.4.10)."""
ELSEWHERE = '<!doctype html><html lang="en"><title>Elsewhere</title></html>'
"""What answers for every other host."""
PICTURES = "UDI_PICTURES"
"""The variable that names the folder of pictures."""
OK = 200
IMMUTABLE = "immutable"
"""What a browser keeps and asks for once; it asks each time where requests are answered for it, as here."""
EMPTY = "about:blank"
UNFOLD = """() => {
  document.querySelectorAll('details').forEach(each => each.open = true);
  return Promise.all([...document.querySelectorAll('iframe')].map(frame => new Promise(done => {
    frame.onload = done;
    frame.loading = 'eager';
    frame.src += '';
  })));
}"""
"""Frames are loaded too: one that loads while Tab passes through it loses keys, and with them the order."""


class Client(Protocol):
    """Whoever asks a program for pages: a passer-by, or somebody who has logged in."""

    async def get(self, path: str, *, headers: dict[str, str]) -> httpx.Response:
        """Ask for a path of the program."""


class Answered:
    """A client that a form has answered: what it sees at the path of the form is that answer."""

    def __init__(self, client: Client, path: str, response: httpx.Response) -> None:
        self._client = client
        self._path = path
        self._response = response

    async def get(self, path: str, *, headers: dict[str, str]) -> httpx.Response:
        """The answer at that path, and what the client gets elsewhere."""
        if path == self._path:
            return self._response
        return await self._client.get(path, headers=headers)


class Tab:
    """A page that shows one address after the other, each as its client gets it. Nothing moves in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.hosts: set[str] = set()
        """Hosts that the address shown asked for something, before anything was unfolded."""
        self._requested_hosts: set[str] = set()
        self._client: Client | None = None
        self._own_host = ""
        self._language = ""
        self._failures: list[Exception] = []
        self._lasting: dict[str, httpx.Response] = {}
        """Answers that never change, by their address: styles, scripts, fonts."""

    async def visit(
        self, client: Client, address: str, language: str, *, unfold: bool = True
    ) -> Response:
        """Show an address, with all that is folded open if `unfold`, and return the answer of its program."""
        self._client = client
        self._language = language
        self._own_host = urlsplit(address).netloc
        self._requested_hosts.clear()
        self._failures.clear()
        if self.page.viewport_size != WIDE:
            await self.page.set_viewport_size(WIDE)
        try:
            response = await self.page.goto(address)
        except Exception as error:
            raise self._failures[0] if self._failures else error from error
        assert self._failures == []
        assert response is not None
        self.hosts = set(self._requested_hosts)
        if unfold:
            async with asyncio.timeout(PATIENCE / 1000):
                await self.page.evaluate(UNFOLD)
        return response

    async def forget(self) -> None:
        """Leave nothing of what was shown: the next test finds an empty page and no cookie; its territory is another origin."""
        await self.page.goto(EMPTY)
        await self.page.context.clear_cookies()
        self._client = None
        self._own_host = self._language = ""
        self._lasting.clear()

    async def find_faults(
        self,
        client: Client,
        address: str,
        name: str,
        *languages: str,
        whole: bool | None = None,
    ) -> list[str]:
        """What is too wide on either screen in each language, and what axe-core refuses there.

        Languages share their markup, and screens most of it: the first language is looked at, by axe-core on the wide
        screen; each, and both screens, if `whole`, as in a thorough run, in which `tests/pages` looks at every page in both
        languages. Pictures of the page, called `name`, go where `UDI_PICTURES` says.
        """
        is_whole = thorough() if whole is None else whole
        faults = []
        for language in languages if is_whole else languages[:1]:
            await self.visit(client, address, language)
            for screen in (WIDE, NARROW):
                await self.page.set_viewport_size(screen)
                width = await self.page.evaluate("document.documentElement.scrollWidth")
                if width > screen["width"]:
                    faults.append(
                        f"{name} is {width} wide in {language} on a screen of {screen['width']}"
                    )
                if is_whole or (language == languages[0] and screen == WIDE):
                    faults += await axe_violations(self.page)
                await self.take_picture(f"{name}-{screen['width']}-{language}")
        return faults

    async def take_picture(self, name: str) -> None:
        """Keep a picture of the whole page in the folder `UDI_PICTURES`, when there is one."""
        if folder := os.environ.get(PICTURES):
            await self.page.screenshot(
                path=Path(folder) / f"{name}.png", full_page=True
            )

    async def _ask(
        self, path: str, fragment: str | None, part: str | None = None
    ) -> httpx.Response:
        """What the program answers; a script that asks for a part of a page is led on, as a browser would lead it."""
        assert self._client is not None
        headers = {"Accept-Language": self._language}
        if fragment:
            headers["X-Fragment"] = fragment
        if part:
            headers["Range"] = part
        response = await self._client.get(path, headers=headers)
        if fragment and response.has_redirect_location:
            return await self._ask(response.headers["location"], fragment)
        return response

    async def answer(self, route: Route) -> None:
        """Answer for the program, and for everybody else."""
        parts = urlsplit(route.request.url)
        self._requested_hosts.add(parts.netloc)
        if parts.netloc != self._own_host or self._client is None:
            await route.fulfill(status=200, content_type="text/html", body=ELSEWHERE)
            return
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            response = self._lasting.get(route.request.url) or await self._ask(
                path,
                route.request.headers.get("x-fragment"),
                route.request.headers.get("range"),
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the test that waits for the page raises it
            self._failures.append(error)
            await route.abort()
            return
        if response.status_code == OK and IMMUTABLE in response.headers.get(
            "cache-control", ""
        ):
            self._lasting[route.request.url] = response
        headers = {
            name: value
            for name, value in response.headers.items()
            if name != "content-encoding"
        }
        await route.fulfill(
            status=response.status_code, headers=headers, body=response.content
        )


async def open_tab(
    browser: Browser, *, axe: bool = True, still: bool = False, **options: Any
) -> Tab:
    """Open a tab in a context of its own; with `axe`, its pages have axe-core from the start, compiled once.

    A `still` tab is laid out and never drawn, which takes two fifths of the processor: nothing can be clicked in it, since
    Playwright waits for a picture to see that what it clicks stands still.
    """
    context = await browser.new_context(
        viewport=WIDE, reduced_motion="reduce", **options
    )
    if axe:
        await context.add_init_script(axe_script())
    page = await context.new_page()
    if still and PICTURES not in os.environ:
        page = await _replace_by_still(page)
    tab = Tab(page)
    await tab.page.route("**/*", tab.answer)
    return tab


async def _replace_by_still(page: Page) -> Page:
    """A page of the same context that draws when it is told to; a browser that knows no such pages opens another."""
    context = page.context
    session = await context.new_cdp_session(page)
    target = (await session.send("Target.getTargetInfo"))["targetInfo"]
    async with context.expect_page() as opened:
        await session.send(
            "Target.createTarget",
            {
                "url": EMPTY,
                "browserContextId": target["browserContextId"],
                "enableBeginFrameControl": True,
            },
        )
    await page.close()
    return await opened.value
