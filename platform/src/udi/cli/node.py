"""`udi node`: the nodes that may publish on a territory's portal."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli import doctor, file_copies, output, producer_files
from udi.cli.checks.node import check_node
from udi.cli.own import commands, move_commands, portal_commands
from udi.kit.db import Database
from udi.kit.errors import ConflictError, NotFoundError
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.territory import (
    MachineClient,
    apply_machine,
    remove_machine,
)
from udi.portal.nodes.actions import register
from udi.portal.nodes.models import Node
from udi.portal.nodes.queries import find_node, list_nodes, list_pending_invitations
from udi.portal.organisations.queries import find_organisations
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.queries import get_tenant
from udi.settings import Settings, get_settings

app = typer.Typer(help="Nodes: where producers' files are.", no_args_is_help=True)
producer_files.register_node(app)
file_copies.register_node(app)
commands.register(app)
move_commands.register_node(app)
portal_commands.register(app)
TerritorySlug = Annotated[str, typer.Argument(help="Slug of the territory.")]
NodeSlug = Annotated[str, typer.Argument(help="Short name of the node.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
STATE_COLUMNS = {"slug": "Node", "state": "State"}


@dataclass(frozen=True)
class NewNode:
    """A node to register."""

    slug: str
    name: str
    url: str
    producers: list[str]
    """Slugs."""


@app.command()
def add(
    territory: TerritorySlug,
    slug: Annotated[
        str,
        typer.Argument(
            help="Short name of the node, in small letters, digits and hyphens."
        ),
    ],
    url: Annotated[
        str, typer.Option(help="Address of the node; reports are sent there.")
    ],
    name: Annotated[
        str, typer.Option(help="Name shown; the short name by default.")
    ] = "",
    producer: Annotated[
        list[str] | None,
        typer.Option(help="Slug of a producer it may publish for; repeat."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Register a producer's node and print its credential, once."""
    settings = get_settings()
    client = f"{territory}-node-{slug}"
    node = NewNode(slug, name or slug, url, producer or [])
    tenant = asyncio.run(_check_new_node(settings, territory, node))
    connection = admin.connect(settings)
    machine = apply_machine(connection, client, tenant.links["portal"], rotate=True)
    try:
        asyncio.run(_register(settings, tenant, node, client))
    except Exception:
        if machine.change.outcome == "created":
            remove_machine(connection, client)
        raise
    _print_credential(
        _describe_credential(tenant, slug, client, machine), as_json=as_json
    )


@app.command("list")
def list_(territory: TerritorySlug, as_json: AsJson = False) -> None:
    """List the nodes of a territory, and those that are invited."""
    rows = asyncio.run(_rows(get_settings(), territory))
    columns = {
        "slug": "Node",
        "name": "Name",
        "url": "Address",
        "state": "State",
        "last_seen": "Last seen",
    }
    columns["until"] = "Until"
    output.show(
        rows,
        columns,
        as_json=as_json,
        empty="No node yet: `udi node add` registers one.",
    )


@app.command()
def check(territory: TerritorySlug, slug: NodeSlug, as_json: AsJson = False) -> None:
    """Try a node: does its address answer, is its credential accepted, did its last report arrive. Changes nothing.

    The credential is tried as the node would use it and never shown. The status is 0 without a fault, 1 with one.
    """
    raise typer.Exit(
        doctor.report_findings(
            asyncio.run(check_node(get_settings(), territory, slug)), as_json=as_json
        )
    )


@app.command()
def suspend(territory: TerritorySlug, slug: NodeSlug, as_json: AsJson = False) -> None:
    """Refuse what a node pushes, from its next request on; its datasets stay on the portal. May be repeated."""
    state = asyncio.run(
        _set_state(get_settings(), territory, slug, register.suspend_node)
    )
    output.show([state], STATE_COLUMNS, as_json=as_json, empty="")


