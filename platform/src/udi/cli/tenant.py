"""`udi tenant`: territories as files."""

import asyncio
import json as jsonlib
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import typer

from udi.cli import (
    output,
    provision,
    provisioner,
    template,
    tenant_apply,
    tenant_check,
    tenant_start,
    tenant_versions,
)
from udi.cli.archive import commands as archive
from udi.cli.installation import overview
from udi.cli.installation.territory_start import write_files
from udi.cli.local.errors import LocalError
from udi.cli.memberships import sync_territory
from udi.cli.suspension import SuspensionResult, make_read_only, set_territory_state
from udi.cli.tenant_check import read_tenant
from udi.kit.db import Database
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.queries import get_tenant, list_tenants
from udi.settings import get_settings

app = typer.Typer(
    help="Territories: files first, then made true.", no_args_is_help=True
)
KnownSlug = Annotated[str, typer.Argument(help="Slug of the territory.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
tenant_check.register(app)
tenant_apply.register(app)
archive.register(app)
tenant_versions.register(app)
tenant_start.register(app)


@app.command()
def new(
    slug: Annotated[
        str,
        typer.Argument(
            help="Short name, in small letters, digits and hyphens; it never changes."
        ),
    ],
    name: Annotated[str, typer.Option(help="Name, as its inhabitants say it.")],
    host: Annotated[
        str,
        typer.Option(
            help="Host name of the portal; the node answers at «node.» before it."
        ),
    ],
    contact: Annotated[str, typer.Option(help="Mail address of the territory's team.")],
    data: Annotated[
        list[str] | None,
        typer.Option("--data", "-d", metavar="KEY=VALUE", help="One more answer."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Write the files of a territory that joins this installation. Then read them, and apply them.

    They come from the same template as `udi territory new`, whose other questions (languages, hue, privacy_contact)
    can be answered with --data. A territory with its own repository needs no such command.
    """
    target = get_settings().tenants / slug
    if target.exists():
        raise LocalError(
            f"{target} is there already", f"edit it, then run `udi tenant apply {slug}`"
        )
    answers = {
        "slug": slug,
        "name": name,
        "host": host,
        "contact": contact,
        "installation": "mutualised",
        **template.parse_answers(data),
    }
    write_files(answers, target)
    read_tenant(get_settings(), slug)
    rows = [{"file": str(path)} for path in sorted(target.iterdir())]
    output.show(rows, {"file": "Written"}, as_json=json, empty="")


@app.command()
def suspend(slug: KnownSlug, json: AsJson = False) -> None:
    """Close a territory: its pages say that it is suspended, pushes are refused, data are kept. May be repeated.

    Portal and node answer 503 within two seconds; applying its files does not open it. `udi tenant resume` does.
    """
    _print_states(
        asyncio.run(set_territory_state(get_settings(), slug, "suspended")),
        as_json=json,
    )


@app.command("read-only")
def read_only(slug: KnownSlug, json: AsJson = False) -> None:
    """Refuse what would change a territory, for some minutes; everything is read as ever. May be repeated.

    Forms, pushes and logins are answered 503 with words within two seconds; nodes send again by themselves, what was queued is done.
    `udi tenant resume` ends it.
    """
    _print_states(asyncio.run(make_read_only(get_settings(), slug)), as_json=json)


@app.command()
def resume(slug: KnownSlug, json: AsJson = False) -> None:
    """Open a territory again that was suspended or made read only, as it was. May be repeated."""
    _print_states(
        asyncio.run(set_territory_state(get_settings(), slug, "active")), as_json=json
    )


@app.command()
def sync(
    slug: Annotated[str, typer.Argument(help="Slug of the territory.")] = "",
    everyone: Annotated[
        bool, typer.Option("--all", help="Every active territory, one after the other.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Read from Keycloak who is in which organisation, for everybody who logged in once. May be repeated.

    The portal's lists and mails use it; rights do not wait for it (they come with each login). People who accepted an
    invitation receive the right to publish or manage that came with it. What the team published on pages reaches the
    hosted node and the login pages. Worth a timer, once an hour, with --all.
    """
    if bool(slug) == everyone:
        raise LocalError(
            "It is not said whom to read", "name a territory, or say --all"
        )
    settings = get_settings()
    rows = []
    with provisioner.open_provisioner(settings) as shared:
        for tenant in shared.run(_list_tenants(shared.portal, slug)):
            synced = shared.run(
                sync_territory(shared.portal, shared.identity, settings.issuer, tenant)
            )
            provision.bring_published_with(shared, tenant.slug, tenant.id)
            rows.append({"territory": tenant.slug, **asdict(synced)})
    columns = {
        "territory": "Territory",
        "members": "Members in Keycloak",
        "people": "Known here",
        "changed": "Changed",
    }
    output.show(rows, columns, as_json=json, empty="No active territory.")


async def _list_tenants(portal: Database, slug: str) -> Iterable[Tenant]:
    """One, or each active one."""
    async with portal.platform_session() as session:
        if slug:
            return [await get_tenant(session, slug)]
        return [
            tenant for tenant in await list_tenants(session) if tenant.state == "active"
        ]


def _print_states(switched: SuspensionResult, *, as_json: bool) -> None:
    rows = [
        {"program": program, "outcome": outcome}
        for program, outcome in asdict(switched).items()
    ]
    output.show(
        rows, {"program": "Program", "outcome": "Outcome"}, as_json=as_json, empty=""
    )


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the territories that were applied, with the figures that were gathered last.

    With --json, every figure of /installation; those that were not gathered yet are null.
    """
    rows = asyncio.run(overview.list_territories(get_settings()))
    columns = {
        "slug": "Slug",
        "name": "Name",
        "state": "State",
        "portal": "Portal",
        "node": "Node",
    }
    output.show(
        rows,
        columns,
        as_json=json,
        empty="No territory yet: write tenants/<slug>/, then `udi tenant apply <slug>`.",
    )


@app.command()
def show(slug: KnownSlug, json: AsJson = False) -> None:
    """Show how one territory stands: figures gathered now, and what is to be settled. Changes nothing."""
    facts = asyncio.run(overview.describe_territory(get_settings(), slug))
    if json:
        print(jsonlib.dumps(facts, ensure_ascii=False, indent=2, default=str))
        return
    rows = overview.list_facts(facts)
    output.show(rows, {"fact": slug, "value": ""}, as_json=False, empty="")
    for alert in facts["alerts"]:
        print(f"{alert['title']}. {alert['remedy']}")
