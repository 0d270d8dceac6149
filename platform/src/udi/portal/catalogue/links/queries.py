"""What of a producer's does not stand as described, for its people and for the territory's team."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError
from udi.kit.identity import Actor
from udi.portal.catalogue.links.content import ContentMatch
from udi.portal.catalogue.links.health import MISSING
from udi.portal.catalogue.models import (
    Dataset,
    DatasetState,
    Distribution,
    Link,
    LinkState,
)
from udi.portal.catalogue.stewards import STEWARD_ID
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import get_producer
from udi.protocol.access import AccessRights

MOST_SHOWN = 200
LACKING = or_(
    Link.state.in_(MISSING),
    and_(Link.state == LinkState.REFUSED, Dataset.access == AccessRights.PUBLIC),
)
"""What a visitor cannot have: what asks for a right is lacking where its dataset is said to be open."""
RESIZED = and_(
    Link.content == ContentMatch.OTHER_SIZE,
    Distribution.size.is_distinct_from(Link.size),
)
ALTERED = or_(Link.content == ContentMatch.OTHER_CHECKSUM, RESIZED)
"""What is not the file described any more, unless it was described anew since."""


@dataclass(frozen=True)
class LinkedFile:
    """An address, and the file of a dataset that has it."""

    link: Link
    name: str
    dataset_id: UUID
    title: str
    titles: Mapping[str, str]
    synopsis: Mapping[str, str]


@dataclass(frozen=True)
class ProducerLinks:
    """What a producer's addresses are: how many there are, and those to look after."""

    producer: Organisation
    total: int
    amiss: int
    lines: Sequence[LinkedFile]


def select_link_rows(*columns: Any) -> Select[Any]:
    """Columns of addresses with the files that have them and their datasets."""
    file = (Distribution.tenant_id == Link.tenant_id) & (Distribution.url == Link.url)
    dataset = (Dataset.tenant_id == Distribution.tenant_id) & (
        Dataset.id == Distribution.dataset_id
    )
    query = (
        select(*columns)
        .select_from(Link)
        .join(Distribution, file)
        .join(Dataset, dataset)
    )
    return query.where(Dataset.state == DatasetState.PUBLISHED)


def may_maintain_data(actor: Actor, producer: Organisation) -> bool:
    """Whether a person may change the producer's data, or is of the team."""
    return actor.moderator or actor.may_publish(producer.slug)


async def get_maintained_producer(
    session: AsyncSession, actor: Actor, slug: str
) -> Organisation:
    """The producer of this slug, for who may change its data, and for the team.

    Raises:
        NotFoundError: the territory has none of this name.
        ForbiddenError: the person may not change its data.
    """
    producer = await get_producer(session, slug)
    if not may_maintain_data(actor, producer):
        raise ForbiddenError(
            "This list is for the people who publish for this producer.",
            remedy="The page of each dataset shows the state of its files.",
        )
    return producer


async def list_faulty_links(
    session: AsyncSession, producer: Organisation
) -> ProducerLinks:
    """What is missing, moved, closed or other than described, what is missing for longest first."""
    condition: ColumnElement[bool] = STEWARD_ID.is_not_distinct_from(producer.id)
    amiss = or_(LACKING, Link.state == LinkState.MOVED, ALTERED)
    total = (
        await session.scalar(
            select_link_rows(func.count(Link.id.distinct())).where(condition)
        )
        or 0
    )
    count = (
        await session.scalar(
            select_link_rows(func.count(Link.id.distinct())).where(condition, amiss)
        )
        or 0
    )
    return ProducerLinks(
        producer,
        total,
        count,
        await list_links(session, condition, amiss, most=MOST_SHOWN),
    )


async def list_links(
    session: AsyncSession, *conditions: Any, most: int
) -> list[LinkedFile]:
    """One line an address, with the first of the datasets that have it; what cannot be had first."""
    columns = (
        Link,
        Distribution.name,
        Dataset.id,
        Dataset.title,
        Dataset.titles,
        Dataset.synopsis,
    )
    order = (
        Link.state.in_(MISSING).desc(),
        Link.since,
        Link.id,
        Dataset.title,
        Dataset.id,
    )
    lines: dict[UUID, LinkedFile] = {}
    for row in await session.execute(
        select_link_rows(*columns).where(*conditions).order_by(*order).limit(4 * most)
    ):
        lines.setdefault(row[0].id, LinkedFile(*row))
    return list(lines.values())[:most]
