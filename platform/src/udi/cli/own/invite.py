"""`udi node invite`: a link with which a producer's own node joins a territory, once."""

import asyncio
import json
from datetime import timedelta
from secrets import token_hex
from typing import Annotated

import typer

from udi.cli.local.errors import LocalError
from udi.kit.db import Database
from udi.kit.errors import NotFoundError
from udi.kit.oidc import (
    CLIENT_SECRET,
    SUBJECTS_PATH,
    SUBJECTS_SCOPE,
    IdentityClient,
    login_client_id,
    node_client_id,
    own_subjects_client_id,
)
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.agents import apply_agents
from udi.portal.identity.provision.clients import (
    apply_client,
    find_pairwise_salt,
    machine_client,
    pairwise_mapper,
    subjects_client_target,
    web_client,
)
from udi.portal.identity.provision.territory import remove_machine
from udi.portal.nodes.actions.invite import USUAL, invite_node
from udi.portal.nodes.invitations import JOIN
from udi.portal.organisations.queries import find_organisations
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.queries import get_tenant
from udi.protocol.node_registration import ClientCredentials, NodeCredentials
from udi.settings import Settings, get_settings
from udi.ui.login_theme import client_attributes

SALT_BYTES = 32


def invite(
    territory: Annotated[str, typer.Argument(help="Slug of the territory.")],
    slug: Annotated[
        str,
        typer.Argument(
            help="Short name of the node, in small letters, digits and hyphens."
        ),
    ],
    url: Annotated[
        str,
        typer.Option(
            help="Address where people, and if it can the portal, will reach the node."
        ),
    ],
    producer: Annotated[
        list[str] | None,
        typer.Option(help="Slug of a producer it publishes for; repeat."),
    ] = None,
    name: Annotated[
        str, typer.Option(help="Name shown; the short name by default.")
    ] = "",
    days: Annotated[
        int, typer.Option(help="How long the link is good.", min=1, max=60)
    ] = USUAL.days,
    requests: Annotated[
        bool,
        typer.Option(
            help="Whether inhabitants may ask the node about their own data; not where they cannot open its address."
        ),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Print the link with which a producer's own node joins a territory. It works once.

    For a node that joined before, it gives new credentials and an address: the former credentials end at once.
    """
    if not producer:
        raise LocalError(
            "A node publishes for somebody", "name the producer with --producer <slug>"
        )
    settings = get_settings()
    link = asyncio.run(
        _invite(
            settings,
            territory,
            slug,
            name or slug,
            url.rstrip("/"),
            producer,
            days,
            takes_requests=requests,
        )
    )
    _print_invitation(territory, slug, link, days, as_json=as_json)


def _print_invitation(
    territory: str, slug: str, link: str, days: int, *, as_json: bool
) -> None:
    if as_json:
        print(
            json.dumps(
                {
                    "territory": territory,
                    "node": slug,
                    "invitation": link,
                    "days": days,
                },
                indent=2,
            )
        )
        return
    print(
        f"The node «{slug}» is invited for {days} days. Send this link to who installs it; it works once:\n\n  {link}\n"
    )
    print(f'There: udi node init {slug} --invitation "{link}"')


async def _invite(
    settings: Settings,
    territory: str,
    slug: str,
    name: str,
    url: str,
    producers: list[str],
    days: int,
    *,
    takes_requests: bool,
) -> str:
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.platform_session() as session:
            tenant = await get_tenant(session, territory)
        async with database.session(tenant.id, role="worker") as session:
            organisation_by_slug = await find_organisations(session, producers)
            if missing := [
                producer
                for producer in producers
                if producer not in organisation_by_slug
            ]:
                remedy = f"See `udi producer list {territory}`."
                raise NotFoundError(
                    f"No organisation is called {', '.join(missing)}.", remedy=remedy
                )
            credentials = generate_credentials(
                territory, slug, takes_requests=takes_requests
            )
            code = await invite_node(
                session,
                slug=slug,
                name=name,
                url=url,
                organisations=[
                    organisation.id for organisation in organisation_by_slug.values()
                ],
                credentials=credentials,
                lifetime=timedelta(days=days),
            )
            # Inside the transaction: an invitation that Keycloak does not know is not given.
            await asyncio.to_thread(
                apply_clients,
                admin.connect(settings),
                tenant,
                slug,
                name,
                url,
                credentials,
            )
    finally:
        await database.close()
    return f"{tenant.links['portal']}{JOIN}#{code}"


def generate_credentials(
    territory: str, slug: str, *, takes_requests: bool
) -> NodeCredentials:
    """New credentials of a node, which nothing knows yet."""
    return NodeCredentials(
        push=_draw(node_client_id(territory, slug)),
        login=_draw(login_client_id(territory, slug)),
        subjects=_draw(own_subjects_client_id(territory, slug))
        if takes_requests
        else None,
    )


def _draw(client_id: str) -> ClientCredentials:
    return ClientCredentials(client_id=client_id, secret=CLIENT_SECRET.generate())


def apply_clients(
    connection: admin.RealmAdmin,
    tenant: Tenant,
    slug: str,
    name: str,
    url: str,
    credentials: NodeCredentials,
) -> None:
    """Make the clients of a node at the identity service, or change them; one for people who ask goes where it takes none."""
    push = credentials.push
    login = IdentityClient(credentials.login.client_id, credentials.login.secret, url)
    apply_client(
        connection, machine_client(push.client_id, push.secret), tenant.links["portal"]
    )
    theme = client_attributes(
        tenant.slug, tenant.name, tenant.theme, tenant.links["portal"]
    )
    apply_client(
        connection, web_client(login, name=name, back_channel=url, theme=theme), url
    )
    territory_name = next(iter(tenant.name.values()))
    apply_agents(connection, tenant.slug, territory_name, {login.id: url}, theme)
    subjects = credentials.subjects
    if subjects is None:
        remove_machine(connection, own_subjects_client_id(tenant.slug, slug))
        return
    client = IdentityClient(
        subjects.client_id, subjects.secret, url, SUBJECTS_PATH, SUBJECTS_SCOPE
    )
    target = subjects_client_target(client, name=name, back_channel=url, theme=theme)
    salt = find_pairwise_salt(connection, client.id) or token_hex(SALT_BYTES)
    apply_client(connection, target, url, pairwise_mapper(salt))
