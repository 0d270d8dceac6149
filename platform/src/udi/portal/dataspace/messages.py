"""The messages of the Dataspace Protocol 2025-1 as JSON: what is sent, and what is read of what arrives.

The protocol fixes the compacted form (one context, names without prefix), so that no JSON-LD engine is needed.
"""

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from udi.kit.errors import InvalidError, Refusal
from udi.kit.http import OutgoingClient
from udi.kit.service_registry import ServiceKey
from udi.portal.dataspace.models import DataspaceProcess
from udi.portal.dataspace.transitions import DataspaceSide, ProcessKind
from udi.protocol import validators
from udi.protocol.faults import Fault, InvalidDocument
from udi.protocol.scan import scan

CONTEXT = "https://w3id.org/dspace/2025/1/context.jsonld"
VERSION = "2025-1"
PATH = "/dsp/2025-1"
PULL = "HttpData-PULL"
LONGEST_ID = 500
LONGEST_REASONS = 20
LONGEST_WORDS = 2_000
OUTGOING = ServiceKey[OutgoingClient]("client of connectors", "dataspace")
LARGEST = 1024 * 1024
"""Bytes of a message."""


class MessageType(StrEnum):
    """What a message is, by its `@type`."""

    CATALOG_REQUEST = "CatalogRequestMessage"
    REQUEST = "ContractRequestMessage"
    OFFER = "ContractOfferMessage"
    EVENT = "ContractNegotiationEventMessage"
    AGREEMENT = "ContractAgreementMessage"
    VERIFICATION = "ContractAgreementVerificationMessage"
    TERMINATION = "ContractNegotiationTerminationMessage"
    TRANSFER_REQUEST = "TransferRequestMessage"
    TRANSFER_START = "TransferStartMessage"
    TRANSFER_SUSPENSION = "TransferSuspensionMessage"
    TRANSFER_COMPLETION = "TransferCompletionMessage"
    TRANSFER_TERMINATION = "TransferTerminationMessage"


WHERE = {
    MessageType.REQUEST: "request",
    MessageType.OFFER: "offers",
    MessageType.EVENT: "events",
    MessageType.AGREEMENT: "agreement",
    MessageType.VERIFICATION: "agreement/verification",
    MessageType.TERMINATION: "termination",
    MessageType.TRANSFER_REQUEST: "request",
    MessageType.TRANSFER_START: "start",
    MessageType.TRANSFER_SUSPENSION: "suspension",
    MessageType.TRANSFER_COMPLETION: "completion",
    MessageType.TRANSFER_TERMINATION: "termination",
}
"""The end of the address that takes each."""
FIRST = (MessageType.REQUEST, MessageType.TRANSFER_REQUEST)
"""A process begins by one of these, at an address that names none."""
_ID = validators.line(LONGEST_ID)
_ENDING = {
    "code": validators.text(LONGEST_ID, blank=True),
    "reason": validators.anything,
}
_OFFER = validators.group({"@id": _ID}, {"target": _ID})
_AGREED = validators.group(
    {"@id": _ID, "target": _ID, "assigner": _ID, "assignee": _ID}
)
_PROPERTY = validators.group({"name": _ID, "value": validators.text(LONGEST_WORDS * 8)})
_DATA_ADDRESS = validators.group(
    {"endpointType": _ID},
    {
        "endpoint": validators.url,
        "endpointProperties": validators.list_of(_PROPERTY, 50),
    },
)
_FIELDS: Mapping[MessageType, tuple[validators.Fields, validators.Fields]] = {
    MessageType.CATALOG_REQUEST: ({}, {"filter": validators.anything}),
    MessageType.REQUEST: (
        {"consumerPid": _ID, "offer": _OFFER},
        {"providerPid": _ID, "callbackAddress": validators.url},
    ),
    MessageType.OFFER: (
        {"providerPid": _ID, "offer": _OFFER},
        {"consumerPid": _ID, "callbackAddress": validators.url},
    ),
    MessageType.EVENT: (
        {
            "providerPid": _ID,
            "consumerPid": _ID,
            "eventType": validators.choice(["ACCEPTED", "FINALIZED"]),
        },
        {},
    ),
    MessageType.AGREEMENT: (
        {"providerPid": _ID, "consumerPid": _ID, "agreement": _AGREED},
        {},
    ),
    MessageType.VERIFICATION: ({"providerPid": _ID, "consumerPid": _ID}, {}),
    MessageType.TERMINATION: ({"providerPid": _ID, "consumerPid": _ID}, _ENDING),
    MessageType.TRANSFER_REQUEST: (
        {
            "consumerPid": _ID,
            "agreementId": _ID,
            "format": _ID,
            "callbackAddress": validators.url,
        },
        {},
    ),
    MessageType.TRANSFER_START: (
        {"providerPid": _ID, "consumerPid": _ID},
        {"dataAddress": _DATA_ADDRESS},
    ),
    MessageType.TRANSFER_SUSPENSION: (
        {"providerPid": _ID, "consumerPid": _ID},
        _ENDING,
    ),
    MessageType.TRANSFER_COMPLETION: ({"providerPid": _ID, "consumerPid": _ID}, {}),
    MessageType.TRANSFER_TERMINATION: (
        {"providerPid": _ID, "consumerPid": _ID},
        _ENDING,
    ),
}


