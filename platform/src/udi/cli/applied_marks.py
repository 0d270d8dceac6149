"""What each territory was applied with, marked where an apply ends, so that one where nothing changed is left alone.

The mark is an attribute of the client of the territory's hosted node, written last of all. It is a digest of the
program, its settings and keys, and the moments at which the territory's rows on portal and node, which say of which
files they are, were last written: whoever writes one of them undoes it, and so does a database that comes back from a
backup.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

import udi
from udi.kit.db import Database
from udi.kit.oidc import node_client_id
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.identity.provision.admin import EVERYTHING, RealmAdmin
from udi.portal.identity.provision.clients import update_client
from udi.portal.tenants.files import TenantFolder
from udi.portal.tenants.models import Tenant as PortalTenant
from udi.settings import HOSTED, Settings

MARK = "udi.applied"
PURPOSE = "marks of what was applied"
OF_NO_TERRITORY = {"private_hosts", "secrets", "state"}
"""Settings that differ between the processes that apply, or name each territory of the installation."""


@dataclass(frozen=True)
class WrittenRow:
    """The row of a territory in one register: of which files it is, and when it was last written."""

    fingerprint: str
    written_at: datetime


Rows = Mapping[UUID, WrittenRow]
"""The rows of a register, by territory."""


@dataclass(frozen=True)
class AppliedMarks:
    """The marks that are there, by the client that has them, and the rows that they speak of."""

    settings: Settings
    portal: Rows
    node: Rows
    marks: Mapping[str, str]

    def has(self, folder: TenantFolder) -> bool:
        """Whether a territory was applied with these files, this program and these settings, and is as that left it.

        The credential of its hosted node is a file beside: without it there is something to do.
        """
        credential = self.settings.secrets_folder / f"node_credential_{folder.slug}"
        rows = [rows.get(folder.tenant_id) for rows in (self.portal, self.node)]
        moments = [
            row.written_at
            for row in rows
            if row and row.fingerprint == folder.fingerprint
        ]
        mark = make_mark(self.settings, folder, moments)
        known = self.marks.get(node_client_id(folder.slug, HOSTED), "")
        return credential.exists() and bool(mark) and hmac.compare_digest(mark, known)


def make_mark(
    settings: Settings, folder: TenantFolder, moments: Sequence[datetime]
) -> str:
    """The mark of a territory whose rows were last written at these moments: of portal and node.

    None, an empty text, where an apply looks at more than files and settings: what identity services of others and
    directories answer, and accounts for demonstration.
    """
    login = folder.file.login
    has_accounts = settings.demo and folder.file.account
    if login.provider or login.directory or has_accounts:
        return ""
    content = [
        udi.__version__,
        # The folder of a release is named by what is in it.
        str(Path(udi.__file__).resolve()),
        settings.model_dump_json(exclude=OF_NO_TERRITORY),
        settings.derived_key("node", PURPOSE).hex(),
        [moment.isoformat() for moment in moments],
    ]
    key = settings.derived_key("portal", PURPOSE)
    return hmac.digest(key, json.dumps(content).encode(), "sha256").hex()


def write_mark(admin: RealmAdmin, slug: str, mark: str) -> None:
    """Give the client of a territory's hosted node its mark, or take the former one away.

    Raises:
        ProvisionError: the identity service refuses, or does not answer.
    """
    name = node_client_id(slug, HOSTED)
    client = admin.find_client(name)
    if client is not None:
        update_client(admin, {"clientId": name, "attributes": {MARK: mark}}, client)


async def read_moments(
    portal: Database, node: Database, tenant: UUID
) -> list[datetime]:
    """When the rows of a territory on portal and node were last written."""
    portal_rows = await _list_rows(portal, PortalTenant, tenant)
    node_rows = await _list_rows(node, NodeTenant, tenant)
    return [row.written_at for row in (*portal_rows.values(), *node_rows.values())]


async def read_marks(
    settings: Settings, portal: Database, node: Database, admin: RealmAdmin
) -> AppliedMarks:
    """The marks of all territories: a call of the identity service, and a statement for each register.

    Raises:
        ProvisionError: the identity service refuses, or does not answer.
    """
    clients = admin.get(
        "clients", clientId=node_client_id("", HOSTED), search="true", max=EVERYTHING
    )
    marks = {
        str(client["clientId"]): str((client.get("attributes") or {}).get(MARK, ""))
        for client in clients or []
    }
    return AppliedMarks(
        settings,
        await _list_rows(portal, PortalTenant),
        await _list_rows(node, NodeTenant),
        marks,
    )


async def _list_rows(
    database: Database, row: Any, tenant: UUID | None = None
) -> dict[UUID, WrittenRow]:
    query = select(row.id, row.fingerprint, row.applied_at)
    if tenant is not None:
        query = query.where(row.id == tenant)
    async with database.platform_session() as session:
        written = await session.execute(query)
    return {
        identifier: WrittenRow(fingerprint, moment)
        for identifier, fingerprint, moment in written
    }
