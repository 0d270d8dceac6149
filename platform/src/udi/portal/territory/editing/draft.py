"""The draft of a territory's files as the pages of this package read it."""

import dataclasses
import hashlib
import tomllib
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.organisations.team.queries import require_team_member
from udi.portal.tenants.content.files import SiteContent, collect_content
from udi.portal.tenants.files import TenantFiles
from udi.portal.tenants.toml.site_schema import DEFAULT_BLOCKS
from udi.portal.tenants.versions import TENANT_FILE, lock_versions
from udi.portal.territory.articles.published import PublishedSite
from udi.portal.territory.site.queries import SiteState, read_state
from udi.portal.territory.site.rendering import PATH

PICTURES = f"{PATH}/pictures"
LAYOUT = ("home", "menu", "footer")


@dataclass(frozen=True)
class DraftSite:
    """What the team sees of the files: texts and pictures, and the tables of tenant.toml that lay out pages."""

    state: SiteState
    content: SiteContent
    layout: dict[str, list[dict[str, Any]]]

    @property
    def files(self) -> TenantFiles:
        """The files of the draft, by path."""
        return self.state.files

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """The blocks of the home; ours where the territory says nothing of it."""
        return self.layout["home"] or [{"kind": kind} for kind in DEFAULT_BLOCKS]

    @property
    def targets(self) -> set[str]:
        """The paths of pages and news."""
        pages = {f"/pages/{slug}" for slug in self.content.pages}
        return pages | {f"/news/{slug}" for slug in self.content.news}

    def published(self) -> PublishedSite:
        """The texts as visitors would see them, with the pictures of the draft."""
        digest = hashlib.sha256(repr(sorted(self.content.pictures)).encode())
        return PublishedSite(self.content, digest.hexdigest(), PICTURES)

    def lay_out(self, territory: Territory) -> Territory:
        """The territory with the home, the menu and the footer of the draft."""
        return dataclasses.replace(territory, site=dict(self.layout))


async def lock_draft_site(session: AsyncSession, member: Actor) -> DraftSite:
    """The draft, which nobody else changes until the transaction ends: read the form before, however slow its sender.

    Raises:
        ForbiddenError: they are not of the team.
        ConflictError: the files of the territory were never applied.
    """
    await require_team_member(session, member)
    await lock_versions(session)
    return await read_draft_site(session, member)


async def read_draft_site(session: AsyncSession, member: Actor) -> DraftSite:
    """The draft, for somebody of the team.

    Raises:
        ForbiddenError: they are not of the team.
        ConflictError: the files of the territory were never applied.
    """
    await require_team_member(session, member)
    state = await read_state(session)
    tables = tomllib.loads(state.files[TENANT_FILE].decode())
    layout = {name: list(tables.get(name, ())) for name in LAYOUT}
    return DraftSite(state, collect_content(state.files), layout)
