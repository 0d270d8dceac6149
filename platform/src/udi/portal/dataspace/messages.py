"""The messages of the Dataspace Protocol 2025-1 as JSON: what is sent, and what is read of what arrives.

The protocol fixes the compacted form (one context, names without prefix), so that no JSON-LD engine is needed.
"""

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from udi.kit.errors import InvalidError, Refusal
from udi.portal.dataspace.models import DataspaceProcess
from udi.portal.dataspace.states import Kind, Side
from udi.protocol import shapes
from udi.protocol.faults import Fault, InvalidDocument
from udi.protocol.scan import scan

CONTEXT = "https://w3id.org/dspace/2025/1/context.jsonld"
VERSION, PATH = "2025-1", "/dsp/2025-1"
PULL = "HttpData-PULL"
LONGEST_ID, LONGEST_REASONS, LONGEST_WORDS = 500, 20, 2_000
OUTGOING = "dataspace"
"""The part of the program that speaks to connectors."""
LARGEST = 1024 * 1024
"""Bytes of a message."""


class Type(StrEnum):
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
    Type.REQUEST: "request",
    Type.OFFER: "offers",
    Type.EVENT: "events",
    Type.AGREEMENT: "agreement",
    Type.VERIFICATION: "agreement/verification",
    Type.TERMINATION: "termination",
    Type.TRANSFER_REQUEST: "request",
    Type.TRANSFER_START: "start",
    Type.TRANSFER_SUSPENSION: "suspension",
    Type.TRANSFER_COMPLETION: "completion",
    Type.TRANSFER_TERMINATION: "termination",
}
"""The end of the address that takes each."""
FIRST = (Type.REQUEST, Type.TRANSFER_REQUEST)
"""A process begins by one of these, at an address that names none."""
_ID = shapes.line(LONGEST_ID)
_ENDING = {"code": shapes.text(LONGEST_ID, blank=True), "reason": shapes.anything}
_OFFER = shapes.group({"@id": _ID}, {"target": _ID})
_AGREED = shapes.group({"@id": _ID, "target": _ID, "assigner": _ID, "assignee": _ID})
_PROPERTY = shapes.group({"name": _ID, "value": shapes.text(LONGEST_WORDS * 8)})
_DATA_ADDRESS = shapes.group(
    {"endpointType": _ID}, {"endpoint": shapes.url, "endpointProperties": shapes.listed(_PROPERTY, 50)}
)
_FIELDS: Mapping[Type, tuple[shapes.Fields, shapes.Fields]] = {
    Type.CATALOG_REQUEST: ({}, {"filter": shapes.anything}),
    Type.REQUEST: (
        {"consumerPid": _ID, "offer": _OFFER},
        {"providerPid": _ID, "callbackAddress": shapes.url},
    ),
    Type.OFFER: ({"providerPid": _ID, "offer": _OFFER}, {"consumerPid": _ID, "callbackAddress": shapes.url}),
    Type.EVENT: (
        {"providerPid": _ID, "consumerPid": _ID, "eventType": shapes.choice(["ACCEPTED", "FINALIZED"])},
        {},
    ),
    Type.AGREEMENT: ({"providerPid": _ID, "consumerPid": _ID, "agreement": _AGREED}, {}),
    Type.VERIFICATION: ({"providerPid": _ID, "consumerPid": _ID}, {}),
    Type.TERMINATION: ({"providerPid": _ID, "consumerPid": _ID}, _ENDING),
    Type.TRANSFER_REQUEST: (
        {"consumerPid": _ID, "agreementId": _ID, "format": _ID, "callbackAddress": shapes.url},
        {},
    ),
    Type.TRANSFER_START: ({"providerPid": _ID, "consumerPid": _ID}, {"dataAddress": _DATA_ADDRESS}),
    Type.TRANSFER_SUSPENSION: ({"providerPid": _ID, "consumerPid": _ID}, _ENDING),
    Type.TRANSFER_COMPLETION: ({"providerPid": _ID, "consumerPid": _ID}, {}),
    Type.TRANSFER_TERMINATION: ({"providerPid": _ID, "consumerPid": _ID}, _ENDING),
}


def read_message(body: bytes, kind: Type) -> dict[str, Any]:
    """A message of this kind; what a later version of the protocol adds to it is left aside.

    Raises:
        InvalidError: it is no such message, each fault at its place.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        refusal = Refusal("body", "This is not JSON.", "Send the message as JSON, in UTF-8.")
        raise InvalidError("The message cannot be read.", refusals=[refusal]) from error
    required, optional = _FIELDS[kind]
    check = shapes.group({"@type": shapes.choice([kind.value]), **required}, {"@context": shapes.anything, **optional})
    faults = [*check(said, ""), *scan(said)]
    if not faults and CONTEXT not in _contexts(said):
        refusal = Refusal("@context", "The context of the protocol is not there.", f"Send [“{CONTEXT}”].")
        raise InvalidError("The message cannot be read.", refusals=[refusal])
    if faults:
        raise refuse(faults)
    return {name: value for name, value in said.items() if value is not None}


def _contexts(said: dict[str, Any]) -> list[Any]:
    found = said.get("@context")
    return found if isinstance(found, list) else [found]


def refuse(faults: Iterable[Fault]) -> InvalidError:
    """What is wrong with a message, each thing at its place."""
    refusals = [Refusal(each.field, each.message, each.remedy, each.code, each.values) for each in faults]
    return InvalidError("The message cannot be read.", refusals=refusals)


def refuse_document(error: InvalidDocument) -> InvalidError:
    """The same, of a document inside it."""
    return refuse(error.faults)


def read_reason(said: Mapping[str, Any]) -> str:
    """The reasons of a suspension or an end, on one line: texts, or texts with a language."""
    found = said.get("reason") or []
    parts = found if isinstance(found, list) else [found]
    texts = [str(each.get("@value", "")) if isinstance(each, dict) else str(each) for each in parts[:LONGEST_REASONS]]
    return " ".join(" ".join(texts).replace("\x00", "").split())[:LONGEST_WORDS]


def pids(process: DataspaceProcess) -> dict[str, str]:
    """The two process identifiers of a message or an answer; one that is not known yet is left out."""
    own, their = str(process.id), process.their_pid
    both = (own, their) if process.side == Side.PROVIDER else (their, own)
    return {name: pid for name, pid in zip(("providerPid", "consumerPid"), both, strict=True) if pid}


def write_process(process: DataspaceProcess) -> dict[str, Any]:
    """How a process stands, as its address says."""
    kind = "ContractNegotiation" if process.kind == Kind.NEGOTIATION else "TransferProcess"
    return {"@context": [CONTEXT], "@type": kind, **pids(process), "state": process.state}


def write_message(process: DataspaceProcess, kind: Type, body: Mapping[str, Any], callback: str) -> dict[str, Any]:
    """A message of a process; `callback` is where we take its answers, said in its first."""
    said = {"@context": [CONTEXT], "@type": kind.value, **pids(process), **body}
    return said | ({"callbackAddress": callback} if kind in FIRST and not process.their_pid else {})


def write_path(process: DataspaceProcess, kind: Type) -> str:
    """Where the other side takes a message of a process, below its address."""
    root = "negotiations" if process.kind == Kind.NEGOTIATION else "transfers"
    return "/".join(("", root, *([quote(process.their_pid, safe=":")] if process.their_pid else []), WHERE[kind]))
