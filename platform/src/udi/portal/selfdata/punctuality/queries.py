"""Reads of figures on requests about one's own data."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.organisations.models import Organisation
from udi.portal.selfdata.punctuality.models import (
    LateProducer,
    PunctualityFigure,
    SubjectRequestFigure,
)


async def find_punctuality(
    session: AsyncSession, organisation_id: UUID
) -> PunctualityFigure | None:
    """How punctually a producer answers; None while nothing can be said."""
    return await session.scalar(
        select(PunctualityFigure).where(
            PunctualityFigure.organisation_id == organisation_id
        )
    )


async def map_punctuality(
    session: AsyncSession, organisation_ids: Collection[UUID]
) -> Mapping[UUID, PunctualityFigure]:
    """The same of several, by organisation; those of which nothing can be said are left out."""
    figures = await session.scalars(
        select(PunctualityFigure).where(
            PunctualityFigure.organisation_id.in_(organisation_ids)
        )
    )
    return {figure.organisation_id: figure for figure in figures}


async def list_punctuality(
    session: AsyncSession,
) -> Sequence[tuple[Organisation, PunctualityFigure]]:
    """Every producer of which something can be said, by name."""
    query = (
        select(Organisation, PunctualityFigure)
        .join(
            PunctualityFigure,
            (PunctualityFigure.tenant_id == Organisation.tenant_id)
            & (PunctualityFigure.organisation_id == Organisation.id),
        )
        .order_by(Organisation.name, Organisation.slug)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def list_request_figures(
    session: AsyncSession,
) -> Sequence[SubjectRequestFigure]:
    """Where requests stand, for the team, by right and state."""
    query = select(SubjectRequestFigure).order_by(
        SubjectRequestFigure.right,
        SubjectRequestFigure.state,
        SubjectRequestFigure.is_late,
    )
    return (await session.scalars(query)).all()


async def list_late_producers(
    session: AsyncSession,
) -> Sequence[tuple[Organisation, LateProducer]]:
    """Producers that let five people or more wait beyond the day, those that have longest first."""
    query = (
        select(Organisation, LateProducer)
        .join(
            LateProducer,
            (LateProducer.tenant_id == Organisation.tenant_id)
            & (LateProducer.organisation_id == Organisation.id),
        )
        .order_by(LateProducer.since, Organisation.slug)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


def count_tenths(figure: PunctualityFigure) -> int:
    """Of ten answers, how many were in time, rounded down: a producer is not said to be better than it is."""
    return 10 * (figure.on_time + figure.extended) // figure.received
