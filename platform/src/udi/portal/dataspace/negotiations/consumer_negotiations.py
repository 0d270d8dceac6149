"""Negotiations as consumer: a project asks a provider elsewhere, and whoever leads it answers what comes."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError, Refusals, field_error
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.dataspace.messages import MessageType, read_reason
from udi.portal.dataspace.models import Connector, DataspaceProcess
from udi.portal.dataspace.processes import (
    apply_received_event,
    begin_process,
    end_process,
    queue_message,
    send_event,
)
from udi.portal.dataspace.transitions import (
    DataspaceEvent,
    DataspaceSide,
    NegotiationState,
    ProcessKind,
)

RULES = ("permission", "prohibition", "obligation", "profile")


def read_rules(offer: dict[str, Any], dataset: str) -> dict[str, Any]:
    """An offer in the form in which a message names it: with its dataset, and at least one rule.

    Raises:
        InvalidError: it has no name, or no rule.
    """
    rules = {name: offer[name] for name in RULES if offer.get(name)}
    refusals = Refusals()
    if not str(offer.get("@id") or "").strip():
        refusals.refuse(
            "offer",
            "The offer has no name.",
            "Take one of the catalogue: its “@id” names it.",
        )
    if not any(isinstance(rules.get(name), list) for name in RULES[:2]):
        refusals.refuse(
            "offer",
            "The offer has no permission.",
            "Take one of the catalogue, with its rules.",
        )
    refusals.check("Nothing was sent yet.")
    return {"@id": str(offer["@id"]), "@type": "Offer", "target": dataset, **rules}


async def request_dataset(
    session: AsyncSession,
    actor: Actor,
    connector: Connector,
    dataset: str,
    offer: dict[str, Any],
) -> DataspaceProcess:
    """Ask a provider for a dataset, under an offer of its catalogue.

    Raises:
        InvalidError: no dataset or no offer is named.
    """
    if not dataset.strip():
        raise field_error(
            "dataset",
            "It is not said which data.",
            "Choose them in the catalogue.",
        )
    message_offer = read_rules(offer, dataset.strip())
    process = await begin_process(
        session,
        connector,
        ProcessKind.NEGOTIATION,
        DataspaceSide.CONSUMER,
        NegotiationState.REQUESTED,
        callback=connector.address,
        dataset=dataset.strip(),
        offer=message_offer,
    )
    await queue_message(session, process, MessageType.REQUEST, {"offer": message_offer})
    audit.record(
        session,
        actor,
        "dataspace_negotiation.requested",
        process.id,
        project=str(process.project_id),
    )
    return process


async def send_counter_request(
    session: AsyncSession,
    actor: Actor,
    process: DataspaceProcess,
    offer: dict[str, Any],
) -> None:
    """Instead of taking the provider's offer, ask for something else.

    Raises:
        ConflictError: no offer waits.
        InvalidError: what is asked has no rule.
    """
    process.offer = read_rules(offer, process.dataset)
    await send_event(
        session,
        process,
        DataspaceEvent.REQUEST,
        MessageType.REQUEST,
        {"offer": process.offer},
    )
    audit.record(session, actor, "dataspace_negotiation.countered", process.id)


async def accept_offer(
    session: AsyncSession, actor: Actor, process: DataspaceProcess
) -> None:
    """Take the provider's offer.

    Raises:
        ConflictError: no offer waits.
    """
    await send_event(
        session,
        process,
        DataspaceEvent.ACCEPT,
        MessageType.EVENT,
        {"eventType": NegotiationState.ACCEPTED},
    )
    audit.record(session, actor, "dataspace_negotiation.accepted", process.id)


async def verify_agreement(
    session: AsyncSession, actor: Actor, process: DataspaceProcess
) -> None:
    """Confirm the agreement as the provider wrote it.

    Raises:
        ConflictError: no agreement waits.
    """
    await send_event(session, process, DataspaceEvent.VERIFY, MessageType.VERIFICATION)
    audit.record(session, actor, "dataspace_negotiation.verified", process.id)


async def terminate_negotiation(
    session: AsyncSession, actor: Actor, process: DataspaceProcess, reason: str = ""
) -> None:
    """End a negotiation before its end.

    Raises:
        ConflictError: it is over.
    """
    await end_process(session, process, "withdrawn", reason)
    audit.record(session, actor, "dataspace_negotiation.broken_off", process.id)


def receive_offer(process: DataspaceProcess, message: dict[str, Any]) -> None:
    """The provider offers something: whoever leads the project answers.

    Raises:
        ConflictError: it may not come now.
        InvalidError: it is about other data, or has no rule.
    """
    offer = _check_rules(process, message["offer"], "offer")
    apply_received_event(process, DataspaceEvent.OFFER, message)
    process.offer = offer


def receive_agreement(process: DataspaceProcess, message: dict[str, Any]) -> None:
    """The provider agrees: whoever leads the project confirms.

    Raises:
        ConflictError: it may not come now.
        InvalidError: it is about other data, or has no rule.
    """
    agreed = _check_rules(process, message["agreement"], "agreement")
    apply_received_event(process, DataspaceEvent.AGREE, message)
    process.agreed = agreed
    process.contract = str(agreed["@id"])


def _check_rules(
    process: DataspaceProcess, policy: dict[str, Any], name: str
) -> dict[str, Any]:
    refusals = Refusals()
    if policy.get("target", process.dataset) != process.dataset:
        refusals.refuse(f"{name}.target", "The negotiation is about another dataset.")
    if not any(
        isinstance(policy.get(rule), list) and policy[rule] for rule in RULES[:2]
    ):
        refusals.refuse(
            f"{name}.permission",
            "The document contains no rule.",
            "State what is permitted, or forbidden.",
        )
    refusals.check("The message cannot be read.")
    return policy


def receive_event(process: DataspaceProcess, message: dict[str, Any]) -> None:
    """The provider says that the agreement is in force.

    Raises:
        ConflictError: it may not come now, or is the other side's to say.
    """
    if message["eventType"] != NegotiationState.FINALIZED:
        raise ConflictError("A consumer accepts; a provider finalises.")
    apply_received_event(process, DataspaceEvent.FINALIZE, message)


def receive_termination(process: DataspaceProcess, message: dict[str, Any]) -> None:
    """The provider ends the negotiation.

    Raises:
        ConflictError: it is over.
    """
    apply_received_event(process, DataspaceEvent.TERMINATE, message)
    process.code = str(message.get("code") or "")
    process.reason = read_reason(message)
