"""Somebody lends their rows: the number counts only after Keycloak's own page; they see the use, and one click stops it while a program reads."""

import asyncio
import re
import time
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.journeys.forms import logged_in, open_logged_in, publish_restricted
from tests.journeys.installation import Installation
from tests.journeys.steps import as_program, check, wait_until
from tests.journeys.test_publish_and_find import wait_until_found
from tests.journeys.test_restricted import COLUMNS, INHABITANT, TABLE, read
from tests.portal.access.policies import POLICY, REQUEST_FORM
from tests.portal.consents.conftest import NOTICE

PROJECT = "equipe@armorine.example"
TITLE = "Consommation des foyers"
NUMBER = "PA-0005"
REFUSED = ["no_consent"]
NO_USE = "aucune signalée depuis votre oui"
BRING_FORWARD = """
UPDATE queue.pgqueuer_schedules SET next_run = now() WHERE entrypoint = 'report_uses' RETURNING now()"""
HAS_RUN = """
SELECT succeeded_at - seconds * interval '1 second' >= $1 FROM ops.scheduled_run WHERE name = 'report_uses'"""
UUID = "[0-9a-f-]{36}"
WORD = re.compile(r"\w[\w’'-]*")
QUESTIONS = re.compile(r"^(label|kind|required|choices)_|^answer_[^d]")
"""Fields of the form that a policy may ask; `answer_days` is none of them."""


@dataclass
class Sides:
    """Who holds the data and who asks, as what their forms send."""

    producer: httpx.AsyncClient
    project: httpx.AsyncClient

    async def grant(self, dataset: str) -> str:
        """Agree on the data, for the project of an organisation; the address of the agreement."""
        policy = _without_questions(POLICY) | {
            "revision": "0",
            "columns": "\n".join(COLUMNS),
            "rows": "",
        }
        home = f"/data/{dataset}"
        await _send(self.producer, f"{home}/access-policy/edit", policy)
        request = _without_questions(REQUEST_FORM) | {
            "requester": "public_body",
            "organisation": "armorine-metropole",
            "columns": list(COLUMNS),
        }
        address = await _send(self.project, f"{home}/access-requests/new", request)
        decision = {"words": "Utile à tous.", "revision": "1"}
        await _send(self.producer, f"{address}/grant", decision)
        return await _find(self.project, address, f"(/agreements/{UUID})")

    async def ask_people(self, agreement: str) -> str:
        """A question to people that the producer accepts to hold; its address."""
        await _send(self.project, f"{agreement}/consents", NOTICE)
        version = await _find(
            self.producer, f"{agreement}/consents", f"/consents/({UUID})/accept"
        )
        await _send(self.producer, f"{agreement}/consents/{version}/accept", {})
        return f"/consents/{version}"


def _without_questions(form: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in form.items() if not QUESTIONS.match(name)}


