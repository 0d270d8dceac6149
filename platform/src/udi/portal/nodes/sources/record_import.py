"""Storing what a document of a source holds, a slice at a time: in one transaction with the place of the reading."""

import asyncio
import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from msgspec import structs
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.nodes.actions.push import PushedRecord, publish_records
from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.conversion import ConversionContext, convert, dataset_id
from udi.portal.nodes.harvest.faults import FaultLevel, HarvestFault
from udi.portal.nodes.harvest.record import HarvestedRecord, RefusedRecord
from udi.portal.nodes.models import Node
from udi.portal.nodes.sources.models import CatalogueSource, SourceRecord, SourceRun
from udi.portal.nodes.sources.publishers.identity import (
    NamedPublisher,
    identify_publisher,
)
from udi.portal.nodes.sources.publishers.matching import match_publishers
from udi.portal.nodes.sources.reconciliation import (
    KnownRecord,
    RecordAction,
    choose_record_action,
)
from udi.protocol import structures as of
from udi.protocol.faults import Fault as OurFault
from udi.protocol.faults import InvalidRecord
from udi.protocol.record import write_record

LARGEST_ORIGINAL = 32 * 1024
LONGEST_IDENTIFIER = 500
LOCAL_ID = "local_id"
NAMES = {LOCAL_ID, "doi", "dataverse_doi"}
"""Fields in which no two datasets of a territory say the same."""
GLOBAL_IDENTIFIER = re.compile(
    r"://|^urn:|^10\.\d{4,}/|[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}",
    re.IGNORECASE,
)
"""What an identifier that no two datasets share looks like."""
HarvestItem = HarvestedRecord | RefusedRecord


@dataclass(frozen=True)
class ImportContext:
    """Whose records these are."""

    source: CatalogueSource
    node: Node
    producer: of.Organisation
    publishers: Mapping[str, of.Organisation] = field(default_factory=dict)
    """Under whom the datasets of each publisher that the source names stand, by its key."""


@dataclass
class RecordImport:
    """A thing that was found, and what there is to say of it."""

    identifier: str
    title: str
    action: RecordAction
    faults: tuple[HarvestFault, ...] = ()
    row: SourceRecord | None = None
    record: of.Record | None = None
    digest: str = ""
    harvest_record: HarvestedRecord | None = None
    publisher: str = ""
    """The key of the publisher that it names."""

    @property
    def dataset_id(self) -> UUID | None:
        """The dataset that it is here; None where nothing of it is shown."""
        if self.action is RecordAction.REFUSED:
            if self.row and not self.row.withdrawn:
                return self.row.id
            return None
        if self.record:
            return self.record.id
        return None


@dataclass
class ImportResult:
    """What became of a slice."""

    results: list[RecordImport] = field(default_factory=list)

    def count(self, *fates: RecordAction) -> int:
        return sum(result.action in fates for result in self.results)


async def store_slice(
    session: AsyncSession,
    ground: ImportContext,
    run: SourceRun,
    things: Sequence[HarvestItem],
    moment: datetime,
) -> ImportResult:
    """Create, update, leave or refuse each thing, and note that it was met in this reading."""
    ground = await _match_publishers(session, ground, things, moment)
    rows = await _known(session, ground.source, things)
    published = select(Dataset.id).where(
        Dataset.id.in_(rows), Dataset.state == DatasetState.PUBLISHED
    )
    published_ids = set(await session.scalars(published)) if rows else set()
    judge = _RecordClassifier(ground, run.id, rows, published_ids, moment)
    results = await asyncio.to_thread(
        lambda: [judge.classify(entry) for entry in things]
    )
    await _publish(
        session,
        ground,
        [
            result
            for result in results
            if result.action in {RecordAction.CREATED, RecordAction.UPDATED}
        ],
    )
    await _keep(session, ground.source, run, results, moment)
    return ImportResult(results)