def read_message(body: bytes, kind: MessageType) -> dict[str, Any]:
    """A message of this kind; what a later version of the protocol adds to it is left aside.

    Raises:
        InvalidError: it is no such message, each fault at its place.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        refusal = Refusal(
            "body", "This is not JSON.", "Send the message as JSON, in UTF-8."
        )
        raise InvalidError("The message cannot be read.", refusals=[refusal]) from error
    required, optional = _FIELDS[kind]
    check = validators.group(
        {"@type": validators.choice([kind.value]), **required},
        {"@context": validators.anything, **optional},
    )
    faults = [*check(message, ""), *scan(message)]
    if not faults and CONTEXT not in _contexts(message):
        refusal = Refusal(
            "@context",
            "The context of the protocol is not there.",
            f"Send [“{CONTEXT}”].",
        )
        raise InvalidError("The message cannot be read.", refusals=[refusal])
    if faults:
        raise message_error(faults)
    return {name: value for name, value in message.items() if value is not None}


def _contexts(message: dict[str, Any]) -> list[Any]:
    context = message.get("@context")
    if isinstance(context, list):
        return context
    return [context]


def message_error(faults: Iterable[Fault]) -> InvalidError:
    """What is wrong with a message, each thing at its place."""
    refusals = [
        Refusal(fault.field, fault.message, fault.remedy, fault.code, fault.values)
        for fault in faults
    ]
    return InvalidError("The message cannot be read.", refusals=refusals)


def document_error(error: InvalidDocument) -> InvalidError:
    """The same, of a document inside it."""
    return message_error(error.faults)


def read_reason(message: Mapping[str, Any]) -> str:
    """The reasons of a suspension or an end, on one line: texts, or texts with a language."""
    reasons = message.get("reason") or []
    parts = reasons if isinstance(reasons, list) else [reasons]
    texts = [
        str(part.get("@value", "")) if isinstance(part, dict) else str(part)
        for part in parts[:LONGEST_REASONS]
    ]
    return " ".join(" ".join(texts).replace("\x00", "").split())[:LONGEST_WORDS]


def process_ids(process: DataspaceProcess) -> dict[str, str]:
    """The two process identifiers of a message or an answer; one that is not known yet is left out."""
    our_pid = str(process.id)
    their = process.their_pid
    if process.side == DataspaceSide.PROVIDER:
        both = (our_pid, their)
    else:
        both = (their, our_pid)
    return {
        name: pid
        for name, pid in zip(("providerPid", "consumerPid"), both, strict=True)
        if pid
    }


def write_process(process: DataspaceProcess) -> dict[str, Any]:
    """How a process stands, as its address says."""
    if process.kind == ProcessKind.NEGOTIATION:
        kind = "ContractNegotiation"
    else:
        kind = "TransferProcess"
    return {
        "@context": [CONTEXT],
        "@type": kind,
        **process_ids(process),
        "state": process.state,
    }


def write_message(
    process: DataspaceProcess, kind: MessageType, body: Mapping[str, Any], callback: str
) -> dict[str, Any]:
    """A message of a process; `callback` is where we take its answers, said in its first."""
    message = {
        "@context": [CONTEXT],
        "@type": kind.value,
        **process_ids(process),
        **body,
    }
    return message | (
        {"callbackAddress": callback} if kind in FIRST and not process.their_pid else {}
    )


def write_path(process: DataspaceProcess, kind: MessageType) -> str:
    """Where the other side takes a message of a process, below its address."""
    if process.kind == ProcessKind.NEGOTIATION:
        root = "negotiations"
    else:
        root = "transfers"
    return "/".join(
        (
            "",
            root,
            *([quote(process.their_pid, safe=":")] if process.their_pid else []),
            WHERE[kind],
        )
    )
