"""Memberships of a territory, read from Keycloak into the portal's lists."""

import asyncio
from dataclasses import dataclass

from udi.kit.db import Database
from udi.portal.identity.actions import sync_memberships
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.members import read_members
from udi.portal.tenants.models import Tenant


@dataclass(frozen=True)
class SyncResult:
    """How many members Keycloak has, how many of them the portal knows, and how many rows changed."""

    members: int
    people: int
    changed: int


async def sync_territory(
    portal: Database, identity: admin.RealmAdmin, issuer: str, tenant: Tenant
) -> SyncResult:
    """Read who is in which organisation of a territory; `issuer` is the identity service's name. May be repeated.

    Raises:
        ProvisionError: Keycloak refuses, or does not answer.
    """
    members = await asyncio.to_thread(read_members, identity, tenant.slug)
    async with portal.session(tenant.id, role="worker") as session:
        people, changed = await sync_memberships(session, issuer, members)
    return SyncResult(len(members), people, changed)
