"""`udi tenant diff` and `pull`: a territory's files beside what its team published on pages."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TextIO

import typer

from udi.cli import output
from udi.cli.local.errors import LocalError
from udi.kit.db import Database
from udi.portal.tenants.applied_files import (
    MARK,
    NewerVersionError,
    VersionMark,
    compare_online,
)
from udi.portal.tenants.differences import FileDifference, list_differences
from udi.portal.tenants.files import PATH, TenantFaultsError, fingerprint, load_files
from udi.portal.tenants.models import TerritoryVersion
from udi.portal.tenants.queries import get_tenant
from udi.portal.tenants.versions import find_published, is_known, read_manifest
from udi.settings import Settings, get_settings

KnownSlug = Annotated[str, typer.Argument(help="Slug of the territory.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `udi tenant`."""
    app.command()(diff)
    app.command()(pull)


def diff(slug: KnownSlug, json: AsJson = False) -> None:
    """Show what applying a territory's files would change in what is online. Status 1 when they differ.

    Changes nothing; lines that begin with «-» are online, with «+» in the files.
    """
    settings = get_settings()
    files = _load_files(settings.tenants / slug)
    differences = asyncio.run(_compare(settings, slug, files))
    if json:
        rows = [
            {"file": difference.path, "change": difference.change}
            for difference in differences
        ]
        output.show(rows, {}, as_json=True, empty="")
    elif differences:
        print_differences(differences)
    else:
        print("Nothing differs.")
    if differences:
        raise typer.Exit(1)


def pull(
    slug: KnownSlug,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that were never applied.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Write what is online into a territory's files, tenants/<slug>/, with the version they are of. May be repeated.

    Refused where the files have changes that were never applied: they would be lost.
    """
    settings = get_settings()
    folder = settings.tenants / slug
    local = _load_files(folder)
    version, online = asyncio.run(_read_online(settings, slug, {} if force else local))
    differences = list_differences(local, online)
    write_files(folder, local, online)
    mark = VersionMark(version.number, fingerprint(online))
    _write_file(folder / MARK, f"{mark}\n".encode())
    rows = [
        {"file": difference.path, "change": difference.change}
        for difference in differences
    ]
    output.show(
        rows,
        {"file": "File", "change": "Change"},
        as_json=json,
        empty=f"The files are version {version.number} already.",
    )


def explain_newer_version(slug: str, error: NewerVersionError) -> LocalError:
    """The refusal of files that do not know what pages published; prints the differences first."""
    print_differences(error.differences, file=sys.stderr)
    day = error.created_at.date().isoformat()
    return LocalError(
        f"Nothing was applied: version {error.number} was published on the pages of {slug} on {day}"
        " and is not in these files",
        f"take it with `udi tenant pull {slug}`, or overwrite it with --force",
    )


def print_differences(
    differences: list[FileDifference], file: TextIO | None = None
) -> None:
    """Print each difference, by file."""
    for difference in differences:
        print(difference, end="", file=file)


def write_files(
    folder: Path, local: Mapping[str, bytes], online: Mapping[str, bytes]
) -> None:
    """Make a folder's files those that are online; each file is replaced whole.

    Raises:
        LocalError: a path leads out of the folder, as one of an archive of others may; nothing was written.
    """
    for path in online:
        if not PATH.fullmatch(path):
            cause = f"«{path}» is no name that a territory's file may have"
            raise LocalError(cause, "restore another version on its pages")
    for path, content in online.items():
        if local.get(path) != content:
            _write_file(folder / path, content)
    for path in local.keys() - online.keys():
        (folder / path).unlink()


def _write_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.rename(path)


def _load_files(folder: Path) -> dict[str, bytes]:
    try:
        return load_files(folder)
    except TenantFaultsError as error:
        raise LocalError(f"{error.faults[0]}", "correct it, then try again") from error


async def _compare(
    settings: Settings, slug: str, files: Mapping[str, bytes]
) -> list[FileDifference]:
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.platform_session() as session:
            tenant = await get_tenant(session, slug)
        async with database.session(tenant.id, role="worker") as session:
            return await compare_online(session, files)
    finally:
        await database.close()


async def _read_online(
    settings: Settings, slug: str, local: Mapping[str, bytes]
) -> tuple[TerritoryVersion, dict[str, bytes]]:
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.platform_session() as session:
            tenant = await get_tenant(session, slug)
        async with database.session(tenant.id, role="worker") as session:
            version = await find_published(session)
            if version is None:
                cause = f"No version of {slug} is kept yet"
                raise LocalError(cause, f"run `udi tenant apply {slug}` first")
            if local and not await is_known(session, local):
                cause = f"The files of {slug} have changes that were never applied"
                raise LocalError(
                    cause, f"see `udi tenant diff {slug}`; --force loses them"
                )
            return version, await read_manifest(session, version.manifest)
    finally:
        await database.close()
