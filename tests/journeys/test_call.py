"""The call of 32 candidates and 6 laureates, in the browser: the team calls, a jury judges, each candidate is told why."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_string, policy
from typing import Any

import asyncpg
import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.journeys.installation import PATIENCE, Installation
from tests.journeys.steps import as_program, check, log_in, open_page
from udi.kit.clock import now

TEAM = "equipe@armorine.example"
JUROR = "responsable@kerlevan.example"
SECOND = "publication@kerlevan.example"
CANDIDATE = "habitante@armorine.example"
CALL = "Rafraîchir la ville en été"
SENT = 32
CHOSEN = 6
CRITERIA = {
    "Utilité pour les habitants": 40,
    "Respect des personnes": 30,
    "Réalisable en six mois": 30,
}
BEST = [f"Projet {number:02}" for number in range(CHOSEN)]
LINK = "Nous travaillons ensemble."
WHY = "Utile dès cet été."
WHY_NOT = "La commune le fait déjà."


@pytest.fixture
async def people(
    browser: Browser, installation: Installation
) -> AsyncIterator[dict[str, Page]]:
    """Each logged in, in a browser of their own."""
    contexts = {
        name: await browser.new_context(locale="fr-FR")
        for name in (TEAM, JUROR, SECOND, CANDIDATE)
    }
    pages = {name: await context.new_page() for name, context in contexts.items()}
    for name, page in pages.items():
        await page.goto(f"{installation.portal()}/")
        await log_in(page, installation, name)
    yield pages
    for context in contexts.values():
        await context.close()


async def press(page: Page, button: str) -> None:
    """Press a button of the page, which is checked, and so is the one that follows."""
    await check(page)
    await page.get_by_role("button", name=button, exact=True).click()
    await page.wait_for_load_state()
    await check(page)


async def open_call(team: Page, place: Installation) -> str:
    """The team writes the call, names its jury and opens it; its path."""
    await open_page(team, f"{place.portal()}/calls")
    await team.get_by_role("link", name="Écrire un appel").click()
    closes, results = (now() + timedelta(days=days) for days in (10, 40))
    fields = {
        "title": CALL, "summary": "Des idées pour l’ombre et l’eau.", "words": "Un service, une carte, une mesure.",
        "criteria": "\n".join(f"{label}, {points}" for label, points in CRITERIA.items()),
        "closes_at": f"{closes:%Y-%m-%d %H:%M}", "results_at": f"{results:%Y-%m-%d %H:%M}",
    }  # fmt: skip
    for name, value in fields.items():
        await team.locator(f"[name={name}]").fill(value)
    await press(team, KEEP)
    await team.locator("[name=emails]").fill(f"{JUROR}\n{SECOND}")
    await press(team, "Nommer le jury")
    await press(team, "Ouvrir l’appel")
    return team.url.removeprefix(place.portal()).removesuffix("/organise")


KEEP = "Enregistrer"


async def answer(page: Page, place: Installation, call: str) -> None:
    """A candidate finds the call, describes a project and answers with it."""
    await open_page(page, f"{place.portal()}/calls")
    await page.get_by_role("link", name=CALL).click()
    await check(page)
    await open_page(page, f"{place.portal()}/projects/new")
    await page.locator("[name=title]").fill(BEST[0])
    await page.locator("[name=summary]").fill("L’ombre, rue par rue.")
    await page.locator("[name=purpose]").select_option("civic")
    await press(page, KEEP)
    await page.goto(f"{place.portal()}{call}")
    await page.get_by_role("link", name="Répondre à l’appel").click()
    await page.locator("[name=project]").select_option(label=BEST[0])
    await page.locator("[name=answer]").fill("Une carte que chacun lit.")
    await press(page, "Envoyer")
    await expect(page.get_by_role("link", name=BEST[0])).to_be_visible()


async def send_more(by: httpx.AsyncClient, call: str, numbers: range) -> None:
    """The same by what the forms send."""
    for number in numbers:
        form = {
            "title": f"Projet {number:02}",
            "summary": "Une idée.",
            "purpose": "civic",
        }
        project = (
            (await by.post("/projects/new", data=form))
            .headers["location"]
            .rpartition("/")[2]
        )
        sent = await by.post(
            f"{call}/answer", data={"project": project, "answer": "Nous le faisons."}
        )
        assert sent.status_code == 303, sent.text


async def rows(place: Installation, query: str) -> list[Any]:
    """Rows of the territory, as a job sees them; or what a statement changed."""
    connection = await asyncpg.connect(
        place.settings.dsn("portal", "worker").replace("+asyncpg", "")
    )
    try:
        async with connection.transaction():
            tenant = await connection.fetchval(
                "SELECT id FROM platform.territory WHERE slug = 'demo'"
            )
            await connection.execute(f"SET LOCAL app.tenant = '{tenant}'")
            fetched_rows: list[Any] = await connection.fetch(query)
            return fetched_rows
    finally:
        await connection.close()


async def declare(page: Page, place: Installation, call: str, title: str = "") -> None:
    """A juror says with which submission they have a link, or that they have none."""
    await open_page(page, f"{place.portal()}{call}/jury")
    if title:
        await page.get_by_label(title, exact=True).check()
        box = await page.get_by_label(title, exact=True).get_attribute("name")
        await page.locator(f"[name={str(box).replace('conflict-', 'why-')}]").fill(LINK)
    await press(page, "Déclarer, ou dire que je n’en ai aucun")


def points(title: str) -> int:
    """What a juror gives by each criterion; the last of the laureates are near the first of the others."""
    if title in BEST:
        return 25
    return 12


async def score(page: Page, title: str, criteria: list[str]) -> None:
    """A juror reads a submission and gives points, each with its reason."""
    await page.get_by_role("link", name=title, exact=True).click()
    for criterion in criteria:
        await page.locator(f"[name=points-{criterion}]").fill(str(points(title)))
        await page.locator(f"[name=reason-{criterion}]").fill(
            f"Le dossier le montre : {title}."
        )
    await press(page, "Enregistrer mes points")


async def score_rest(
    by: httpx.AsyncClient, call: str, those: list[Any], criteria: list[str]
) -> None:
    for submission in those:
        form = {
            f"points-{criterion}": str(points(submission["title"]))
            for criterion in criteria
        }
        form |= {
            f"reason-{criterion}": "C’est écrit dans le dossier."
            for criterion in criteria
        }
        assert (
            await by.post(f"{call}/submissions/{submission['id']}", data=form)
        ).status_code == 303


async def judge(
    people: dict[str, Page],
    place: Installation,
    call: str,
    those: list[Any],
    criteria: list[str],
) -> None:
    """Both jurors declare, then score: a few in the browser, the rest by what the form sends."""
    first = people[JUROR]
    second = people[SECOND]
    await declare(first, place, call, BEST[1])
    await declare(second, place, call)
    for title in (BEST[0], "Projet 30"):
        await score(first, title, criteria)
    await expect(first.get_by_text("Conflit d’intérêts", exact=True)).to_have_count(1)
    done = {BEST[0], BEST[1], "Projet 30"}
    async with as_program(place, first) as by:
        await score_rest(
            by,
            call,
            [submission for submission in those if submission["title"] not in done],
            criteria,
        )
    async with as_program(place, second) as by:
        own_titles = {f"Projet {SENT - 1:02}"}
        refused = next(
            submission for submission in those if submission["title"] in own_titles
        )
        assert (
            await by.post(f"{call}/submissions/{refused['id']}", data={})
        ).status_code == 403
        await score_rest(
            by,
            call,
            [
                submission
                for submission in those
                if submission["title"] not in own_titles
            ],
            criteria,
        )


async def decide(team: Page, place: Installation, call: str, those: list[Any]) -> None:
    """The team ends the jury's work, decides on each with a reason, and makes the results public."""
    await open_page(team, f"{place.portal()}{call}/organise")
    await press(team, "Le jury a terminé")
    for title, button, reason in (
        (BEST[0], "Lauréat", WHY),
        ("Projet 30", "Non retenu", WHY_NOT),
    ):
        entry = team.locator(
            "details", has=team.get_by_text(f"Décider {title}", exact=True)
        )
        await entry.locator("summary").click()
        await entry.locator("textarea").fill(reason)
        await entry.get_by_role("button", name=button).click()
        await team.wait_for_load_state()
    async with as_program(place, team) as by:
        others = [
            submission
            for submission in those
            if submission["title"] not in {BEST[0], "Projet 30"}
        ]
        assert len(others) == len(those) - 2
        for submission in others:
            is_laureate = submission["title"] in BEST
            form = {
                "laureate": "yes" if is_laureate else "no",
                "reason": WHY if is_laureate else WHY_NOT,
            }
            done = await by.post(
                f"{call}/organise/decide",
                data=form | {"submission": str(submission["id"])},
            )
            assert done.status_code == 303
    await team.reload()
    await press(team, "Publier les résultats")


