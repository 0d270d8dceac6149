"""A first time at the node, without JavaScript: few fields, no jargon, and what stands at the end."""

import re
import time
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.journeys.forms import logged_in, open_logged_in
from tests.journeys.installation import Installation
from tests.journeys.steps import PUBLISHER
from tests.journeys.test_publish_and_find import wait_until_found
from tests.pages.plain import JARGON

pytestmark = pytest.mark.thorough
FILES = {
    "fr": "goodtables_VilleMTP_MTP_BudgetPri_2015.csv",
    "en": "xloader_go-realtime.xlsx",
}
TITLES = {"fr": "Budget primitif voté en 2015", "en": "Live departures by company"}
MODELLED = "etalab-schema-irve_exemple-valide-statique.csv"
MOST_FIELDS = 12
NEXT_CLICKS = 5
LABELS = {
    "fr": {
        "log in": "Se connecter", "publish a file": "Publier un fichier", "file": "Votre fichier", "title": "Titre",
        "send": "Envoyer le fichier", "go on": "Continuer", "theme": "Thème", "publish": "Publier", "space": "Publier",
        "replace": "Remplacer le fichier", "it is one": "Utiliser ce modèle et vérifier chaque cellule", "model": "Modèle",
        "keywords": "Mots-clés",
    },
    "en": {
        "log in": "Log in", "publish a file": "Publish a file", "file": "Your file", "title": "Title",
        "send": "Send the file", "go on": "Continue", "theme": "Theme", "publish": "Publish", "space": "Publish",
        "replace": "Replace the file", "it is one": "Use this model and check each cell", "model": "Model",
        "keywords": "Keywords",
    },
}  # fmt: skip


@dataclass
class Person:
    """Somebody at a page: what they filled in and clicked is counted, what they read is kept."""

    page: Page
    language: str
    fields: int = 0
    clicks: int = 0
    read: dict[str, str] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    async def fill(self, label: Locator, value: str) -> None:
        await label.fill(value)
        self.fields += 1

    async def choose(self, label: Locator, value: str) -> None:
        await label.select_option(value)
        self.fields += 1

    async def click(self, what: Locator) -> None:
        await what.click()
        await self.page.wait_for_load_state()
        self.clicks += 1
        await self.look()

    async def look(self) -> None:
        """Read the page."""
        if "/realms/" not in self.page.url:
            self.read[self.page.url] = await self.page.locator("main").inner_text()

    def begin(self) -> None:
        """Count from here on; the page that is open was read before."""
        self.fields = 0
        self.clicks = 0
        self.read = {}
        self.started = time.monotonic()

    def figures(self) -> str:
        """What it took since the beginning, for a reader."""
        spent = time.monotonic() - self.started
        words = sum(len(text.split()) for text in self.read.values())
        return f"{self.clicks} clicks, {self.fields} fields, {len(self.read)} pages of {words} words, {spent:.0f} s"

    def jargon(self) -> dict[str, set[str]]:
        """Words of the list that were read, by page."""
        listed = "|".join(map(re.escape, JARGON[self.language]))
        words_by_page = {
            url: set(re.findall(rf"\b({listed})\b", text.lower()))
            for url, text in self.read.items()
        }
        return {url: words for url, words in words_by_page.items() if words}


@pytest.fixture(params=["fr", "en"])
async def person(
    browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Person]:
    """Somebody whose browser runs no script."""
    locale = {"fr": "fr-FR", "en": "en-GB"}[request.param]
    context = await browser.new_context(locale=locale, java_script_enabled=False)
    yield Person(await context.new_page(), request.param)
    await context.close()


def saved_again(file: Path, folder: Path) -> Path:
    """The same spreadsheet as its program saves it another day: a line more, or another file of the same cells."""
    saved = folder / file.name
    content = file.read_bytes()
    if file.suffix == ".csv":
        saved.write_bytes(content + content.splitlines(keepends=True)[-1])
        return saved
    with (
        zipfile.ZipFile(file) as before,
        zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as after,
    ):
        for entry in before.namelist():
            after.writestr(entry, before.read(entry))
    return saved