async def _send(client: httpx.AsyncClient, address: str, form: dict[str, Any]) -> str:
    """Send a form; where it leads."""
    answer = await client.post(address, data=form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def _find(client: httpx.AsyncClient, address: str, pattern: str) -> str:
    """What a page says."""
    page = await client.get(address)
    match = re.search(pattern, page.text)
    assert match, page.text
    return match[1]


async def name_column(page: Page, place: Installation, dataset: str) -> None:
    """The producer says, at the node, which column says whom a row is about, and that the number is secret."""
    await page.goto(f"{place.node()}/datasets/{dataset}/consents")
    await page.locator("[name=column]").select_option("ilot")
    await page.locator("[name=secret]").check()
    await check(page)
    await page.get_by_role("button", name="Enregistrer").click()
    await expect(
        page.get_by_role("heading", name="Numéros à confirmer")
    ).to_be_visible()


async def make_key(page: Page, place: Installation, agreement: str) -> str:
    """The secret of the project's machine."""
    await page.goto(f"{place.portal()}{agreement}")
    await page.get_by_role("link", name="Accès pour un programme").click()
    await page.locator("[name=name]").fill("Le programme de l’étude")
    await page.get_by_role("button", name="Créer une clé").click()
    return await page.locator("#secret").input_value()


async def read_rows(place: Installation, dataset: str, secret: str) -> list[str]:
    """The first column of what the project's machine is given, or the code of its refusal."""
    answer = await read(place, f"/api/resources/{dataset}/data/csv/", secret)
    if answer.status_code != 200:
        return [str(answer.json()["code"])]
    lines = answer.text.removeprefix("\ufeff").splitlines()[1:]
    return [re.split("[;,]", line)[0] for line in lines]


async def read_until_refused(
    place: Installation, dataset: str, secret: str
) -> list[list[str]]:
    """What the project's machine, which reads again and again, was given, up to the first refusal."""
    readings: list[list[str]] = []

    async def is_refused() -> bool:
        readings.append(await read_rows(place, dataset, secret))
        return readings[-1] == REFUSED

    await wait_until(is_refused)
    return readings


async def report_uses(place: Installation) -> None:
    """The node's worker tells the portal what was read: its own task of every five minutes, whose next time is now."""
    dsn = place.settings.dsn("node", "worker").replace("+asyncpg", "")
    connection = await asyncpg.connect(dsn)
    try:
        moment = await connection.fetchval(BRING_FORWARD)

        async def has_run() -> bool:
            return bool(await connection.fetchval(HAS_RUN, moment))

        await wait_until(has_run)
    finally:
        await connection.close()


async def see_use(page: Page, place: Installation) -> int:
    """Among what one lends, that the project's machines read; the words of the page."""
    await report_uses(place)
    await page.goto(f"{place.portal()}/my-data/consents")
    fact = page.locator("dl.facts > div").filter(has_text="Dernière lecture")
    await expect(fact.locator("time")).to_be_visible()
    await expect(page.get_by_text(NO_USE)).to_have_count(0)
    return await look(page)


async def pass_keycloak(page: Page, place: Installation) -> None:
    """Keycloak's own pages, as whoever it does not know."""
    await page.wait_for_url(lambda url: "/realms/" in url)
    await page.locator("input[name=username]").fill(INHABITANT)
    await page.locator("input[name=username]").press("Enter")
    await page.locator("input[name=password]").fill(place.password(INHABITANT))
    await page.locator("input[name=password]").press("Enter")
    await page.wait_for_url(lambda url: "/realms/" not in url)


async def look(page: Page) -> int:
    """Check a page; how many words it has."""
    await check(page)
    return len(WORD.findall(await page.locator("main").inner_text()))


async def say_yes(page: Page, place: Installation, question: str) -> int:
    """Read the question, log in, say yes; the receipt comes. The words of the pages."""
    await page.goto(f"{place.portal()}{question}")
    words = await look(page)
    yes = page.get_by_role("button", name="Oui, j’accepte")
    await yes.click()
    await pass_keycloak(page, place)
    words += await look(page)
    await yes.click()
    await page.wait_for_url(re.compile(f"/my-data/consents/{UUID}"))
    return words + await look(page)


async def go_to_node(page: Page, place: Installation) -> None:
    """From the receipt to the node, by a browser that Keycloak knows no more, as another device would be."""
    await page.get_by_role("button", name="Écrire mon numéro").click()
    await check(page)
    # Keycloak is at `localhost`, and the programs at names below it.
    await page.context.clear_cookies(domain="localhost")
    await page.get_by_role("button", name=re.compile("^Continuer chez")).click()
    await page.wait_for_url(lambda url: "/realms/" in url)


@pytest.mark.thorough
async def test_who_lends_by_a_number_sees_the_use_and_stops_it_while_a_program_reads(
    installation: Installation,
    context: BrowserContext,
    browser: Browser,
) -> None:
    async with (
        logged_in(installation, "node") as publisher,
        logged_in(installation, "portal") as holder,
        logged_in(installation, "portal", PROJECT) as asker,
    ):
        dataset = await publish_restricted(publisher, TABLE, TITLE)
        await wait_until_found(installation, "foyers", TITLE)
        sides = Sides(holder, asker)
        agreement = await sides.grant(dataset)
        question = await sides.ask_people(agreement)
        producer = await open_logged_in(context, installation.node(), publisher)
        apart = await browser.new_context(locale="fr-FR")
        project = await open_logged_in(apart, installation.portal(), asker)
    person = await (await browser.new_context(locale="fr-FR")).new_page()
    await name_column(producer, installation, dataset)
    secret = await make_key(project, installation, agreement)

    async def is_read(*rows: str) -> bool:
        return await read_rows(installation, dataset, secret) == list(rows)

    await wait_until(lambda: is_read(*REFUSED))
    words = await say_yes(person, installation, question)
    receipt = person.url
    async with as_program(installation, person) as lender:
        unread = await lender.get("/my-data/consents")
    await go_to_node(person, installation)
    at_keycloak = await read_rows(installation, dataset, secret)
    await pass_keycloak(person, installation)
    words += await look(person)
    at_form = await read_rows(installation, dataset, secret)
    await person.locator("[name=code]").fill(NUMBER)
    await person.get_by_role("button", name="Envoyer mon numéro").click()
    await person.wait_for_url(lambda url: url.startswith(receipt.partition("?")[0]))
    await wait_until(lambda: is_read(NUMBER))
    page_words = await see_use(person, installation)
    first = await read_rows(installation, dataset, secret)
    reading = asyncio.create_task(read_until_refused(installation, dataset, secret))
    began = time.monotonic()
    await person.get_by_role("button", name=re.compile("^Arrêter")).first.click()
    readings = await reading
    seconds = time.monotonic() - began

    assert NO_USE in unread.text
    assert at_keycloak == at_form == REFUSED
    assert first == [NUMBER]
    assert [rows for rows in readings[:-1] if rows != [NUMBER]] == []
    print(  # noqa: T201 - figures to publish
        f"to lend: 5 clicks and a field besides the login, {words} words;"
        f" to see the use and stop: 1 click, {page_words} words, refused at the node after {seconds:.1f} s"
    )
