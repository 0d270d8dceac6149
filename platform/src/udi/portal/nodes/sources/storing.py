"""Storing what a document of a source holds, a slice at a time: in one transaction with the place of the reading."""

import asyncio
import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from msgspec import structs
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.nodes.actions.push import Sent, publish
from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.convert import Given, convert, dataset_id
from udi.portal.nodes.harvest.faults import Fault, Level
from udi.portal.nodes.harvest.record import Record as Found
from udi.portal.nodes.harvest.record import Refused
from udi.portal.nodes.models import Node
from udi.portal.nodes.sources.models import CatalogueSource, SourceRecord, SourceRun
from udi.portal.nodes.sources.standing import Fate, Known, fate
from udi.protocol import structures as of
from udi.protocol.faults import Fault as OurFault
from udi.protocol.faults import InvalidRecord
from udi.protocol.record import write_record

LARGEST_ORIGINAL = 32 * 1024
LONGEST_IDENTIFIER = 500
LOCAL_ID = "local_id"
NAMES = {LOCAL_ID, "doi", "dataverse_doi"}
"""Fields in which no two datasets of a territory say the same."""
EVERYWHERE = re.compile(
    r"://|^urn:|^10\.\d{4,}/|[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE
)
"""What an identifier that no two datasets share looks like."""
Thing = Found | Refused


@dataclass(frozen=True)
class Ground:
    """Whose records these are."""

    source: CatalogueSource
    node: Node
    producer: of.Organisation


@dataclass
class Told:
    """A thing that was found, and what there is to say of it."""

    identifier: str
    title: str
    fate: Fate
    faults: tuple[Fault, ...] = ()
    row: SourceRecord | None = None
    record: of.Record | None = None
    digest: str = ""
    found: Found | None = None

    @property
    def shown(self) -> UUID | None:
        """The dataset that it is here; None where nothing of it is shown."""
        if self.fate is Fate.REFUSED:
            return self.row.id if self.row and not self.row.withdrawn else None
        return self.record.id if self.record else None


@dataclass
class Stored:
    """What became of a slice."""

    told: list[Told] = field(default_factory=list)

    def count(self, *fates: Fate) -> int:
        return sum(each.fate in fates for each in self.told)


async def store_slice(
    session: AsyncSession, ground: Ground, run: SourceRun, things: Sequence[Thing], moment: datetime
) -> Stored:
    """Create, update, leave or refuse each thing, and note that it was met in this reading."""
    rows = await _known(session, ground.source, things)
    published = select(Dataset.id).where(Dataset.id.in_(rows), Dataset.state == DatasetState.PUBLISHED)
    shown = set(await session.scalars(published)) if rows else set()
    judge = _Judge(ground, run.id, rows, shown, moment)
    told = await asyncio.to_thread(lambda: [judge.say(each) for each in things])
    await _publish(session, ground, [each for each in told if each.fate in {Fate.CREATED, Fate.UPDATED}])
    await _keep(session, ground.source, run, told, moment)
    return Stored(told)


async def _known(session: AsyncSession, source: CatalogueSource, things: Sequence[Thing]) -> dict[UUID, SourceRecord]:
    ids = {id_ for each in things for id_ in _ids(source.id, each.identifier)}
    query = select(SourceRecord).options(defer(SourceRecord.original)).where(
        SourceRecord.source_id == source.id, SourceRecord.id.in_(ids)
    )  # fmt: skip
    return {row.id: row for row in await session.scalars(query)}


def _ids(source: UUID, identifier: str) -> set[UUID]:
    """What the dataset of a record may be called: by us, or by a source of RUDI's, whose identifiers stay."""
    own = {dataset_id(source, identifier)} if identifier else set()
    try:
        return {*own, UUID(identifier.strip())}
    except ValueError:
        return own


