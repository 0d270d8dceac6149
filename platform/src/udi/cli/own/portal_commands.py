"""`udi node join` and `leave-portal`: a producer's own node is shown on further portals, each with its own credential."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console

from udi.cli.local.errors import LocalError
from udi.cli.local.interrupts import StopRequest
from udi.cli.local.steps import TerminalReporter
from udi.cli.own import node_processes
from udi.cli.own.folder import FurtherPortalConfig, OwnNode, read_own_node
from udi.cli.own.invitation_link import accept_invitation, read_link
from udi.cli.own.move_commands import AsJson, Folder
from udi.cli.own.portals import add_portal, leave_further_portal


def register(app: typer.Typer) -> None:
    """Add the commands to `udi node`."""
    app.command()(join)
    app.command("leave-portal")(leave_portal)


def join(
    folder: Folder,
    invitation: Annotated[
        str, typer.Option(help="The link that the other territory's team sent.")
    ],
    producer: Annotated[
        list[str] | None,
        typer.Option(help="<name there>=<name here>, where they differ; repeat."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show this node on one more portal, that of another territory: what it publishes now, and from now on.

    People go on logging in with the account of the first territory. With another invitation of a portal that was joined,
    the node gets a new credential there.
    """
    own_node = read_own_node(folder)
    link = read_link(invitation)
    producer_by_space = _parse_names(producer or [])
    if link.portal == own_node.joined.portal:
        raise LocalError(
            f"{link.portal} is the portal of this node already",
            "renew it with `udi node init`",
        )
    try:
        with node_processes.hold_folder(own_node.folder, own_node.port) as service:
            updated_node, further = add_portal(
                own_node, asyncio.run(accept_invitation(link)), producer_by_space
            )
            with node_processes.prepare_database(
                updated_node, service, TerminalReporter(Console(stderr=True))
            ):
                pass
    except StopRequest as error:
        raise LocalError(
            "Interrupted", f"`udi node serve {folder}` goes on from here"
        ) from error
    spaces = {
        space: organisation["name"] for space, organisation in further.spaces.items()
    }
    if as_json:
        print(
            json.dumps(
                {"portal": further.portal, "spaces": spaces},
                ensure_ascii=False,
                indent=2,
            )
        )
        return
    print(
        f"The node publishes for {', '.join(spaces.values())} on {further.portal} too."
    )
    print(f"Start it: udi node serve {folder}")


def leave_portal(
    folder: Folder,
    portal: Annotated[str, typer.Argument(help="Address of the portal.")],
    at_once: Annotated[
        bool,
        typer.Option("--at-once", help="Forget it without withdrawing anything there."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Leave a further portal: what it shows of this node is withdrawn there, and there only, once the node runs.

    `--at-once` is for a portal that will not answer any more: what it shows stays.
    """
    own_node = read_own_node(folder)
    further = _get_portal(own_node, portal.rstrip("/"))
    try:
        steps = TerminalReporter(Console(stderr=True))
        with (
            node_processes.hold_folder(own_node.folder, own_node.port) as service,
            node_processes.prepare_database(own_node, service, steps),
        ):
            waiting = asyncio.run(
                leave_further_portal(own_node, further, untold=at_once)
            )
    except StopRequest as error:
        raise LocalError("Interrupted", "give the same command again") from error
    if as_json:
        print(json.dumps({"portal": further.portal, "to_withdraw": waiting}, indent=2))
        return
    print(
        f"The node leaves {further.portal}."
        if waiting
        else f"The node has left {further.portal}."
    )
    if waiting:
        print(
            f"{waiting} datasets are withdrawn there once it runs: udi node serve {folder}"
        )


def _get_portal(own_node: OwnNode, portal: str) -> FurtherPortalConfig:
    further = own_node.find_portal(portal)
    if further is not None:
        return further
    if portal == own_node.joined.portal:
        raise LocalError(
            f"{portal} is the portal of this node's territory",
            "withdraw datasets on the node's own pages",
        )
    addresses = (
        ", ".join(further_portal.portal for further_portal in own_node.further)
        or "no further portal"
    )
    raise LocalError(f"The node has not joined {portal}", f"it is on {addresses}")


def _parse_names(options: list[str]) -> dict[str, str]:
    """By space of this node, the producer that it is on the other portal."""
    pairs = [option.partition("=") for option in options]
    if any(not producer or not space for producer, _, space in pairs):
        raise LocalError(
            "A producer is said as <name there>=<name here>",
            "repeat --producer for each",
        )
    return {space: producer for producer, _, space in pairs}
