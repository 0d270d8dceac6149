"""A node pushes a record, or withdraws one: RUDI's checks against the territory, then the catalogue, then a report."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from sqlalchemy import or_, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ForbiddenError, Refusal
from udi.portal.catalogue import actions as catalogue
from udi.portal.catalogue.models import Dataset
from udi.portal.nodes.actions.checks import (
    RecordClaims,
    ValidationContext,
    change_faults,
    find_dataset,
    identifiers,
    is_published,
)
from udi.portal.nodes.actions.reports import make_report, save_reports
from udi.portal.nodes.models import Node, NodeState, Report
from udi.protocol import fault_kinds
from udi.protocol.faults import (
    Fault,
    FaultCode,
    FaultTemplate,
    InvalidRecord,
    without_repeats,
)
from udi.protocol.record import Record, restore_record, write_record
from udi.protocol.rules import dig
from udi.protocol.scan import read_json
from udi.protocol.themes import THEMES
from udi.protocol.translations import Translation, list_translations
from udi.protocol.upgrade import upgrade_record
from udi.protocol.validation import validate
from udi.protocol.vocabulary import VERSIONS

SEEN_EVERY = timedelta(minutes=1)
ID = "global_id"
LOCK = text(
    "SELECT pg_advisory_xact_lock(key) FROM (SELECT hashtextextended(name, 0) AS key"
    " FROM unnest(CAST(:keys AS text[])) AS name ORDER BY 1) AS ordered"
)
OLD_VERSIONS = frozenset(version for version in VERSIONS if version < "1.4")
"""Of the records that nodes have from before confidentiality, codes of themes and numbers were asked for."""
TRANSLATED = FaultTemplate(
    FaultCode.NOT_IN_VOCABULARY,
    "“%(before)s” was read as “%(after)s”, as RUDI writes it today.",
    "Write it so, or bring the node to the version of today.",
)
ADDED = FaultTemplate(
    FaultCode.MISSING,
    "Old records leave this out; it was read as “%(after)s”.",
    "Write it so, or bring the node to the version of today.",
)
WRONG_ADDRESS = FaultTemplate(
    FaultCode.MISMATCH,
    "The record has another identifier than the address it was sent to (%(value)s).",
    "Send it to the address that ends with its global_id, or correct one of the two.",
)


@dataclass(frozen=True)
class PushResult:
    """What became of a push: its report, with the faults when it was refused."""

    report: Report
    faults: tuple[Fault, ...] = ()


async def identify_node(session: AsyncSession, client_id: str) -> Node:
    """The active node behind a machine's credential, which is remembered to have called.

    Raises:
        ForbiddenError: the credential is no node of this territory, or a suspended one.
    """
    node = await get_pushing_node(session, client_id)
    await note_seen(session, node)
    return node


async def get_pushing_node(session: AsyncSession, client_id: str) -> Node:
    """The active node behind a machine's credential.

    Raises:
        ForbiddenError: the credential is no node of this territory, or a suspended one.
    """
    pushing = select(Node).where(Node.client_id == client_id, Node.url != "")
    node = (await session.scalars(pushing)).one_or_none()
    if node is None:
        raise _not_allowed(
            "This credential is no node of this territory.",
            "Ask the territory's team to register the node.",
        )
    if node.state != NodeState.ACTIVE:
        raise _not_allowed(
            "This node is suspended.", "Ask the territory's team to let it push again."
        )
    return node


def _not_allowed(reason: str, remedy: str) -> ForbiddenError:
    refusal = Refusal("Authorization", reason, remedy, FaultCode.NOT_ALLOWED)
    return ForbiddenError(reason, remedy=remedy, refusals=[refusal])


async def note_seen(session: AsyncSession, node: Node) -> None:
    """Remember that the node called, at most once a minute, and not while another call does: none waits for another."""
    long_ago = or_(Node.last_seen_at.is_(None), Node.last_seen_at < now() - SEEN_EVERY)
    free = (
        select(Node.id)
        .where(Node.id == node.id, long_ago)
        .with_for_update(skip_locked=True, key_share=True)
    )
    await session.execute(
        update(Node).where(Node.id.in_(free)).values(last_seen_at=now())
    )


@dataclass(frozen=True)
class PushedRecord:
    """A record as it arrived, with what is wrong with it wherever it goes."""

    method: str
    document: dict[str, Any]
    faults: tuple[Fault, ...]
    record: Record | None
    either: bool = False
    """Whether it may be new as well as a new version."""
    at: datetime = field(default_factory=now)
    translations: tuple[Fault, ...] = ()
    """What was read otherwise than an old node wrote it: no fault, and told in the report."""

    @classmethod
    def from_document(
        cls,
        document: object,
        *,
        method: str,
        address: UUID | None = None,
        either: bool = False,
    ) -> Self:
        """Check a document by itself; `address` is the id that it was sent to.

        Raises:
            InvalidRecord: it is no JSON object within reason, so there is no record to report about.
        """
        faults = validate(document)
        if not isinstance(document, dict) or any(
            fault.code is FaultCode.BAD_DOCUMENT for fault in faults
        ):
            raise InvalidRecord(faults)
        current = document
        if upgraded := _upgrade_old_record(document, faults):
            current = upgraded
            faults = []
        translations = tuple(map(_describe, list_translations(document, current)))
        claimed_id = _usable_id(document)
        if address and claimed_id and address != claimed_id:
            faults = [WRONG_ADDRESS.at(ID, value=str(address)), *faults]
        record = None if faults else restore_record(current)
        return cls(
            method,
            document,
            tuple(faults),
            record,
            either,
            translations=translations if record else (),
        )

    @property
    def resource_id(self) -> UUID | None:
        """Which dataset it is about, where it can be told."""
        if self.record:
            return self.record.id
        return _usable_id(self.document)


def _upgrade_old_record(
    document: dict[str, Any], faults: Sequence[Fault]
) -> dict[str, Any] | None:
    """An old record in the version of today; None where it needs no translation, or breaks a rule all the same."""
    if _announced_version(document) not in OLD_VERSIONS:
        return None
    if not faults and document.get("theme") in THEMES:
        return None
    upgraded = upgrade_record(document)
    return None if validate(upgraded) else upgraded


def _describe(translation: Translation) -> Fault:
    if translation.before:
        return TRANSLATED.at(
            translation.field, before=translation.before, after=translation.after
        )
    return ADDED.at(translation.field, after=translation.after)


async def push_record(
    session: AsyncSession,
    node: Node,
    *,
    method: str,
    body: bytes,
    resource_id: UUID | None = None,
) -> PushResult:
    """Publish a record (POST) or its new version (PUT); accepted or refused, it gets a report.

    Raises:
        InvalidRecord: the body is no JSON object within reason.
    """
    sent = PushedRecord.from_document(
        read_json(body), method=method, address=resource_id
    )
    return (await push_records(session, node, [sent]))[0]


async def push_records(
    session: AsyncSession, node: Node, sent: Sequence[PushedRecord]
) -> list[PushResult]:
    """The same for records about different datasets, in the order given; each is accepted or refused by itself."""
    records = [
        submission.record for submission in sent if submission.record is not None
    ]
    refused = await publish_records(session, node, sent) if records else {}
    faulty = {
        place: submission
        for place, submission in enumerate(sent)
        if submission.record is None
    }
    further_faults = await _judge_faulty(session, node, faulty)
    outcomes = []
    for place, submission in enumerate(sent):
        if submission.record:
            faults = tuple(refused.get(submission.record.id, ()))
        else:
            faults = further_faults[place]
        report = make_report(
            node,
            method=submission.method,
            submitted_at=submission.at,
            resource_id=submission.resource_id,
            title=submission.record.title if submission.record and not faults else "",
            version=_announced_version(submission.document),
            faults=faults,
            translations=submission.translations,
        )
        outcomes.append(PushResult(report, faults))
    await save_reports(session, [outcome.report for outcome in outcomes])
    return outcomes


async def _judge_faulty(
    session: AsyncSession, node: Node, faulty: Mapping[int, PushedRecord]
) -> dict[int, tuple[Fault, ...]]:
    """All faults of documents that are wrong by themselves: what the territory would refuse too is said at once."""
    if not faulty:
        return {}
    claims_by_place = {
        place: RecordClaims.within(submission.document)
        for place, submission in faulty.items()
    }
    claims = list(claims_by_place.values())
    ids = [claim.id for claim in claims if claim.id]
    query = select(Dataset).where(Dataset.id.in_(ids))
    datasets_by_id = {dataset.id: dataset for dataset in await session.scalars(query)}
    ground = await ValidationContext.load(session, node, claims, datasets_by_id)
    faults_by_place = {}
    for place, submission in faulty.items():
        claim = claims_by_place[place]
        dataset = datasets_by_id.get(claim.id) if claim.id else None
        changing = _is_change(submission, dataset)
        faults = [*submission.faults, *ground.faults(claim, changing=changing)]
        faults_by_place[place] = tuple(without_repeats(faults))
    return faults_by_place


def _is_change(submission: PushedRecord, dataset: Dataset | None) -> bool:
    """Whether it is a new version of a dataset, and not a new one."""
    if submission.either:
        return is_published(dataset)
    return submission.method == "PUT"


async def publish_records(
    session: AsyncSession,
    node: Node,
    sent: Sequence[PushedRecord],
    *,
    harvester_id: UUID | None = None,
) -> dict[UUID, list[Fault]]:
    """Store what may be stored, without a report; the faults of the others, by dataset.

    `harvester_id`: the producer whose source they were read in.
    """
    coming = [
        (submission, submission.record)
        for submission in sent
        if submission.record is not None
    ]
    ids = [record.id for _, record in coming]
    await lock_records(session, ids)
    datasets_by_id = await catalogue.lock_datasets(session, ids)
    ground = await ValidationContext.load(
        session,
        node,
        [RecordClaims.of(record) for _, record in coming],
        datasets_by_id,
    )
    refused = {}
    accepted = []
    for submission, record in coming:
        dataset = datasets_by_id.get(record.id)
        if dataset is not None and _is_repeat(node, dataset, record, harvester_id):
            continue
        changing = _is_change(submission, dataset)
        if faults := ground.faults(RecordClaims.of(record), changing=changing):
            refused[record.id] = faults
        else:
            accepted.append(record)
    origin = catalogue.DatasetOrigin(node.id, harvester_id)
    return {**refused, **await _store(session, origin, accepted, datasets_by_id)}


async def _store(
    session: AsyncSession,
    origin: catalogue.DatasetOrigin,
    records: Sequence[Record],
    datasets_by_id: catalogue.DatasetsById,
) -> dict[UUID, list[Fault]]:
    """Store all at once; where somebody else takes an identifier meanwhile, each by itself."""
    named = [record for record in records if identifiers(record)]
    if not named:
        await catalogue.store_datasets(session, records, datasets_by_id, origin=origin)
        return {}
    try:
        async with session.begin_nested():
            await catalogue.store_datasets(
                session, records, datasets_by_id, origin=origin
            )
    except IntegrityError:
        if len(records) > 1:
            refused: dict[UUID, list[Fault]] = {}
            for record in records:
                again = await catalogue.lock_datasets(session, [record.id])
                refused |= await _store(session, origin, [record], again)
            return refused
        name, value = identifiers(records[0])[0]
        return {records[0].id: [fault_kinds.IDENTIFIER_USED.at(name, value=value)]}
    return {}


def _is_repeat(
    node: Node, dataset: Dataset, record: Record, harvester_id: UUID | None
) -> bool:
    """A call that the node sends twice (its first answer was lost) is accepted twice."""
    return (
        dataset.node_id == node.id
        and is_published(dataset)
        and dataset.record == write_record(record)
        and dataset.harvester_id == harvester_id
    )


async def withdraw_record(
    session: AsyncSession, node: Node, resource_id: UUID, *, reason: str = ""
) -> PushResult:
    """Withdraw a record (DELETE); its address keeps saying that it was there, and why it left."""
    submitted_at = now()
    await lock_records(session, [resource_id])
    dataset = await find_dataset(session, resource_id)
    faults = change_faults(node, dataset, resource_id)
    if dataset is not None and not faults:
        await catalogue.withdraw_dataset(session, dataset, reason=reason)
    report = make_report(
        node,
        method="DELETE",
        submitted_at=submitted_at,
        resource_id=resource_id,
        title=dataset.title if dataset and not faults else "",
        faults=faults,
    )
    await save_reports(session, [report])
    return PushResult(report, tuple(faults))


async def lock_records(session: AsyncSession, ids: Iterable[UUID]) -> None:
    """Two calls about one record wait for each other, even before it exists; the lock ends with the transaction.

    Taken in one order, whatever the order of the records: two calls about several never wait for each other's rest.
    """
    keys = [f"{session.info['tenant']}/{id_}" for id_ in ids]
    await session.execute(LOCK, {"keys": keys})


def _announced_version(document: dict[str, Any]) -> str:
    version = dig(document, "metadata_info", "api_version")
    if isinstance(version, str):
        return version
    return ""


def _usable_id(document: dict[str, Any]) -> UUID | None:
    try:
        return UUID(str(document.get(ID)))
    except ValueError:
        return None
