"""«From nothing to your territory», word for word: from a bare machine to the first producer and a dataset found by search.

No demonstration account, a relay that wants TLS and a login, certificates of an authority that asks back. The commands
that are run and the lines that are written are those of the page; what is clicked is what the page names.
"""

import asyncio
import hashlib
import hmac
import os
import pty
import re
import struct
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.ansible.conftest import Timings
from tests.ansible.internet import DIRECTORY, Internet, internet
from tests.ansible.machine import Machine, address_of_this_run, booted, require_tool
from tests.ansible.operator_folder import public_key_fingerprint
from tests.ansible.tutorial import (
    ACCOUNT,
    CONTROL_C,
    PAGE,
    Block,
    Reader,
    Terminal,
    copy_project,
    read_blocks,
    read_step,
)
from tests.ui.axe import open_browser

SLUG = "rade"
PORTAL = "donnees.rade.bzh"
NODE = f"node.{PORTAL}"
NAMES = (PORTAL, NODE, f"id.{PORTAL}", f"udi.{PORTAL}")
TEAM = "donnees@rade.bzh"
ASKER = "agent@lanvoc.bzh"
TOWN = "Mairie de Lanvoc"
PASSWORD = "un-mot-de-passe-assez-long"
RELAY_USER = "rade"
RELAY_PASSWORD = "le mot du relais"
NUMBER = "732 829 320"
SPACE = "mairie-de-lanvoc"
COLLEAGUE = "votre.adresse@rade.bzh"
CAPTAIN = "capitainerie@rade.bzh"
FILE = Path("arbres-remarquables-2026.csv")
TERRITORY = "inventory/group_vars/all/territory.yml"
SECRETS = "../rade-secrets.yml"
FILES = [f"tenants/{SLUG}/tenant.toml", TERRITORY, SECRETS]
EXPECTED = [
    (1, "sh"), (1, "sh"), (1, "sh"), (2, "sh"), (3, "toml"), (3, "sh"), (3, "sh"), (4, "sh"), (4, "yaml"), (4, "yaml"),
    (5, "sh"), (5, "sh"), (6, "sh"), (7, "sh"), (8, "sh"), (9, "sh"), (9, "sh"), (9, "sh"),
]  # fmt: skip
CLICKED = {
    6: ("Join the team", "Go to the team"),
    7: ("To do", "Approve"),
    8: ("Publish a file", "Publish"),
}
"""What the page names, by step, of that which is clicked."""
ANSWERS = {
    "Name of the territory": "Pays de la Rade",
    "Short name": SLUG,
    "Host name of the portal": PORTAL,
}
FILLINGS = {"the-password-of-the-relay": RELAY_PASSWORD}
PATIENCE = 180


@dataclass
class Trip:
    """The page, its reader, and what stands for the world outside."""

    page: str
    blocks: dict[int, list[Block]]
    reader: Reader
    world: Internet
    timings: Timings

    def follow(self, step: int) -> list[str]:
        """Do what the blocks of a step say, one after the other; what each printed."""
        return [self.reader.follow(block) for block in self.blocks[step]]

    async def read_link(self, to: str, subject: str, part: str) -> str:
        """The link with these words in the newest mail to somebody."""

        async def is_there() -> bool:
            return part in self.world.mailboxes.find_text(to, subject)

        await wait_for(is_there, f"no mail «{subject}» to {to}")
        text = self.world.mailboxes.find_text(to, subject)
        link, *_ = [word for word in re.findall(r"https://\S+", text) if part in word]
        return str(link).rstrip(".)>")


