"""The site's editing in a real browser: its pages hold on both screens, and a change goes from preview to undo."""

import httpx
import pytest
from playwright.async_api import Browser, Page, Route

from tests.depth import by_depth
from tests.portal.tenants.test_logos import draw
from tests.portal.territory.conftest import Dashboard
from tests.portal.territory.test_site import COLOURS, SITE, post, send
from tests.ui.tab import NARROW, WIDE, Tab
from udi.kit.clock import today

NAMES = {
    "site": SITE,
    "look": f"{SITE}/look",
    "settings": f"{SITE}/settings",
    "texts": f"{SITE}/texts",
    "text": f"{SITE}/texts/charter.md",
    "changes": f"{SITE}/changes",
    "version": f"{SITE}/versions/2",
}
HUE = "getComputedStyle(document.querySelector('{0}')).getPropertyValue('--hue')"


@pytest.mark.thorough
@by_depth("name", NAMES, by_default=[0])
async def test_the_pages_of_the_site_hold_in_a_browser(
    dashboard: Dashboard, tab: Tab, name: str
) -> None:
    await post(dashboard, "/look/colours", **COLOURS)
    await post(dashboard, "/publish", note="En orange")
    await send(dashboard, "logo", draw())
    address = f"{dashboard.territory.origin}{NAMES[name]}"

    faults = await tab.find_faults(dashboard.team, address, f"site-{name}", "fr", "en")

    assert faults == []


async def open_page(browser: Browser, client: httpx.AsyncClient) -> Page:
    """A page of somebody, whose forms are sent too; without JavaScript."""
    context = await browser.new_context(viewport=WIDE, java_script_enabled=False)
    page = await context.new_page()

    async def answer(route: Route) -> None:
        request = route.request
        response = await client.request(
            request.method,
            request.url,
            content=request.post_data_buffer,
            headers={"content-type": request.headers.get("content-type", "")},
            follow_redirects=True,
        )
        headers = {"content-type": response.headers["content-type"]}
        await route.fulfill(
            status=response.status_code, headers=headers, body=response.content
        )

    await page.route("**/*", answer)
    return page


@pytest.mark.thorough
async def test_colour_logo_and_tagline_are_changed_previewed_published_and_undone(
    dashboard: Dashboard, browser: Browser
) -> None:
    team = await open_page(browser, dashboard.team)
    everybody = await open_page(browser, dashboard.clients["passer-by"])
    origin = dashboard.territory.origin

    await team.goto(f"{origin}{SITE}/look")
    hue = team.get_by_label("Teinte principale")
    await hue.press("Home")
    await team.get_by_role("button", name="Voir ces couleurs").click()
    await team.wait_for_load_state("load")
    assert await team.evaluate(HUE.format(".frame")) == "0"
    assert await team.evaluate(HUE.format("html")) == "186"
    await team.get_by_label("Ajouter un logo").set_input_files(
        {"name": "logo.svg", "mimeType": "image/svg+xml", "buffer": draw()}
    )
    await team.get_by_role("button", name="Envoyer le fichier Logo").click()
    await team.locator(".frame img").wait_for()
    await team.get_by_role("link", name="Nom et adresses").click()
    await team.get_by_label("Slogan").first.fill("Tout est ouvert")
    await team.get_by_role("button", name="Enregistrer dans le brouillon").click()
    await team.set_viewport_size(NARROW)
    await team.get_by_role("button", name="Publier les changements").click()
    await team.get_by_text("Version 2, en ligne").wait_for()

    await everybody.goto(origin)
    assert await everybody.evaluate(HUE.format("html")) == "0"
    assert await everybody.evaluate("document.querySelector('.brand img').naturalWidth")
    assert "Tout est ouvert" in await everybody.content()

    await team.get_by_role("button", name="Rétablir la version 1").click()
    await team.get_by_text("Version 3, en ligne").wait_for()
    await everybody.goto(origin)
    assert await everybody.evaluate(HUE.format("html")) == "186"
    assert await everybody.locator(".brand img").count() == 0
    assert "Tout est ouvert" not in await everybody.content()


@pytest.mark.thorough
async def test_news_are_written_previewed_published_and_read_on_the_home(
    dashboard: Dashboard, browser: Browser
) -> None:
    team = await open_page(browser, dashboard.team)
    everybody = await open_page(browser, dashboard.clients["passer-by"])
    origin = dashboard.territory.origin

    await team.goto(f"{origin}{SITE}/news/new")
    await team.locator("#day").fill(today(dashboard.territory.zone).isoformat())
    for code, title in (("fr", "Une piscine ouvre"), ("en", "A pool opens")):
        await team.locator(f"#title_{code}").fill(title)
        await team.locator(f"#body_{code}").fill("**8 h** – 20 h")
    await team.get_by_role("button", name="Enregistrer et voir l’aperçu").click()
    await team.get_by_text("n’est pas encore en ligne").wait_for()
    assert await team.locator("strong", has_text="8 h").count() == 1
    await everybody.goto(origin)
    assert "Une piscine ouvre" not in await everybody.content()

    await team.get_by_role("link", name="Voir les changements et les publier").click()
    await team.get_by_role("button", name="Publier les changements").click()
    await team.get_by_text("Version 2, en ligne").wait_for()
    await everybody.goto(origin)
    await everybody.get_by_role("link", name="Une piscine ouvre").click()
    assert await everybody.locator("h1").inner_text() == "Une piscine ouvre"
