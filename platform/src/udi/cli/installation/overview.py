"""What `udi tenant list` and `show` tell of territories."""

from collections.abc import Mapping
from typing import Any

import msgspec

from udi.cli.installation.gather import ProgramDatabases, gather_all
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.errors import NotFoundError
from udi.kit.tenancy import INSTALLATION_ID
from udi.portal.installation.alerts import OperatorAlert
from udi.portal.installation.figures import GatheredFigures
from udi.portal.installation.queries import TerritoryStatus, get_status, list_status
from udi.settings import Settings

SEVERAL = ("failures", "spaces")
"""Figures that are lists."""


async def list_territories(settings: Settings) -> list[dict[str, Any]]:
    """Every territory by slug, with the figures that were gathered last."""
    portal = Database(settings, "portal", pool_size=1)
    try:
        async with portal.session(INSTALLATION_ID, role="worker") as session:
            return [_describe(status) for status in await list_status(session)]
    finally:
        await portal.close()


async def describe_territory(settings: Settings, slug: str) -> dict[str, Any]:
    """One territory with figures of this moment.

    Raises:
        NotFoundError: none has this slug.
    """
    databases = ProgramDatabases.open(settings)
    try:
        async with databases.portal.session(INSTALLATION_ID, role="worker") as session:
            status = await get_status(session, slug)
        figures = await gather_all(settings, databases)
    finally:
        await databases.close()
    territory_figures = figures.get(status.tenant.id)
    if territory_figures is None:
        raise NotFoundError(f"The territory «{slug}» left meanwhile.")
    return _describe(TerritoryStatus(status.tenant, territory_figures, now()))


def list_facts(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each fact of one territory, but those that are lists."""
    figures = facts["figures"]
    flat = {
        **{name: facts[name] for name in ("name", "state", "portal", "node")},
        **{name: value for name, value in figures.items() if name not in SEVERAL},
    }
    return [{"fact": name, "value": value} for name, value in flat.items()]


def _describe(status: TerritoryStatus) -> dict[str, Any]:
    tenant = status.tenant
    return {
        "slug": tenant.slug,
        "name": next(iter(tenant.name.values())),
        "state": tenant.state,
        **tenant.links,
        "gathered_at": status.gathered_at,
        "figures": _list_figures(status.figures),
        "alerts": [_describe_alert(alert) for alert in status.alerts],
    }


def _list_figures(figures: GatheredFigures | None) -> dict[str, Any] | None:
    if figures is None:
        return None
    value: dict[str, Any] = msgspec.to_builtins(figures)
    return value


def _describe_alert(alert: OperatorAlert) -> dict[str, str]:
    return {
        "tone": alert.tone,
        "title": alert.title % alert.values if alert.values else alert.title,
        "remedy": alert.remedy,
    }
