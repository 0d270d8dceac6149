"""The whole chain: a producer publishes a real file, anyone finds and downloads it, the portal holds none of it."""

import hashlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.journeys.installation import PATIENCE, Installation
from tests.journeys.steps import check, open_page, publish, wait_until
from udi.portal.catalogue.compression import decompress_description

FILE = "goodtables_VilleMTP_MTP_BudgetPri_2015.csv"
CANARIES = ("CHOREGRAPHIQUE", "SALUBRITE")
"""Words of the file's cells that stand nowhere else."""
PACKED = ("dataset", "past_description")
"""Tables of the portal whose descriptions say nothing as text until they are unpacked."""
TITLE = "Dépense votée au budget primitif 2015"


@pytest.fixture(scope="module")
def budget(shared_data: Path) -> Path:
    """A real file: semicolons, cp1252, decimal commas."""
    path = shared_data / "data/tables" / FILE
    with pytest.raises(UnicodeDecodeError):
        path.read_text(encoding="utf-8")
    assert all(word in path.read_text(encoding="cp1252") for word in CANARIES)
    return path


@pytest.fixture(scope="module")
async def producer(
    installation: Installation, chromium: Browser, budget: Path
) -> AsyncIterator[Page]:
    """Somebody who has just published the file, with all that its form asks, and whom everybody finds."""
    context = await chromium.new_context(locale="fr-FR", accept_downloads=True)
    page = await context.new_page()
    await publish(page, installation, budget, TITLE)
    await wait_until_found(installation, "depenses", TITLE)
    yield page
    await context.close()


def checksum(path: Path | str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


async def wait_until_found(installation: Installation, words: str, title: str) -> None:
    """Wait until the portal's search shows the title."""
    await wait_until(lambda: is_found(installation, words, title))


async def is_found(
    installation: Installation, words: str, title: str, slug: str = "demo"
) -> bool:
    """Whether the portal's search shows the title."""
    origin = f"http://127.0.0.1:{installation.settings.port(0)}"
    async with httpx.AsyncClient(base_url=origin, timeout=PATIENCE) as client:
        answer = await client.get(
            "/api/v1/datasets",
            params={"q": words},
            headers={"Host": f"{slug}.localhost"},
        )
    return any(item["title"] == title for item in answer.json()["items"])


async def contents_of_portal(installation: Installation) -> str:
    """Every row of every table of the portal's database, as text."""
    dsn = installation.settings.dsn("portal", "owner").replace("+asyncpg", "")
    connection = await asyncpg.connect(dsn)
    try:
        tenants = [
            row["id"]
            for row in await connection.fetch("SELECT id FROM platform.territory")
        ]
        tables = await connection.fetch(
            "SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname IN ('app', 'platform', 'ops', 'queue')"
        )
        contents = []
        for tenant in tenants:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL app.tenant = '{tenant}'")
                for table in tables:
                    rows = await connection.fetch(
                        f"SELECT t::text FROM {table['name']} t"
                    )
                    contents += [row[0] for row in rows]
                for table in PACKED:
                    rows = await connection.fetch(f"SELECT record FROM app.{table}")
                    contents += [
                        json.dumps(decompress_description(row[0]), ensure_ascii=False)
                        for row in rows
                    ]
    finally:
        await connection.close()
    return "\n".join(contents)


async def test_a_producer_publishes_and_anyone_finds_and_downloads(
    installation: Installation, browser: Browser, producer: Page, budget: Path
) -> None:
    await producer.goto(f"{installation.portal()}/login?back=/my-space")
    await expect(
        producer.get_by_role("heading", name="Mes organisations")
    ).to_be_visible()
    await check(producer)
    assert not await is_found(installation, "depenses", TITLE, slug="autre")

    visitor = await browser.new_context(locale="fr-FR", accept_downloads=True)
    page = await visitor.new_page()
    await open_page(page, f"{installation.portal()}/")
    await page.locator("input[type=search]").fill("depenses votees")
    await page.locator("input[type=search]").press("Enter")
    await check(page)
    await page.get_by_role("link", name=TITLE).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    await check(page)
    await page.get_by_text("Afficher les données ici").click()
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_role("heading", level=1)).to_have_text(TITLE)
    styled = await frame.locator("body").evaluate(
        "body => getComputedStyle(body).paddingTop"
    )
    assert styled != "0px", (
        "the sheet of the node is read inside the frame, which runs nothing"
    )
    async with page.expect_download() as caught:
        await page.get_by_role("link", name=re.compile("Télécharger")).first.click()
    download = await caught.value
    assert download.url.startswith(installation.node())
    assert checksum(await download.path()) == checksum(budget)

    await open_page(page, f"{installation.portal()}/producers/mairie-kerlevan")
    await open_page(page, f"{installation.portal('autre')}/data")
    await expect(page.get_by_role("link", name=TITLE)).to_have_count(0)
    await visitor.close()


async def test_no_cell_of_a_published_file_is_kept_by_the_portal(
    installation: Installation, producer: Page
) -> None:
    portal_contents = await contents_of_portal(installation)
    logs = "".join(
        path.read_text(errors="replace") for path in installation.folder.glob("*.log")
    )
    mails = installation.mails()
    index = b"".join(
        path.read_bytes()
        for path in installation.settings.index_folder.rglob("*")
        if path.is_file()
    )

    assert TITLE in portal_contents
    for word in CANARIES:
        assert word.lower() not in portal_contents.lower()
        assert word.lower() not in logs.lower()
        assert word.lower() not in mails.lower()
        assert word.lower().encode() not in index.lower()
