"""Reading the register of territories."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.vocabularies import Vocabularies


async def get_tenant(session: AsyncSession, slug: str) -> Tenant:
    """The territory of this slug.

    Raises:
        NotFoundError: none has it.
    """
    tenant = await session.scalar(select(Tenant).where(Tenant.slug == slug))
    if tenant is None:
        raise NotFoundError(f"No territory is called «{slug}».")
    return tenant


async def read_vocabularies(session: AsyncSession, tenant: UUID) -> Vocabularies:
    """What the words of a territory's catalogues mean, by table."""
    vocabularies: Vocabularies | None = await session.scalar(
        select(Tenant.vocabularies).where(Tenant.id == tenant)
    )
    return vocabularies or {}


async def list_tenants(session: AsyncSession) -> Sequence[Tenant]:
    """Every territory, by slug."""
    return (await session.scalars(select(Tenant).order_by(Tenant.slug))).all()