@app.command()
def resume(territory: TerritorySlug, slug: NodeSlug, as_json: AsJson = False) -> None:
    """Let a suspended node push again. May be repeated."""
    state = asyncio.run(
        _set_state(get_settings(), territory, slug, register.resume_node)
    )
    output.show([state], STATE_COLUMNS, as_json=as_json, empty="")


async def _set_state(
    settings: Settings,
    territory: str,
    slug: str,
    act: Callable[[AsyncSession, Node], Awaitable[None]],
) -> dict[str, Any]:
    database = Database(settings, "portal")
    try:
        async with database.platform_session() as session:
            tenant = await get_tenant(session, territory)
        async with database.session(tenant.id, role="worker") as session:
            node = await find_node(session, slug)
            if node is None:
                raise NotFoundError(
                    f"No node of {territory} is called «{slug}».",
                    remedy=f"See `udi node list {territory}`.",
                )
            await act(session, node)
            return {"slug": node.slug, "state": node.state}
    finally:
        await database.close()


async def _check_new_node(settings: Settings, territory: str, node: NewNode) -> Tenant:
    """The territory, where the node may be registered on it: the identity service is changed after this alone."""
    database = Database(settings, "portal")
    try:
        async with database.platform_session() as session:
            tenant = await get_tenant(session, territory)
        async with database.session(tenant.id, role="worker") as session:
            if await find_node(session, node.slug) is not None:
                raise ConflictError(
                    f"The node «{node.slug}» is already registered on {territory}.",
                    remedy="Choose another name.",
                )
            ids = await _find_producers(session, node.producers)
            await register.check_node(session, node.slug, node.name, node.url, ids)
    finally:
        await database.close()
    return tenant


async def _find_producers(session: AsyncSession, producers: list[str]) -> set[UUID]:
    organisation_by_slug = await find_organisations(session, producers)
    missing = [name for name in producers if name not in organisation_by_slug]
    if missing:
        raise NotFoundError(
            f"No organisation is called {', '.join(missing)}.",
            remedy="See `udi tenant check`.",
        )
    return {organisation.id for organisation in organisation_by_slug.values()}


async def _register(
    settings: Settings, tenant: Tenant, node: NewNode, client: str
) -> None:
    database = Database(settings, "portal")
    try:
        async with database.session(tenant.id, role="worker") as session:
            await register.register_node(
                session,
                slug=node.slug,
                name=node.name,
                url=node.url,
                client_id=client,
                organisations=await _find_producers(session, node.producers),
            )
    finally:
        await database.close()


def _describe_credential(
    tenant: Tenant, slug: str, client: str, machine: MachineClient
) -> dict[str, Any]:
    portal = tenant.links["portal"]
    return {
        "node": slug,
        "portal": portal,
        "token": f"{portal}/oauth2/token",
        "push": f"{portal}/kalim/v1/resources",
        "client_id": client,
        "client_secret": machine.secret,
    }


def _print_credential(credential: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(credential, indent=2))
        return
    print(
        f"The node «{credential['node']}» is registered. Its credential is shown this once:\n"
    )
    for key, value in credential.items():
        print(f"  {key:14} {value}")


async def _rows(settings: Settings, territory: str) -> list[dict[str, Any]]:
    database = Database(settings, "portal")
    try:
        async with database.platform_session() as session:
            tenant = await get_tenant(session, territory)
        async with database.session(tenant.id, role="worker") as session:
            nodes = await list_nodes(session)
            invited = await list_pending_invitations(session)
    finally:
        await database.close()
    node_rows = [
        {
            "slug": n.slug,
            "name": n.name,
            "url": n.url,
            "state": n.state,
            "last_seen": n.last_seen_at or "never",
        }
        for n in nodes
    ]
    return [{**row, "until": ""} for row in node_rows] + [
        {
            "slug": invited_node.invitation.slug,
            "name": invited_node.invitation.name,
            "url": invited_node.invitation.url,
            "state": "invitation ended" if invited_node.ended else "invited",
            "last_seen": "",
            "until": invited_node.invitation.expires_at,
        }
        for invited_node in invited
    ]
