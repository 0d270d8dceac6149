"""Reading the register of territories."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.vocabularies import Words


async def get_tenant(session: AsyncSession, slug: str) -> Tenant:
    """The territory of this slug.

    Raises:
        NotFoundError: none has it.
    """
    found = await session.scalar(select(Tenant).where(Tenant.slug == slug))
    if found is None:
        raise NotFoundError(f"No territory is called «{slug}».")
    return found


async def read_vocabularies(session: AsyncSession, tenant: UUID) -> Words:
    """What the words of a territory's catalogues mean, by table."""
    found: Words | None = await session.scalar(select(Tenant.vocabularies).where(Tenant.id == tenant))
    return found or {}


async def list_tenants(session: AsyncSession) -> Sequence[Tenant]:
    """Every territory, by slug."""
    return (await session.scalars(select(Tenant).order_by(Tenant.slug))).all()
