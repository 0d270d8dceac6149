"""One row an address: those of what is published come in, those that nothing links to any more go.

Addresses of the territory's hosted node are left out: whoever runs the portal watches that node already, and a portal
that asks its own machine for each of its files a day learns nothing more.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Text, bindparam, delete, exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from udi.portal.catalogue.models import Distribution, Link
from udi.portal.catalogue.services.models import CatalogueService

HOST = "substring(lower(url) FROM '^https?://(?:[^/?#@]*@)?([^/?#@]+)')"
COMING = f"""
INSERT INTO app.link (tenant_id, id, url, host, state, failures, next_at)
SELECT app.current_tenant(), md5(url)::uuid, url, {HOST}, 'unchecked', 0, now()
FROM (SELECT d.url FROM app.distribution d JOIN app.dataset s ON s.tenant_id = d.tenant_id AND s.id = d.dataset_id
  WHERE s.state = 'published'{{recent}}
  UNION SELECT endpoint FROM app.catalogue_service WHERE withdrawn_at IS NULL{{recent_service}}) AS published
WHERE {HOST} IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(:own) AS own WHERE starts_with(url, own))
AND NOT EXISTS (SELECT FROM app.link l WHERE l.id = md5(published.url)::uuid)
ON CONFLICT DO NOTHING"""
OWN = bindparam("own", type_=ARRAY(Text))
COMING_WHOLE = text(COMING.format(recent="", recent_service="")).bindparams(OWN)
COMING_RECENT = text(
    COMING.format(
        recent=" AND s.described_at >= :since",
        recent_service=" AND changed_at >= :since",
    )
).bindparams(OWN)
GOING = text("""
DELETE FROM app.link l WHERE NOT EXISTS (
  SELECT FROM app.distribution d WHERE d.tenant_id = l.tenant_id AND d.url = l.url)
AND NOT EXISTS (SELECT FROM app.catalogue_service s
  WHERE s.tenant_id = l.tenant_id AND s.endpoint = l.url AND s.withdrawn_at IS NULL)""")


async def add_links(
    session: AsyncSession, origin: str, since: datetime | None = None
) -> None:
    """Add the addresses of what was described since (of all without it), but for those of this machine, at `origin`."""
    statement, values = (
        (COMING_WHOLE, {}) if since is None else (COMING_RECENT, {"since": since})
    )
    await session.execute(
        statement, {**values, "own": [f"{origin}/"] if origin else []}
    )


async def delete_unused_links(session: AsyncSession) -> None:
    """Forget the addresses that no dataset has any more."""
    await session.execute(GOING)


async def delete_dataset_links(session: AsyncSession, dataset_id: UUID) -> None:
    """Forget the addresses of a dataset that is about to lose its files, but for those that others have too."""
    other = aliased(Distribution)
    same = (
        (other.tenant_id == Link.tenant_id)
        & (other.url == Link.url)
        & (other.dataset_id != dataset_id)
    )
    mine = select(Distribution.url).where(Distribution.dataset_id == dataset_id)
    service = (CatalogueService.tenant_id == Link.tenant_id) & (
        CatalogueService.endpoint == Link.url
    )
    statement = delete(Link).where(
        Link.url.in_(mine), ~exists().where(same), ~exists().where(service)
    )
    await session.execute(statement.execution_options(synchronize_session=False))
