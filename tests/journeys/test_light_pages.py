"""A first visit costs little, needs no script, and a keyboard is enough."""

import asyncio
import json
import os

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Response, expect

from bench.load.visits import DATASETS
from tests.depth import only, thorough
from tests.journeys.forms import publish_file
from tests.journeys.installation import PATIENCE, Installation
from tests.journeys.steps import log_in, wait_until
from tests.journeys.test_publish_and_find import is_found
from tests.pages.findings import write_part
from tests.portal.catalogue.corpus import TABLE, open_catalogue
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.territories import TerritoryRegistry
from udi.portal.tenants.models import Tenant
from udi.ui.declarations import weights

DECLARED = "UDI_DECLARATIONS"
"""The switch under which what the pages weigh is written anew: all of them are visited then."""
ALL_PAGES = [] if DECLARED in os.environ else [pytest.mark.thorough]
"""Every page is weighed by a run of everything, and for the declaration; a usual run weighs the `VISITS`."""
MOST_BYTES = 100_000
MOST_REQUESTS = 8
VISITS = {
    "home": "{portal}/",
    "search": "{portal}/data?q=arbres",
    "producers": "{portal}/producers",
    "charter": "{portal}/charter",
    "api": "{portal}/api",
    "node": "{node}/",
    "installation": "{installation}/",
}


async def weigh(context: BrowserContext, url: str) -> tuple[int, int]:
    """Uncompressed bytes and requests of a first visit."""
    page = await context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - the browser marks its handlers
    await page.goto(url, wait_until="networkidle")
    bodies = [len(await answer.body()) for answer in answers if answer.status < 300]
    await page.close()
    return sum(bodies), len(answers)


@pytest.mark.parametrize("visit", only({"home", "search", "node"}, VISITS))
async def test_a_first_visit_is_light(
    installation: Installation, context: BrowserContext, visit: str
) -> None:
    portal_origin = installation.settings.origin("portal", "localhost")
    url = VISITS[visit].format(
        portal=installation.portal(),
        node=installation.node(),
        installation=portal_origin,
    )

    size, requests = await weigh(context, url)

    print(f"{visit}: {size} bytes uncompressed, {requests} requests")  # noqa: T201 - a figure to publish
    assert size < MOST_BYTES
    assert requests <= MOST_REQUESTS


async def test_the_page_of_a_dataset_is_light_too(
    installation: Installation, context: BrowserContext
) -> None:
    title = "Bancs publics du front de mer"
    table = "banc;places\nA;3\nB;4\n"
    dataset = await publish_file(installation, table.encode(), "bancs.csv", title)
    await wait_until(lambda: is_found(installation, "bancs publics", title))

    size, requests = await weigh(context, f"{installation.portal()}/data/{dataset}")

    print(f"dataset: {size} bytes uncompressed, {requests} requests")  # noqa: T201 - a figure to publish
    assert size < MOST_BYTES
    assert requests <= MOST_REQUESTS


@pytest.mark.thorough
async def test_the_publish_page_is_light_too(
    installation: Installation, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{installation.node()}/")
    await log_in(page, installation)

    size, requests = await weigh(
        context, f"{installation.node()}/spaces/mairie-kerlevan/datasets/new"
    )

    print(f"publish: {size} bytes uncompressed, {requests} requests")  # noqa: T201 - a figure to publish
    assert size < MOST_BYTES
    assert requests <= MOST_REQUESTS


@pytest.mark.thorough
async def test_searching_needs_no_script(
    installation: Installation, browser: Browser
) -> None:
    context = await browser.new_context(locale="fr-FR", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{installation.portal()}/")

    await page.get_by_role("searchbox").fill("xylophone")
    await page.get_by_role("button", name="Chercher").click()

    await page.wait_for_url("**/data?**")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("xylophone")
    await context.close()


async def test_a_keyboard_is_enough_to_search_and_to_change_language(
    installation: Installation, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{installation.portal()}/")

    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.locator("input[type=search]")).to_be_focused()
    await page.keyboard.type("xylophone")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/data?**")
    await page.get_by_role("link", name="English").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    assert "q=xylophone" in page.url


@pytest.mark.parametrize("datasets", [pytest.param(DATASETS, marks=ALL_PAGES)])
async def test_every_page_keeps_its_budgets_with_a_full_catalogue(
    installation: Installation, datasets: int
) -> None:
    database = Database(installation.settings, "portal")
    registry = TerritoryRegistry(
        database, Tenant, lambda host: installation.settings.origin("portal", host)
    )
    [territory] = [
        candidate for candidate in await registry.list() if candidate.slug == "autre"
    ]
    catalogue = await open_catalogue(database, territory)
    for _ in range(2):
        await catalogue.add_all()
    await database.close()
    await wait_until_found(installation, len(TABLE) * 2)

    languages = {"fr", "en"} if thorough() else {"fr"}
    arguments = ["pages", "--json", "--url", installation.portal("autre")]
    if not thorough():
        arguments += ["--language", *languages]
    arguments += ["--datasets", str(datasets)]
    done = await asyncio.to_thread(installation.run, *arguments, module="bench")

    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert report["faults"] == []
    assert done.returncode == 0
    visited = {page["path"] for page in report["pages"]}
    assert {
        "/",
        "/data",
        "/api",
        "/accessibility",
        "/producers/armor",
        f"{installation.node('autre')}/",
    } <= visited
    assert sum(path.startswith("/data/") for path in visited) == 2 * datasets
    assert {page["language"] for page in report["pages"]} == languages
    if os.environ.get(DECLARED):
        measurements = {
            "browser": report["versions"]["browser"],
            "kinds": report["kinds"],
        }
        write_part("weights", {**measurements, "date": now().date().isoformat()})
    stored_weights = weights()
    assert stored_weights is not None
    assert {
        kind: (cost.pages, cost.grade) for kind, cost in stored_weights.kinds.items()
    } == {
        kind: (cost["pages"], cost["grade"]) for kind, cost in report["kinds"].items()
    }


async def wait_until_found(installation: Installation, count: int) -> None:
    """The worker follows the database; the pages then show what is in it."""
    port = installation.settings.port(0)
    host = installation.portal("autre").removeprefix("http://")
    headers = {"Host": host}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=PATIENCE
    ) as client:

        async def are_there() -> bool:
            return bool((await client.get("/api/v1/datasets")).json()["total"] >= count)

        await wait_until(are_there)
