"""`udi tenant start`: a territory from a few answers, online at once where its host names lead here already."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

import typer
from sqlalchemy import select

from udi.cli import output
from udi.cli.installation.territory_start import StartResult, start_territory
from udi.cli.local.errors import LocalError
from udi.kit.db import Database
from udi.kit.errors import InvalidError, Refusal
from udi.portal.installation.new_territory import (
    NewTerritory,
    StartStage,
    TakenNames,
    read_new_territory,
)
from udi.portal.tenants.models import Tenant
from udi.settings import Settings, get_settings

Slug = Annotated[
    str,
    typer.Argument(
        help="Short name, in small letters, digits and hyphens; it never changes."
    ),
]
Name = Annotated[str, typer.Option(help="Name, as its inhabitants say it.")]
Contact = Annotated[str, typer.Option(help="Mail address for everyone to see.")]
FirstMember = Annotated[
    str, typer.Option(help="Mail address of who is invited to run it.")
]
Host = Annotated[
    str,
    typer.Option(
        help="Host name of the portal; by default <slug> in UDI_TERRITORY_DOMAIN."
    ),
]
NodeHost = Annotated[
    str, typer.Option(help="Host name of the node; by default made likewise.")
]
Hue = Annotated[int, typer.Option(help="Hue of the accent, 0 to 360.")]
Languages = Annotated[
    str, typer.Option(help="Languages of the pages, the first by default.")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Take up a start that was cut short.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]


def register(app: typer.Typer) -> None:
    """Add the command to `udi tenant`."""
    app.command()(start)


def start(
    slug: Slug,
    name: Name,
    contact: Contact,
    first_member: FirstMember,
    host: Host = "",
    node_host: NodeHost = "",
    hue: Hue = 178,
    languages: Languages = "fr,en",
    resume: Resume = False,
    json: AsJson = False,
) -> None:
    """Start a territory: its files, databases, identity, the invitation of its first member, then a look at its addresses.

    The same as «Start a territory» at /installation. Nothing is made where an answer cannot be. Its files are kept on
    the portal: `udi tenant pull` writes them.
    """
    settings = get_settings()
    values = {
        "slug": slug,
        "name": name,
        "contact": contact,
        "first_member": first_member,
        "host": host,
        "node_host": node_host,
        "hue": str(hue),
        "languages": languages,
    }
    try:
        new, result = asyncio.run(_start(settings, values, resume=resume))
    except InvalidError as error:
        raise LocalError(
            " ".join(map(_say, error.refusals)).rstrip("."),
            "correct this, and run the same command again",
        ) from error
    origins = {
        "portal": settings.origin("portal", new.host),
        "node": settings.origin("node", new.node_host),
    }
    rows = [
        {"address": origins[program], "answers": "yes" if is_online else "not yet"}
        for program, is_online in result.online.items()
    ]
    output.show(
        rows, {"address": "Address", "answers": "Answers"}, as_json=json, empty=""
    )


async def _start(
    settings: Settings, values: dict[str, str], *, resume: bool
) -> tuple[NewTerritory, StartResult]:
    tenants = await _list_tenants(settings)
    resumed = values["slug"] if resume else ""
    taken = _list_taken(settings, tenants, resumed)
    new = read_new_territory(values, settings.wildcard_domain, taken)
    fingerprints = {tenant.slug: tenant.fingerprint for tenant in tenants}
    known = fingerprints.get(new.slug)
    return new, await start_territory(settings, new, _tell, known)


async def _list_tenants(settings: Settings) -> list[Tenant]:
    portal = Database(settings, "portal", pool_size=1)
    try:
        async with portal.platform_session() as session:
            return list(await session.scalars(select(Tenant)))
    finally:
        await portal.close()


def _list_taken(
    settings: Settings, tenants: Sequence[Tenant], resumed: str
) -> TakenNames:
    program_hosts = [
        settings.installation_host,
        urlsplit(settings.keycloak_url).hostname or "",
    ]
    others = [tenant for tenant in tenants if tenant.slug != resumed]
    return TakenNames.of(others, program_hosts)


async def _tell(stage: StartStage) -> None:
    print(f"{stage.value} …", file=sys.stderr, flush=True)


def _say(refusal: Refusal) -> str:
    return refusal.reason % refusal.values if refusal.values else refusal.reason
