"""Suspending a territory and resuming it, on the portal and on the node; nothing is deleted."""

from dataclasses import dataclass

from udi.kit.db import Database
from udi.kit.errors import ConflictError
from udi.kit.territories import READ_ONLY, TerritoryState, set_state
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.audit.archive import is_noted
from udi.portal.audit.territories import record_state_change
from udi.portal.tenants.models import Tenant as PortalTenant
from udi.portal.tenants.queries import get_tenant
from udi.settings import Settings


@dataclass(frozen=True)
class SuspensionResult:
    """What became of each program's register: updated, unchanged."""

    portal: str
    node: str


async def make_read_only(settings: Settings, slug: str) -> SuspensionResult:
    """Have a territory only read. May be repeated.

    Raises:
        NotFoundError: no territory has this slug.
        ConflictError: it is suspended.
    """
    portal = Database(settings, "portal", pool_size=1)
    try:
        async with portal.platform_session(role="owner") as session:
            tenant = await get_tenant(session, slug)
    finally:
        await portal.close()
    if tenant.state == "suspended":
        raise ConflictError(
            f"The territory «{slug}» is suspended, and nobody reads it.",
            remedy=f"Resume it first: `udi tenant resume {slug}`.",
        )
    return await set_territory_state(settings, slug, READ_ONLY)


async def set_territory_state(
    settings: Settings, slug: str, state: TerritoryState
) -> SuspensionResult:
    """Make both programs serve a territory, only let it be read, or say that it is suspended. May be repeated.

    Raises:
        NotFoundError: no territory has this slug.
        ConflictError: it is a copy that no archive opened yet.
    """
    portal = Database(settings, "portal", pool_size=1)
    node = Database(settings, "node", pool_size=1)
    try:
        async with portal.platform_session(role="owner") as session:
            in_portal = await set_state(session, PortalTenant, slug, state)
            tenant = await get_tenant(session, slug)
        async with node.platform_session(role="owner") as session:
            in_node = await set_state(session, NodeTenant, slug, state)
        present = state
        if tenant.state == "suspended":
            present = "suspended"
        async with portal.session(tenant.id, role="worker") as session:
            # Also where an earlier change was killed before it was noted.
            if not await is_noted(session, present):
                record_state_change(session, tenant.id, present)
    finally:
        await portal.close()
        await node.close()
    return SuspensionResult(in_portal, in_node)
