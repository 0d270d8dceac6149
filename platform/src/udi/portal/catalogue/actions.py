"""Writes of the catalogue: what a producer's node describes, changes and withdraws."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.catalogue.history import remember_description
from udi.portal.catalogue.models import (
    OTHER_LICENCE,
    Dataset,
    DatasetState,
    Distribution,
    PastDescription,
    Withdrawal,
)
from udi.portal.catalogue.topics import tell_change
from udi.portal.notifications.models import What
from udi.protocol.record import Record, write_record
from udi.protocol.structures import Media

LONGEST_SLUG = 80
TAKEN = frozenset({"history", "withdraw", "allow"})
"""Ends of addresses under a dataset's that are not its title."""


async def store_dataset(session: AsyncSession, record: Record, *, node_id: UUID) -> Dataset:
    """Publish a record, or its new version: the node and the producer were checked before.

    Raises:
        sqlalchemy.exc.IntegrityError: another dataset has its `local_id` or `doi`.
    """
    dataset = await session.scalar(select(Dataset).where(Dataset.id == record.id).with_for_update())
    shown = dataset is not None and dataset.state == DatasetState.PUBLISHED
    if dataset is None:
        dataset = Dataset(id=record.id)
        session.add(dataset)
    columns = columns_of(record)
    changed = await remember_description(session, dataset, columns["record"]) if shown else True
    for name, value in columns.items():
        setattr(dataset, name, value)
    dataset.node_id, dataset.described_at = node_id, now()
    if not shown:
        dataset.state, dataset.published_at = DatasetState.PUBLISHED, dataset.described_at
        await session.execute(delete(Withdrawal).where(Withdrawal.id == record.id))
    await session.flush()
    await _replace_distributions(session, dataset, record.media)
    if changed:
        tell_change(session, dataset, What.UPDATED if shown else What.PUBLISHED)
    audit.record(session, None, "dataset.updated" if shown else "dataset.published", dataset.id, node=str(node_id))
    return dataset


async def withdraw_dataset(
    session: AsyncSession, dataset: Dataset, *, reason: str = "", moderator: Actor | None = None
) -> Withdrawal:
    """Take a dataset out of the catalogue; its address keeps saying what it was and why it left, and no more.

    `moderator`: who of the territory's team does it, in the place of its node.
    """
    withdrawal = Withdrawal(
        id=dataset.id,
        title=dataset.title,
        organisation_id=dataset.organisation_id,
        withdrawn_at=now(),
        reason=reason,
        by_team=moderator is not None,
    )
    session.add(withdrawal)
    dataset.state = DatasetState.WITHDRAWN
    dataset.synopsis, dataset.summary, dataset.record = {}, {}, {}
    dataset.keywords, dataset.local_id, dataset.doi = [], "", ""
    for part in (Distribution, PastDescription):
        await session.execute(delete(part).where(part.dataset_id == dataset.id))
    await session.flush()
    tell_change(session, dataset, What.WITHDRAWN)
    audit.record(session, moderator, "dataset.withdrawn", dataset.id, node=str(dataset.node_id))
    return withdrawal


def slug_of(title: str) -> str:
    """The readable end of an address: `qualite-de-lair`."""
    plain = unicodedata.normalize("NFKD", title.replace("œ", "oe").replace("Œ", "oe"))
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    words = re.findall(r"[a-z0-9]+", letters.lower())
    slug = "-".join(words)
    if slug in TAKEN:
        return f"{slug}-data"
    return slug if len(slug) <= LONGEST_SLUG else slug[:LONGEST_SLUG].rpartition("-")[0] or slug[:LONGEST_SLUG]


def columns_of(record: Record) -> dict[str, Any]:
    """What a row of `dataset` takes from its record."""
    period, box = record.period, record.geography and record.geography.box
    return {
        "organisation_id": record.producer.id,
        "access": record.access.value,
        "title": record.title,
        "slug": slug_of(record.title),
        "synopsis": record.synopsis,
        "summary": record.summary,
        "theme": record.theme,
        "keywords": list(record.keywords),
        "licence": record.licence.code or OTHER_LICENCE,
        "languages": list(record.languages),
        "formats": record.formats,
        "period_start": period and period.start,
        "period_end": period and period.end,
        **{side: box and getattr(box, side) for side in ("west", "south", "east", "north")},
        "created_at": record.dates.created,
        "modified_at": record.dates.updated,
        "local_id": record.local_id,
        "doi": record.doi,
        "record": write_record(record),
    }


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


async def _replace_distributions(session: AsyncSession, dataset: Dataset, media: Sequence[Media]) -> None:
    await session.execute(delete(Distribution).where(Distribution.dataset_id == dataset.id))
    session.add_all(
        Distribution(dataset_id=dataset.id, **media_columns(position, item)) for position, item in enumerate(media)
    )
    await session.flush()