async def mails_about(place: Installation, count: int) -> list[tuple[str, str]]:
    """(to, subject) of what candidates were told, once there are as many."""
    deadline = time.monotonic() + PATIENCE
    while True:
        emails = []
        for path in (place.settings.state / "mail").rglob("*.eml"):
            mail = message_from_string(
                path.read_text(errors="replace"), policy=policy.default
            )  # type: ignore[arg-type]  # the policy's class
            if re.search(
                r"est lauréat de|n’est pas retenu pour", str(mail["Subject"])
            ) and CALL in str(mail["Subject"]):
                emails.append((str(mail["To"]), str(mail["Subject"])))
        if len(emails) >= count or time.monotonic() > deadline:
            return emails
        await asyncio.sleep(0.2)


@pytest.mark.thorough
async def test_the_call_of_32_candidates_and_6_laureates(
    installation: Installation, people: dict[str, Page], browser: Browser
) -> None:
    call = await open_call(people[TEAM], installation)
    await answer(people[CANDIDATE], installation, call)
    async with (
        as_program(installation, people[CANDIDATE]) as candidate,
        as_program(installation, people[SECOND]) as juror,
    ):
        await send_more(candidate, call, range(1, SENT - 1))
        await send_more(juror, call, range(SENT - 1, SENT))
    id_ = call.rpartition("/")[2]
    those = await rows(
        installation,
        f"SELECT id, title FROM app.submission WHERE call_id = '{id_}' ORDER BY title",
    )
    criteria = await rows(
        installation,
        f"SELECT id FROM app.call_criterion WHERE call_id = '{id_}' ORDER BY position",
    )
    assert len(those) == SENT
    await rows(
        installation,
        f"UPDATE app.call SET closes_at = now() WHERE id = '{id_}' RETURNING id",
    )
    await judge(
        people,
        installation,
        call,
        those,
        [str(criterion["id"]) for criterion in criteria],
    )
    await decide(people[TEAM], installation, call, those)

    visitor = await browser.new_context(locale="fr-FR")
    page = await visitor.new_page()
    await open_page(page, f"{installation.portal()}{call}")
    text = await page.locator("main").inner_text()
    await visitor.close()
    assert [f"Projet {number:02}" in text for number in range(SENT)] == [
        True
    ] * CHOSEN + [False] * (SENT - CHOSEN)
    assert WHY in text
    assert WHY_NOT not in text
    emails = await mails_about(installation, SENT)
    assert sorted(to for to, _ in emails) == [CANDIDATE] * (SENT - 1) + [SECOND]
    assert sum("est lauréat de" in subject for _, subject in emails) == CHOSEN
    refused = next(
        submission["id"] for submission in those if submission["title"] == "Projet 30"
    )
    await open_page(
        people[CANDIDATE], f"{installation.portal()}{call}/submissions/{refused}"
    )
    await expect(people[CANDIDATE].get_by_text(WHY_NOT)).to_be_visible()
    await expect(
        people[CANDIDATE].get_by_text("Le dossier le montre : Projet 30.")
    ).to_have_count(len(CRITERIA))
    [scores] = await rows(
        installation,
        f"SELECT count(*) AS all FROM app.score s JOIN app.submission b ON b.id = s.submission_id WHERE b.call_id = '{id_}'",
    )
    assert scores["all"] == (2 * SENT - 2) * len(CRITERIA)
