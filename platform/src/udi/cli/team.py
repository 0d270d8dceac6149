"""`udi team`: the people who run a territory."""

import asyncio
import json as jsonlib
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli import output
from udi.kit.db import Database
from udi.portal.organisations.team import operator
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.queries import get_tenant
from udi.settings import Settings, get_settings

app = typer.Typer(help="The people who run a territory.", no_args_is_help=True)
TerritorySlug = Annotated[str, typer.Argument(help="Slug of the territory.")]
Address = Annotated[str, typer.Argument(help="Mail address of the person.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
Result = TypeVar("Result")


@app.command()
def invite(territory: TerritorySlug, mail: Address, json: AsJson = False) -> None:
    """Send somebody the mail that lets them join the team. May be repeated: an expired invitation is sent again.

    The portal's worker sends it; it is good for seven days. Members of the team invite others on «The team» of the
    portal (/territory/team).
    """

    async def send(session: AsyncSession, tenant: Tenant) -> str:
        return await operator.invite_or_resend(
            session, email=mail, language=tenant.languages[0]
        )

    _print_outcome(territory, mail, _run(get_settings(), territory, send), as_json=json)


@app.command("list")
def list_(territory: TerritorySlug, json: AsJson = False) -> None:
    """List the members of the team and the invitations that wait."""

    async def describe(session: AsyncSession, _tenant: Tenant) -> list[dict[str, str]]:
        return await operator.describe_team(session)

    columns = {
        "email": "Address",
        "name": "Name",
        "state": "State",
        "last_visit": "Last visit",
    }
    output.show(
        _run(get_settings(), territory, describe),
        columns,
        as_json=json,
        empty=f"Nobody yet: `udi team invite {territory} <mail>` invites somebody.",
    )


@app.command()
def remove(territory: TerritorySlug, mail: Address, json: AsJson = False) -> None:
    """Remove a member from the team, or cancel an invitation. The last member stays."""

    async def remove_address(session: AsyncSession, _tenant: Tenant) -> str:
        return await operator.remove_address(session, mail)

    _print_outcome(
        territory, mail, _run(get_settings(), territory, remove_address), as_json=json
    )


def _run(
    settings: Settings,
    territory: str,
    action: Callable[[AsyncSession, Tenant], Awaitable[Result]],
) -> Result:
    """Do something in the transaction of a territory.

    Raises:
        NotFoundError: no territory has this slug.
    """

    async def run() -> Result:
        database = Database(settings, "portal")
        try:
            async with database.platform_session(role="owner") as session:
                tenant = await get_tenant(session, territory)
            async with database.session(tenant.id, role="worker") as session:
                return await action(session, tenant)
        finally:
            await database.close()

    return asyncio.run(run())


def _print_outcome(territory: str, mail: str, outcome: str, *, as_json: bool) -> None:
    if as_json:
        facts = {"territory": territory, "mail": mail, "outcome": outcome}
        print(jsonlib.dumps(facts))
        return
    print(f"{mail}: {outcome}.")
