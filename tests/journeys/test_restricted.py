"""Restricted data from end to end: refused with a reason, asked again better, half the columns for six months, revoked."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.depth import thorough
from tests.journeys.forms import logged_in, open_logged_in, publish_restricted
from tests.journeys.installation import PATIENCE, Installation
from tests.journeys.steps import check, log_in, open_page, wait_until
from tests.journeys.test_publish_and_find import contents_of_portal, wait_until_found

INHABITANT = "habitante@armorine.example"
TITLE = "Consommation par îlot"
COLUMNS = ("ilot", "debut", "logements", "energie")
CANARY = "ZQ-4417-TEMOIN"
ROWS = "\n".join(
    f"{CANARY if n == 3 else f'PA-{n:04}'};2026-01-{n:02} 18:00;{10 + n};{n / 2:.1f}"
    for n in range(1, 21)
)
TABLE = f"{';'.join(COLUMNS)}\n{ROWS}\n"
WHY_NOT = "Votre étude ne demande pas de connaître les logements."


async def restrict(
    page: Page, place: Installation, folder: Path, title: str = TITLE
) -> None:
    """The producer drops a table and publishes it as restricted."""
    file = folder / "ilots.csv"
    file.write_text(TABLE)
    await page.goto(f"{place.node()}/")
    await log_in(page, place)
    await page.goto(f"{place.node()}/spaces/mairie-kerlevan")
    await page.get_by_role("link", name="Publier un fichier").click()
    await page.get_by_label("Votre fichier", exact=True).set_input_files(file)
    await page.get_by_role("button", name="Envoyer le fichier").click()
    await page.get_by_role("link", name=re.compile("Continuer")).click()
    await page.get_by_label("Titre", exact=True).fill(title)
    await page.get_by_label("Thème").select_option("energyNetworks")
    await page.get_by_label("Mots-clés", exact=True).fill("énergie, quartier")
    await page.get_by_label("Langue des données", exact=True).select_option("fr")
    await page.locator("[name=access][value=restricted]").check()
    await check(page)
    await page.get_by_role("button", name=re.compile("Continuer")).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)
    await page.get_by_role("button", name="Publier").click()
    await page.wait_for_load_state()


async def open_producer(
    context: BrowserContext, place: Installation, folder: Path
) -> Page:
    """The producer with restricted data: published in the browser under `--all`, else as its forms send it."""
    if thorough():
        page = await context.new_page()
        await restrict(page, place, folder)
        return page
    async with logged_in(place, "node") as publisher:
        await publish_restricted(publisher, TABLE, TITLE)
    async with logged_in(place, "portal") as holder:
        return await open_logged_in(context, place.portal(), holder)


async def set_terms(page: Page, place: Installation, dataset: str) -> None:
    """The producer says who may ask, and under which terms."""
    await page.goto(f"{place.portal()}/login?back=/data/{dataset}/access-policy/edit")
    await check(page)
    for box in (
        "requesters][value=person",
        "requesters][value=research",
        "purposes][value=research",
    ):
        await page.locator(f"[name={box}]").check()
    await page.locator("[name=prohibitions][value=distribute]").check()
    for name, value in {
        "months": "24",
        "renewals": "1",
        "columns": "\n".join(COLUMNS),
        "answer_days": "15",
    }.items():
        await page.locator(f"[name={name}]").fill(value)
    await page.get_by_role("button", name="Enregistrer les conditions").click()
    await page.wait_for_load_state()
    await check(page)


async def ask(page: Page, columns: tuple[str, ...], months: str) -> None:
    """Fill what is asked, and send."""
    await page.locator("[name=purpose][value=research]").check()
    await page.locator("[name=words]").fill(
        "Repérer les rues où la consommation grimpe pendant les canicules."
    )
    await page.locator("[name=months]").fill(months)
    for column in COLUMNS:
        await page.locator(f"[name=columns][value={column}]").set_checked(
            column in columns
        )
    await check(page)
    await page.get_by_role("button", name=re.compile("nvoyer")).click()
    await page.wait_for_load_state()


async def read(place: Installation, path: str, secret: str = "") -> httpx.Response:
    """What a machine gets at the node."""
    headers = {"Host": "node.demo.localhost"} | (
        {"Authorization": f"Bearer {secret}"} if secret else {}
    )
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{place.settings.port(1)}", timeout=PATIENCE
    ) as client:
        return await client.get(path, headers=headers)


def answers(
    place: Installation, path: str, secret: str, status: int
) -> Callable[[], Awaitable[bool]]:
    """Whether the node answers a machine with this status."""

    async def has_status() -> bool:
        return (await read(place, path, secret)).status_code == status

    return has_status


async def be_refused(
    student: Page, producer: Page, place: Installation, dataset: str
) -> str:
    """Ask for everything for two years, and read why not; the address of the request."""
    await student.goto(f"{place.portal()}/")
    await log_in(student, place, INHABITANT)
    await student.goto(f"{place.portal()}/data/{dataset}/access-requests/new")
    if await student.locator("[name=project]").count():  # where they lead one already
        await student.locator("[name=project]").select_option("new")
    await student.locator("[name=title]").fill("Rafraîchir la ville")
    await student.locator("[name=summary]").fill("Choisir dix rues à ombrager.")
    await ask(student, COLUMNS, "24")
    request = student.url
    await producer.goto(request)
    await check(producer)
    await producer.locator("[name=words]").fill(WHY_NOT)
    await producer.get_by_role("button", name=re.compile("Refuser")).click()
    await student.goto(request)
    await expect(student.get_by_text(WHY_NOT).first).to_be_visible()
    return request


async def be_granted(
    student: Page, producer: Page, place: Installation, request: str, dataset: str
) -> tuple[str, str]:
    """Ask again for half of it; the address of the agreement, and the secret of a machine."""
    await student.get_by_role("link", name=re.compile("Corriger")).click()
    await ask(student, COLUMNS[:2], "6")
    await producer.goto(request)
    await producer.locator("[name=words]").fill(
        "Les deux colonnes suffisent à ce projet."
    )
    await producer.get_by_role("button", name=re.compile("Accorder")).click()
    await producer.wait_for_load_state()
    await student.goto(f"{place.portal()}/data/{dataset}")
    await student.get_by_role("link", name="Lire les données").click()
    agreement = student.url
    await check(student)
    await student.get_by_role("link", name="Accès pour un programme").click()
    await student.locator("[name=name]").fill("Le portable du laboratoire")
    await student.get_by_role("button", name="Créer une clé").click()
    await check(student)
    return agreement, await student.locator("#secret").input_value()


async def test_a_refused_student_asks_better_reads_half_the_columns_until_the_producer_revokes(
    installation: Installation,
    context: BrowserContext,
    browser: Browser,
    tmp_path: Path,
) -> None:
    producer = await open_producer(context, installation, tmp_path)
    await wait_until_found(installation, "consommation", TITLE)
    visitor = await browser.new_context(locale="fr-FR")
    student = await visitor.new_page()
    await open_page(student, f"{installation.portal()}/data?q=consommation")
    await student.get_by_role("link", name=TITLE).click()
    await check(student)
    dataset = student.url.split("/data/")[1].split("/")[0]
    path = f"/datasets/{dataset}/file"
    stranger = await read(installation, path)
    await set_terms(producer, installation, dataset)
    request = await be_refused(student, producer, installation, dataset)
    agreement, secret = await be_granted(
        student, producer, installation, request, dataset
    )
    await wait_until(answers(installation, path, secret, 200))
    table = (await read(installation, path, secret)).text.lstrip("\ufeff")
    altered = await read(installation, path, f"{secret}x")
    await producer.goto(agreement)
    await producer.locator("[name=words]").fill("Le programme est arrêté.")
    await producer.get_by_role("button", name="Révoquer immédiatement").click()
    await wait_until(answers(installation, path, secret, 403))
    last = await read(installation, path, secret)
    await visitor.close()

    assert (stranger.status_code, stranger.headers["www-authenticate"].split()[0]) == (
        401,
        "Bearer",
    )
    assert CANARY not in stranger.text
    assert re.split("[;,]", table.splitlines()[0]) == list(COLUMNS[:2])
    assert CANARY in table
    assert altered.status_code == 401
    assert "Le programme est arrêté." in last.text
    portal_contents = await contents_of_portal(installation)
    mails_and_logs = installation.mails() + "".join(
        log_path.read_text(errors="replace")
        for log_path in installation.folder.glob("*.log")
    )
    assert TITLE in portal_contents
    for word in (CANARY, secret):
        assert word not in portal_contents + mails_and_logs
