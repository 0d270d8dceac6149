"""A person asks that their organisation publish, is explained, asks again, is approved, publishes a first dataset."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from email import message_from_string, policy
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.journeys.installation import Installation
from tests.journeys.steps import check, log_in, open_page, wait_until
from tests.journeys.test_publish_and_find import wait_until_found

ASKER = "habitante@armorine.example"
TEAM = "equipe@armorine.example"
MANAGER = "responsable@kerlevan.example"
NAME = "Club nautique de l’Aber"
WHY = "Dites-nous quel service répond aux questions."
FILE = "goodtables_VilleMTP_MTP_BudgetPri_2015.csv"
TITLE = "Sorties en mer du club"


@pytest.fixture
async def people(browser: Browser) -> AsyncIterator[dict[str, Page]]:
    """Each in a browser of their own, which nobody used yet."""
    contexts = {
        name: await browser.new_context(locale="fr-FR")
        for name in (ASKER, TEAM, MANAGER)
    }
    yield {name: await context.new_page() for name, context in contexts.items()}
    for context in contexts.values():
        await context.close()


async def ask(page: Page, installation: Installation) -> None:
    """From the home page to the request, by way of the login and of a wrong number."""
    await open_page(page, f"{installation.portal()}/")
    await page.get_by_role("link", name="Devenir producteur").click()
    await check(page)
    await page.get_by_role("link", name="Se connecter pour commencer").click()
    await fill_login(page, installation, ASKER)
    await check(page)
    await page.get_by_label("Nom officiel").fill(NAME)
    await page.get_by_label("Numéro d’enregistrement").fill("732 829 321")
    await page.get_by_label("Adresse électronique d’un service").fill(
        "bonjour@club-aber.example"
    )
    await page.get_by_label("Mon organisation a lu la charte et la suit").check()
    await page.get_by_role("button", name="Envoyer la demande").click()
    await expect(page.get_by_role("alert")).to_contain_text("sa clé ne correspond pas")
    await check(page)
    await page.get_by_label("Numéro d’enregistrement").fill("732 829 320")
    await page.get_by_role("button", name="Envoyer la demande").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    await check(page)


async def fill_login(page: Page, installation: Installation, username: str) -> None:
    await page.locator("input[name=username]").fill(username)
    await page.locator("input[name=username]").press("Enter")
    await page.locator("input[name=password]").fill(installation.password(username))
    await page.locator("input[name=password]").press("Enter")
    await page.wait_for_url(lambda url: "/realms/" not in url)


async def decide(
    page: Page, installation: Installation, button: str, words: str = ""
) -> None:
    """From «my space» to the request, and the answer."""
    await page.goto(f"{installation.portal()}/my-space")
    await page.get_by_role("link", name="Demandes pour devenir producteur").click()
    await check(page)
    await page.get_by_role("link", name=NAME).click()
    await check(page)
    await page.get_by_label(re.compile("Votre message")).fill(words)
    await page.get_by_role("button", name=button).click()
    await check(page)


async def wait_for_mail(installation: Installation, subject: str, to: str) -> None:
    """Wait until somebody was sent a mail of this subject."""

    async def is_sent() -> bool:
        paths = list((installation.settings.state / "mail").rglob("*.eml"))
        mails = [
            message_from_string(path.read_text(errors="replace"), policy=policy.default)
            for path in paths
        ]  # type: ignore[arg-type]  # the policy's class
        return any((mail["Subject"], mail["To"]) == (subject, to) for mail in mails)

    await wait_until(is_sent)


async def reload_until(page: Page, condition: Callable[[], Awaitable[bool]]) -> None:
    """Load a page again and again, until it shows what others do meanwhile."""

    async def is_so_now() -> bool:
        await page.reload()
        return await condition()

    await wait_until(is_so_now)


async def is_shown(part: Locator) -> bool:
    return await part.count() > 0


async def is_gone(part: Locator) -> bool:
    return await part.count() == 0


async def test_somebody_joins_and_publishes_without_a_technician(
    installation: Installation, people: dict[str, Page], shared_data: Path
) -> None:
    asker = people[ASKER]
    team = people[TEAM]
    await ask(asker, installation)
    await wait_for_mail(installation, f"{NAME} demande à publier ses données", TEAM)
    await team.goto(f"{installation.portal()}/")
    await log_in(team, installation, TEAM)
    await decide(team, installation, "Refuser, et dire pourquoi", WHY)
    await wait_for_mail(installation, f"Votre demande pour {NAME} est refusée", ASKER)

    await asker.reload()
    await expect(asker.get_by_text(WHY)).to_be_visible()
    await check(asker)
    await asker.get_by_role("link", name="Corriger et redemander").click()
    await check(asker)
    await asker.get_by_label("Adresse électronique d’un service").fill(
        "donnees@club-aber.example"
    )
    await asker.get_by_role("button", name="Renvoyer").click()
    await decide(team, installation, "Accepter")
    await wait_for_mail(
        installation,
        f"Bienvenue\N{NO-BREAK SPACE}: {NAME} peut publier ses données",
        ASKER,
    )

    first = asker.get_by_role("link", name="Décrire votre premier jeu de données")
    await reload_until(asker, lambda: is_shown(first))
    await check(asker)
    await first.click()
    await expect(asker.get_by_label("Votre fichier", exact=True)).to_be_visible()
    await asker.get_by_label("Votre fichier", exact=True).set_input_files(
        shared_data / "data/tables" / FILE
    )
    await asker.get_by_role("button", name="Envoyer le fichier").click()
    await asker.get_by_role("link", name=re.compile("Continuer")).click()
    await asker.get_by_label("Titre", exact=True).fill(TITLE)
    await asker.get_by_label("Thème").select_option("culture")
    await asker.get_by_label("Mots-clés", exact=True).fill("voile, sorties")
    await asker.get_by_role("button", name=re.compile("Continuer")).click()
    await asker.get_by_role("button", name="Publier").click()
    await asker.wait_for_load_state()

    await wait_until_found(installation, "sorties mer club", TITLE)
    await open_page(asker, f"{installation.portal()}/producers/club-nautique-de-l-aber")
    await expect(asker.get_by_role("link", name=TITLE)).to_be_visible()

    applied = installation.run("tenant", "apply", "demo")
    synced = installation.run("tenant", "sync", "demo")
    assert (applied.returncode, synced.returncode) == (0, 0), (
        applied.stderr + synced.stderr
    )
    await open_page(asker, f"{installation.portal()}/producers/club-nautique-de-l-aber")
    await asker.goto(f"{installation.portal()}/login?again=true&back=/my-space")
    await expect(asker.get_by_role("heading", name=NAME)).to_be_visible()


@pytest.mark.thorough
async def test_an_administrator_invites_and_the_person_comes_in_publishes_and_leaves(
    installation: Installation, people: dict[str, Page]
) -> None:
    manager = people[MANAGER]
    guest = people[ASKER]
    await manager.goto(f"{installation.portal()}/")
    await log_in(manager, installation, MANAGER)
    await manager.goto(f"{installation.portal()}/my-space")
    await manager.get_by_role(
        "link", name=re.compile("Ses membres – Mairie de Kerlévan")
    ).click()
    await check(manager)
    await manager.get_by_label("Adresse électronique").fill(ASKER)
    await manager.get_by_role("button", name="Envoyer l’invitation").click()
    await expect(manager.get_by_role("heading", name=ASKER)).to_be_visible()
    await check(manager)
    await wait_for_mail(
        installation,
        "Mairie de Kerlévan vous invite à travailler sur ses données",
        ASKER,
    )

    await guest.goto(f"{installation.portal()}/")
    await log_in(guest, installation, ASKER)
    await guest.goto(f"{installation.portal()}/join")
    await guest.get_by_role("link", name="Mairie de Kerlévan").click()
    await check(guest)
    await guest.get_by_role("button", name="Rejoindre").click()
    await check(guest)
    await manager.reload()
    await expect(manager.get_by_text(ASKER)).to_be_visible()
    await reload_until(manager, lambda: is_gone(manager.get_by_text("En cours")))
    await guest.goto(
        f"{installation.node()}/login?again=true&back=/spaces/mairie-kerlevan"
    )
    await expect(guest.get_by_role("link", name="Publier un fichier")).to_be_visible()

    await guest.goto(
        f"{installation.portal()}/login?again=true&back=/my-space/organisations/mairie-kerlevan"
    )
    await check(guest)
    await guest.get_by_text("Changer").click()
    await guest.get_by_role("button", name="Quitter cette organisation").click()
    await expect(guest.get_by_role("heading", name="Mes organisations")).to_be_visible()
    refused = await guest.goto(
        f"{installation.portal()}/my-space/organisations/mairie-kerlevan"
    )
    assert refused is not None
    assert refused.status == 403
