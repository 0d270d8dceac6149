"""Which record of a source is which dataset: by its identifier first, then by what stands for one.

A record that has no identifier leaves looser names behind (its files, its titles), by which it is found again when its
files move, its title changes, or its source gives it an identifier at last: the dataset keeps its address here, and the
new identifier is an alias of it. Only within one source, and only of a record that this reading has not met.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from sqlalchemy import delete, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from udi.kit.db import is_among
from udi.portal.nodes.harvest.conversion import dataset_id
from udi.portal.nodes.harvest.identity import looser_names
from udi.portal.nodes.harvest.record import (
    HarvestedRecord,
    IdentityBasis,
    RefusedRecord,
)
from udi.portal.nodes.harvest.rudi import MEDIA_TYPE as RUDI
from udi.portal.nodes.sources.models import SourceRecord, SourceRecordAlias

STRENGTHS = (IdentityBasis.FILE, IdentityBasis.TITLE)
"""Kinds of looser names, the surest first."""
HarvestItem = HarvestedRecord | RefusedRecord
LooserNames = Mapping[IdentityBasis, Collection[UUID]]


@dataclass(frozen=True)
class NamedRecord:
    """The names of a record that was met: those that are its own, and those by which it may be found again."""

    exact: Collection[UUID]
    looser: LooserNames = field(default_factory=dict)
    precedence: tuple[str, ...] = ()
    """Which of two records that are one dataset is taken: the lesser, whichever comes first."""
    competes: bool = True
    """Whether it would be published: a refused record only says that it was met."""


@dataclass(frozen=True)
class KnownNames:
    """The datasets that a source has already, by name; `met` are those that this reading met before."""

    exact: Mapping[UUID, UUID]
    looser: Mapping[UUID, Collection[UUID]] = field(default_factory=dict)
    met: Collection[UUID] = ()


@dataclass
class Recognition:
    """By position among the records: its dataset, or the position of the record that is the same dataset and is taken."""

    datasets: dict[int, UUID] = field(default_factory=dict)
    rivals: dict[int, int] = field(default_factory=dict)


def recognise(records: Sequence[NamedRecord], known: KnownNames) -> Recognition:
    """Tell which records are which known datasets, whatever the order of the records."""
    recognition = _match_exactly(records, known)
    taken = {*recognition.datasets.values(), *known.met}
    for strength in STRENGTHS:
        matches = _match_loosely(records, known, recognition, taken, strength)
        recognition.datasets |= matches
        taken |= set(matches.values())
    return recognition


def _match_exactly(records: Sequence[NamedRecord], known: KnownNames) -> Recognition:
    recognition = Recognition()
    positions = defaultdict[UUID, list[int]](list)
    for position, record in enumerate(records):
        ids = sorted(
            {known.exact[name] for name in record.exact if name in known.exact}
        )
        if ids:
            recognition.datasets[position] = ids[0]
            if record.competes:
                positions[ids[0]].append(position)
    for rivals in positions.values():
        first, *others = sorted(rivals, key=lambda place: records[place].precedence)
        recognition.rivals |= dict.fromkeys(others, first)
    return recognition


def _match_loosely(
    records: Sequence[NamedRecord],
    known: KnownNames,
    recognition: Recognition,
    taken: Collection[UUID],
    strength: IdentityBasis,
) -> dict[int, UUID]:
    """A name that two records or two datasets have tells nothing; nor does one dataset that two records lay claim to."""
    carriers = Counter(
        name for record in records for name in record.looser.get(strength, ())
    )
    claims: dict[int, UUID] = {}
    for position, record in enumerate(records):
        if position in recognition.datasets or not record.competes:
            continue
        candidates = set[UUID]()
        for name in record.looser.get(strength, ()):
            owners = known.looser.get(name, ())
            if carriers[name] == 1 and len(owners) == 1:
                candidates |= set(owners) - set(taken)
        if len(candidates) == 1:
            claims[position] = candidates.pop()
    claimed = Counter(claims.values())
    return {
        position: dataset
        for position, dataset in claims.items()
        if claimed[dataset] == 1
    }


@dataclass(frozen=True)
class RecognisedItem:
    """What of the source a record is: its row, if any, and the title of the record that is taken instead of it, if any."""

    row: SourceRecord | None = None
    rival_title: str = ""


async def recognise_items(
    session: AsyncSession, source: UUID, run: UUID, items: Sequence[HarvestItem]
) -> list[RecognisedItem]:
    """Tell of each item of a slice which known record of this source it is."""
    records = [_names_of(source, item) for item in items]
    rows, known = await _load_known(session, source, run, records)
    recognition = recognise(records, known)
    recognised = []
    for position in range(len(items)):
        dataset = recognition.datasets.get(position)
        rival = recognition.rivals.get(position)
        recognised.append(
            RecognisedItem(
                rows[dataset] if dataset else None,
                "" if rival is None else _title(items[rival]),
            )
        )
    return recognised


def _title(item: HarvestItem) -> str:
    if isinstance(item, RefusedRecord):
        return item.title
    return next(iter(item.title.values()))


def _names_of(source: UUID, item: HarvestItem) -> NamedRecord:
    exact = own_ids(source, item.identifier)
    if isinstance(item, RefusedRecord):
        return NamedRecord(exact, competes=False)
    looser = defaultdict[IdentityBasis, set[UUID]](set)
    if item.source_record.media_type != RUDI:
        for strength, name in looser_names(item):
            looser[strength].add(_looser_id(source, name))
    has_own = item.identified_by is IdentityBasis.IDENTIFIER
    precedence = ("0" if has_own else "1", item.identifier, item.source_record.sha256)
    return NamedRecord(exact, looser, precedence)


def own_ids(source: UUID, identifier: str) -> set[UUID]:
    """What the dataset of a record may be called: by us, or by a source of RUDI's, whose identifiers stay."""
    derived_ids = {dataset_id(source, identifier)} if identifier else set()
    try:
        return {*derived_ids, UUID(identifier.strip())}
    except ValueError:
        return derived_ids


