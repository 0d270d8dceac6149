"""From the invitation of its first person to the first producer that they approve, and a territory started on a page.

The steps 6 and 7 of «From nothing to your territory», in a browser on a machine that was bare, with real accounts.
"""

import asyncio
import email
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from email import policy
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.ansible.conftest import MAILS, TERRITORY_DOMAIN, Deployment, Timings
from tests.ansible.installation_pages import open_installation
from tests.ansible.operator_folder import Names
from tests.ui.axe import open_browser

pytestmark = pytest.mark.thorough
PATIENCE = 120
PASSWORD = "un-mot-de-passe-assez-long"
ASKER = "agent@lanvoc.test"
NAME = "Mairie de Lanvoc"
SPACE = "mairie-de-lanvoc"
NUMBER = "732 829 320"
STARTED = "rade"
TUTORIAL = Path(__file__).parents[2] / "docs/tutorial/from-nothing-to-your-territory.md"


@dataclass
class Visitor:
    """Somebody in a browser of their own: what they click, fill in and read is counted."""

    page: Page
    clicks: int = 0
    fields: int = 0
    words: int = 0
    seen: set[str] = field(default_factory=set)

    async def open(self, address: str) -> None:
        await self.page.goto(address)
        await self.look()

    async def click(self, what: Locator) -> None:
        await what.click()
        await self.page.wait_for_load_state()
        self.clicks += 1
        await self.look()

    async def fill(self, what: Locator, value: str) -> None:
        await what.fill(value)
        self.fields += 1

    async def look(self) -> None:
        """Read the page, where it is one of ours and was not read."""
        if "/realms/" in self.page.url or self.page.url in self.seen:
            return
        self.seen.add(self.page.url)
        self.words += len((await self.page.locator("main").inner_text()).split())

    @property
    def figures(self) -> str:
        return f"{self.clicks} clicks, {self.fields} fields, {self.words} words read"


async def wait_for(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.5)


async def read_mail(deployment: Deployment, to: str, subject: str) -> str:
    """The text of the newest mail to somebody whose subject has these words, once it is there."""
    command = f"ls -r {MAILS}/*-{to}.eml 2>/dev/null; true"

    def find() -> str:
        for path in deployment.machine.run(command).split():
            raw = deployment.machine.run(f"cat '{path}'")
            mail = email.message_from_string(raw, policy=policy.default)
            if subject.lower() in str(mail["Subject"]).lower():
                part = mail.get_body(preferencelist=("plain",))
                assert part is not None
                return str(part.get_content())
        return ""

    async def is_there() -> bool:
        return bool(await asyncio.to_thread(find))

    await wait_for(is_there, f"no mail «{subject}» to {to}")
    return await asyncio.to_thread(find)


def find_link(text: str, part: str) -> str:
    [link, *_] = [link for link in re.findall(r"https://\S+", text) if part in link]
    return link.rstrip(".)>")


async def register(visitor: Visitor, deployment: Deployment, address: str) -> None:
    """Make an account on the login page: prove the address by the mail that comes, choose a password."""
    page = visitor.page
    await visitor.click(page.get_by_role("link", name="Créer mon compte"))
    for name, value in (
        ("email", address),
        ("firstName", "Compte"),
        ("lastName", "Essai"),
    ):
        await visitor.fill(page.locator(f"input[name='{name}']"), value)
    await visitor.click(page.get_by_role("button", name="Créer mon compte"))
    mail = await read_mail(deployment, address, "confirmez")
    await page.goto(find_link(mail, "/realms/"))
    while "/realms/" in page.url:
        for field_ in await page.locator("input[type=password]").all():
            await visitor.fill(field_, PASSWORD)
        await visitor.click(page.locator("main .btn").first)


def first_member(names: Names) -> str:
    """The address that the template proposes, of `[[team]]`."""
    return f"donnees@{names.slug}.test"


async def joins_team(visitor: Visitor, deployment: Deployment) -> None:
    """Step 6: follow the link of the mail, make an account, join."""
    names = deployment.names
    address = first_member(names)
    listed = deployment.machine.run(f"udi team list {names.slug}")
    assert address in listed
    mail = await read_mail(deployment, address, "équipe")
    await visitor.open(find_link(mail, "/territory/team/invitations/"))
    await register(visitor, deployment, address)
    await visitor.open(find_link(mail, "/territory/team/invitations/"))
    await visitor.click(visitor.page.get_by_role("button", name="Rejoindre l’équipe"))

    async def is_member() -> bool:
        await visitor.page.goto(f"{deployment.portal()}/territory/team")
        return (
            await visitor.page.get_by_role("row").filter(has_text=address).count() > 0
        )

    await wait_for(is_member, "the first person is not in the team")


async def asks_to_publish(visitor: Visitor, deployment: Deployment) -> None:
    """Step 7, the town's part: open the page, make an account, fill in."""
    page = visitor.page
    await visitor.open(f"{deployment.portal()}/join")
    await visitor.click(page.get_by_role("link", name="Se connecter pour commencer"))
    await register(visitor, deployment, ASKER)
    await visitor.look()
    await visitor.fill(page.get_by_label("Nom officiel"), NAME)
    await visitor.fill(page.get_by_label("Numéro d’enregistrement"), NUMBER)
    await visitor.fill(
        page.get_by_label("Adresse électronique d’un service"), "mairie@lanvoc.test"
    )
    await page.get_by_label("Mon organisation a lu la charte et la suit").check()
    await visitor.click(page.get_by_role("button", name="Envoyer la demande"))
    await expect(page.get_by_role("heading", level=1)).to_have_text(NAME)


