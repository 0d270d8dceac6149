"""`udi producer move-out` and `move-in`, `udi node take` and `leave`: a producer changes node, each way by one archive."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from udi.cli.local.errors import LocalError
from udi.cli.local.interrupts import StopRequest
from udi.cli.local.steps import TerminalReporter
from udi.cli.own import node_processes
from udi.cli.own.folder import OwnNode, read_own_node
from udi.cli.own.space_archive import open_space_archive
from udi.cli.own.space_transfer import (
    MoveResult,
    PublicationHandover,
    SpaceHost,
    export_space,
    find_registered_node,
    find_space_host,
    import_space,
)
from udi.settings import get_settings

TerritorySlug = Annotated[str, typer.Argument(help="Slug of the territory.")]
Folder = Annotated[Path, typer.Argument(help="Folder of the node, which does not run.")]
Archive = Annotated[Path, typer.Argument(help="The archive.")]
Target = Annotated[
    Path, typer.Option("--file", help="Archive to write: from then on the only copy.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]


def register_producer(app: typer.Typer) -> None:
    """Add the commands to `udi producer`."""
    app.command("move-out")(move_out)
    app.command("move-in")(move_in)


def register_node(app: typer.Typer) -> None:
    """Add the commands to `udi node`."""
    app.command("take")(take_space)
    app.command("leave")(release_space)


def move_out(
    territory: TerritorySlug,
    producer: Annotated[str, typer.Argument(help="Slug of the producer.")],
    to: Annotated[str, typer.Option(help="Name of its own node, which joined.")],
    file: Target,
    as_json: AsJson = False,
) -> None:
    """Let a producer's space go to its own node: into one archive, which that node takes.

    Files with all versions, drafts, rights and history. The portal takes these datasets from that node from now on, at
    the same permanent addresses there; those of the hosted node lead to it.
    """
    settings = get_settings()

    async def run() -> MoveResult:
        place, tenant = await find_space_host(settings, territory)
        node = await find_registered_node(settings, tenant.id, producer, to)
        handing = PublicationHandover(settings, tenant.id, producer, to)
        return await export_space(
            place, producer, file.absolute(), to=node.url, handing=handing
        )

    _print_outcome(
        asyncio.run(run()),
        f"On the machine of the node: udi node take <folder> {file.name}",
        as_json=as_json,
    )


def move_in(
    territory: TerritorySlug,
    archive: Archive,
    origin: Annotated[
        str,
        typer.Option(
            "--from", help="Name of the producer's own node, which let it go."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Take a producer's space back to the hosted node, from the archive of its own node; or undo `move-out` with its own.

    The portal takes these datasets from the hosted node again, at the same permanent addresses.
    """
    settings = get_settings()

    async def run() -> MoveResult:
        place, tenant = await find_space_host(settings, territory)
        with open_space_archive(archive) as space_archive:
            producer = str(space_archive.description["producer"]["slug"])
        handing = PublicationHandover(settings, tenant.id, producer, "", origin)
        return await import_space(place, archive, handing=handing)

    _print_outcome(
        asyncio.run(run()),
        "The portal is told the new addresses in a moment.",
        as_json=as_json,
    )


def take_space(folder: Folder, archive: Archive, as_json: AsJson = False) -> None:
    """Take a space that the hosted node let go (`udi producer move-out`); the portal is notified once the node runs."""
    own_node = read_own_node(folder)
    done = _run_with_database(
        own_node, lambda place: asyncio.run(import_space(place, archive))
    )
    _print_outcome(done, f"Start the node: udi node serve {folder}", as_json=as_json)


def release_space(
    folder: Folder,
    file: Target,
    producer: Annotated[
        str, typer.Option(help="Slug of the producer, where the node has several.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Let the space of this node go back to the hosted one: into one archive, for the operator of the territory.

    While the node goes on running, its addresses lead to the hosted node.
    """
    own_node = read_own_node(folder)
    slugs = [joined_producer.slug for joined_producer in own_node.joined.producers]
    slug = producer or (slugs[0] if len(slugs) == 1 else "")
    if slug not in slugs:
        raise LocalError(
            "Say whose space leaves", f"give --producer, one of: {', '.join(slugs)}"
        )
    hosted = own_node.joined.hosted
    done = _run_with_database(
        own_node,
        lambda place: asyncio.run(
            export_space(place, slug, file.absolute(), to=hosted)
        ),
    )
    command = f"udi producer move-in {own_node.joined.territory.slug} {file.name} --from {own_node.joined.node.slug}"
    _print_outcome(done, f"For the operator: {command}", as_json=as_json)


def _run_with_database(
    own_node: OwnNode, act: Callable[[SpaceHost], MoveResult]
) -> MoveResult:
    """Do something with the database of a node that does not run."""
    territory = own_node.joined.territory
    node = own_node.joined.node
    place = SpaceHost(own_node.settings, territory.id, territory.slug, node.url)
    try:
        steps = TerminalReporter(Console(stderr=True))
        with (
            node_processes.hold_folder(own_node.folder, own_node.port) as service,
            node_processes.prepare_database(own_node, service, steps),
        ):
            return act(place)
    except StopRequest as error:
        raise LocalError(
            "Interrupted; nothing was changed", "give the same command again"
        ) from error


def _print_outcome(done: MoveResult, follow: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(done), indent=2))
        return
    print(
        f"{done.producer}: {done.datasets} datasets, {done.files} files ({done.archive}).\n{follow}"
    )
