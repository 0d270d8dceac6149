"""Storing what a document of a source holds, a slice at a time: in one transaction with the place of the reading."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from msgspec import structs
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import is_among
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.nodes.actions.push import PushedRecord, publish_records
from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.conversion import ConversionContext, convert
from udi.portal.nodes.harvest.faults import FaultLevel, HarvestFault
from udi.portal.nodes.harvest.outcomes import duplicate_fault
from udi.portal.nodes.harvest.record import HarvestedRecord, RefusedRecord
from udi.portal.nodes.sources.import_results import (
    ImportContext,
    ImportResult,
    RecordImport,
)
from udi.portal.nodes.sources.matches.proposals import propose_matches
from udi.portal.nodes.sources.models import CatalogueSource, SourceRecord, SourceRun
from udi.portal.nodes.sources.origin_decisions import OriginDecision
from udi.portal.nodes.sources.originals import original_columns
from udi.portal.nodes.sources.other_origins import list_other_origin
from udi.portal.nodes.sources.publishers.identity import (
    NamedPublisher,
    identify_publisher,
)
from udi.portal.nodes.sources.publishers.matching import match_publishers
from udi.portal.nodes.sources.recognition import (
    HarvestItem,
    RecognisedItem,
    recognise_items,
    store_names,
)
from udi.portal.nodes.sources.reconciliation import (
    KnownRecord,
    RecordAction,
    choose_record_action,
)
from udi.portal.nodes.sources.shared_datasets import (
    OriginCandidate,
    SharedDataset,
    match_datasets,
    take_over,
)
from udi.protocol import structures as of
from udi.protocol.faults import Fault as OurFault
from udi.protocol.faults import InvalidRecord
from udi.protocol.identifiers import GLOBAL_IDENTIFIER
from udi.protocol.record import write_record

LONGEST_IDENTIFIER = 500
STORED = {RecordAction.CREATED, RecordAction.UPDATED, RecordAction.ELSEWHERE}
LOCAL_ID = "local_id"
NAMES = {LOCAL_ID, "doi", "dataverse_doi"}
"""Fields in which no two datasets of a territory say the same."""


async def store_slice(
    session: AsyncSession,
    ground: ImportContext,
    run: SourceRun,
    things: Sequence[HarvestItem],
    moment: datetime,
) -> ImportResult:
    """Create, update, leave or refuse each thing, and note that it was met in this reading."""
    ground = await match_record_publishers(session, ground, things, moment)
    recognised = await recognise_items(session, ground.source.id, run.id, things)
    row_ids = {item.row.id for item in recognised if item.row}
    held = select(
        Dataset.id, Dataset.title, Dataset.state, Dataset.organisation_id
    ).where(is_among(Dataset.id, row_ids), Dataset.node_id == ground.source.id)
    rows = (await session.execute(held)).all() if row_ids else []
    published_titles = {
        row.id: row.title for row in rows if row.state == DatasetState.PUBLISHED
    }
    standing = {row.id: row.organisation_id for row in rows}
    judge = _RecordClassifier(ground, run.id, published_titles, standing, moment)
    results = await asyncio.to_thread(
        lambda: list(map(judge.classify, things, recognised))
    )
    await _settle_shared(session, ground, results, moment)
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
    await propose_matches(session, results, moment)
    return ImportResult(results)


async def match_record_publishers(
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
        and (publisher := identify_record_publisher(ground, thing))
    ]
    if not named:
        return ground
    matches = await match_publishers(session, ground.source, named, moment)
    return replace(
        ground,
        publishers={
            key: of.Organisation(id=organisation.id, name=organisation.name)
            for key, organisation in matches.organisations.items()
        },
        unconfirmed=matches.unconfirmed,
    )


def identify_record_publisher(
    ground: ImportContext, record: HarvestedRecord
) -> NamedPublisher | None:
    """The publisher that a record names, by what it is known."""
    return identify_publisher(record.publisher, [ground.source.language])


@dataclass(frozen=True)
class _RecordClassifier:
    """What is to be done with each thing of a slice."""

    ground: ImportContext
    run: UUID
    published_titles: Mapping[UUID, str]
    standing: Mapping[UUID, UUID]
    """The organisation of each dataset that is read in this source."""
    moment: datetime

    def classify(self, thing: HarvestItem, recognised: RecognisedItem) -> RecordImport:
        row = recognised.row
        if isinstance(thing, RefusedRecord):
            return RecordImport(
                thing.identifier,
                thing.title,
                RecordAction.REFUSED,
                thing.faults,
                row=row,
            )
        result = RecordImport(
            thing.identifier,
            next(iter(thing.title.values())),
            RecordAction.REFUSED,
            thing.faults,
            row=row,
        )
        if recognised.rival_title:
            result.faults = (duplicate_fault(thing, recognised.rival_title),)
            return result
        publisher = identify_record_publisher(self.ground, thing)
        result.publisher = publisher.key if publisher else ""
        result.harvest_record = thing
        dataset = row.id if row else None
        standing = self.standing.get(dataset) if dataset else None
        if not _convert(self.ground, result, dataset, standing, self.moment):
            return result
        if row:
            existing = KnownRecord(
                row.digest,
                is_published=row.id in self.published_titles,
                is_in_current_run=row.seen_run == self.run,
            )
        else:
            existing = None
        result.action = choose_record_action(existing, result.digest)
        if row and result.action is RecordAction.REFUSED:
            other = self.published_titles.get(row.id, result.title)
            result.faults = (duplicate_fault(thing, other),)
        return result


def _convert(
    ground: ImportContext,
    result: RecordImport,
    dataset: UUID | None,
    standing: UUID | None,
    moment: datetime,
) -> bool:
    """Make our record of what was found, as that of a dataset where it is known; whether there is one."""
    thing = result.harvest_record
    if thing is None:
        return False
    context = ConversionContext(
        source=ground.source.id,
        dataset=dataset,
        producer=ground.producer,
        language=ground.source.language,
        found_at=result.row.first_read_at if result.row else moment,
    )
    try:
        conversion = convert(thing, context)
    except InvalidRecord as error:
        result.faults = (*thing.faults, *map(_convert_fault, error.faults))
        return False
    record = structs.replace(
        conversion.record,
        producer=ground.producer_of(result.publisher, standing),
    )
    result.record = record
    result.digest = _digest(record, result.publisher)
    result.faults = (*thing.faults, *conversion.faults)
    return True


async def _settle_shared(
    session: AsyncSession,
    ground: ImportContext,
    results: Sequence[RecordImport],
    moment: datetime,
) -> None:
    """What describes a dataset of another source is listed on its page, or takes it over: it gets no page of its own."""
    published = [
        result.record.id
        for result in results
        if result.record
        and result.action in {RecordAction.CREATED, RecordAction.UPDATED}
    ]
    candidates = [
        (
            result,
            OriginCandidate(
                result.record,
                result.harvest_record,
                result.row.same_as if result.row else None,
                is_known=result.row is not None,
            ),
        )
        for result in results
        if result.action is RecordAction.CREATED
        and result.record
        and result.harvest_record
    ]
    if not candidates:
        return
    origins = await match_datasets(
        session, ground.source, [candidate for _, candidate in candidates], published
    )
    taken: set[UUID] = set()
    for (result, candidate), origin in zip(candidates, origins, strict=True):
        result.similarities = origin.similarities
        shared = origin.shared
        if shared is None:
            continue
        dataset = shared.dataset
        if dataset.id in taken or shared.decision is OriginDecision.REPEATED:
            result.action = RecordAction.REFUSED
            result.faults = (duplicate_fault(candidate.harvest_record, dataset.title),)
        elif shared.decision is OriginDecision.LISTED:
            _list_elsewhere(ground, result, candidate, dataset, moment)
        else:
            taken.add(dataset.id)
            await _take_over(session, ground, result, shared, moment)


async def _take_over(
    session: AsyncSession,
    ground: ImportContext,
    result: RecordImport,
    shared: SharedDataset,
    moment: datetime,
) -> None:
    """Publish a record in the place of the dataset that it describes; where it is refused, all stays as it was."""
    dataset_id = shared.dataset.id
    standing = shared.dataset.organisation_id
    savepoint = await session.begin_nested()
    await take_over(session, ground.source, shared, result.row, moment)
    if _convert(ground, result, dataset_id, standing, moment):
        refused = await _attempt(session, ground, [result])
        if not refused:
            await savepoint.commit()
            result.action = RecordAction.UPDATED
            return
        result.faults = (
            *(_convert_fault(fault) for faults in refused.values() for fault in faults),
            *result.faults,
        )
    await savepoint.rollback()
    await session.refresh(shared.dataset)
    if result.row is not None:
        await session.refresh(result.row)
    result.action = RecordAction.REFUSED


def _list_elsewhere(
    ground: ImportContext,
    result: RecordImport,
    candidate: OriginCandidate,
    dataset: Dataset,
    moment: datetime,
) -> None:
    result.action = RecordAction.ELSEWHERE
    result.same_as = dataset.id
    result.faults = (
        kinds.ALSO_HERE.at("identifier", title=dataset.title),
        *result.faults,
    )
    if dataset.state == DatasetState.PUBLISHED:
        list_other_origin(
            dataset,
            ground.source,
            record_id=candidate.record.id,
            identifier=candidate.record.local_id,
            page=candidate.record.description.source,
            moment=moment,
        )


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
        and not _is_listed_as_before(result)
        and (
            result.action in STORED
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
            "filtered": False,
            "withdrawn": result.action
            in {RecordAction.REFUSED, RecordAction.ELSEWHERE},
            "same_as": result.same_as,
            **original_columns(result.harvest_record),
        }
        for result in stored_results
        if result.record and result.harvest_record
    ]
    if rows:
        await _upsert_rows(session, rows)
    await store_names(
        session,
        source.id,
        [
            (result.record.id, result.harvest_record)
            for result in stored_results
            if result.record and result.harvest_record
        ],
    )
    await _mark_met(session, source, run, results)


async def _upsert_rows(
    session: AsyncSession, rows: Sequence[dict[str, object]]
) -> None:
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


async def _mark_met(
    session: AsyncSession,
    source: CatalogueSource,
    run: SourceRun,
    results: Sequence[RecordImport],
) -> None:
    met = {
        result.row.id
        for result in results
        if result.row
        and (
            result.action in {RecordAction.UNCHANGED, RecordAction.REFUSED}
            or _is_listed_as_before(result)
        )
    }
    if met:
        update_statement = update(SourceRecord).where(
            SourceRecord.source_id == source.id, is_among(SourceRecord.id, met)
        )
        await session.execute(
            update_statement.values(seen_run=run.id, missing=0, filtered=False),
            execution_options={"synchronize_session": False},
        )


def _is_listed_as_before(result: RecordImport) -> bool:
    """Whether it describes the same dataset of another source as before, in the same words: its row is as it should be."""
    row = result.row
    return (
        result.action is RecordAction.ELSEWHERE
        and row is not None
        and (row.same_as, row.digest) == (result.same_as, result.digest)
    )
