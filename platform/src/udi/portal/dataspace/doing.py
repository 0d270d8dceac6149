"""What whoever leads a project does with a process, by the name of the button."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError, Refusal
from udi.kit.identity import Actor
from udi.portal.dataspace import requesting, transferring
from udi.portal.dataspace.connectors import get_connector
from udi.portal.dataspace.models import DataspaceProcess
from udi.portal.dataspace.states import Event, Kind, Negotiation, Side, may
from udi.portal.projects.models import Project


async def do(
    session: AsyncSession,
    member: Actor,
    project: Project,
    process: DataspaceProcess,
    action: str,
    form: Mapping[str, str],
) -> DataspaceProcess:
    """Do what a button of the page says; the process to show next.

    Raises:
        NotFoundError: there is no such button.
        ConflictError, InvalidError: as the action says.
    """
    if (process.kind, action) not in ACTIONS or (process.side == Side.PROVIDER and action != "finish"):
        raise NotFoundError
    match action:
        case "take":
            await requesting.take(session, member, process)
        case "otherwise":
            await requesting.ask_otherwise(session, member, process, read_offer(form.get("offer", "")))
        case "confirm":
            await requesting.verify(session, member, process)
        case "break-off":
            await requesting.break_off(session, member, process, form.get("words", ""))
        case "fetch":
            connector = await get_connector(session, project, process.connector_id)
            return await transferring.fetch(session, member, connector, process.contract, dataset=process.dataset)
        case "suspend":
            await transferring.close(session, process, Event.SUSPEND, "suspended")
        case "go-on":
            await transferring.resume(session, process)
        case "finish":
            await transferring.close(session, process, Event.COMPLETE)
        case _:
            await transferring.close(session, process, Event.TERMINATE, "withdrawn", form.get("words", ""))
    return process


ACTIONS = {
    *((Kind.NEGOTIATION, name) for name in ("take", "otherwise", "confirm", "break-off", "fetch")),
    *((Kind.TRANSFER, name) for name in ("suspend", "go-on", "finish", "stop")),
}


def list_possible(process: DataspaceProcess) -> set[str]:
    """What the page offers to do."""
    side, here = Side(process.side), (process.kind, process.state)
    events = {
        "take": Event.ACCEPT, "otherwise": Event.REQUEST, "confirm": Event.VERIFY, "break-off": Event.TERMINATE,
    } if process.kind == Kind.NEGOTIATION else {
        "suspend": Event.SUSPEND, "go-on": Event.START, "finish": Event.COMPLETE, "stop": Event.TERMINATE,
    }  # fmt: skip
    found = {name for name, event in events.items() if may(process.kind, process.state, event, side)}
    if process.side == Side.PROVIDER:
        return found & {"finish"}
    return found | ({"fetch"} if here == (Kind.NEGOTIATION, Negotiation.FINALIZED) else set())


def read_offer(typed: str) -> dict[str, Any]:
    """An offer that was typed, or sent back.

    Raises:
        InvalidError: it is no JSON object.
    """
    try:
        found = json.loads(typed)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        refusal = Refusal("offer", "This is not an offer in JSON.", "Begin from the one that the provider made.")
        raise InvalidError("Nothing was sent yet.", refusals=[refusal])
    return found