async def invites_colleague(visitor: Visitor, deployment: Deployment) -> None:
    """What step 6 advises: a second person, so that the territory does not depend on one."""
    page = visitor.page
    colleague = f"collegue@{deployment.names.slug}.test"
    await visitor.open(f"{deployment.portal()}/")
    await visitor.click(page.get_by_role("link", name="Mon espace").first)
    await visitor.click(page.get_by_role("link", name="Membres de l’équipe"))
    await visitor.fill(page.get_by_label("Adresse électronique"), colleague)
    await visitor.click(page.get_by_role("button", name="Envoyer l’invitation"))
    assert await read_mail(deployment, colleague, "équipe")


@pytest.fixture
async def browser(deployment: Deployment) -> AsyncIterator[Browser]:
    async with open_browser(*deployment.browser_flags) as browser:
        yield browser


@pytest.fixture
async def visitors(browser: Browser) -> list[Visitor]:
    contexts = [await browser.new_context(locale="fr-FR") for _ in range(2)]
    return [Visitor(await context.new_page()) for context in contexts]


async def test_the_first_producer_is_approved_by_a_person_of_the_team(
    deployment: Deployment, visitors: list[Visitor], timings: Timings
) -> None:
    started = time.monotonic()
    team, asker = visitors
    assert "## 7. Approve the first producer" in TUTORIAL.read_text()
    await joins_team(team, deployment)
    joining = team.figures
    before = (team.clicks, team.words)
    await invites_colleague(team, deployment)
    invitation = f"{team.clicks - before[0]} clicks, {team.words - before[1]} words"
    await asks_to_publish(asker, deployment)
    before = (team.clicks, team.words)

    await team.open(f"{deployment.portal()}/")
    await team.click(team.page.get_by_role("link", name=re.compile("À traiter")))
    await team.click(team.page.get_by_role("link", name=re.compile(NAME)).first)
    await team.click(team.page.get_by_role("button", name="Accepter"))

    async def is_there() -> bool:
        await asker.page.goto(f"{deployment.portal()}/my-space")
        return await asker.page.get_by_role("heading", name=NAME).count() > 0

    await wait_for(is_there, "the organisation is not on the portal")
    await asker.page.goto(f"{deployment.node()}/")
    if await asker.page.get_by_role("link", name="Se connecter pour publier").count():
        await asker.page.get_by_role("link", name="Se connecter pour publier").click()

    async def has_space() -> bool:
        await asker.page.goto(f"{deployment.node()}/spaces/{SPACE}")
        return (
            await asker.page.get_by_role("link", name="Publier un fichier").count() > 0
        )

    await wait_for(has_space, "the space is not open on the node")
    timings["invitation to first producer"] = time.monotonic() - started
    approval = f"{team.clicks - before[0]} clicks, {team.words - before[1]} words"
    print(f"join the team: {joining}; invite a colleague: {invitation}")  # noqa: T201 - a figure to publish
    print(f"approve: {approval}")  # noqa: T201 - a figure to publish
    print(f"ask to publish: {asker.figures}")  # noqa: T201 - a figure to publish


async def test_a_territory_started_on_a_page_is_online_without_root(
    deployment: Deployment, visitors: list[Visitor], timings: Timings
) -> None:
    """Below the domain of the installation; the machine resolves names of a test by its own list."""
    operator = visitors[0]
    machine = deployment.machine
    hosts = f"{STARTED}.{TERRITORY_DOMAIN} {STARTED}.node.{TERRITORY_DOMAIN}"
    machine.run(f"echo '127.0.0.1 {hosts}' >>/etc/hosts")
    await open_installation(operator.page, deployment)
    page = operator.page
    started = time.monotonic()

    await operator.click(page.get_by_role("link", name="Créer un territoire"))
    await operator.fill(page.get_by_label("Nom", exact=True), "Pays de la Rade")
    await operator.fill(page.get_by_label("Nom court"), STARTED)
    await operator.fill(
        page.get_by_label("Première personne de l’équipe"), f"marie@{STARTED}.test"
    )
    await operator.fill(page.get_by_label("Contact public"), f"donnees@{STARTED}.test")
    await operator.click(page.get_by_role("button", name="Créer le territoire"))
    await expect(page.get_by_text("Le territoire est en ligne")).to_be_visible(
        timeout=PATIENCE * 1000
    )
    timings["territory started on a page"] = time.monotonic() - started

    await page.goto(f"https://{STARTED}.{TERRITORY_DOMAIN}/")
    await expect(page.get_by_text("Pays de la Rade").first).to_be_visible()
    mail = await read_mail(deployment, f"marie@{STARTED}.test", "équipe")
    assert find_link(mail, f"{STARTED}.{TERRITORY_DOMAIN}/territory/team/invitations/")
    findings = json.loads(machine.run("udi doctor --json 2>/dev/null; true"))
    credential = f"{STARTED} hosted node"
    assert [
        finding["severity"]
        for finding in findings["findings"]
        if finding["name"] == credential
    ] == ["ok"]
    print(f"start a territory: {operator.figures}")  # noqa: T201 - a figure to publish
