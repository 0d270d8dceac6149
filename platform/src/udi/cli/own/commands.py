"""`udi node invite`, `init` and `serve`: a producer's own node, from the invitation to its pages."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from udi.cli.local.errors import LocalError
from udi.cli.local.interrupts import StopRequest
from udi.cli.local.steps import TerminalReporter
from udi.cli.own import node_processes
from udi.cli.own.folder import OwnNode, find_own_node, read_own_node
from udi.cli.own.invitation_link import accept_invitation, read_link
from udi.cli.own.invite import invite
from udi.protocol.node_registration import InvitationResponse

FIRST_PORT = 8011
Folder = Annotated[Path, typer.Argument(help="Folder of the node.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `udi node`."""
    for command in (invite, init, serve):
        app.command()(command)


def init(
    folder: Annotated[
        Path, typer.Argument(help="Folder to make: settings, keys, database, files.")
    ],
    invitation: Annotated[
        str, typer.Option(help="The link that the territory's team sent.")
    ],
    port: Annotated[
        int | None,
        typer.Option(help="Port of its pages; 8011 at first.", min=1025, max=64000),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Make a producer's own node, which publishes on the portal that invited it.

    The invitation is used up once everything here is ready for it. With another one, a node that is there gets a new
    credential; its data stay.
    """
    link = read_link(invitation)
    console = Console(stderr=True)
    before = find_own_node(folder)
    if before and before.joined.portal != link.portal:
        remedy = "`udi node join` shows it on this portal too; or choose another folder"
        raise LocalError(f"The node of {folder} is of {before.joined.portal}", remedy)
    number = port or (before.port if before else FIRST_PORT)
    try:
        with node_processes.hold_folder(folder.absolute(), number) as service:
            joining = asyncio.run(accept_invitation(link))
            own_node = OwnNode(
                folder.absolute(), number, joining, before.further if before else ()
            )
            own_node.save_joining(joining)
            with node_processes.prepare_database(
                own_node, service, TerminalReporter(console)
            ):
                pass
    except StopRequest as error:
        raise LocalError(
            "Interrupted", f"`udi node serve {folder}` goes on from here"
        ) from error
    _print_new_node(folder, joining, number, as_json=json_)


def _print_new_node(
    folder: Path, joining: InvitationResponse, port: int, *, as_json: bool
) -> None:
    if as_json:
        summary = {
            "node": joining.node.slug,
            "url": joining.node.url,
            "portal": joining.portal,
            "port": port,
        }
        print(
            json.dumps(
                {
                    **summary,
                    "producers": [producer.slug for producer in joining.producers],
                },
                indent=2,
            )
        )
        return
    names = ", ".join(producer.name for producer in joining.producers)
    print(f"The node «{joining.node.slug}» publishes for {names} on {joining.portal}.")
    print(
        f"Start it: udi node serve {folder}\nIts pages: {joining.node.url} (here, port {port})"
    )


def serve(
    folder: Folder,
    host: Annotated[
        str, typer.Option(help="Address of this machine to listen on.")
    ] = "127.0.0.1",
    workers: Annotated[int, typer.Option(help="Number of web workers.", min=1)] = 1,
) -> None:
    """Run a producer's own node until Ctrl-C: its database, its pages, what it sends to the portal."""
    own_node = read_own_node(folder)
    console = Console()
    try:
        with (
            node_processes.hold_folder(own_node.folder, own_node.port) as service,
            node_processes.prepare_database(
                own_node, service, TerminalReporter(console)
            ) as supervisor,
        ):
            node_processes.start_programs(
                own_node, supervisor, host=host, workers=workers
            )
            console.print(
                f"{own_node.joined.node.url} answers (here, port {own_node.port}). Press Ctrl-C to stop.",
                soft_wrap=True,
            )
            supervisor.watch()
    except StopRequest:
        console.print("The node is stopped; its data are kept.")
