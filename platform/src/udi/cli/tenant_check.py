"""`udi tenant check`: the files of a territory, and every fault in them. Nothing else of the program is needed for that."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from udi.portal.tenants.files import TenantFaultsError, TenantFolder, read_folder
from udi.settings import Settings, get_settings

Slug = Annotated[
    str, typer.Argument(help="Slug of the territory, or the path of its folder.")
]
app = typer.Typer(no_args_is_help=True)
"""The group `tenant` with this command alone."""


def register(group: typer.Typer) -> None:
    """Add the command to `udi tenant`."""
    group.command()(check)


def check(slug: Slug) -> None:
    """Read a territory's files and name every fault, with its line or key. Changes nothing."""
    folder = read_tenant(get_settings(), slug)
    parts = f"{len(folder.file.organisation)} organisation(s), {len(folder.file.account)} demonstration account(s)"
    print(f"{folder.slug}: all is right ({parts}).")


def find_folder(settings: Settings, slug: str) -> Path:
    """Return the folder that a slug or a path names."""
    if Path(slug).joinpath("tenant.toml").exists():
        return Path(slug)
    return settings.tenants / slug


def read_tenant(settings: Settings, slug: str) -> TenantFolder:
    """Read the folder of a territory; the command ends with the faults that it has."""
    try:
        return read_folder(find_folder(settings, slug))
    except TenantFaultsError as error:
        exit_with_faults(error)


def exit_with_faults(error: TenantFaultsError) -> NoReturn:
    """End the command with each fault of a folder."""
    count = len(error.faults)
    print(
        f"Nothing was applied: {count} fault{'s' if count > 1 else ''}.",
        file=sys.stderr,
    )
    for fault in error.faults:
        print(f"  {fault}", file=sys.stderr)
    raise typer.Exit(1)


register(app)
