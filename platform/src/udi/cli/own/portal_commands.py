"""`udi node join` and `leave-portal`: a producer's own node is shown on further portals, each with its own credential."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console

from udi.cli.local.errors import LocalError
from udi.cli.local.interrupts import Stopped
from udi.cli.local.steps import Terminal
from udi.cli.own import running
from udi.cli.own.folder import Further, OwnNode, read_own_node
from udi.cli.own.join import accept, read_link
from udi.cli.own.move_commands import AsJson, Folder
from udi.cli.own.portals import leave, take_joining


def register(app: typer.Typer) -> None:
    """Add the commands to `udi node`."""
    app.command()(join)
    app.command("leave-portal")(leave_portal)


def join(
    folder: Folder,
    invitation: Annotated[str, typer.Option(help="The link that the other territory's team sent.")],
    producer: Annotated[
        list[str] | None, typer.Option(help="<name there>=<name here>, where they differ; repeat.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show this node on one more portal, that of another territory: what it publishes now, and from now on.

    People go on logging in with the account of the first territory. With another invitation of a portal that was joined,
    the node gets a new credential there.
    """
    own, link, wanted = read_own_node(folder), read_link(invitation), _read_names(producer or [])
    if link.portal == own.joined.portal:
        raise LocalError(f"{link.portal} is the portal of this node already", "renew it with `udi node init`")
    try:
        with running.held(own.folder, own.port) as service:
            found, further = take_joining(own, asyncio.run(accept(link)), wanted)
            with running.prepared(found, service, Terminal(Console(stderr=True))):
                pass
    except Stopped as error:
        raise LocalError("Interrupted", f"`udi node serve {folder}` goes on from here") from error
    spaces = {space: each["name"] for space, each in further.spaces.items()}
    if as_json:
        print(json.dumps({"portal": further.portal, "spaces": spaces}, ensure_ascii=False, indent=2))
        return
    print(f"The node publishes for {', '.join(spaces.values())} on {further.portal} too.")
    print(f"Start it: udi node serve {folder}")


def leave_portal(
    folder: Folder,
    portal: Annotated[str, typer.Argument(help="Address of the portal.")],
    at_once: Annotated[bool, typer.Option("--at-once", help="Forget it without withdrawing anything there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Leave a further portal: what it shows of this node is withdrawn there, and there only, once the node runs.

    `--at-once` is for a portal that will not answer any more: what it shows stays.
    """
    own = read_own_node(folder)
    further = _find(own, portal.rstrip("/"))
    try:
        steps = Terminal(Console(stderr=True))
        with running.held(own.folder, own.port) as service, running.prepared(own, service, steps):
            waiting = asyncio.run(leave(own, further, untold=at_once))
    except Stopped as error:
        raise LocalError("Interrupted", "give the same command again") from error
    if as_json:
        print(json.dumps({"portal": further.portal, "to_withdraw": waiting}, indent=2))
        return
    print(f"The node leaves {further.portal}." if waiting else f"The node has left {further.portal}.")
    if waiting:
        print(f"{waiting} datasets are withdrawn there once it runs: udi node serve {folder}")


def _find(own: OwnNode, portal: str) -> Further:
    found = own.at(portal)
    if found is not None:
        return found
    if portal == own.joined.portal:
        raise LocalError(
            f"{portal} is the portal of this node's territory", "withdraw datasets on the node's own pages"
        )
    known = ", ".join(each.portal for each in own.further) or "no further portal"
    raise LocalError(f"The node has not joined {portal}", f"it is on {known}")


def _read_names(said: list[str]) -> dict[str, str]:
    """By space of this node, the producer that it is on the other portal."""
    pairs = [each.partition("=") for each in said]
    if any(not there or not here for there, _, here in pairs):
        raise LocalError("A producer is said as <name there>=<name here>", "repeat --producer for each")
    return {here: there for there, _, here in pairs}
