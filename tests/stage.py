"""Territories and people for a test."""

import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import Insert, insert

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.identity.models import AccountWatch as NodeWatch
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.identity.models import AccountWatch as PortalWatch
from udi.portal.tenants.actions import write_register
from udi.portal.tenants.applied_files import apply_files
from udi.portal.tenants.files import TenantFiles, load_files, read_files
from udi.portal.tenants.models import Tenant as PortalTenant
from udi.settings import Settings

WATCHES: dict[Any, Any] = {"portal": PortalWatch, "node": NodeWatch}
DEMO = Path(__file__).parents[1] / "tenants/demo"
ROWS: dict[Any, Any] = {"portal": PortalTenant, "node": NodeTenant}


async def add_territory(
    databases: Iterable[Database], settings: Settings, word: str, *, slug: str = ""
) -> Territory:
    """A territory with a slug of its own (or `slug`), in both databases; returned as the portal sees it."""
    slug = slug or f"{word}-{secrets.token_hex(3)}"
    tenant = uuid.uuid4()
    hosts = {"portal": f"{slug}.localhost", "node": f"node.{slug}.localhost"}
    origins = {
        program: settings.origin(program, host) for program, host in hosts.items()
    }  # type: ignore[arg-type]
    rows = {
        program: _row(program, tenant, slug, host, origins)
        for program, host in hosts.items()
    }
    for database in databases:
        async with database.session(tenant, role="owner") as session:
            session.add(rows[database.program])
            await session.flush()
            await session.execute(_confirm(database, now()))
    portal_row = rows["portal"]
    return Territory(
        id=tenant, slug=slug, name=portal_row.name, tagline=portal_row.tagline, languages=("fr", "en"), hosts=(hosts["portal"],),
        origin=origins["portal"], contact=portal_row.contact, theme=portal_row.theme, links=origins,
    )  # fmt: skip


async def confirm_accounts(
    database: Database, tenant: uuid.UUID, moment: datetime | None = None
) -> None:
    """Have the accounts of a territory be compared with the identity service at a moment, now by default."""
    async with database.session(tenant, role="worker") as session:
        await session.execute(_confirm(database, moment or now()))


def _confirm(database: Database, moment: datetime) -> Insert:
    confirmed = {"confirmed_at": moment}
    first = insert(WATCHES[database.program]).values(**confirmed)
    return first.on_conflict_do_update(index_elements=["tenant_id"], set_=confirmed)


def _row(
    program: str, tenant: uuid.UUID, slug: str, host: str, origins: dict[str, str]
) -> Any:
    return ROWS[program](
        id=tenant, slug=slug, name={"fr": f"Territoire {slug}", "en": f"Territory {slug}"},
        tagline={"fr": "Les données du territoire", "en": "The territory's data"}, languages=["fr", "en"], hosts=[host],
        links=origins, contact=f"team@{slug}.example", privacy_contact=f"privacy@{slug}.example",
        mail_sender={"name": slug, "address": f"no-reply@{slug}.example"}, theme={"hue": 186, "spark": 62, "paper_hue": 85},
        charter={"fr": "# Charte\n\nTexte.", "en": "# Charter\n\nText."}, legal={"fr": "# Mentions", "en": "# Legal"},
    )  # fmt: skip


def territory_files(territory: Territory) -> dict[str, bytes]:
    """The files of a territory of the tests: the demonstration's, with its slug and hosts."""
    files = load_files(DEMO)
    source = files["tenant.toml"].decode()
    source = source.replace('slug = "demo"', f'slug = "{territory.slug}"')
    source = source.replace("demo.localhost", f"{territory.slug}.localhost")
    return files | {"tenant.toml": source.encode()}


async def apply_territory_files(
    database: Database,
    territory: Territory,
    files: TenantFiles | None = None,
    *,
    settings: Settings,
) -> None:
    """Have the files of a territory be online on the portal, as `udi tenant apply` does."""
    folder = read_files(files or territory_files(territory), territory.slug)
    async with database.session(territory.id, role="owner") as session:
        await apply_files(session, folder.files, None)
    async with database.session(territory.id) as session:
        await write_register(session, folder, settings)


async def remove_territory(databases: Iterable[Database], territory: uuid.UUID) -> None:
    """Take the territory off the registers; its rows stay, unseen by every other test."""
    for database in databases:
        row = ROWS[database.program]
        async with database.platform_session(role="owner") as session:
            await session.execute(delete(row).where(row.id == territory))
