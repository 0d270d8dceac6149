"""Writes of organisations."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.organisations.models import FormerSlug, Organisation


async def apply_organisation(
    session: AsyncSession,
    *,
    id: UUID,  # noqa: A002 - the column's name
    slug: str,
    name: str,
    summary: Mapping[str, str],
    email: str,
    url: str = "",
    address: str = "",
    kind: str | None = None,
    producer: bool = True,
) -> Organisation:
    """Create an organisation or bring it up to date, by its identifier; addresses with its former name lead to it.

    Without `kind`, it stays what it is.
    """
    await _free_unclaimed_slug(session, id, slug)
    organisation = await session.scalar(
        select(Organisation).where(Organisation.id == id)
    )
    if organisation is None:
        organisation = Organisation(id=id)
        session.add(organisation)
    elif organisation.slug != slug:
        await session.merge(
            FormerSlug(
                tenant_id=organisation.tenant_id,
                slug=organisation.slug,
                organisation_id=id,
            )
        )
    organisation.slug = slug
    organisation.name = name
    organisation.summary = dict(summary)
    organisation.email = email
    organisation.url = url
    organisation.address = address
    organisation.producer = producer
    organisation.kind = organisation.kind or "" if kind is None else kind
    await session.flush()
    await session.execute(delete(FormerSlug).where(FormerSlug.slug == slug))
    return organisation


async def _free_unclaimed_slug(
    session: AsyncSession, organisation_id: UUID, slug: str
) -> None:
    """One that nobody claimed gives its short name to an organisation that the territory knows itself."""
    query = select(Organisation).where(
        Organisation.slug == slug,
        Organisation.id != organisation_id,
        Organisation.unclaimed,
    )
    if unclaimed := await session.scalar(query):
        unclaimed.slug = f"{slug}-{unclaimed.id.hex[:8]}"
        await session.flush()