@dataclass(frozen=True)
class _Judge:
    """What is to be done with each thing of a slice."""

    ground: Ground
    run: UUID
    rows: Mapping[UUID, SourceRecord]
    shown: Collection[UUID]
    moment: datetime

    def say(self, thing: Thing) -> Told:
        if isinstance(thing, Refused):
            row = self._row(thing.identifier)
            return Told(thing.identifier, thing.title, Fate.REFUSED, thing.faults, row=row)
        row = self._row(thing.identifier)
        told = Told(thing.identifier, next(iter(thing.title.values())), Fate.REFUSED, thing.faults, row=row)
        source = self.ground.source
        given = Given(
            source=source.id, producer=self.ground.producer, language=source.language,
            found_at=row.found_at if row else self.moment,
        )  # fmt: skip
        try:
            made = convert(thing, given)
        except InvalidRecord as error:
            told.faults = (*thing.faults, *map(_ours, error.faults))
            return told
        record = structs.replace(made.record, producer=self.ground.producer)
        told.record, told.found, told.digest = record, thing, _digest(record)
        told.faults = (*thing.faults, *made.faults)
        known = Known(row.digest, shown=row.id in self.shown, seen=row.seen_run == self.run) if row else None
        told.fate = fate(known, told.digest)
        if told.fate is Fate.REFUSED:
            told.faults = (kinds.IDENTIFIER_DUPLICATE.at("identifier", value=told.identifier, title=told.title),)
        return told

    def _row(self, identifier: str) -> SourceRecord | None:
        found = (self.rows.get(id_) for id_ in _ids(self.ground.source.id, identifier))
        return next((row for row in found if row is not None), None)


def _digest(record: of.Record) -> str:
    written = json.dumps(write_record(record), sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()


def _ours(fault: OurFault) -> Fault:
    """A fault of our own rules, among those of what was found."""
    return Fault(fault.code.value, Level.REFUSED, fault.field, fault.message, fault.remedy, fault.values)


async def _publish(session: AsyncSession, ground: Ground, told: Sequence[Told]) -> None:
    """Publish what is new or changed. An identifier that means something at its source only is left out where another
    dataset has it, and so is another name of it; one that means the same everywhere is that of a dataset that is here already.
    """
    refused = await _attempt(session, ground.node, told)
    again = []
    for each in told:
        faults = refused.get(each.record.id, ()) if each.record else ()
        taken = {fault.field for fault in faults}
        mine = LOCAL_ID in taken and EVERYWHERE.search(each.identifier)
        if each.record and taken and taken <= NAMES and not mine:
            del refused[each.record.id]
            each.record = structs.replace(each.record, **dict.fromkeys(taken, ""))
            again.append(each)
    refused |= await _attempt(session, ground.node, again)
    for each in told:
        if each.record and each.record.id in refused:
            each.fate, each.faults = Fate.REFUSED, (*map(_ours, refused[each.record.id]), *each.faults)


async def _attempt(session: AsyncSession, node: Node, told: Sequence[Told]) -> dict[UUID, list[OurFault]]:
    sent = [Sent("PUT", {}, (), each.record, either=True) for each in told if each.record]
    return await publish(session, node, sent) if sent else {}


async def _keep(
    session: AsyncSession, source: CatalogueSource, run: SourceRun, told: Sequence[Told], moment: datetime
) -> None:
    """The rows of what was published, or refused at its first appearance, and the mark that each thing was met."""
    kept = [
        each
        for each in told
        if each.record
        and each.found
        and (each.fate in {Fate.CREATED, Fate.UPDATED} or (each.fate is Fate.REFUSED and each.row is None))
    ]
    rows = [
        {
            "source_id": source.id, "id": each.record.id, "identifier": each.identifier[:LONGEST_IDENTIFIER],
            "digest": each.digest, "seen_run": run.id, "found_at": each.row.found_at if each.row else moment,
            "changed_at": moment, "missing": 0, "withdrawn": each.fate is Fate.REFUSED, **_original(each.found),
        }
        for each in kept if each.record and each.found
    ]  # fmt: skip
    if rows:
        statement = insert(SourceRecord)
        changed = {name: statement.excluded[name] for name in rows[0] if name not in {"source_id", "id", "found_at"}}
        same = ["tenant_id", "source_id", "id"]
        await session.execute(statement.on_conflict_do_update(index_elements=same, set_=changed), rows)
    met = {each.row.id for each in told if each.row and each.fate in {Fate.UNCHANGED, Fate.REFUSED}}
    if met:
        seen = update(SourceRecord).where(SourceRecord.source_id == source.id, SourceRecord.id.in_(met))
        quiet = {"synchronize_session": False}
        await session.execute(seen.values(seen_run=run.id, missing=0), execution_options=quiet)


def _original(found: Found) -> dict[str, object]:
    body, kind = found.source_record.body, found.source_record.media_type
    small = len(body) <= LARGEST_ORIGINAL
    return {"original": body if small else None, "original_type": kind if small else ""}
