"""`udi tenant`: territories as files."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from udi.cli import output, provision
from udi.kit.db import Database
from udi.portal.tenants.files import TenantFaultsError, TenantFolder, read_folder
from udi.portal.tenants.queries import list_tenants
from udi.settings import Settings, get_settings

app = typer.Typer(help="Territories: files first, then made true.", no_args_is_help=True)
Slug = Annotated[str, typer.Argument(help="Slug of the territory, or the path of its folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]


@app.command()
def check(slug: Slug) -> None:
    """Read a territory's files and name every fault, with its line or key. Changes nothing."""
    folder = _read(get_settings(), slug)
    parts = f"{len(folder.file.organisation)} organisation(s), {len(folder.file.account)} demonstration account(s)"
    print(f"{folder.slug}: all is right ({parts}).")


@app.command()
def apply(slug: Slug, json: AsJson = False) -> None:
    """Make a territory's files true: databases, identity, hosted node. May be repeated."""
    settings = get_settings()
    folder = _read(settings, slug)
    try:
        applied = provision.apply_folder(settings, folder)
    except TenantFaultsError as error:
        _refuse(error)
    rows = [{"what": what, "outcome": outcome} for what, outcome in applied.changes]
    output.show(rows, {"what": "What", "outcome": "Outcome"}, as_json=json, empty="Nothing to apply.")


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the territories that were applied."""
    rows = asyncio.run(_rows(get_settings()))
    columns = {"slug": "Slug", "name": "Name", "state": "State", "portal": "Portal", "node": "Node"}
    output.show(
        rows, columns, as_json=json, empty="No territory yet: write tenants/<slug>/, then `udi tenant apply <slug>`."
    )


async def _rows(settings: Settings) -> list[dict[str, str]]:
    database = Database(settings, "portal")
    try:
        async with database.platform_session() as session:
            tenants = await list_tenants(session)
    finally:
        await database.close()
    return [
        {"slug": t.slug, "name": next(iter(t.name.values())), "state": t.state, **t.links}
        for t in tenants
    ]  # fmt: skip


def _read(settings: Settings, slug: str) -> TenantFolder:
    path = Path(slug) if Path(slug).joinpath("tenant.toml").exists() else settings.tenants / slug
    try:
        return read_folder(path)
    except TenantFaultsError as error:
        _refuse(error)


def _refuse(error: TenantFaultsError) -> NoReturn:
    count = len(error.faults)
    print(f"Nothing was applied: {count} fault{'s' if count > 1 else ''}.", file=sys.stderr)
    for fault in error.faults:
        print(f"  {fault}", file=sys.stderr)
    raise typer.Exit(1)
