"""A node pushes a record, or withdraws one: RUDI's checks against the territory, then the catalogue, then a report."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.portal.catalogue import actions as catalogue
from udi.portal.catalogue.models import Dataset
from udi.portal.nodes.actions.checks import (
    change_faults,
    creation_faults,
    find_dataset,
    is_published,
    territory_faults,
    withdrawal_faults,
)
from udi.portal.nodes.actions.reports import record_report
from udi.portal.nodes.models import Node, Report
from udi.protocol import kinds
from udi.protocol.faults import Code, Fault, InvalidRecord, Kind
from udi.protocol.record import Record, read_record, write_record
from udi.protocol.rules import dig
from udi.protocol.scan import read_json
from udi.protocol.validation import validate

SEEN_EVERY = timedelta(minutes=1)
ID = "global_id"
WRONG_ADDRESS = Kind(
    Code.MISMATCH,
    "The record has another identifier than the address it was sent to (%(value)s).",
    "Send it to the address that ends with its global_id, or correct one of the two.",
)


@dataclass(frozen=True)
class Outcome:
    """What became of a push: its report, with the faults when it was refused."""

    report: Report
    faults: tuple[Fault, ...] = ()


async def note_seen(session: AsyncSession, node: Node) -> None:
    """Remember that the node called, at most once a minute so that its calls do not wait for each other."""
    long_ago = or_(Node.last_seen_at.is_(None), Node.last_seen_at < now() - SEEN_EVERY)
    await session.execute(update(Node).where(Node.id == node.id, long_ago).values(last_seen_at=now()))


def read_document(body: bytes) -> tuple[dict[str, Any], list[Fault]]:
    """A pushed record and what is wrong with it.

    Raises:
        InvalidRecord: it is no JSON object within reason, so there is no record to report about.
    """
    document = read_json(body)
    faults = validate(document)
    if not isinstance(document, dict) or any(fault.code is Code.BAD_DOCUMENT for fault in faults):
        raise InvalidRecord(faults)
    return document, faults


async def push_record(
    session: AsyncSession, node: Node, *, method: str, body: bytes, resource_id: UUID | None = None
) -> Outcome:
    """Publish a record (POST) or its new version (PUT); accepted or refused, it gets a report.

    Raises:
        InvalidRecord: the body is no JSON object within reason.
    """
    submitted_at = now()
    document, faults = read_document(body)
    record = None if faults else read_record(document)
    if record is not None:
        faults = await _publish(session, node, record, method=method, address=resource_id)
    report = await record_report(
        session,
        node,
        method=method,
        submitted_at=submitted_at,
        resource_id=record.id if record else _usable_id(document),
        title=record.title if record and not faults else "",
        version=_said_version(document),
        faults=faults,
    )
    return Outcome(report, tuple(faults))


async def _publish(
    session: AsyncSession, node: Node, record: Record, *, method: str, address: UUID | None
) -> list[Fault]:
    if address not in {None, record.id}:
        return [WRONG_ADDRESS.at(ID, value=str(address))]
    await _one_at_a_time(session, record.id)
    dataset = await find_dataset(session, record.id)
    if dataset is not None and _is_repeat(node, dataset, record):
        return []
    whose = change_faults(node, dataset, record.id) if method == "PUT" else creation_faults(node, dataset)
    faults = whose or await withdrawal_faults(session, dataset)
    faults = [*faults, *await territory_faults(session, node, record)]
    if faults:
        return faults
    try:
        async with session.begin_nested():
            await catalogue.store_dataset(session, record, node_id=node.id)
    except IntegrityError:
        if not (record.local_id or record.doi):
            raise
        field, value = ("local_id", record.local_id) if record.local_id else ("doi", record.doi)
        return [kinds.IDENTIFIER_USED.at(field, value=value)]
    return []


def _is_repeat(node: Node, dataset: Dataset, record: Record) -> bool:
    """A call that the node sends twice (its first answer was lost) is accepted twice."""
    return dataset.node_id == node.id and is_published(dataset) and dataset.record == write_record(record)


async def withdraw_record(session: AsyncSession, node: Node, resource_id: UUID, *, reason: str = "") -> Outcome:
    """Withdraw a record (DELETE); its address keeps saying that it was there, and why it left."""
    submitted_at = now()
    await _one_at_a_time(session, resource_id)
    dataset = await find_dataset(session, resource_id)
    faults = change_faults(node, dataset, resource_id)
    if dataset is not None and not faults:
        await catalogue.withdraw_dataset(session, dataset, reason=reason)
    report = await record_report(
        session,
        node,
        method="DELETE",
        submitted_at=submitted_at,
        resource_id=resource_id,
        title=dataset.title if dataset and not faults else "",
        faults=faults,
    )
    return Outcome(report, tuple(faults))


async def _one_at_a_time(session: AsyncSession, resource_id: UUID) -> None:
    """Two calls about one record wait for each other, even before it exists; the lock ends with the transaction."""
    key = f"{session.info['tenant']}/{resource_id}"
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def _said_version(document: dict[str, Any]) -> str:
    version = dig(document, "metadata_info", "api_version")
    return version if isinstance(version, str) else ""


def _usable_id(document: dict[str, Any]) -> UUID | None:
    try:
        return UUID(str(document.get(ID)))
    except ValueError:
        return None
