"""Territories and people for a test."""

import json
import secrets
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import insert as core_insert
from sqlalchemy import literal_column
from sqlalchemy.dialects.postgresql import JSONB, Insert, asyncpg, insert

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
from udi.settings import ProgramName, Settings

WATCHES: dict[Any, Any] = {"portal": PortalWatch, "node": NodeWatch}
DEMO = Path(__file__).parents[1] / "tenants/demo"
ROWS: dict[Any, Any] = {"portal": PortalTenant, "node": NodeTenant}
NOBODY = uuid.UUID(int=0)
NAMELESS = "slug-to-come"
AT_NO_TIME = "moment-to-come"
"""Marks in the statements that add a territory."""


async def add_territory(
    databases: Iterable[Database], settings: Settings, word: str, *, slug: str = ""
) -> Territory:
    """A territory with a slug of its own (or `slug`), in both databases; returned as the portal sees it."""
    slug = slug or f"{word}-{secrets.token_hex(3)}"
    tenant = uuid.uuid4()
    hosts = _make_hosts(slug)
    origins = _make_origins(settings, hosts)
    nameless = tuple(_make_origins(settings, _make_hosts(NAMELESS)).items())
    for database in databases:
        added = _write_statements(database.program, nameless)
        added = added.replace(str(NOBODY), str(tenant)).replace(NAMELESS, slug)
        await _ask_driver(database, added.replace(AT_NO_TIME, now().isoformat()))
    values = _make_values(slug, hosts["portal"], origins)
    return Territory(
        id=tenant, slug=slug, name=values["name"], tagline=values["tagline"], languages=("fr", "en"), hosts=(hosts["portal"],),
        origin=origins["portal"], contact=values["contact"], theme=values["theme"], links=origins,
    )  # fmt: skip


def _make_hosts(slug: str) -> dict[ProgramName, str]:
    return {"portal": f"{slug}.localhost", "node": f"node.{slug}.localhost"}


def _make_origins(
    settings: Settings, hosts: Mapping[ProgramName, str]
) -> dict[str, str]:
    return {program: settings.origin(program, host) for program, host in hosts.items()}


@lru_cache
def _write_statements(
    program: ProgramName, origins: tuple[tuple[str, str], ...]
) -> str:
    """What adds a territory in one round trip, as thousands of tests do, with marks for what differs."""
    values = _make_values(NAMELESS, _make_hosts(NAMELESS)[program], dict(origins))
    table = ROWS[program].__table__
    values |= {
        column.name: column.default.arg(None)
        if column.default.is_callable
        else column.default.arg
        for column in table.columns
        if column.default is not None and column.name not in values
    }
    values |= {
        name: literal_column(f"'{json.dumps(value).replace(chr(39), chr(39) * 2)}'")
        for name, value in values.items()
        if isinstance(table.columns[name].type, JSONB) and value is not None
    }
    row = core_insert(table).values(values | {"id": NOBODY})
    written = row.compile(
        dialect=asyncpg.dialect(), compile_kwargs={"literal_binds": True}
    )
    return (
        f"SELECT set_config('app.tenant', '{NOBODY}', true); {written};"
        f"INSERT INTO app.account_watch (confirmed_at) VALUES ('{AT_NO_TIME}')"
    )


async def _ask_driver(database: Database, statements: str) -> None:
    """Have the owner's role do something, in one round trip and one transaction."""
    async with database.engine("owner").connect() as connection:
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        await driver.execute(statements)


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


def _make_values(slug: str, host: str, origins: Mapping[str, str]) -> dict[str, Any]:
    return {
        "slug": slug, "name": {"fr": f"Territoire {slug}", "en": f"Territory {slug}"},
        "tagline": {"fr": "Les données du territoire", "en": "The territory's data"}, "languages": ["fr", "en"], "hosts": [host],
        "links": dict(origins), "contact": f"team@{slug}.example", "privacy_contact": f"privacy@{slug}.example",
        "mail_sender": {"name": slug, "address": f"no-reply@{slug}.example"}, "theme": {"hue": 186, "spark": 62, "paper_hue": 85},
        "charter": {"fr": "# Charte\n\nTexte.", "en": "# Charter\n\nText."}, "legal": {"fr": "# Mentions", "en": "# Legal"},
    }  # fmt: skip


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
        removal = f"DELETE FROM platform.territory WHERE id = '{territory}'"
        await _ask_driver(database, removal)