def _looser_id(source: UUID, name: str) -> UUID:
    return uuid5(source, f"like {name}")


async def _load_known(
    session: AsyncSession, source: UUID, run: UUID, records: Sequence[NamedRecord]
) -> tuple[dict[UUID, SourceRecord], KnownNames]:
    exact_ids = {name for record in records for name in record.exact}
    looser_ids = {
        name for record in records for names in record.looser.values() for name in names
    }
    alias = SourceRecordAlias
    query = select(alias.id, alias.record_id, alias.loose).where(
        alias.source_id == source,
        or_(
            is_among(alias.id, exact_ids) & ~alias.loose,
            is_among(alias.id, looser_ids) & alias.loose,
        ),
    )
    exact: dict[UUID, UUID] = {}
    looser = defaultdict[UUID, set[UUID]](set)
    for id_, record_id, loose in await session.execute(query):
        if loose:
            looser[id_].add(record_id)
        else:
            exact[id_] = record_id
    ids = {
        *exact_ids,
        *exact.values(),
        *(id_ for ids in looser.values() for id_ in ids),
    }
    known_rows = (
        select(SourceRecord)
        .options(defer(SourceRecord.original))
        .where(SourceRecord.source_id == source, is_among(SourceRecord.id, ids))
    )
    rows = {row.id: row for row in await session.scalars(known_rows)}
    known = KnownNames(
        {id_: id_ for id_ in exact_ids & set(rows)}
        | {name: id_ for name, id_ in exact.items() if id_ in rows},
        {name: owners & set(rows) for name, owners in looser.items()},
        {row.id for row in rows.values() if row.seen_run == run},
    )
    return rows, known


async def store_names(
    session: AsyncSession, source: UUID, stored: Iterable[tuple[UUID, HarvestedRecord]]
) -> None:
    """Keep the other names of records that were stored; one that has an identifier at last is known by it alone."""
    rows = []
    ids = []
    for id_, record in stored:
        ids.append(id_)
        if id_ not in own_ids(source, record.identifier):
            name = dataset_id(source, record.identifier)
            rows.append({"id": name, "record_id": id_, "loose": False})
        is_rudi = record.source_record.media_type == RUDI
        if not is_rudi and record.identified_by is not IdentityBasis.IDENTIFIER:
            names = {_looser_id(source, name) for _, name in looser_names(record)}
            rows += [{"id": name, "record_id": id_, "loose": True} for name in names]
    alias = SourceRecordAlias
    if ids:
        former = delete(alias).where(
            alias.source_id == source, is_among(alias.record_id, ids), alias.loose
        )
        await session.execute(former, execution_options={"synchronize_session": False})
    if rows:
        await session.execute(
            insert(alias).on_conflict_do_nothing(),
            [{"source_id": source, **row} for row in rows],
        )


async def mark_present(
    session: AsyncSession, source: UUID, run: UUID, identifiers: Iterable[str]
) -> int:
    """Note that records were listed in a reading that did not read them; how many of them it had not met."""
    names = {name for identifier in identifiers for name in own_ids(source, identifier)}
    if not names:
        return 0
    alias = SourceRecordAlias
    renamed = select(alias.record_id).where(
        alias.source_id == source, is_among(alias.id, names), ~alias.loose
    )
    statement = (
        update(SourceRecord)
        .where(
            SourceRecord.source_id == source,
            or_(is_among(SourceRecord.id, names), SourceRecord.id.in_(renamed)),
            or_(SourceRecord.seen_run.is_(None), SourceRecord.seen_run != run),
            or_(~SourceRecord.withdrawn, SourceRecord.same_as.is_not(None)),
            ~SourceRecord.filtered,
        )
        .values(seen_run=run, missing=0)
        .returning(SourceRecord.id)
    )
    quiet = {"synchronize_session": False}
    marked = await session.execute(statement, execution_options=quiet)
    return len(marked.all())


async def move_names(
    session: AsyncSession, source: UUID, former: UUID, later: UUID
) -> None:
    """Have a record be known by the names of another; those that it has already stay as they are."""
    alias = SourceRecordAlias
    names = select(
        alias.tenant_id,
        alias.source_id,
        alias.id,
        literal(later, alias.record_id.type),
        alias.loose,
    ).where(alias.source_id == source, alias.record_id == former)
    columns = ["tenant_id", "source_id", "id", "record_id", "loose"]
    await session.execute(
        insert(alias).from_select(columns, names).on_conflict_do_nothing()
    )
    await forget_names(session, source, [former])


async def forget_names(
    session: AsyncSession, source: UUID, records: Collection[UUID]
) -> None:
    """What is no record any more is known by no name."""
    alias = SourceRecordAlias
    names = delete(alias).where(
        alias.source_id == source, is_among(alias.record_id, records)
    )
    await session.execute(names, execution_options={"synchronize_session": False})
