"""`udi producer export`, `moved` and `seal`; `udi node seal` and `files`: what concerns a producer's files as a whole."""

import asyncio
import json as jsonlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from udi.cli import output
from udi.cli.local.errors import LocalError
from udi.kit.clock import now
from udi.kit.errors import NotFoundError
from udi.kit.keyring import FILE_KEYS
from udi.kit.tenancy import Territory
from udi.node.datasets.space_export.builder import ArchiveBuilder
from udi.node.datasets.space_export.contents import list_addresses, read_space_contents
from udi.node.datasets.space_export.tasks import MeasuredStream
from udi.node.datasets.space_export.zip_writer import DamagedFileError
from udi.node.datasets.versions.sealed_cells import forget_cells
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.encryption.space_sealing import (
    SealingResult,
    reseal_space,
    rewrap_keys,
    seal_space,
    unseal_space,
)
from udi.node.files.storage.missing_objects import list_missing_objects
from udi.node.site import build_site
from udi.node.spaces.queries import get_space_by_slug, list_sealed_spaces
from udi.node.spaces.redirects import check_origin, move_addresses, remove_redirects
from udi.settings import Settings, get_settings
from udi.ui.site import Site

TerritorySlug = Annotated[str, typer.Argument(help="Slug of the territory.")]
ProducerSlug = Annotated[str, typer.Argument(help="Slug of the producer.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
MEGABYTE = 1000**2


def register_producer(app: typer.Typer) -> None:
    """Add the commands to `udi producer`."""
    app.command("export")(export_producer)
    app.command("moved")(redirect_producer)
    app.command("seal")(seal_producer)


def register_node(app: typer.Typer) -> None:
    """Add the commands to `udi node`."""
    app.command("seal")(seal_older_files)
    app.command("files")(list_missing_files)


def export_producer(
    territory: TerritorySlug,
    slug: ProducerSlug,
    to: Annotated[
        Path | None,
        typer.Option(help="File to write; by default <producer>-<day>.zip, here."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Write everything of a producer into one ZIP: files with all versions, descriptions, history. Changes nothing here."""
    target = to or Path(f"{slug}-{now().date().isoformat()}.zip")
    done = asyncio.run(_export(get_settings(), territory, slug, target))
    if json:
        print(jsonlib.dumps(done, indent=2))
        return
    print(
        f"{target}: {done['bytes']} bytes, {done['datasets']} datasets, {done['files']} files.\nSHA-256 {done['sha256']}"
    )


def redirect_producer(
    territory: TerritorySlug,
    slug: ProducerSlug,
    to: Annotated[
        str, typer.Option(help="Address of the node where its data are now.")
    ] = "",
    undo: Annotated[
        bool, typer.Option("--undo", help="Answer its addresses here again.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Have a producer's addresses lead to its own node (308, the same paths there), or answer here again. May be repeated."""
    if bool(to) == undo:
        raise LocalError(
            "Say where the data are now, or that they are back",
            "give --to https://…, or --undo",
        )
    count = asyncio.run(_redirect(get_settings(), territory, slug, to))
    if json:
        print(
            jsonlib.dumps(
                {
                    "territory": territory,
                    "producer": slug,
                    "to": to or None,
                    "addresses": count,
                }
            )
        )
        return
    print(
        f"{count} addresses answer here again."
        if undo
        else f"{count} addresses lead to {to}."
    )


def seal_producer(
    territory: TerritorySlug,
    slug: ProducerSlug,
    off: Annotated[
        bool, typer.Option("--off", help="Keep what comes in clear again.")
    ] = False,
    renew: Annotated[
        bool, typer.Option("--renew", help="Draw another key for what comes.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Keep what comes into a producer's space encrypted where it lies; older files: `udi node seal`. May be repeated."""
    changed = asyncio.run(_seal(get_settings(), territory, slug, off=off, renew=renew))
    outcome = "updated" if changed else "unchanged"
    if json:
        print(
            jsonlib.dumps(
                {
                    "territory": territory,
                    "producer": slug,
                    "sealed": not off,
                    "outcome": outcome,
                }
            )
        )
        return
    print(
        f"{slug}: new files are kept {'in clear' if off else 'encrypted'} ({outcome})."
    )


def seal_older_files(
    territory: TerritorySlug,
    producer: Annotated[
        list[str] | None,
        typer.Option(help="Slug of a sealed space; repeat. All by default."),
    ] = None,
    keys_only: Annotated[
        bool, typer.Option("--keys-only", help="Wrap the keys anew, and touch no file.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Bring older files of sealed spaces under their newest key, and their keys under the installation's newest.

    Readers notice nothing. Stopped, it begins again where it was; run it again after uploads that were under way.
    """
    rows = asyncio.run(
        _reseal(get_settings(), territory, producer or [], keys_only=keys_only)
    )
    columns = {
        "space": "Space",
        "objects": "Sealed now",
        "bytes": "Bytes",
        "already": "Sealed before",
    }
    output.show(
        rows,
        columns,
        as_json=json,
        empty="No space is sealed: `udi producer seal` seals one.",
    )


def list_missing_files(territory: TerritorySlug, json: AsJson = False) -> None:
    """List the rows of a territory whose object is not in the store. The status is 0 without any, 1 with one."""
    rows = asyncio.run(_list_missing(get_settings(), territory))
    columns = {"kind": "Kind", "id": "Id", "belongs_to": "Of", "key": "Absent object"}
    output.show(rows, columns, as_json=json, empty="Every row has its object.")
    raise typer.Exit(1 if rows else 0)


@asynccontextmanager
async def _open_node(
    settings: Settings, slug: str
) -> AsyncIterator[tuple[Site, Territory]]:
    """The node's parts and a territory of it.

    Raises:
        NotFoundError: no active territory has this slug.
    """
    site = build_site(settings, pages=False)
    try:
        territory = await site.registry.by_slug(slug)
        if territory is None:
            raise NotFoundError(
                f"No territory is called «{slug}».", remedy="See `udi tenant list`."
            )
        yield site, territory
    finally:
        await site.outgoing.close()
        await site.database.close()


async def _export(
    settings: Settings, slug: str, producer: str, target: Path
) -> dict[str, Any]:
    partial = target.with_name(f".{target.name}.partial")
    async with _open_node(settings, slug) as (site, territory):
        async with site.database.session(territory.id, role="worker") as session:
            holding = await read_space_contents(
                session, territory, await get_space_by_slug(session, producer)
            )
        measured = MeasuredStream(
            ArchiveBuilder(site.services[OBJECTS], site.pages).pieces(holding)
        )
        try:
            await _write(partial, measured)
        except DamagedFileError as error:
            partial.unlink(missing_ok=True)
            cause = f"The file {error.file} is gone from the store, or is not the one that was dropped"
            raise LocalError(
                cause, "restore it from the backup of the files, then export again"
            ) from error
        partial.replace(target)
    return {
        "archive": str(target),
        "bytes": measured.size,
        "sha256": measured.sha256,
        "datasets": len(holding.datasets),
        "files": len(holding.files),
    }


async def _write(path: Path, pieces: AsyncIterator[bytes]) -> None:
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600
    )
    with os.fdopen(descriptor, "wb") as file:
        async for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


async def _redirect(settings: Settings, slug: str, producer: str, to: str) -> int:
    async with _open_node(settings, slug) as (site, territory):
        origin = check_origin(to, territory.origin) if to else ""
        async with site.database.session(territory.id, role="worker") as session:
            space = await get_space_by_slug(session, producer)
            if not origin:
                return await remove_redirects(session, space.slug)
            return await move_addresses(
                session, space, origin, await list_addresses(session, space)
            )


async def _seal(
    settings: Settings, slug: str, producer: str, *, off: bool, renew: bool
) -> bool:
    async with (
        _open_node(settings, slug) as (site, territory),
        site.database.session(territory.id, role="worker") as session,
    ):
        if off:
            return await unseal_space(session, producer)
        changed = await seal_space(
            session, site.services[FILE_KEYS](), producer, renew=renew
        )
        await site.services[DATASET_TABLES].forget_on_disk(
            territory.id, await forget_cells(session)
        )
        return changed


async def _reseal(
    settings: Settings, slug: str, producers: list[str], *, keys_only: bool
) -> list[dict[str, Any]]:
    async with _open_node(settings, slug) as (site, territory):
        store = site.services[OBJECTS]
        async with site.database.session(territory.id, role="worker") as session:
            rewrapped = await rewrap_keys(session, site.services[FILE_KEYS]())
            space_slugs = producers or [
                space.slug for space in await list_sealed_spaces(session)
            ]
        _print_progress(f"{rewrapped} keys wrapped anew")
        if keys_only:
            return []
        rows = []
        for space_slug in space_slugs:
            done = await reseal_space(
                site.database,
                store,
                territory.id,
                space_slug,
                _make_reporter(space_slug),
            )
            rows.append({"space": space_slug, **asdict(done)})
    return rows


async def _list_missing(settings: Settings, slug: str) -> list[dict[str, Any]]:
    async with (
        _open_node(settings, slug) as (site, territory),
        site.database.session(territory.id, role="worker") as session,
    ):
        absent_objects = await list_missing_objects(
            session, site.services[OBJECTS], territory.id
        )
    return [
        {name: str(value) for name, value in asdict(absent_object).items()}
        for absent_object in absent_objects
    ]


def _make_reporter(space: str) -> Any:
    def tell(done: SealingResult) -> None:
        if (done.objects + done.already) % 100 == 0:
            _print_progress(
                f"{space}: {done.objects} objects sealed, {done.bytes // MEGABYTE} MB, {done.already} were already"
            )

    return tell


def _print_progress(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