async def wait_for(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.5)


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory, timings: Timings) -> Iterator[Trip]:
    """A reader with a computer, a bare machine in the town, and the world outside."""
    require_tool()
    folder = tmp_path_factory.mktemp("internet")
    name, address = address_of_this_run()
    town = Machine(name, address, folder)
    network, _, number = address.rpartition(".")
    computer = Machine(f"{name}desk", f"{network}.{int(number) // 2 + 150}", folder)
    page = PAGE.read_text()
    blocks: dict[int, list[Block]] = {}
    for block in read_blocks(page):
        blocks.setdefault(block.step, []).append(block)
    timings.system = "tutorial"
    with (
        booted(town.name, town.address),
        booted(computer.name, computer.address) as host,
        internet(folder, town.address, RELAY_USER, RELAY_PASSWORD) as world,
    ):
        for machine in (town, computer):
            names = dict.fromkeys(NAMES, town.address)
            world.connect(machine, names)
        key = Path(host["ansible_ssh_private_key_file"])
        settle_computer(computer, town, copy_project(folder))
        reader = Reader(computer, town, key, f"/home/{ACCOUNT}/udi", FILLINGS)
        yield Trip(page, blocks, reader, world, timings)


def settle_computer(computer: Machine, town: Machine, project: Path) -> None:
    """What its reader has already: a clone of the project, a name for git, and a key that the machine of the town knows."""
    home = f"/home/{ACCOUNT}"
    archive = subprocess.run(
        ["tar", "--create", "--directory", project.parent, project.name],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    computer.write("/tmp/project.tar", archive)
    computer.run(
        f"tar --extract --file /tmp/project.tar --directory {home}; rm /tmp/project.tar; echo LANG=C.UTF-8 >>/etc/environment"
    )
    computer.run(
        f"ssh-keygen -q -t ed25519 -N '' -f {home}/.ssh/id_ed25519; echo 'StrictHostKeyChecking accept-new' >{home}/.ssh/config"
    )
    computer.run(
        f"chown -R {ACCOUNT}: {home}; su - {ACCOUNT} -c 'git config --global user.name Reader; git config --global user.email {TEAM}'"
    )
    key = computer.run(f"cat {home}/.ssh/id_ed25519.pub")
    town.run(f"echo '{key.strip()}' >>{home}/.ssh/authorized_keys")


def test_every_block_of_the_page_is_followed() -> None:
    """A usual run sees that the page has the blocks that the machines follow, in the files that it names."""
    blocks = read_blocks(PAGE.read_text())

    assert [(block.step, block.language) for block in blocks] == EXPECTED
    assert [block.file for block in blocks if block.language != "sh"] == FILES


def test_the_page_names_what_is_clicked() -> None:
    page = PAGE.read_text()

    unnamed = [
        (step, name)
        for step, names in CLICKED.items()
        for name in names
        if f"«{name}»" not in read_step(page, step)
    ]

    assert unnamed == []


def test_the_last_words_of_a_command_that_failed_stay_on_the_screen() -> None:
    """They say why it ended, which is all that whoever reads of a failure has."""
    descriptor, end = pty.openpty()
    os.write(end, b"there is no room")
    os.close(end)
    terminal = Terminal(descriptor)

    terminal.read_to_end()

    os.close(descriptor)
    assert terminal.screen == "there is no room"


@pytest.mark.thorough
async def test_the_tutorial_leads_from_a_bare_machine_to_a_dataset_that_is_found(
    trip: Trip, tmp_path: Path
) -> None:
    started = time.monotonic()
    await asyncio.to_thread(make_folder, trip)
    trip.timings["folder made, tried and settled"] = time.monotonic() - started
    started = time.monotonic()
    await asyncio.to_thread(deploy, trip)
    trip.timings["bare machine to territory, twice"] = time.monotonic() - started
    started = time.monotonic()
    trusted = public_key_fingerprint(trip.world.intermediate)
    flags = (
        f"--host-resolver-rules=MAP * {trip.reader.town.address}",
        f"--ignore-certificate-errors-spki-list={trusted}",
    )
    async with open_browser(*flags) as browser:
        team, asker = [
            await open_visitor(browser, address) for address in (TEAM, ASKER)
        ]
        await meet_team(trip, team)
        await approve_producer(trip, team, asker)
        await publish_dataset(trip, asker, tmp_path)
    trip.timings["invitation to dataset found"] = time.monotonic() - started
    outputs = await asyncio.to_thread(trip.follow, 9)
    assert "0 fault(s)" in outputs[0]
    assert len(outputs[2].strip()) > 20


@dataclass
class Visitor:
    """Somebody in a browser of their own, in English as the page, with a telephone that shows codes."""

    page: Page
    address: str
    secret: str = ""
    step: int = 0
    """The code that was shown last: each serves once."""

    async def open(self, address: str) -> None:
        """Go to a page, through those of the identity service where they come first."""
        await self.page.goto(address)
        await self.pass_login()

    async def pass_login(self) -> None:
        """Fill in what the identity service asks: address, password, a new code, a code."""
        page = self.page
        while "/realms/" in page.url:
            if await page.locator("input[name=totp]").count():
                hidden = page.locator("input[name=totpSecret]")
                self.secret = await hidden.input_value()
                await page.locator("input[name=totp]").fill(await self.read_code())
            if await page.locator("input[name=otp]").count():
                await page.locator("input[name=otp]").fill(await self.read_code())
            if await page.locator("input[name=username]:visible").count():
                await page.locator("input[name=username]:visible").fill(self.address)
            for field in await page.locator("input[type=password]").all():
                await field.fill(PASSWORD)
            await page.locator("main .btn").first.click()
            await page.wait_for_load_state()

    async def read_code(self) -> str:
        """The next code of the telephone that was not used (RFC 6238)."""

        async def is_new() -> bool:
            return int(time.time()) // 30 > self.step

        await wait_for(is_new, "no new code")
        self.step = int(time.time()) // 30
        counter = struct.pack(">Q", self.step)
        digest = hmac.digest(self.secret.encode(), counter, hashlib.sha1)
        start = digest[-1] & 15
        number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
        return f"{number % 10**6:06}"


async def open_visitor(browser: Browser, address: str) -> Visitor:
    """Somebody who comes for the first time."""
    page = await (await browser.new_context(locale="en-GB")).new_page()
    return Visitor(page, address)


def make_folder(trip: Trip) -> None:
    """Steps 1 to 3."""
    reader = trip.reader
    interactive, unattended, commit = trip.blocks[1]
    reader.answer(interactive.text.strip(), ANSWERS)
    reader.type("mv ../rade ../answered")
    reader.follow(unattended)
    assert reader.type("diff --recursive ../answered ../rade") == ""
    reader.follow(commit)
    [start] = trip.blocks[2]
    address = f"http://{SLUG}.localhost:8000"
    assert address in read_step(trip.page, 2)
    with reader.terminal(start.text.strip()) as terminal:
        terminal.wait_for(address)
        home = reader.type(f"curl --fail --silent --retry 60 --retry-all-errors {address}")  # fmt: skip
        terminal.press(CONTROL_C)
    assert "Pays de la Rade" in home
    outputs = trip.follow(3)
    assert f"{SLUG}: all is right" in outputs[1]


def deploy(trip: Trip) -> None:
    """Steps 4 and 5: the authority of certificates is the one thing that the page does not say."""
    reader = trip.reader
    trip.follow(4)
    variables = trip.blocks[4][-1].file
    reader.write(TERRITORY, f"reverse_proxy_acme_directory: {DIRECTORY}\n")
    assert variables == SECRETS
    first, second = trip.follow(5)
    assert re.search(r"main +: ok=\d+ +changed=[1-9]\d* .*failed=0", first), first
    assert re.search(r"main +: ok=\d+ +changed=0 .*failed=0", second), second
    for name in NAMES[:2]:
        reader.type(f"curl --fail --silent https://{name}/ >/dev/null")


async def meet_team(trip: Trip, team: Visitor) -> None:
    """Step 6."""
    page = team.page
    invitation = await trip.read_link(TEAM, "équipe", "/territory/team/invitations/")
    await page.goto(invitation)
    await register(trip, team)
    await team.open(invitation)
    await page.get_by_role("button", name="Join the team").click()
    await page.get_by_role("link", name="Go to the team").click()
    await team.pass_login()

    async def is_member() -> bool:
        """Whether the table of members has the address; a refusal names it too, as that of who can help."""
        await team.open(f"https://{PORTAL}/territory/team")
        return await page.get_by_role("row").filter(has_text=TEAM).count() > 0

    await wait_for(is_member, "the first person is not in the team")
    assert team.secret, "the portal asked for no second factor"
    [team_list] = await asyncio.to_thread(trip.follow, 6)
    assert TEAM in team_list
    assert await trip.read_link(COLLEAGUE, "équipe", "/territory/team/invitations/")


async def register(trip: Trip, visitor: Visitor) -> None:
    """Make an account: prove the address by the mail that comes, choose a password."""
    page = visitor.page
    await page.get_by_role("link", name="Create my account").click()
    for name, value in (
        ("email", visitor.address),
        ("firstName", "Camille"),
        ("lastName", "Essai"),
    ):
        await page.locator(f"input[name='{name}']").fill(value)
    await page.get_by_role("button", name="Create my account").click()
    await visitor.open(await trip.read_link(visitor.address, "", "/realms/"))


async def approve_producer(trip: Trip, team: Visitor, asker: Visitor) -> None:
    """Step 7."""
    page = asker.page
    await page.goto(f"https://{PORTAL}/join")
    await page.get_by_role("link", name="Log in to begin").click()
    await register(trip, asker)
    for name, value in (
        ("Official name", TOWN),
        ("Registry number", NUMBER),
        ("Mail address of a service", "mairie@lanvoc.bzh"),
    ):
        await page.get_by_label(name).fill(value)
    await page.get_by_label("My organisation has read the charter").check()
    await page.get_by_role("button", name="Send the request").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(TOWN)
    assert await trip.read_link(TEAM, TOWN, "/join/")
    await team.open(f"https://{PORTAL}/")
    await team.page.get_by_role("link", name=re.compile("To do")).first.click()
    await team.page.get_by_role("link", name=re.compile(TOWN)).first.click()
    await team.page.get_by_role("button", name="Approve").click()
    await team.pass_login()

    async def is_there() -> bool:
        await asker.open(f"https://{PORTAL}/my-space")
        return await page.get_by_role("heading", name=TOWN).count() > 0

    await wait_for(is_there, "the organisation is not on the portal")
    await asyncio.to_thread(trip.follow, 7)
    assert "&amp;" not in await trip.read_link(CAPTAIN, "rejoindre", "/realms/")


async def publish_dataset(trip: Trip, asker: Visitor, folder: Path) -> None:
    """Step 8."""
    page = asker.page
    await asker.open(f"https://{NODE}/")
    log_in = page.get_by_role("link", name="Log in to publish")
    if await log_in.count():
        await log_in.click()
        await asker.pass_login()

    async def has_space() -> bool:
        await asker.open(f"https://{NODE}/spaces/{SPACE}")
        return await page.get_by_role("link", name="Publish a file").count() > 0

    await wait_for(has_space, "the space is not open on the node")
    file = folder / FILE
    file.write_text(read_table())
    await page.get_by_role("link", name="Publish a file").click()
    await page.get_by_label("Your file", exact=True).set_input_files(file)
    await page.get_by_role("button", name="Send the file").click()
    await page.get_by_role("link", name="Continue: describe").click()
    await page.get_by_label("Keywords", exact=True).fill("arbres")
    await page.get_by_role("button", name="Continue: review and publish").click()
    await page.get_by_role("button", name="Publish", exact=True).click()

    async def is_found() -> bool:
        [answer] = await asyncio.to_thread(trip.follow, 8)
        return "Arbres remarquables 2026" in answer

    await wait_for(is_found, "the dataset is not found")


def read_table() -> str:
    """The small table of «Your first territory», to which the page leads."""
    first = PAGE.with_name("first-territory.md").read_text()
    return first.partition(f"`{FILE}`")[2].split("```")[1].lstrip()
