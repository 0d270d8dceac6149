"""Writes of the catalogue: what a producer's node describes, changes and withdraws."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msgspec import structs
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import is_among
from udi.kit.identity import Actor
from udi.kit.slugs import list_words
from udi.portal import audit
from udi.portal.catalogue.feeds.topics import DATASET, PAGE, PRODUCER, THEME
from udi.portal.catalogue.history import replace_description
from udi.portal.catalogue.links.inventory import delete_dataset_links
from udi.portal.catalogue.models import (
    AGREEMENT,
    NO_LICENCE,
    OTHER_LICENCE,
    Dataset,
    DatasetState,
    Distribution,
    PastDescription,
    Withdrawal,
)
from udi.portal.catalogue.services.dates import date_services_of
from udi.portal.notifications import actions as notifications
from udi.portal.notifications.models import Change, ChangeKind
from udi.portal.organisations.models import Organisation
from udi.portal.schema import PortalTable
from udi.protocol.record import Record, conceal_record, restore_record, write_record
from udi.protocol.structures import Media
from udi.protocol.structures import Organisation as Publisher

LONGEST_SLUG = 80
TAKEN = frozenset({"history", "withdraw", "allow"})
"""Ends of addresses under a dataset's that are not its title."""


@dataclass(frozen=True)
class DatasetOrigin:
    """The node that holds a dataset, and the producer whose source it was read in, if it was."""

    node_id: UUID
    harvester_id: UUID | None = None


DatasetsById = Mapping[UUID, Dataset]


async def lock_datasets(session: AsyncSession, ids: Collection[UUID]) -> DatasetsById:
    """The datasets of these ids, withdrawn or not, kept from others until the transaction ends.

    Rows that refer to one may be added meanwhile.
    """
    query = (
        select(Dataset)
        .where(is_among(Dataset.id, ids))
        .order_by(Dataset.id)
        .with_for_update(key_share=True)
    )
    return {dataset.id: dataset for dataset in await session.scalars(query)}


async def store_dataset(
    session: AsyncSession, record: Record, *, node_id: UUID
) -> None:
    """Publish one record, or its new version: see `store_datasets`."""
    await store_datasets(
        session,
        [record],
        await lock_datasets(session, [record.id]),
        origin=DatasetOrigin(node_id),
    )


async def store_datasets(
    session: AsyncSession,
    records: Sequence[Record],
    datasets_by_id: DatasetsById,
    *,
    origin: DatasetOrigin,
) -> None:
    """Publish records (each once), or their new versions: the node and the producers were checked before.

    Of restricted data nothing that is made of their cells is taken in, whoever sends it.

    Raises:
        sqlalchemy.exc.IntegrityError: another dataset has the `local_id` or `doi` of one.
    """
    moment = now()
    coming = []
    records = [conceal_record(record) for record in records]
    if returning := _list_returning(records, datasets_by_id):
        await date_services_of(session, returning, moment)
    for record in records:
        dataset = datasets_by_id.get(record.id)
        columns = {
            **_columns_from(origin, record, dataset),
            "described_at": moment,
        }
        event: ChangeKind | None = ChangeKind.PUBLISHED
        if dataset is not None and dataset.state == DatasetState.PUBLISHED:
            if await replace_description(session, dataset, columns["record"]):
                event = ChangeKind.UPDATED
            else:
                event = None
        else:
            columns |= {"state": DatasetState.PUBLISHED, "published_at": moment}
        if dataset is None:
            coming.append(columns)
            dataset = Dataset(**columns)
        else:
            _update_columns(dataset, columns)
        new = "published_at" in columns
        audit.record(
            session,
            None,
            "dataset.published" if new else "dataset.updated",
            record.id,
            node=str(origin.node_id),
        )
        if event is not None:
            _notify_followers(session, dataset, event)
    if datasets_by_id:
        await _delete_former_rows(
            session, [record.id for record in records if record.id in datasets_by_id]
        )
    await _insert_rows(session, Dataset, coming)
    await _insert_rows(
        session,
        Distribution,
        [row for record in records for row in _distribution_rows(record)],
    )


def _list_returning(
    records: Iterable[Record], datasets_by_id: DatasetsById
) -> list[UUID]:
    """Those that were withdrawn, and come back."""
    return [
        record.id
        for record in records
        if (dataset := datasets_by_id.get(record.id))
        and dataset.state != DatasetState.PUBLISHED
    ]


def _columns_from(
    origin: DatasetOrigin, record: Record, dataset: Dataset | None
) -> dict[str, Any]:
    """The columns of a record that comes from somewhere; its address stays while the title does."""
    columns = {
        "id": record.id,
        **columns_of(record),
        "node_id": origin.node_id,
        "harvester_id": origin.harvester_id,
    }
    if dataset is not None and dataset.title == record.title:
        columns["slug"] = dataset.slug
    return columns


def _update_columns(dataset: Dataset, columns: Mapping[str, Any]) -> None:
    for name, value in columns.items():
        setattr(dataset, name, value)


