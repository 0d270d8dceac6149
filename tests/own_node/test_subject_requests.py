"""Somebody asks a producer about themselves at its own node: written and answered there, an envelope alone at the portal."""

import json
import re
import secrets
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.identity.browser import SAME_SITE
from tests.journeys.installation import Installation
from tests.journeys.steps import bring_forward, check, log_in, wait_until
from tests.journeys.test_publish_and_find import contents_of_portal
from tests.node.subject_requests.agents import Agent
from tests.own_node.node import SPACE, Node, invite, wait_for
from tests.own_node.node import log_in as log_in_at_node
from udi.cli.local.postgres import find_binaries
from udi.cli.own.folder import read_own_node
from udi.kit.oidc import own_subjects_client_id
from udi.kit.postgresql import make_superuser_address
from udi.portal.identity.provision import admin
from udi.settings import Settings

INHABITANT = "habitante@armorine.example"
MANAGER = "responsable@kerlevan.example"
SECRET = "secrets/node_subjects_demo"
OTHERS = "armorine-metropole"
"""A producer of which no other test makes a node."""
TAKES_NONE = "It takes no requests of people about their data."
OWN_REQUEST = re.compile(r"/subjects/requests/([0-9a-f-]{36})")


@dataclass
class Words:
    """What was written, each word like no other."""

    concerns: str
    known_by: str
    added: str
    answer: str


@pytest.fixture
def words() -> Words:
    return Words(*(f"ZQ{secrets.token_hex(8)}" for _ in range(4)))


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(locale="fr-FR")
    yield await context.new_page()
    await context.close()


@pytest.fixture
async def manager(installation: Installation, node: Node) -> AsyncIterator[Agent]:
    """Somebody who answers for the town hall, at its own node."""
    async with httpx.AsyncClient(
        base_url=node.url, timeout=60, headers=SAME_SITE
    ) as client:
        await log_in_at_node(client, MANAGER, installation.password(MANAGER))
        yield Agent(client)


async def be_offered(page: Page, installation: Installation, producer: str) -> None:
    """Choose a producer and a right, until the portal heard that its node takes requests."""
    address = f"{installation.portal()}/my-data/ask?right=access&org={producer}"

    async def is_offered() -> bool:
        await page.goto(address)
        return await page.locator("form[action='/my-data/requests']").count() == 1

    await wait_until(is_offered)
    await check(page)


async def ask(page: Page, installation: Installation, words: Words) -> str:
    """From the portal, through Keycloak's own pages, to the node and back; the identifier of the request."""
    await page.goto(f"{installation.portal()}/my-data")
    await log_in(page, installation, INHABITANT)
    await be_offered(page, installation, SPACE)
    await page.get_by_role("button", name="Commencer 1 demande").click()
    await page.get_by_role("link", name=re.compile("^Continuer")).click()
    await check(page)
    await page.get_by_role("button", name=re.compile("^Continuer chez")).click()
    await page.locator("[name=concerns]").wait_for()
    await check(page)
    await page.locator("[name=concerns]").fill(words.concerns)
    await page.locator("[name=known_by]").fill(words.known_by)
    await page.locator("[name=words]").fill(words.added)
    await page.get_by_role("button", name="Envoyer ma demande").click()
    await page.wait_for_url(re.compile(r"/my-data/requests/[0-9a-f-]{36}$"))
    await check(page)
    return page.url.rpartition("/")[2]


def read_database(node: Node) -> bytes:
    """All that a dump of the node's own database holds."""
    settings = read_own_node(node.folder).settings
    tool = find_binaries(Settings().cache).folder / "pg_dump"
    server = make_superuser_address(settings, "postgres_password").rpartition("/")[0]
    address = f"{server}/{settings.database_names['node']}"
    return subprocess.run([tool, address], check=True, capture_output=True).stdout


def read_doctor(installation: Installation) -> dict[str, str]:
    """What the operator's doctor says, by name."""
    findings = json.loads(installation.run("doctor", "--json").stdout)["findings"]
    return {finding["name"]: finding["message"] for finding in findings}


def read_files(*folders: Path) -> bytes:
    """All files below some folders."""
    paths = (path for folder in folders for path in folder.rglob("*"))
    return b"".join(path.read_bytes() for path in paths if path.is_file())


async def read_envelope(installation: Installation, request_id: str) -> asyncpg.Record:
    """The row of a request at the portal."""
    dsn = installation.settings.dsn("portal", "owner").replace("+asyncpg", "")
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            [tenant] = await connection.fetch(
                "SELECT id FROM platform.territory WHERE slug = 'demo'"
            )
            await connection.execute(f"SET LOCAL app.tenant = '{tenant['id']}'")
            [row] = await connection.fetch(
                "SELECT r.state, n.slug AS node FROM app.subject_request r"
                " JOIN app.node n ON n.tenant_id = r.tenant_id AND n.id = r.node_id"
                f" WHERE r.id = '{request_id}'"
            )
            return row
    finally:
        await connection.close()


