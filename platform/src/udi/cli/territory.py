"""`udi up`, `status`, `mailbox`: a whole installation on this machine."""

from typing import Annotated

import typer

from udi.cli import provision, schemas
from udi.cli.local import mailbox as post
from udi.cli.local import status as local_status
from udi.cli.local import up as starting
from udi.cli.local.plan import StartupPlan
from udi.settings import Settings, get_settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, status, mailbox):
        app.command()(command)


def _settings() -> Settings:
    """The demonstration's accounts exist wherever `udi up` runs."""
    return get_settings().model_copy(update={"demo": True})


def _apply(settings: Settings) -> None:
    provision.apply_all_folders(settings)
    provision.apply_installation(settings)


def _plan(*, empty: bool = True) -> StartupPlan:
    return StartupPlan(
        settings=_settings(),
        migrate=schemas.migrate,
        apply_tenants=_apply,
        territories=provision.list_territory_addresses,
        accounts=provision.list_demo_accounts,
        demonstration=not empty,
    )


def up(
    detach: Annotated[
        bool, typer.Option("--detach", help="Return when everything answers.")
    ] = False,
    empty: Annotated[
        bool, typer.Option("--empty", help="Publish nothing for demonstration.")
    ] = False,
    events: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start a territory's data interface on this machine: database, identity, portal, hosted node, mailbox."""
    raise typer.Exit(starting.up(_plan(empty=empty), detach=detach, events=events))


def status(
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Tell what runs, where it answers and how it does."""
    raise typer.Exit(local_status.status(_plan(), json=json))


def mailbox() -> None:
    """Keep the mails sent on this machine and show them; nothing leaves."""
    raise typer.Exit(post.mailbox(_settings()))