async def _delete_former_rows(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """What the former versions left."""
    await session.flush()
    await session.execute(delete(Withdrawal).where(Withdrawal.id.in_(ids)))
    await session.execute(delete(Distribution).where(Distribution.dataset_id.in_(ids)))


async def _insert_rows(
    session: AsyncSession, table: type[PortalTable], rows: Sequence[Mapping[str, Any]]
) -> None:
    """In one statement, whatever is null in which row."""
    if rows:
        await session.execute(insert(table).execution_options(render_nulls=True), rows)


def _distribution_rows(record: Record) -> Iterator[dict[str, Any]]:
    for position, item in enumerate(record.media):
        yield {"dataset_id": record.id, **media_columns(position, item)}


async def change_publisher(
    session: AsyncSession, datasets: Iterable[Dataset], organisation: Organisation
) -> None:
    """Say of published datasets that another organisation publishes them; their addresses stay.

    They were locked before: what their description said until now is kept in its history.
    """
    moment = now()
    for dataset in datasets:
        record = structs.replace(
            restore_record(dataset.record),
            producer=Publisher(id=organisation.id, name=organisation.name),
        )
        written = write_record(record)
        await replace_description(session, dataset, written)
        dataset.record = written
        dataset.organisation_id = organisation.id
        dataset.described_at = moment
        audit.record(
            session, None, "dataset.updated", dataset.id, node=str(dataset.node_id)
        )
    await session.flush()


async def withdraw_dataset(
    session: AsyncSession,
    dataset: Dataset,
    *,
    reason: str = "",
    moderator: Actor | None = None,
) -> Withdrawal:
    """Take a dataset out of the catalogue; its address keeps saying what it was and why it left, and no more.

    `moderator`: who of the territory's team does it, in the place of its node.
    """
    moment = now()
    withdrawal = Withdrawal(
        id=dataset.id,
        title=dataset.title,
        organisation_id=dataset.organisation_id,
        withdrawn_at=moment,
        reason=reason,
        by_team=moderator is not None,
    )
    session.add(withdrawal)
    dataset.state = DatasetState.WITHDRAWN
    dataset.titles = {}
    dataset.synopsis = {}
    dataset.record = {}
    dataset.other_origins = []
    dataset.keywords = []
    dataset.local_id = ""
    dataset.doi = ""
    await delete_dataset_links(session, dataset.id)
    await date_services_of(session, [dataset.id], moment)
    for part in (Distribution, PastDescription):
        await session.execute(delete(part).where(part.dataset_id == dataset.id))
    await session.flush()
    _notify_followers(session, dataset, ChangeKind.WITHDRAWN)
    audit.record(
        session, moderator, "dataset.withdrawn", dataset.id, node=str(dataset.node_id)
    )
    return withdrawal


def _notify_followers(
    session: AsyncSession, dataset: Dataset, event: ChangeKind
) -> None:
    """Note for those who follow that something happened to a dataset, in the same transaction."""
    topics = [
        (DATASET, str(dataset.id)),
        (PRODUCER, str(dataset.organisation_id)),
        (THEME, dataset.theme),
    ]
    change = Change(
        at=now(),
        event=event,
        kind=DATASET,
        subject_id=dataset.id,
        title=dataset.title,
        path=f"{PAGE}/{dataset.id}",
        api_path=f"/api/v1/datasets/{dataset.id}",
        topics=[f"{kind}:{target}" for kind, target in topics],
    )
    notifications.record_change(session, change)


def slug_of(title: str) -> str:
    """The readable end of an address: `qualite-de-lair`."""
    slug = "-".join(list_words(title))
    if slug in TAKEN:
        return f"{slug}-data"
    if len(slug) <= LONGEST_SLUG:
        return slug
    return slug[:LONGEST_SLUG].rpartition("-")[0] or slug[:LONGEST_SLUG]


def columns_of(record: Record) -> dict[str, Any]:
    """What a row of `dataset` takes from its record."""
    period = record.period
    box = record.geography and record.geography.box
    return {
        "organisation_id": record.producer.id,
        "access": record.access.value,
        "title": record.title,
        "titles": record.titles,
        "slug": slug_of(record.title),
        "synopsis": record.synopsis,
        "theme": record.theme,
        "keywords": list(record.keywords),
        "licence": _licence_column(record),
        "languages": list(record.languages),
        "formats": record.formats,
        "period_start": period and period.start,
        "period_end": period and period.end,
        **{
            side: box and getattr(box, side)
            for side in ("west", "south", "east", "north")
        },
        "created_at": record.dates.created,
        "modified_at": record.dates.updated,
        "unstated_dates": list(record.dates.unstated),
        "local_id": record.local_id,
        "doi": record.doi,
        "record": write_record(record),
    }


def _licence_column(record: Record) -> str:
    if record.licence.is_agreement:
        return AGREEMENT
    if not record.licence.is_stated:
        return NO_LICENCE
    licence = record.licence.standard_licence
    return licence.code if licence else OTHER_LICENCE


def media_columns(position: int, item: Media) -> dict[str, Any]:
    """What a row of `distribution` takes from a medium of the record."""
    return {
        "id": item.id,
        "position": position,
        "kind": item.kind.value,
        "name": item.name,
        "caption": item.caption,
        "url": item.url,
        "media_type": item.media_type,
        "format": item.format,
        "size": item.size,
        "hash_algorithm": item.checksum.algorithm if item.checksum else "",
        "hash_value": item.checksum.value if item.checksum else "",
        "contract": item.contract,
        "documentation": item.documentation,
    }
