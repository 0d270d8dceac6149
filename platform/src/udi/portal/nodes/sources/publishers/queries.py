"""Reads of the publishers that sources name, and of those that wait for somebody to confirm who they are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor, manages_any
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    SourcePublisher,
    SourceRecord,
)
from udi.portal.organisations.joining.name_similarity import normalise_name
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import find_organisation, list_producers

MOST_SHOWN = 500


@dataclass(frozen=True)
class PublisherSummary:
    """A publisher of a source, with the organisation that it is here and how many datasets name it."""

    row: SourcePublisher
    organisation: Organisation
    proposed: Organisation | None
    count: int
    language: str

    @property
    def name(self) -> str:
        """As the source writes it; its address where it gives no name."""
        names = self.row.names
        return (
            names.get(self.language) or next(iter(names.values()), "") or self.row.uri
        )


@dataclass(frozen=True)
class PublisherProposal:
    """A publisher of a source that seems to be an organisation with people of its own: somebody is to say whether it is."""

    row: SourcePublisher
    source: CatalogueSource
    proposed: Organisation
    harvester: Organisation

    @property
    def name(self) -> str:
        """As the source writes it; its address where it gives no name."""
        names = self.row.names
        return (
            names.get(self.source.language)
            or next(iter(names.values()), "")
            or self.row.uri
        )


def may_answer_for(actor: Actor, organisation: Organisation) -> bool:
    """Whether a person may say that a publisher that a source names is this organisation."""
    return (
        organisation.unclaimed or actor.moderator or actor.may_manage(organisation.slug)
    )


def awaits_answer(
    row: SourcePublisher, organisation: Organisation, source: CatalogueSource
) -> bool:
    """Whether the organisation of a publisher joined after its datasets were read, and has still to say that it is it."""
    return (
        not row.confirmed
        and not organisation.unclaimed
        and organisation.id != source.organisation_id
    )


async def find_asked(
    session: AsyncSession, source: CatalogueSource, row: SourcePublisher
) -> Organisation | None:
    """The organisation that is asked whether it is a publisher: the one proposed, else the one it stands under unconfirmed."""
    if row.proposed_id:
        return await find_organisation(session, row.proposed_id)
    organisation = await find_organisation(session, row.organisation_id)
    if organisation and awaits_answer(row, organisation, source):
        return organisation
    return None


async def list_publishers(
    session: AsyncSession, source: CatalogueSource
) -> list[PublisherSummary]:
    """The publishers of a source: those that wait for an answer, then those with the most datasets."""
    counted = (
        select(SourceRecord.publisher, func.count())
        .where(SourceRecord.source_id == source.id, ~SourceRecord.withdrawn)
        .group_by(SourceRecord.publisher)
    )
    counts = {row[0]: row[1] for row in await session.execute(counted)}
    rows = (
        await session.scalars(
            select(SourcePublisher).where(SourcePublisher.source_id == source.id)
        )
    ).all()
    ids = {row.organisation_id for row in rows} | {row.proposed_id for row in rows}
    organisations = {
        organisation.id: organisation
        for organisation in await session.scalars(
            select(Organisation).where(Organisation.id.in_(ids - {None}))
        )
    }
    summaries = []
    for row in rows:
        organisation = organisations[row.organisation_id]
        proposed = None
        if row.proposed_id:
            proposed = organisations.get(row.proposed_id)
        elif awaits_answer(row, organisation, source):
            proposed = organisation
        count = counts.get(row.key, 0)
        summaries.append(
            PublisherSummary(row, organisation, proposed, count, source.language)
        )
    return sorted(
        summaries,
        key=lambda summary: (
            summary.proposed is None,
            -summary.count,
            summary.name.casefold(),
            summary.row.key,
        ),
    )


async def list_choices(session: AsyncSession) -> list[str]:
    """What a person may write to choose an organisation: its name, or its short name where several have one name."""
    producers = await list_producers(session)
    names = Counter(producer.name for producer in producers)
    return [
        producer.name if names[producer.name] == 1 else producer.slug
        for producer in producers
    ]


async def find_choice(session: AsyncSession, words: str) -> Organisation:
    """The organisation of this short name, else the one of this name.

    Raises:
        NotFoundError: the territory has none, or several of this name.
    """
    named = [
        producer
        for producer in await list_producers(session)
        if words == producer.slug
        or (
            normalise_name(words)
            and normalise_name(words) == normalise_name(producer.name)
        )
    ]
    exact = [producer for producer in named if producer.slug == words]
    if len(exact or named) != 1:
        raise NotFoundError(
            "No organisation of the territory has this name.",
            remedy="Choose one that the field proposes.",
        )
    return (exact or named)[0]


async def get_publisher(
    session: AsyncSession, source_id: UUID, key: str
) -> SourcePublisher:
    """A publisher of a source, kept from others until the transaction ends.

    Raises:
        NotFoundError: the source names none of this key.
    """
    query = select(SourcePublisher).where(
        SourcePublisher.source_id == source_id, SourcePublisher.key == key
    )
    row = await session.scalar(query.with_for_update()) if key.isprintable() else None
    if row is None:
        raise NotFoundError("This source names no such publisher.")
    return row


async def list_proposals(
    session: AsyncSession, actor: Actor
) -> Sequence[PublisherProposal]:
    """The publishers about which the person may answer, those first seen first."""
    if not manages_any(actor):
        return []
    tenant = SourcePublisher.tenant_id
    unconfirmed = and_(
        ~SourcePublisher.confirmed,
        ~Organisation.unclaimed,
        SourcePublisher.organisation_id != CatalogueSource.organisation_id,
    )
    query = (
        select(SourcePublisher, CatalogueSource, Organisation)
        .join(
            CatalogueSource,
            (CatalogueSource.tenant_id == tenant)
            & (CatalogueSource.id == SourcePublisher.source_id),
        )
        .join(
            Organisation,
            (Organisation.tenant_id == tenant)
            & (
                Organisation.id
                == func.coalesce(
                    SourcePublisher.proposed_id, SourcePublisher.organisation_id
                )
            ),
        )
        .where(or_(SourcePublisher.proposed_id.is_not(None), unconfirmed))
        .order_by(SourcePublisher.first_seen_at, SourcePublisher.key)
        .limit(MOST_SHOWN)
    )
    if not actor.moderator:
        managed = await _list_managed(session, actor)
        # The second says it once more of columns that have an index.
        query = query.where(
            Organisation.id.in_(managed),
            or_(
                SourcePublisher.proposed_id.in_(managed),
                SourcePublisher.organisation_id.in_(managed),
            ),
        )
    rows = (await session.execute(query)).all()
    ids = {source.organisation_id for _, source, _ in rows}
    harvesters = {
        organisation.id: organisation
        for organisation in await session.scalars(
            select(Organisation).where(Organisation.id.in_(ids))
        )
    }
    return [
        PublisherProposal(row, source, proposed, harvesters[source.organisation_id])
        for row, source, proposed in rows
    ]


async def _list_managed(session: AsyncSession, actor: Actor) -> Sequence[UUID]:
    slugs = [slug for slug in actor.memberships if actor.may_manage(slug)]
    query = select(Organisation.id).where(Organisation.slug.in_(slugs))
    return (await session.scalars(query)).all()
