"""The pages of what is followed in a real browser: each state at both widths, in both languages, with and without scripts."""

from typing import Any

import pytest
from playwright.async_api import Browser, Route
from sqlalchemy import text

from tests.depth import by_depth
from tests.portal.catalogue.corpus import Catalogue
from tests.portal.notifications.conftest import Program, Reader
from tests.portal.notifications.test_webhooks import make, spread
from tests.ui.tab import Tab
from udi.portal.catalogue.actions import slug_of
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.notifications.tokens import unsubscribe_token

LONG = (
    "Relevés de la qualité de l’air intérieur des établissements recevant du public "
    + "x" * 65
)


async def look(
    tab: Tab, reader: Reader, pages: dict[str, str], *languages: str
) -> list[str]:
    faults = []
    for name, path in pages.items():
        faults += await tab.find_faults(
            reader.client, f"{reader.territory.origin}{path}", name, *languages
        )
    return faults


@pytest.mark.thorough
async def test_empty_pages_are_sound(ana: Reader, tab: Tab) -> None:
    pages = {
        "following-empty": "/following",
        "webhooks-empty": "/following/webhooks",
        "my-space": "/my-space",
    }

    assert await look(tab, ana, pages, "fr", "en") == []


@pytest.mark.thorough
async def test_full_pages_are_sound(
    armor: Catalogue, feed: SearchFeed, ana: Reader, program: Program, tab: Tab
) -> None:
    long = await armor.add(0, resource_title=LONG)
    gone = await armor.add(3)
    for kind, target in (("dataset", long.id), ("dataset", gone.id), ("producer", armor.organisations["armor"]),
                         ("theme", "environment"), ("search", "q=" + "ozone " * 30)):  # fmt: skip
        await ana.follow(kind, target)
    await armor.withdraw(gone)
    await armor.add(4)
    await feed.run_once()
    program.url = f"{program.url}/{'long' * 60}"
    hook = await make(ana, program)
    program.statuses.append(500)
    await ana.client.post(f"{hook.page}/test")
    await hook.work()
    await armor.add(1)
    await spread(ana)
    await hook.work()
    async with ana.database.session(ana.territory.id, role="worker") as session:
        subscription = await session.scalar(text("SELECT id FROM app.subscription"))
    assert subscription
    stop = f"/following/unsubscribe/{unsubscribe_token(ana.site.settings, ana.territory, subscription)}"
    both = {"following": "/following", "webhook": hook.page}
    french = {
        "following-new": "/following/new?kind=theme&target=economy",
        "webhooks": "/following/webhooks",
        "unsubscribe": stop,
        "follow-dataset": f"/data/{long.id}/{slug_of(long.title)}",
        "follow-producer": "/producers/armor",
        "follow-search": "/data?theme=environment",
    }

    assert await look(tab, ana, both, "fr", "en") == []
    assert await look(tab, ana, french, "fr") == []


@by_depth("scripts", [True, False], by_default=[1])
async def test_following_and_stopping_work_with_and_without_scripts(
    armor: Catalogue, ana: Reader, browser: Browser, *, scripts: bool
) -> None:
    record = await armor.add(0)

    async def answer(route: Route) -> None:
        request = route.request
        response = await ana.client.request(
            request.method, request.url.removeprefix(ana.territory.origin), content=request.post_data_buffer,
            headers={"Content-Type": request.headers.get("content-type", "")} if request.post_data_buffer else None,
            follow_redirects=True,
        )  # fmt: skip
        headers: dict[str, Any] = {
            k: v for k, v in response.headers.items() if k != "content-encoding"
        }
        await route.fulfill(
            status=response.status_code, headers=headers, body=response.content
        )

    page = await browser.new_page(java_script_enabled=scripts)
    await page.route("**/*", answer)
    await page.goto(f"{ana.territory.origin}/data/{record.id}")
    await page.get_by_role("button", name="Suivre", exact=True).click()
    await page.get_by_role("button", name="Ne plus suivre").wait_for()
    assert [following.target for following in await ana.followings()] == [
        str(record.id)
    ]
    await page.goto(f"{ana.territory.origin}/following")
    await page.get_by_label("Le lundi au plus").check()
    await page.get_by_role("button", name="Enregistrer ce choix").click()
    assert await page.get_by_label("Le lundi au plus").is_checked()
    await page.get_by_role("button", name="Ne plus suivre").click()
    await page.get_by_text("Rien pour l’instant").wait_for()
    await page.close()

    assert await ana.followings() == []


async def test_an_address_refused_is_shown_where_it_was_typed(
    ana: Reader, browser: Browser
) -> None:
    refused = await ana.client.post(
        "/following/webhooks", data={"url": "https://localhost/", "scope": "everything"}
    )
    page = await browser.new_page(viewport={"width": 320, "height": 800})
    await page.route("**/*", lambda route: route.fulfill(status=404, body=""))
    await page.set_content(refused.text)

    assert refused.status_code == 422
    assert await page.locator("#url").get_attribute("aria-invalid") == "true"
    assert await page.locator("#url").input_value() == "https://localhost/"
    assert await page.get_by_label("Tout ce qui est au catalogue").is_checked()
    assert (await page.title()).startswith("Erreur")
    await page.close()