async def log_in(person: Person, installation: Installation) -> None:
    words = LABELS[person.language]
    page = person.page
    await page.goto(f"{installation.node()}/")
    await person.look()
    await person.click(page.get_by_role("link", name=words["log in"]).first)
    for name, value in (
        ("username", PUBLISHER),
        ("password", installation.password(PUBLISHER)),
    ):
        await person.fill(page.locator(f"input[name={name}]"), value)
        await page.locator(f"input[name={name}]").press("Enter")
        await page.wait_for_load_state()
    await page.wait_for_url(lambda url: "/realms/" not in url)
    await person.look()


async def drop(person: Person, file: Path) -> None:
    words = LABELS[person.language]
    page = person.page
    await page.get_by_label(words["file"], exact=True).set_input_files(file)
    person.fields += 1
    await person.click(page.get_by_role("button", name=words["send"]))
    await person.click(
        page.get_by_role("link", name=re.compile(words["go on"] + r"\s?:"))
    )


async def publish(person: Person) -> None:
    words = LABELS[person.language]
    page = person.page
    await person.click(page.get_by_role("button", name=re.compile(words["go on"])))
    await person.click(page.get_by_role("button", name=words["publish"], exact=True))
    await expect(page.get_by_role("heading", level=1)).to_contain_text(
        TITLES[person.language]
    )


async def test_a_publication_asks_little_in_plain_words_without_a_script_and_the_next_even_less(
    person: Person,
    installation: Installation,
    shared_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = LABELS[person.language]
    page = person.page
    title = TITLES[person.language]
    file = shared_data / "data/tables" / FILES[person.language]
    await log_in(person, installation)
    await person.click(page.get_by_role("link", name=words["space"], exact=True).first)
    await person.click(page.get_by_role("link", name=words["publish a file"]))
    await drop(person, file)
    await person.fill(page.get_by_label(words["title"], exact=True), title)
    await person.choose(page.get_by_label(words["theme"], exact=True), "economy")
    await person.fill(page.get_by_label(words["keywords"], exact=True), "budget")
    await publish(person)
    first = person.figures()
    address = page.url
    await wait_until_found(installation, title, title)
    assert person.fields <= MOST_FIELDS
    assert len(person.read) >= 7
    assert person.jargon() == {}

    person.begin()
    await person.click(page.get_by_role("link", name=words["replace"]))
    await drop(person, saved_again(file, tmp_path))
    await publish(person)
    with capsys.disabled():
        print(f"\nfirst publication ({person.language}, no script): {first}")  # noqa: T201 - a figure to publish
        print(f"the next version: {person.figures()}")  # noqa: T201 - a figure to publish
    assert (page.url, person.fields) == (address, 1)
    assert person.clicks <= NEXT_CLICKS
    assert person.jargon() == {}


async def test_a_table_that_follows_a_known_model_is_told_so_in_plain_words(
    person: Person, installation: Installation, shared_data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "bornes.csv"
    file.write_bytes((shared_data / "data/tables" / MODELLED).read_bytes())
    words = LABELS[person.language]
    async with logged_in(installation, "node") as client:
        context = person.page.context
        person.page = await open_logged_in(context, installation.node(), client)
    page = person.page
    await page.goto(f"{installation.node()}/spaces/mairie-kerlevan")
    await person.look()
    await person.click(page.get_by_role("link", name=words["publish a file"]))
    await page.get_by_label(words["file"], exact=True).set_input_files(file)
    await person.click(page.get_by_role("button", name=words["send"]))
    await person.click(page.get_by_role("button", name=words["it is one"]))

    await expect(
        page.get_by_role("heading", name=re.compile(f"^{words['model']}"))
    ).to_be_visible()
    assert person.jargon() == {}
