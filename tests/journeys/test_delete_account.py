"""Somebody deletes their account in a real browser: Keycloak, both programs, mails; nothing names them any more."""

import asyncio
import re
import secrets
from dataclasses import dataclass

import asyncpg
import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.journeys.installation import Installation
from tests.journeys.steps import bring_forward, check, wait_until
from udi.portal.identity.provision import admin

PASSWORD = "un mot de passe assez long"
WORD = re.compile(r"\w[\w’'-]*")


@dataclass(frozen=True)
class Inhabitant:
    """Somebody whose names are like no other."""

    id: str
    first_name: str
    last_name: str

    @property
    def email(self) -> str:
        return f"{self.first_name}@people.example"

    @property
    def names(self) -> list[str]:
        """What is looked for."""
        return [self.first_name, self.last_name]


@pytest.fixture
async def inhabitant(installation: Installation) -> Inhabitant:
    """Somebody with an account at the real Keycloak."""
    first_name, last_name = (f"zq{secrets.token_hex(6)}" for _ in range(2))
    email = f"{first_name}@people.example"
    body = {
        "username": email,
        "email": email,
        "emailVerified": True,
        "enabled": True,
        "firstName": first_name,
        "lastName": last_name,
        "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
    }
    connection = admin.connect(installation.settings)
    answer = await asyncio.to_thread(connection.post, "users", body)
    id_ = answer.headers["Location"].rpartition("/")[2]
    return Inhabitant(id_, first_name, last_name)


async def fill_login(page: Page, inhabitant: Inhabitant) -> None:
    """Keycloak's own pages."""
    await page.locator("input[name=username]").fill(inhabitant.email)
    await page.locator("input[name=username]").press("Enter")
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("input[name=password]").press("Enter")


async def look(page: Page, read: list[str]) -> None:
    """Check a page, and keep its words."""
    await check(page)
    read += WORD.findall(await page.locator("main").inner_text())


async def delete_account(page: Page, installation: Installation) -> None:
    """From what the portal knows to the last page; prints what it took."""
    read: list[str] = []
    await page.goto(f"{installation.portal()}/my-space/my-data")
    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_have_text("Ce que ce site sait de moi")
    await look(page, read)
    await page.get_by_role("link", name="Supprimer mon compte").click()
    await expect(page.get_by_text("Étape 1 sur 2")).to_be_visible()
    await look(page, read)
    await page.get_by_role("link", name="Continuer").click()
    await expect(page.get_by_text("Étape 2 sur 2").first).to_be_visible()
    await look(page, read)
    await page.get_by_label("Je veux supprimer mon compte").check()
    await page.get_by_role("button", name="Supprimer mon compte").click()
    await expect(heading).to_have_text("Votre compte est en cours de suppression")
    await look(page, read)
    print(f"deletion of an account: 4 clicks, {len(read)} words on 4 pages")  # noqa: T201 - a figure to publish


async def count_names(postgres: str, database: str, names: list[str]) -> int:
    """In how many rows of a database somebody is named."""
    connection = await asyncpg.connect(f"{postgres.rpartition('/')[0]}/{database}")
    likes = [f"%{name}%" for name in names]
    try:
        tables = await connection.fetch(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        counts = [
            await connection.fetchval(
                f'SELECT count(*) FROM "{schema}"."{table}" AS line'
                " WHERE line::text ILIKE ANY($1)",
                likes,
            )
            for schema, table in tables
        ]
    finally:
        await connection.close()
    return sum(counts)


@pytest.mark.thorough
async def test_an_account_is_deleted_everywhere(
    installation: Installation,
    context: BrowserContext,
    inhabitant: Inhabitant,
    postgres: str,
) -> None:
    settings = installation.settings
    portal_database = settings.database_names["portal"]
    databases = [portal_database, settings.database_names["node"]]
    names = inhabitant.names
    page = await context.new_page()
    for origin in (installation.node(), installation.portal()):
        await page.goto(f"{origin}/login")
        if "/realms/" in page.url:
            await fill_login(page, inhabitant)
        await page.wait_for_url(lambda url: "/realms/" not in url)
    before = [await count_names(postgres, name, names) for name in databases]
    await delete_account(page, installation)

    async def is_gone_from_portal() -> bool:
        return await count_names(postgres, portal_database, names) == 0

    async def is_gone() -> bool:
        counts = [await count_names(postgres, name, names) for name in databases]
        return sum(counts) == 0

    await wait_until(is_gone_from_portal)
    await bring_forward(settings, "node", "compare_accounts")
    await wait_until(is_gone)
    connection = admin.connect(settings)
    accounts = await asyncio.to_thread(
        connection.get_users, {"search": inhabitant.email}
    )
    await page.goto(f"{installation.portal()}/login")
    await page.locator("input[name=username]").fill(inhabitant.email)
    await page.locator("input[name=username]").press("Enter")
    await page.wait_for_load_state()
    logs = "".join(
        path.read_text(errors="replace") for path in installation.folder.glob("*.log")
    )
    index = b"".join(
        path.read_bytes() for path in settings.index_folder.rglob("*") if path.is_file()
    )

    assert all(count > 0 for count in before)
    assert accounts == []
    assert "/realms/" in page.url
    assert inhabitant.email in installation.mails()
    for name in names:
        assert name not in logs
        assert name.encode() not in index
