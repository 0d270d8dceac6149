"""A part that stops takes nothing else with it, and what it leaves says why."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.async_api import BrowserContext, expect

from tests.journeys.forms import publish_file
from tests.journeys.installation import PATIENCE, Installation
from tests.journeys.steps import check, open_page
from tests.journeys.test_publish_and_find import FILE, wait_until_found

TITLE = "Recette inscrite au budget primitif 2015"


@pytest.fixture(scope="module")
def table(shared_data: Path) -> bytes:
    """A real file."""
    return (shared_data / "data/tables" / FILE).read_bytes()


@pytest.fixture(scope="module")
async def dataset(installation: Installation, table: bytes) -> str:
    """A dataset that everybody finds: its identifier."""
    published = await publish_file(installation, table, FILE, TITLE)
    await wait_until_found(installation, "recettes", TITLE)
    return published


async def test_the_node_stopped_leaves_the_search_and_a_page_that_says_why(
    installation: Installation, dataset: str
) -> None:
    headers = {"Host": "demo.localhost", "Accept": "text/html", "Accept-Language": "fr"}
    origin = f"http://127.0.0.1:{installation.settings.port(0)}"
    async with httpx.AsyncClient(
        base_url=origin, headers=headers, timeout=PATIENCE, follow_redirects=True
    ) as visitor:
        installation.stop("serve-node")
        try:
            results = await visitor.get("/data", params={"q": "recettes"})
            page = await visitor.get(f"/data/{dataset}")
            [link, *_] = re.findall(rf'href="(/data/{dataset}/files/[^"]+)"', page.text)
            refused = await visitor.get(link)
        finally:
            installation.start("serve", "node")
            installation.wait("node")

    assert (results.status_code, page.status_code) == (200, 200)
    assert TITLE in re.sub("</?mark>", "", results.text)
    assert TITLE in page.text
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "300")
    assert "ne répond pas" in refused.text


@pytest.mark.thorough
async def test_the_node_stopped_leaves_the_catalogue_whole_and_downloads_explain(
    installation: Installation, context: BrowserContext, dataset: str
) -> None:
    page = await context.new_page()
    installation.stop("serve-node")
    try:
        await open_page(page, f"{installation.portal()}/data?q=recettes")
        await page.get_by_role("link", name=TITLE).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
        await check(page)
        await page.get_by_role("link", name=re.compile("Télécharger")).first.click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text(
            "ne répond pas"
        )
        await check(page)
    finally:
        installation.start("serve", "node")
        installation.wait("node")


@pytest.mark.thorough
async def test_the_portal_stopped_leaves_downloads_possible(
    installation: Installation, dataset: str
) -> None:
    headers = {"Host": "node.demo.localhost"}
    origin = f"http://127.0.0.1:{installation.settings.port(1)}"
    async with httpx.AsyncClient(
        base_url=origin, headers=headers, timeout=PATIENCE
    ) as node:
        items = (await node.get("/api/v1/resources")).json()["items"]
        # Another journey may have published restricted data on this node.
        published = next(
            item["available_formats"][0]
            for item in items
            if not item["access_condition"]
            .get("confidentiality", {})
            .get("restricted_access")
        )
        installation.stop("serve-portal")
        try:
            answer = await node.get(
                httpx.URL(published["connector"]["url"]).raw_path.decode()
            )
        finally:
            installation.start("serve", "portal")
            installation.wait("portal")

    assert answer.status_code == 200
    assert len(answer.content) == published["file_size"]
