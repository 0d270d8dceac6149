"""The form with its script, in a real browser: pause, a cut in the middle, a reload; the same bytes arrive."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Request, expect

from tests.faults.running import RunningNode
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.sending import rows
from tests.ui.axe import PATIENCE, axe_violations
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.files.models import StoredFile, Upload

MEGABYTE = 1024**2
USUAL = MEGABYTE
HELD = 32 * 1024
FULL = -1
"""Bytes a second of the line; held, nothing ends while something else is looked at, and no server calls it dead."""
ROW = 1024
"""Bytes of a row."""


@pytest.fixture
async def page(
    browser: Browser, node: RunningNode, producer: Producer, token: str, demo: Territory
) -> AsyncIterator[Page]:
    """A publisher in front of the form that takes a file."""
    node.start("serve")
    context = await browser.new_context(locale="fr-FR")
    origin = demo.links["node"]
    [(name, value)] = [
        (name, value)
        for name, value in producer.client.cookies.items()
        if name == "udi"
    ]
    await context.add_cookies([{"name": name, "value": value, "url": origin}])
    opened = await context.new_page()
    await opened.goto(f"{origin}/spaces/{SLUG}/datasets/new")
    yield opened
    await context.close()


@pytest.fixture
def large(tmp_path: Path) -> tuple[Path, bytes]:
    """A table of 14 MB, which needs no job, and what it holds: few rows, so that reading them takes little."""
    path = tmp_path / "associations.csv"
    rest = b";B;01/01/2001\n"
    row = b"A" * (ROW - len(rest)) + rest
    content = TABLE + row * (14 * MEGABYTE // ROW)
    path.write_bytes(content)
    return path, content


async def slow_down(page: Page, speed: int) -> None:
    """A line that sends this many bytes a second."""
    session = await page.context.new_cdp_session(page)
    conditions = {
        "offline": False,
        "latency": 0,
        "downloadThroughput": -1,
        "uploadThroughput": speed,
    }
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", conditions)


async def sent(page: Page, percent: int) -> None:
    """Wait until this much was sent, as the page says."""
    for _ in range(PATIENCE // 100):
        if (
            await page.evaluate("document.getElementById('sending-bar').value")
            >= percent
        ):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(percent)


async def arrived(database: Database, territory: Territory, size: int) -> None:
    """Wait until so many bytes are safe at the node: what the page sent may still be on its way."""
    for _ in range(PATIENCE // 100):
        if [
            upload
            for upload in await rows(database, territory, Upload)
            if upload.received > size
        ]:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(size)


async def test_an_upload_goes_on_after_a_cut_a_pause_and_a_reload(
    page: Page,
    large: tuple[Path, bytes],
    node: RunningNode,
    node_database: Database,
    demo: Territory,
) -> None:
    offsets: list[int] = []
    path, content = large

    def look(request: Request) -> None:
        if request.method == "PATCH":
            offsets.append(int(request.headers["upload-offset"]))

    page.on("request", look)
    await slow_down(page, USUAL)
    await page.set_input_files("#file", path)
    await page.get_by_role("button", name="Envoyer le fichier").click()
    await sent(page, 20)
    await slow_down(page, HELD)
    assert await axe_violations(page) == []
    await page.get_by_role("button", name="Mettre l’envoi en pause").click()
    await expect(page.locator("#sending-words")).to_contain_text("En pause")
    await slow_down(page, USUAL)
    await page.get_by_role("button", name="Reprendre").click()
    await sent(page, 40)
    await slow_down(page, HELD)
    await arrived(node_database, demo, len(content) // 4)
    node.stop("serve")
    await expect(page.locator("#sending-words")).to_contain_text("coupée")
    await asyncio.to_thread(node.start, "serve")

    await page.reload()
    await slow_down(page, FULL)
    await expect(page.locator("#sending-words")).to_contain_text(
        "associations.csv était en cours d’envoi"
    )
    await page.set_input_files("#file", path)
    await page.get_by_role("button", name="Envoyer le fichier").click()
    await page.wait_for_url("**/check")

    [file] = await rows(node_database, demo, StoredFile)
    assert (file.size, file.sha256) == (
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    assert offsets[0] == 0
    assert offsets[-1] > len(content) // 4
    assert len(await rows(node_database, demo, Upload)) == 1
    assert await page.evaluate("localStorage.length") == 0


async def test_what_is_refused_is_said_where_the_file_was_chosen(
    page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "trop.csv"
    with path.open("wb") as file:
        file.truncate(13 * 1024**3)
    await page.set_input_files("#file", path)
    await page.get_by_role("button", name="Envoyer le fichier").click()

    await expect(page.locator("#sending-words")).to_contain_text("pas assez de place")
    await expect(page.get_by_role("button", name="Envoyer le fichier")).to_be_visible()