async def _match_publishers(
    session: AsyncSession,
    ground: ImportContext,
    things: Sequence[HarvestItem],
    moment: datetime,
) -> ImportContext:
    """The same context, with the organisations of the publishers that the records name."""
    named = [
        publisher
        for thing in things
        if isinstance(thing, HarvestedRecord)
        and (publisher := _identify_publisher(ground, thing))
    ]
    if not named:
        return ground
    organisations = await match_publishers(session, ground.source, named, moment)
    return replace(
        ground,
        publishers={
            key: of.Organisation(id=organisation.id, name=organisation.name)
            for key, organisation in organisations.items()
        },
    )


def _identify_publisher(
    ground: ImportContext, record: HarvestedRecord
) -> NamedPublisher | None:
    return identify_publisher(record.publisher, [ground.source.language])


async def _known(
    session: AsyncSession, source: CatalogueSource, things: Sequence[HarvestItem]
) -> dict[UUID, SourceRecord]:
    ids = {id_ for entry in things for id_ in _ids(source.id, entry.identifier)}
    query = (
        select(SourceRecord)
        .options(defer(SourceRecord.original))
        .where(SourceRecord.source_id == source.id, SourceRecord.id.in_(ids))
    )
    return {row.id: row for row in await session.scalars(query)}


def _ids(source: UUID, identifier: str) -> set[UUID]:
    """What the dataset of a record may be called: by us, or by a source of RUDI's, whose identifiers stay."""
    derived_ids = {dataset_id(source, identifier)} if identifier else set()
    try:
        return {*derived_ids, UUID(identifier.strip())}
    except ValueError:
        return derived_ids


@dataclass(frozen=True)
class _RecordClassifier:
    """What is to be done with each thing of a slice."""

    ground: ImportContext
    run: UUID
    rows: Mapping[UUID, SourceRecord]
    published_ids: Collection[UUID]
    moment: datetime

    def classify(self, thing: HarvestItem) -> RecordImport:
        if isinstance(thing, RefusedRecord):
            row = self._row(thing.identifier)
            return RecordImport(
                thing.identifier,
                thing.title,
                RecordAction.REFUSED,
                thing.faults,
                row=row,
            )
        row = self._row(thing.identifier)
        result = RecordImport(
            thing.identifier,
            next(iter(thing.title.values())),
            RecordAction.REFUSED,
            thing.faults,
            row=row,
        )
        source = self.ground.source
        context = ConversionContext(
            source=source.id,
            producer=self.ground.producer,
            language=source.language,
            found_at=row.first_read_at if row else self.moment,
        )
        try:
            conversion = convert(thing, context)
        except InvalidRecord as error:
            result.faults = (*thing.faults, *map(_convert_fault, error.faults))
            return result
        publisher = _identify_publisher(self.ground, thing)
        result.publisher = publisher.key if publisher else ""
        record = structs.replace(
            conversion.record,
            producer=self.ground.publishers.get(result.publisher, self.ground.producer),
        )
        result.record = record
        result.harvest_record = thing
        result.digest = _digest(record, result.publisher)
        result.faults = (*thing.faults, *conversion.faults)
        if row:
            existing = KnownRecord(
                row.digest,
                is_published=row.id in self.published_ids,
                is_in_current_run=row.seen_run == self.run,
            )
        else:
            existing = None
        result.action = choose_record_action(existing, result.digest)
        if result.action is RecordAction.REFUSED:
            result.faults = (
                kinds.IDENTIFIER_DUPLICATE.at(
                    "identifier", value=result.identifier, title=result.title
                ),
            )
        return result

    def _row(self, identifier: str) -> SourceRecord | None:
        candidates = (
            self.rows.get(id_) for id_ in _ids(self.ground.source.id, identifier)
        )
        return next((row for row in candidates if row is not None), None)


def _digest(record: of.Record, publisher: str) -> str:
    json_text = json.dumps(
        write_record(record), sort_keys=True, ensure_ascii=False, default=str
    )
    json_text += publisher
    return hashlib.sha256(json_text.encode("utf-8", "replace")).hexdigest()


