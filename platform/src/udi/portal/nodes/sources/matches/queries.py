"""Reading what seems to be one dataset: pairs that wait for an answer."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.matches.proposals import order_pair
from udi.portal.nodes.sources.models import CatalogueSource, DatasetMatch, MatchState
from udi.portal.organisations.models import Organisation
from udi.protocol.record import restore_record

ONE = aliased(Dataset)
OTHER = aliased(Dataset)
"""The two datasets of a pair, in queries."""


@dataclass(frozen=True)
class ComparedDataset:
    """One of two datasets that seem to be one, as a person compares it; `site` is empty where its node pushes it."""

    dataset: Dataset
    organisation: Organisation
    publisher: str
    site: str
    page: str
    files: tuple[str, ...]
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class ProposedMatch:
    """Two datasets that seem to be one: the one that was here first, and the other."""

    match: DatasetMatch
    first: ComparedDataset
    second: ComparedDataset


def require_team(actor: Actor) -> None:
    """Whether two datasets are one is for the territory's team to say: they may be of two producers.

    Raises:
        ForbiddenError: the person is not of it.
    """
    if not actor.moderator:
        raise ForbiddenError(
            "The territory’s team says whether two datasets are one.",
            remedy="Write to the team if two pages show the same dataset.",
        )


def _select_pairs() -> Select[DatasetMatch, Dataset, Dataset]:
    """Each pair with its two datasets."""
    match = DatasetMatch
    return (
        select(match, ONE, OTHER)
        .join(ONE, (ONE.tenant_id == match.tenant_id) & (ONE.id == match.first_id))
        .join(
            OTHER, (OTHER.tenant_id == match.tenant_id) & (OTHER.id == match.second_id)
        )
    )


def _select_waiting() -> Select[DatasetMatch, Dataset, Dataset]:
    """Pairs that wait for an answer, of which both can be read here."""
    return _select_pairs().where(
        DatasetMatch.state == MatchState.PROPOSED,
        ONE.state == DatasetState.PUBLISHED,
        OTHER.state == DatasetState.PUBLISHED,
    )


async def count_matches(session: AsyncSession) -> int:
    """How many pairs wait."""
    return (
        await session.scalar(
            select(func.count()).select_from(_select_waiting().subquery())
        )
        or 0
    )


async def list_matches(
    session: AsyncSession, actor: Actor, *, limit: int
) -> list[ProposedMatch]:
    """Pairs that wait, the oldest first.

    Raises:
        ForbiddenError: the person is not of the territory's team.
    """
    require_team(actor)
    query = (
        _select_waiting()
        .order_by(
            DatasetMatch.proposed_at, DatasetMatch.first_id, DatasetMatch.second_id
        )
        .limit(limit)
    )
    rows = (await session.execute(query)).all()
    datasets = [dataset for row in rows for dataset in (row[1], row[2])]
    organisations = await _load_organisations(
        session, {dataset.organisation_id for dataset in datasets}
    )
    sources = await _load_sources(session, {dataset.node_id for dataset in datasets})
    pairs = []
    for match, one, other in rows:
        first, second = sorted((one, other), key=lambda item: item.published_at)
        pairs.append(
            ProposedMatch(
                match,
                *(
                    _compare(
                        dataset,
                        organisations[dataset.organisation_id],
                        sources.get(dataset.node_id),
                    )
                    for dataset in (first, second)
                ),
            )
        )
    return pairs


@dataclass(frozen=True)
class AnsweredMatch:
    """Two datasets of which the team said that they are the same."""

    match: DatasetMatch
    first: Dataset
    second: Dataset


async def list_joined(session: AsyncSession, *, limit: int) -> list[AnsweredMatch]:
    """Pairs that are the same, the last answered first: such an answer may be taken back."""
    query = (
        _select_pairs()
        .where(DatasetMatch.state == MatchState.SAME)
        .order_by(DatasetMatch.decided_at.desc(), DatasetMatch.first_id)
        .limit(limit)
    )
    return [AnsweredMatch(*row) for row in await session.execute(query)]


async def _load_organisations(
    session: AsyncSession, ids: set[UUID]
) -> dict[UUID, Organisation]:
    query = select(Organisation).where(Organisation.id.in_(ids))
    return {row.id: row for row in await session.scalars(query)}


async def _load_sources(
    session: AsyncSession, ids: set[UUID]
) -> dict[UUID, CatalogueSource]:
    query = select(CatalogueSource).where(CatalogueSource.id.in_(ids))
    return {row.id: row for row in await session.scalars(query)}


def _compare(
    dataset: Dataset, organisation: Organisation, source: CatalogueSource | None
) -> ComparedDataset:
    record = restore_record(dataset.record)
    publisher = record.metadata.publisher
    names = list(publisher.name.values()) if publisher else []
    return ComparedDataset(
        dataset=dataset,
        organisation=organisation,
        publisher=names[0] if names else record.producer.name,
        site=host_of(source.address) if source else "",
        page=record.description.source,
        files=tuple(media.url for media in record.media),
        keywords=tuple(dataset.keywords),
    )


async def get_match(session: AsyncSession, one: UUID, other: UUID) -> DatasetMatch:
    """The row of two datasets, kept from others until the transaction ends.

    Raises:
        NotFoundError: nobody asked about these two.
    """
    first, second = order_pair(one, other)
    query = select(DatasetMatch).where(
        DatasetMatch.first_id == first, DatasetMatch.second_id == second
    )
    match = await session.scalar(query.with_for_update())
    if match is None:
        raise NotFoundError("Nobody asks whether these two datasets are one.")
    return match