async def read_answer(page: Page, node: Node, request_id: str) -> str:
    """What the person reads at the node."""
    await page.goto(f"{node.url}/subjects/requests/{request_id}")
    await expect(page.locator("main h1")).to_be_visible()
    await check(page)
    return await page.locator("main").inner_text()


async def test_somebody_asks_at_a_producers_own_node_and_reads_the_answer_there(
    installation: Installation,
    node: Node,
    manager: Agent,
    page: Page,
    words: Words,
) -> None:
    request_id = await ask(page, installation, words)
    listed = await manager.client.get("/requests")
    seen = await manager.see(request_id)
    accepted = await manager.act(request_id, "accept")
    answered = await manager.act(request_id, "answer", text=words.answer)

    async def is_told() -> bool:
        return (await read_envelope(installation, request_id))["state"] == "answered"

    own_settings = read_own_node(node.folder).settings
    await bring_forward(own_settings, "node", "report_subject_requests")
    await wait_until(is_told)
    await page.goto(f"{installation.portal()}/my-data/requests")
    await page.get_by_role("link", name=re.compile("^Lire ce qui est nouveau")).click()
    await page.wait_for_url(OWN_REQUEST)
    answer = await read_answer(page, node, request_id)

    assert request_id in listed.text
    assert words.concerns in seen.text
    assert (accepted.status_code, answered.status_code) == (303, 303), answered.text
    assert words.answer in answer
    assert (await read_envelope(installation, request_id))["node"] == "mairie"
    everything_else = (
        (await contents_of_portal(installation)).encode()
        + installation.mails().encode()
        + read_files(
            installation.folder,
            installation.settings.index_folder,
            node.folder / "logs",
            node.folder / "objects",
        )
        + node.log("serve").encode()
        + read_database(node)
    )
    for word in vars(words).values():
        assert word.encode() not in everything_else


@pytest.mark.thorough
async def test_a_renewed_node_knows_the_same_people_by_another_secret(
    installation: Installation, node: Node, page: Page, words: Words
) -> None:
    """Another invitation gives another secret at once; the subjects of people stay."""
    request_id = await ask(page, installation, words)
    before = (node.folder / SECRET).read_text()
    node.stop()
    done = node.init(invite(installation, "mairie", node.url, SPACE))
    node.start()
    await page.context.clear_cookies()

    await page.goto(f"{node.url}/subjects/requests/{request_id}")
    await page.locator("input[name=username]").fill(INHABITANT)
    await page.locator("input[name=username]").press("Enter")
    password = installation.password(INHABITANT)
    await page.locator("input[name=password]").fill(password)
    await page.locator("input[name=password]").press("Enter")
    await page.wait_for_url(OWN_REQUEST)

    assert done.returncode == 0, done.stderr
    assert (node.folder / SECRET).read_text() != before
    assert words.concerns in await read_answer(page, node, request_id)


@pytest.mark.thorough
async def test_a_node_that_was_given_no_login_for_people_is_not_offered(
    installation: Installation, node: Node, begun_node: Callable[[], Node], page: Page
) -> None:
    """As one that joined before releases had this: the letter, with the reason; another invitation changes it, and back."""
    silent = begun_node()
    connection = admin.connect(installation.settings)
    client = own_subjects_client_id("demo", "silent")
    given = silent.init(invite(installation, "silent", silent.url, OTHERS))
    was_known = connection.get_client_id(client) is not None
    had_secret = (silent.folder / SECRET).exists()

    taken = silent.init(
        invite(installation, "silent", silent.url, OTHERS, "--no-requests")
    )
    silent.start()
    findings = json.loads(
        silent.run("doctor", "--node", silent.folder, "--json").stdout
    )["findings"]
    await page.goto(f"{installation.portal()}/my-data")
    await log_in(page, installation, INHABITANT)
    reason = page.get_by_text(
        "Ses données sont sur son propre site, qui ne reçoit pas encore de demandes."
    )

    async def is_explained() -> bool:
        await page.goto(
            f"{installation.portal()}/my-data/ask?right=access&org={OTHERS}"
        )
        return await reason.count() > 0

    await wait_until(is_explained)
    await check(page)

    assert (given.returncode, taken.returncode) == (0, 0), taken.stderr
    assert (was_known, had_secret) == (True, True)
    assert connection.get_client_id(client) is None
    assert not (silent.folder / SECRET).exists()
    assert silent.get("/subjects/requests").status_code == 404
    await expect(reason).to_be_visible()
    [finding] = [one for one in findings if one["name"] == "requests of people"]
    assert finding["severity"] == "warning"
    assert "udi node init" in finding["remedy"]
    wait_for(lambda: TAKES_NONE in read_doctor(installation).get("demo silent", ""))
    assert TAKES_NONE not in read_doctor(installation)["demo mairie"]
