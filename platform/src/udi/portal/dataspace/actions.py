"""What whoever leads a project does with a process, by the name of the button."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError, Refusal
from udi.kit.identity import Actor
from udi.portal.dataspace import transfers
from udi.portal.dataspace.connectors import get_connector
from udi.portal.dataspace.models import DataspaceProcess
from udi.portal.dataspace.negotiations import consumer_negotiations
from udi.portal.dataspace.transitions import (
    DataspaceEvent,
    DataspaceSide,
    NegotiationState,
    ProcessKind,
    transitions_of,
)
from udi.portal.projects.models import Project


async def perform_action(
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
    if (process.kind, action) not in ACTIONS or (
        process.side == DataspaceSide.PROVIDER and action != "finish"
    ):
        raise NotFoundError
    match action:
        case "take":
            await consumer_negotiations.accept_offer(session, member, process)
        case "otherwise":
            await consumer_negotiations.send_counter_request(
                session, member, process, read_offer(form.get("offer", ""))
            )
        case "confirm":
            await consumer_negotiations.verify_agreement(session, member, process)
        case "break-off":
            await consumer_negotiations.terminate_negotiation(
                session, member, process, form.get("words", "")
            )
        case "fetch":
            connector = await get_connector(session, project, process.connector_id)
            return await transfers.request_transfer(
                session, member, connector, process.contract, dataset=process.dataset
            )
        case "suspend":
            await transfers.close_transfer(
                session, process, DataspaceEvent.SUSPEND, "suspended"
            )
        case "go-on":
            await transfers.resume_transfer(session, process)
        case "finish":
            await transfers.close_transfer(session, process, DataspaceEvent.COMPLETE)
        case _:
            await transfers.close_transfer(
                session,
                process,
                DataspaceEvent.TERMINATE,
                "withdrawn",
                form.get("words", ""),
            )
    return process


ACTIONS = {
    *(
        (ProcessKind.NEGOTIATION, name)
        for name in ("take", "otherwise", "confirm", "break-off", "fetch")
    ),
    *((ProcessKind.TRANSFER, name) for name in ("suspend", "go-on", "finish", "stop")),
}


def list_possible_actions(process: DataspaceProcess) -> set[str]:
    """What the page offers to do."""
    side = DataspaceSide(process.side)
    step = (process.kind, process.state)
    if process.kind == ProcessKind.NEGOTIATION:
        events = {
            "take": DataspaceEvent.ACCEPT,
            "otherwise": DataspaceEvent.REQUEST,
            "confirm": DataspaceEvent.VERIFY,
            "break-off": DataspaceEvent.TERMINATE,
        }
    else:
        events = {
            "suspend": DataspaceEvent.SUSPEND,
            "go-on": DataspaceEvent.START,
            "finish": DataspaceEvent.COMPLETE,
            "stop": DataspaceEvent.TERMINATE,
        }
    possible = transitions_of(process.kind).events(process.state, side)
    actions = {name for name, event in events.items() if event in possible}
    if process.side == DataspaceSide.PROVIDER:
        return actions & {"finish"}
    return actions | (
        {"fetch"}
        if step == (ProcessKind.NEGOTIATION, NegotiationState.FINALIZED)
        else set()
    )


def read_offer(offer_text: str) -> dict[str, Any]:
    """An offer that was typed, or sent back.

    Raises:
        InvalidError: it is no JSON object.
    """
    try:
        offer = json.loads(offer_text)
    except (ValueError, RecursionError):
        offer = None
    if not isinstance(offer, dict):
        refusal = Refusal(
            "offer",
            "This is not an offer in JSON.",
            "Begin from the one that the provider made.",
        )
        raise InvalidError("Nothing was sent yet.", refusals=[refusal])
    return offer
