"""What a person does in the browser, in their own words."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import asyncpg
import httpx
from playwright.async_api import Page, expect

from tests.depth import thorough
from tests.journeys.installation import PATIENCE, Installation
from tests.ui.axe import axe_violations
from udi.settings import ProgramName, Settings

PUBLISHER = "publication@kerlevan.example"


NARROW = 320
"""Width at which a page must read without scrolling sideways, in CSS pixels (WCAG 2.2, 1.4.10)."""


Look = Callable[[Page], Awaitable[None]]
BRING_FORWARD = (
    "UPDATE queue.pgqueuer_schedules SET next_run = now() WHERE entrypoint = $1"
)


class Place(Protocol):
    """An installation, for a person who has an account there."""

    def node(self) -> str:
        """Origin of the hosted node."""

    def password(self, username: str) -> str:
        """Password of a demonstration account."""


async def wait_until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        assert time.monotonic() < deadline, "it is not so in time"
        await asyncio.sleep(0.1)


async def bring_forward(settings: Settings, program: ProgramName, task: str) -> None:
    """Have a scheduled task of a program run at the scheduler's next look, not when its minute comes."""
    dsn = settings.dsn(program, "worker").replace("+asyncpg", "")
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(BRING_FORWARD, task)
    finally:
        await connection.close()


async def check(page: Page) -> None:
    """The page shown fits a narrow screen, and has nothing that axe-core finds wrong.

    A usual run asks axe-core of Keycloak's pages alone: those of the programs are in `tests/pages`.
    """
    if thorough() or "/realms/" in page.url:
        assert await axe_violations(page) == []
    usual = page.viewport_size
    assert usual is not None
    await page.set_viewport_size({"width": NARROW, "height": usual["height"]})
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW, (
        f"{page.url} scrolls sideways"
    )
    await page.set_viewport_size(usual)


async def pass_by(_page: Page) -> None:
    """Look at nothing."""


async def log_in(
    page: Page, place: Place, username: str = PUBLISHER, *, look: Look = pass_by
) -> None:
    """From any page of a program: log in by the identity service's own pages; `look` is what is done on each.

    They are the same for everybody: `publish` checks them.
    """
    await page.get_by_role("link", name="Se connecter").first.click()
    await page.locator("input[name=username]").fill(username)
    await look(page)
    await page.locator("input[name=username]").press("Enter")
    await page.locator("input[name=password]").fill(place.password(username))
    await look(page)
    await page.locator("input[name=password]").press("Enter")
    await page.wait_for_url(lambda url: "/realms/" not in url)


async def open_page(page: Page, url: str) -> None:
    """Open an address and check the page."""
    response = await page.goto(url)
    assert response is not None
    assert response.status == 200, url
    await check(page)


async def publish(page: Page, place: Place, file: Path, title: str) -> None:
    """Log in at the node, then drop, correct, read again, publish: each page checked."""
    await page.goto(f"{place.node()}/")
    await check(page)
    await log_in(page, place, look=check)
    await page.goto(f"{place.node()}/spaces/mairie-kerlevan")
    await check(page)
    await page.get_by_role("link", name="Publier un fichier").click()
    await check(page)
    await page.get_by_label("Votre fichier", exact=True).set_input_files(file)
    await page.get_by_role("button", name="Envoyer le fichier").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(
        "Voici ce que nous avons compris"
    )
    await check(page)
    await page.get_by_role("link", name=re.compile("Continuer")).click()
    await expect(page.get_by_label("Titre", exact=True)).to_be_visible()
    await check(page)
    await page.get_by_label("Titre", exact=True).fill(title)
    await page.get_by_label("Thème").select_option("economy")
    await page.get_by_label("Mots-clés", exact=True).fill("budget, comptes")
    await page.get_by_role("button", name=re.compile("Continuer")).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)
    await check(page)
    await page.get_by_role("button", name="Publier").click()
    await page.wait_for_load_state()


@asynccontextmanager
async def as_program(
    place: Installation, page: Page
) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever is logged in on a page of the portal, sending what its forms send."""
    cookies = {
        str(cookie["name"]): str(cookie["value"])
        for cookie in await page.context.cookies(place.portal())
    }
    headers = {
        "Host": "demo.localhost",
        "Sec-Fetch-Site": "same-origin",
        "Accept-Language": "fr",
    }
    origin = f"http://127.0.0.1:{place.settings.port(0)}"
    async with httpx.AsyncClient(
        base_url=origin, headers=headers, cookies=cookies, timeout=60
    ) as client:
        yield client
