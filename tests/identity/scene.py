"""A territory with its people and their browsers."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from litestar import Litestar
from sqlalchemy import text

from tests.identity.browser import Browser
from udi.kit.db import Database
from udi.kit.identity import MANAGERS, MODERATORS, PUBLISHERS
from udi.kit.tenancy import Territory
from udi.portal.identity.provision.accounts import apply_memberships
from udi.portal.identity.provision.admin import ProvisionChange, RealmAdmin
from udi.portal.identity.provision.territory import apply_territory
from udi.settings import Settings

ORGANISATIONS = [("mairie", "Mairie"), ("seve", "Association Sève")]
PASSWORD = "a long enough password"


def provision(
    admin: RealmAdmin,
    settings: Settings,
    territory: Territory,
    *,
    organisations: list[tuple[str, str]] | None = None,
    theme: Mapping[str, str] | None = None,
) -> list[ProvisionChange]:
    """Make the territory known to Keycloak; without a theme, its pages are those of Keycloak."""
    return apply_territory(
        admin,
        settings,
        slug=territory.slug,
        name=territory.name["fr"],
        origins={"portal": territory.links["portal"], "node": territory.links["node"]},
        organisations=organisations or ORGANISATIONS,
        theme=theme,
    )


def member_of(
    territory: Territory, organisation: str = "mairie"
) -> dict[str, list[str]]:
    """A manager and publisher of an organisation, in the territory's team: groups by alias."""
    return {
        f"{territory.slug}--{organisation}": [MANAGERS, PUBLISHERS],
        territory.slug: [MODERATORS],
    }


async def make_due(database: Database, territory: Territory) -> None:
    """The memberships of every session of the territory are to be asked again."""
    async with database.session(territory.id) as session:
        await session.execute(
            text(
                "UPDATE app.web_session SET access_expires_at = now() - interval '1 minute'"
            )
        )


@dataclass(frozen=True)
class Person:
    """Someone with an account."""

    id: str
    email: str


@dataclass
class Scene:
    """The portal of a territory; what it opens is closed with it."""

    portal: Litestar
    territory: Territory
    admin: RealmAdmin
    opened: list[Browser] = field(default_factory=list)

    def browser(
        self, app: Litestar | None = None, territory: Territory | None = None
    ) -> Browser:
        """A browser that nobody used yet."""
        self.opened.append(Browser(app or self.portal, territory or self.territory))
        return self.opened[-1]

    async def person(
        self, groups: dict[str, list[str]] | None = None, *, password: str = ""
    ) -> Person:
        """Someone new, without a password unless asked, in groups by alias."""
        return await asyncio.to_thread(self._create, groups or {}, password)

    def _create(self, groups: dict[str, list[str]], password: str) -> Person:
        email = f"{secrets.token_hex(4)}@people.example"
        names = {"firstName": "Compte", "lastName": "Essai"}
        if password:
            credentials = [{"type": "password", "value": password, "temporary": False}]
        else:
            credentials = []
        body = {
            "username": email,
            "email": email,
            "emailVerified": True,
            "enabled": True,
            **names,
        }
        answer = self.admin.post("users", {**body, "credentials": credentials})
        identifier = answer.headers["Location"].rpartition("/")[2]
        apply_memberships(self.admin, identifier, groups)
        return Person(identifier, email)

    async def visitor(
        self, groups: dict[str, list[str]] | None = None
    ) -> tuple[Person, Browser]:
        """Someone new, in a browser where Keycloak knows them already."""
        someone = await self.person(groups)
        browser = self.browser()
        await browser.be(self.admin, someone.id)
        return someone, browser

    async def logged_in(
        self, groups: dict[str, list[str]] | None = None
    ) -> tuple[Person, Browser]:
        """Someone new, logged in at the portal."""
        someone, browser = await self.visitor(groups)
        await browser.log_in()
        return someone, browser

    async def close(self) -> None:
        for browser in self.opened:
            await browser.close()