def _convert_fault(fault: OurFault) -> HarvestFault:
    """A fault of our own rules, among those of what was found."""
    return HarvestFault(
        fault.code.value,
        FaultLevel.REFUSED,
        fault.field,
        fault.message,
        fault.remedy,
        fault.values,
    )


async def _publish(
    session: AsyncSession, ground: ImportContext, results: Sequence[RecordImport]
) -> None:
    """Publish what is new or changed. An identifier that means something at its source only is left out where another
    dataset has it, and so is another name of it; one that means the same everywhere is that of a dataset that is here already.
    """
    refused = await _attempt(session, ground, results)
    again = []
    for result in results:
        faults = refused.get(result.record.id, ()) if result.record else ()
        duplicate_fields = {fault.field for fault in faults}
        mine = LOCAL_ID in duplicate_fields and GLOBAL_IDENTIFIER.search(
            result.identifier
        )
        if (
            result.record
            and duplicate_fields
            and duplicate_fields <= NAMES
            and not mine
        ):
            del refused[result.record.id]
            result.record = structs.replace(
                result.record, **dict.fromkeys(duplicate_fields, "")
            )
            again.append(result)
    refused |= await _attempt(session, ground, again)
    for result in results:
        if result.record and result.record.id in refused:
            result.action = RecordAction.REFUSED
            result.faults = (
                *map(_convert_fault, refused[result.record.id]),
                *result.faults,
            )


async def _attempt(
    session: AsyncSession, ground: ImportContext, results: Sequence[RecordImport]
) -> dict[UUID, list[OurFault]]:
    sent = [
        PushedRecord("PUT", {}, (), result.record, either=True)
        for result in results
        if result.record
    ]
    if sent:
        return await publish_records(
            session, ground.node, sent, harvester_id=ground.source.organisation_id
        )
    return {}


async def _keep(
    session: AsyncSession,
    source: CatalogueSource,
    run: SourceRun,
    results: Sequence[RecordImport],
    moment: datetime,
) -> None:
    """The rows of what was published, or refused at its first appearance, and the mark that each thing was met."""
    stored_results = [
        result
        for result in results
        if result.record
        and result.harvest_record
        and (
            result.action in {RecordAction.CREATED, RecordAction.UPDATED}
            or (result.action is RecordAction.REFUSED and result.row is None)
        )
    ]
    rows = [
        {
            "source_id": source.id,
            "id": result.record.id,
            "identifier": result.identifier[:LONGEST_IDENTIFIER],
            "digest": result.digest,
            "publisher": result.publisher,
            "seen_run": run.id,
            "first_read_at": result.row.first_read_at if result.row else moment,
            "changed_at": moment,
            "missing": 0,
            "withdrawn": result.action is RecordAction.REFUSED,
            **_original(result.harvest_record),
        }
        for result in stored_results
        if result.record and result.harvest_record
    ]
    if rows:
        statement = insert(SourceRecord)
        changed = {
            name: statement.excluded[name]
            for name in rows[0]
            if name not in {"source_id", "id", "first_read_at"}
        }
        same = ["tenant_id", "source_id", "id"]
        await session.execute(
            statement.on_conflict_do_update(index_elements=same, set_=changed), rows
        )
    met = {
        result.row.id
        for result in results
        if result.row
        and result.action in {RecordAction.UNCHANGED, RecordAction.REFUSED}
    }
    if met:
        update_statement = update(SourceRecord).where(
            SourceRecord.source_id == source.id, SourceRecord.id.in_(met)
        )
        quiet = {"synchronize_session": False}
        await session.execute(
            update_statement.values(seen_run=run.id, missing=0), execution_options=quiet
        )


def _original(harvest_record: HarvestedRecord) -> dict[str, object]:
    body = harvest_record.source_record.body
    kind = harvest_record.source_record.media_type
    small = len(body) <= LARGEST_ORIGINAL
    return {"original": body if small else None, "original_type": kind if small else ""}
