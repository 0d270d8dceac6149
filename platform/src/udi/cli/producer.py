"""`udi producer`: the organisations that publish in a territory, and their people."""

import asyncio
import json as jsonlib
from typing import Annotated, Any
from uuid import NAMESPACE_URL, uuid5

import typer
from pydantic import ValidationError

from udi.cli import costs, output, producer_files
from udi.cli.own import move_commands
from udi.cli.provision import GIGABYTE
from udi.kit.db import Database
from udi.kit.errors import InvalidError, Refusal
from udi.node.spaces.actions import apply_space
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.members import invite_member as send_invitation
from udi.portal.identity.provision.organisations import (
    apply_organisations,
    desired_organisations,
    organisation_alias,
)
from udi.portal.identity.queries import count_members
from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.queries import find_organisations, list_producers
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.queries import get_tenant
from udi.portal.tenants.toml.schema import OrganisationPart
from udi.settings import Settings, get_settings

app = typer.Typer(
    help="Producers: the organisations that publish in a territory.",
    no_args_is_help=True,
)
costs.register(app)
producer_files.register_producer(app)
move_commands.register_producer(app)
TerritorySlug = Annotated[str, typer.Argument(help="Slug of the territory.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]


@app.command()
def add(
    territory: TerritorySlug,
    slug: Annotated[
        str, typer.Argument(help="Short name, in small letters, digits and hyphens.")
    ],
    name: Annotated[str, typer.Option(help="Official name.")],
    email: Annotated[
        str, typer.Option(help="Public address of a service, not of a person.")
    ],
    url: Annotated[str | None, typer.Option(help="Its site.")] = None,
    address: Annotated[str, typer.Option(help="Postal address.")] = "",
    quota_gb: Annotated[
        int | None,
        typer.Option(help="Storage on the hosted node, in gigabytes; 5 at first."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Add a producer: on the portal, a space on the hosted node, an organisation in Keycloak. May be repeated.

    tenant.toml stays the source: the block to add to it is printed, so that the next `udi tenant apply` says the same.
    Then invite its people with `udi producer invite`.
    """
    settings = get_settings()
    quota = {"quota_gb": quota_gb} if quota_gb else {}
    part = _parse_part(
        slug=slug, name=name, email=email, url=url, address=address, **quota
    )
    tenant, outcomes, everybody = asyncio.run(_apply_rows(settings, territory, part))
    alias = organisation_alias(territory, slug)
    organisations = desired_organisations(
        territory, next(iter(tenant.name.values())), everybody
    )
    mine = [
        organisation for organisation in organisations if organisation.alias == alias
    ]
    [change] = apply_organisations(admin.connect(settings), territory, mine)
    changes = {**outcomes, "organisation in Keycloak": change.outcome}
    block = toml_block(part)
    if json:
        print(
            jsonlib.dumps(
                {
                    "territory": territory,
                    "producer": slug,
                    "changes": changes,
                    "toml": block,
                },
                indent=2,
            )
        )
        return
    for what, outcome in changes.items():
        print(f"{what}: {outcome}")
    print(f"\nAdd to tenants/{territory}/tenant.toml, unless it is there:\n\n{block}")


@app.command("list")
def list_(territory: TerritorySlug, json: AsJson = False) -> None:
    """List the producers of a territory, with the number of people who logged in for each."""
    rows = asyncio.run(_rows(get_settings(), territory))
    columns = {
        "slug": "Producer",
        "name": "Name",
        "email": "Address",
        "people": "People",
    }
    output.show(
        rows,
        columns,
        as_json=json,
        empty=f"No producer yet: `udi producer add {territory} <slug>` adds one.",
    )


@app.command()
def invite(
    territory: TerritorySlug,
    organisation: Annotated[str, typer.Argument(help="Slug of the producer.")],
    mail: Annotated[str, typer.Argument(help="Address of the person.")],
    manager: Annotated[
        bool, typer.Option("--manager", help="To manage it, not only to publish.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Send somebody the mail that lets them join a producer. May be repeated: no second mail leaves.

    Keycloak sends it; the person makes an account if they have none. Who accepted receives the right to publish (or to
    manage) at the next `udi tenant sync`; a member receives it at once.
    """
    outcome = send_invitation(
        admin.connect(get_settings()),
        territory,
        organisation,
        mail,
        "managers" if manager else "publishers",
    )
    if json:
        print(
            jsonlib.dumps(
                {"territory": territory, "producer": organisation, "outcome": outcome}
            )
        )
        return
    if "invited" in outcome:
        follow = f" Once accepted, run `udi tenant sync {territory}`."
    else:
        follow = ""
    print(f"{mail}: {outcome}.{follow}")


def _parse_part(**values: Any) -> OrganisationPart:
    try:
        return OrganisationPart.model_validate(values)
    except ValidationError as error:
        refusals = [
            Refusal(str(detail["loc"][0]), detail["msg"]) for detail in error.errors()
        ]
        raise InvalidError(
            "The producer cannot be added like this.", refusals=refusals
        ) from error


def toml_block(part: OrganisationPart) -> str:
    """The producer as tenant.toml says it; a basic string of TOML is written as in JSON."""
    values = part.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    lines = [
        f"{key} = {jsonlib.dumps(value, ensure_ascii=False)}"
        for key, value in values.items()
    ]
    return "\n".join(["[[organisation]]", *lines])


async def _apply_rows(
    settings: Settings, territory: str, part: OrganisationPart
) -> tuple[Tenant, dict[str, str], list[tuple[str, str]]]:
    portal = Database(settings, "portal", pool_size=1)
    node = Database(settings, "node", pool_size=1)
    try:
        async with portal.platform_session() as session:
            tenant = await get_tenant(session, territory)
        async with portal.session(tenant.id, role="worker") as session:
            existing = (await find_organisations(session, [part.slug])).get(part.slug)
            before = existing and (
                existing.name,
                existing.email,
                existing.url,
                existing.address,
            )
            organisation = await apply_organisation(
                session,
                id=existing.id
                if existing
                else uuid5(NAMESPACE_URL, f"udi:{territory}:{part.slug}"),
                slug=part.slug,
                name=part.name,
                summary=existing.summary if existing else {},
                email=part.email,
                url=str(part.url or ""),
                address=part.address,
            )
            after = (
                organisation.name,
                organisation.email,
                organisation.url,
                organisation.address,
            )
            everybody = [
                (producer.slug, producer.name)
                for producer in await list_producers(session)
            ]
        async with node.session(tenant.id, role="worker") as session:
            if before is None or "quota_gb" in part.model_fields_set:
                quota = part.quota_gb * GIGABYTE
            else:
                quota = None
            await apply_space(
                session,
                slug=part.slug,
                organisation_id=organisation.id,
                name=part.name,
                email=part.email,
                quota_bytes=quota,
            )
    finally:
        await portal.close()
        await node.close()
    if before is None:
        outcome = "created"
    else:
        outcome = "unchanged" if before == after else "updated"
    return tenant, {"producer on the portal and the node": outcome}, everybody


async def _rows(settings: Settings, territory: str) -> list[dict[str, Any]]:
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.platform_session() as session:
            tenant = await get_tenant(session, territory)
        async with database.session(tenant.id, role="worker") as session:
            people = await count_members(session)
            producers = await list_producers(session)
    finally:
        await database.close()
    return [
        {
            "slug": p.slug,
            "name": p.name,
            "email": p.email,
            "people": people.get(p.slug, 0),
        }
        for p in producers
    ]
