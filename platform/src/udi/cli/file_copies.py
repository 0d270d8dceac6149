"""`udi node copy-files`: from a folder of this machine into another store."""

import asyncio
import json as jsonlib
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from udi.cli.local.errors import LocalError
from udi.kit.clock import now
from udi.node.files.storage.file_copies import CopyResult, copy_objects
from udi.node.files.storage.store import ObjectStore, StoreError
from udi.settings import Settings, get_settings

MEGABYTE = 1000**2
NAMED = 10
"""Objects that a refusal names."""
REPORT_SECONDS = 10


def register_node(app: typer.Typer) -> None:
    """Add the command to `udi node`."""
    app.command("copy-files")(copy_files)


def copy_files(
    folder: Annotated[
        Path,
        typer.Argument(help="Folder in which the node kept its files until now."),
    ],
    to: Annotated[
        str, typer.Option(help="Store: `s3://bucket`; by default that of the settings.")
    ] = "",
    endpoint: Annotated[
        str, typer.Option(help="Address of the S3 service, if the settings name none.")
    ] = "",
    region: Annotated[
        str, typer.Option(help="Region of the S3 service, if the settings name none.")
    ] = "",
    set_aside: Annotated[
        bool,
        typer.Option(
            "--set-aside",
            help="Rename the folder once all is copied: for the last pass, while the node is stopped.",
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Copy the files of the hosted node from a folder into another store, S3 for instance.

    The node may go on meanwhile. Nothing is deleted. Stopped or repeated, it copies what came or changed since.
    """
    given = {
        "object_store": to,
        "object_store_endpoint": endpoint,
        "object_store_region": region,
    }
    changes = {name: value for name, value in given.items() if value}
    settings = get_settings().model_copy(update=changes)
    _check_folder(folder, settings)
    try:
        result = asyncio.run(_copy(settings, folder))
    except StoreError as error:
        raise LocalError(
            f"{settings.object_store_url} cannot be written: {error.reason}",
            "nothing is lost: correct it, and run the same command again",
        ) from error
    if result.faulty:
        raise LocalError(
            f"{len(result.faulty)} objects are not in {settings.object_store_url} as they are in {folder}"
            f" ({', '.join(result.faulty[:NAMED])})",
            "run the same command again",
        )
    aside = _set_aside(folder) if set_aside else None
    if json:
        print(jsonlib.dumps({**asdict(result), "set_aside": aside and str(aside)}))
        return
    print(
        f"{result.copied} objects copied ({result.copied_bytes // MEGABYTE} MB), {result.present} were there:"
        f" all of {folder} is in {settings.object_store_url}."
    )
    if aside:
        print(f"The folder is {aside} now: delete it once a backup is made.")


def _check_folder(folder: Path, settings: Settings) -> None:
    if not folder.is_dir():
        raise LocalError(
            f"{folder} is no folder", "name the folder of the node's files"
        )
    target = settings.object_store_url
    if "://" not in target and Path(target).resolve() == folder.resolve():
        raise LocalError(
            f"The settings name {folder} itself as the store of the node's files",
            "name the new one: --to s3://bucket",
        )


async def _copy(settings: Settings, folder: Path) -> CopyResult:
    target = ObjectStore.of(settings)
    await target.check_writable()
    return await copy_objects(ObjectStore(str(folder)), target, Reporter())


class Reporter:
    """Says every few seconds how far a copy is."""

    def __init__(self) -> None:
        self._reported_at = time.monotonic()

    def __call__(self, result: CopyResult) -> None:
        """Print what is copied, unless that was done a moment ago."""
        moment = time.monotonic()
        if moment - self._reported_at >= REPORT_SECONDS:
            self._reported_at = moment
            print(
                f"{result.copied} objects copied, {result.copied_bytes // MEGABYTE} MB",
                file=sys.stderr,
                flush=True,
            )


def _set_aside(folder: Path) -> Path:
    """Rename the folder, so that nobody takes it for the one in use."""
    aside = folder.with_name(f"{folder.name}-copied-{now():%Y%m%dT%H%M%S}")
    folder.rename(aside)
    return aside
