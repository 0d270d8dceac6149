"""`udi producer set` and `udi producer costs`: each producer's share of the hosted node, and what it took of it."""

import asyncio
import csv
import json as jsonlib
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from udi.cli import output
from udi.cli.provision import GIGABYTE
from udi.kit.db import Database
from udi.kit.errors import field_error
from udi.node.spaces.actions import set_limits
from udi.node.spaces.costs import Month, SpaceCost, list_costs
from udi.node.spaces.models import Space
from udi.portal.tenants.files import read_folder
from udi.portal.tenants.queries import get_tenant
from udi.portal.tenants.toml.schema import CostsPart
from udi.settings import Settings, get_settings

TerritorySlug = Annotated[str, typer.Argument(help="Slug of the territory.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
COLUMNS = {
    "slug": "Producer",
    "gigabyte_days": "GB-days",
    "bytes_sent": "Bytes sent",
    "downloads": "Downloads",
    "api_calls": "Calls",
    "job_seconds": "Job seconds",
}
THOUSAND = 1000
HOUR = 3600


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("set")(set_)
    app.command()(costs)


def set_(
    territory: TerritorySlug,
    slug: Annotated[str, typer.Argument(help="Slug of the producer.")],
    quota_gb: Annotated[
        int | None,
        typer.Option(min=1, help="Storage on the hosted node, in gigabytes."),
    ] = None,
    requests_per_minute: Annotated[
        int | None, typer.Option(min=0, help="Requests for its data; 0: as others.")
    ] = None,
    jobs_at_once: Annotated[
        int | None, typer.Option(min=0, help="Heavy jobs at once; 0: as others.")
    ] = None,
    uploads_at_once: Annotated[
        int | None, typer.Option(min=0, help="Files coming in at once; 0: as others.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Give a producer limits of its own on the hosted node. What is not given stays. May be repeated.

    The storage is also in tenant.toml (`organisation.quota_gb`), which the next `udi tenant apply` makes true again.
    """
    limits = {
        "quota_bytes": quota_gb * GIGABYTE if quota_gb else None,
        "requests_per_minute": requests_per_minute,
        "jobs_at_once": jobs_at_once,
        "uploads_at_once": uploads_at_once,
    }
    space = asyncio.run(_set_limits(get_settings(), territory, slug, limits))
    now = {name: getattr(space, name) for name in limits}
    if json:
        print(jsonlib.dumps({"territory": territory, "producer": slug, **now}))
        return
    for name, value in now.items():
        print(f"{name}: {'the installation’s' if value is None else value}")


def costs(
    territory: TerritorySlug,
    month: Annotated[
        str, typer.Option(help="Month, as 2026-11; this one by default.")
    ] = "",
    json: AsJson = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="As a table for a spreadsheet.")
    ] = False,
) -> None:
    """What each producer took of the hosted node in a month, and each one's share where tenant.toml has `[costs]`.

    Quantities and shares, so that a consortium can share what the node costs; no bill.
    """
    settings = get_settings()
    rows = rows_of(
        asyncio.run(_list_costs(settings, territory, _parse_month(month))),
        _read_prices(settings, territory),
    )
    columns = {**COLUMNS, **({"share": "Share"} if rows and "share" in rows[0] else {})}
    if as_csv:
        writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        return
    output.show(rows, columns, as_json=json, empty="No producer has a space here.")


def rows_of(costs: Sequence[SpaceCost], prices: CostsPart) -> list[dict[str, Any]]:
    """The sheet; `share` is a part of the whole, from 0 to 1, there only where something has a price."""
    weights = [
        cost.gigabyte_days * prices.gigabyte_day
        + cost.bytes_sent / GIGABYTE * prices.gigabyte_sent
        + (cost.downloads + cost.api_calls) / THOUSAND * prices.thousand_calls
        + cost.job_seconds / HOUR * prices.job_hour
        for cost in costs
    ]
    whole = sum(weights)
    shares = [
        {"share": round(weight / whole, 4)} if whole else {} for weight in weights
    ]
    return [
        {**asdict(cost), **share} for cost, share in zip(costs, shares, strict=True)
    ]


def _parse_month(value: str) -> Month:
    try:
        if value:
            return Month.read(value)
        return Month.current()
    except ValueError as error:
        raise field_error(
            "month", "This is not a month.", "Write it as 2026-11."
        ) from error


def _read_prices(settings: Settings, territory: str) -> CostsPart:
    folder = settings.tenants / territory
    if (folder / "tenant.toml").exists():
        return read_folder(folder).file.costs
    return CostsPart()


async def _set_limits(
    settings: Settings, territory: str, slug: str, limits: dict[str, int | None]
) -> Space:
    node = Database(settings, "node", pool_size=1)
    try:
        async with node.session(
            await _get_tenant_id(settings, territory), role="worker"
        ) as session:
            return await set_limits(session, slug, **limits)
    finally:
        await node.close()


async def _list_costs(
    settings: Settings, territory: str, month: Month
) -> list[SpaceCost]:
    node = Database(settings, "node", pool_size=1)
    try:
        async with node.session(
            await _get_tenant_id(settings, territory), role="worker"
        ) as session:
            return await list_costs(session, month)
    finally:
        await node.close()


async def _get_tenant_id(settings: Settings, territory: str) -> Any:
    portal = Database(settings, "portal", pool_size=1)
    try:
        async with portal.platform_session() as session:
            return (await get_tenant(session, territory)).id
    finally:
        await portal.close()
