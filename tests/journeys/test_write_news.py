"""Somebody of the team writes news in a real browser: preview, publication, the home and the feed, and the way back."""

import pytest
from playwright.async_api import Browser, expect

from tests.journeys.installation import PATIENCE, Installation
from tests.journeys.steps import check, log_in

pytestmark = pytest.mark.programs
TEAM = "equipe@armorine.example"
TITLE = "La piscine rouvre"


async def test_news_are_written_seen_published_and_taken_back_without_script(
    installation: Installation, browser: Browser
) -> None:
    context = await browser.new_context(locale="fr-FR", java_script_enabled=False)
    context.set_default_timeout(PATIENCE * 1000)
    page = await context.new_page()
    portal = installation.portal()
    await page.goto(f"{portal}/")
    await log_in(page, installation, TEAM)
    await page.goto(f"{portal}/territory/site/news")
    await page.get_by_role("link", name="Écrire une actualité").click()
    await page.get_by_label("Titre (Français)").fill(TITLE)
    await page.get_by_label("Résumé (Français)").fill("Dès samedi, de 8 h à 20 h.")
    await page.get_by_label("Texte (Français)").fill("<script>alert(1)</script>")
    await page.get_by_role("button", name="Enregistrer et voir l’aperçu").click()
    await expect(page.get_by_role("alert")).to_contain_text("est du HTML")
    await page.get_by_label("Texte (Français)").fill("## Tarifs\n\nEntrée **libre**.")
    await page.get_by_role("button", name="Enregistrer et voir l’aperçu").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    await expect(page.get_by_role("heading", name="Tarifs", level=2)).to_be_visible()
    assert TITLE not in await (await page.request.get(f"{portal}/news.atom")).text()

    await page.get_by_role("link", name="Voir les changements et les publier").click()
    await page.get_by_role("button", name="Publier les changements").click()
    await page.goto(f"{portal}/")
    await expect(page.get_by_role("link", name=TITLE)).to_be_visible()
    assert TITLE in await (await page.request.get(f"{portal}/news.atom")).text()

    await page.goto(f"{portal}/territory/site")
    await page.get_by_role("button", name="Rétablir la version").first.click()
    await page.goto(f"{portal}/news")
    await expect(page.get_by_role("link", name=TITLE)).to_have_count(0)
    await context.close()


async def test_the_blocks_of_the_home_are_ordered_by_keyboard(
    installation: Installation, browser: Browser
) -> None:
    context = await browser.new_context(locale="fr-FR")
    page = await context.new_page()
    await page.goto(f"{installation.portal()}/")
    await log_in(page, installation, TEAM)
    await page.goto(f"{installation.portal()}/territory/site/home")
    await check(page)

    button = page.get_by_role("button", name="Monter – Actualités")
    await button.focus()
    await page.keyboard.press("Enter")

    await page.wait_for_url("**/home?act=up&block=6#block-6")
    await expect(button).to_be_focused()
    await expect(page.get_by_role("status")).to_contain_text("rang 6")
    await page.goto(f"{installation.portal()}/territory/site")
    await page.get_by_role("button", name="Abandonner les changements").click()
    await context.close()
