"""Memberships of a territory, read from Keycloak into the portal's lists."""

import asyncio
from dataclasses import dataclass

from udi.kit.db import Database
from udi.portal.identity.actions import sync_memberships
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.members import Memberships, read_members
from udi.portal.tenants.models import Tenant
from udi.settings import Settings


@dataclass(frozen=True)
class SyncResult:
    """How many members Keycloak has, how many of them the portal knows, and how many rows changed."""

    members: int
    people: int
    changed: int


async def sync_territory(settings: Settings, tenant: Tenant) -> SyncResult:
    """Read who is in which organisation of a territory. May be repeated.

    Raises:
        ProvisionError: Keycloak refuses, or does not answer.
    """
    members = await asyncio.to_thread(
        lambda: read_members(admin.connect(settings), tenant.slug)
    )
    people, changed = await _save_members(settings, tenant, members)
    return SyncResult(len(members), people, changed)


async def _save_members(
    settings: Settings, tenant: Tenant, members: Memberships
) -> tuple[int, int]:
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.session(tenant.id, role="worker") as session:
            return await sync_memberships(session, settings.issuer, members)
    finally:
        await database.close()
