"""Reads of organisations."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import any_, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError, RenamedError
from udi.kit.read_connections import RowReader, SessionRowReader
from udi.portal.organisations.models import FormerSlug, Organisation

NAMES = str(
    select(Organisation.slug, Organisation.name)
    .where(Organisation.slug == any_(literal_column("$1::text[]")))
    .compile()
)
"""For the driver: pages of searches ask it each time."""


async def find_organisations(
    session: AsyncSession, slugs: Collection[str]
) -> dict[str, Organisation]:
    """The organisations that have these slugs, by slug."""
    organisations = await session.scalars(
        select(Organisation).where(Organisation.slug.in_(slugs))
    )
    return {organisation.slug: organisation for organisation in organisations}


async def find_organisation(
    session: AsyncSession, id_: UUID | None
) -> Organisation | None:
    """The organisation of this identifier."""
    if id_:
        return await session.scalar(select(Organisation).where(Organisation.id == id_))
    return None


async def name_organisations(
    session: AsyncSession, slugs: Collection[str]
) -> dict[str, str]:
    """Names by slug."""
    return await read_names(SessionRowReader(session), slugs)


async def read_names(
    rows: RowReader | SessionRowReader, slugs: Collection[str]
) -> dict[str, str]:
    """The same, by whatever reads rows."""
    if not slugs:
        return {}
    records = await rows.fetch(NAMES, list(slugs))
    return {record["slug"]: record["name"] for record in records}


async def list_slugs(session: AsyncSession) -> list[str]:
    """The slugs of all organisations of the territory."""
    return list(await session.scalars(select(Organisation.slug)))


async def list_producers(session: AsyncSession) -> Sequence[Organisation]:
    """The organisations that publish data, by name."""
    producers = select(Organisation).where(Organisation.producer)
    organisations = (await session.scalars(producers)).all()
    return sorted(organisations, key=lambda organisation: organisation.name.casefold())


async def list_claimed_producers(session: AsyncSession) -> Sequence[Organisation]:
    """Those that have people of their own, by name: somebody answers, signs or looks after what is theirs."""
    return [
        producer for producer in await list_producers(session) if not producer.unclaimed
    ]


async def get_producer(session: AsyncSession, slug: str) -> Organisation:
    """The producer of this slug.

    Raises:
        RenamedError: it had this name before.
        NotFoundError: the territory has none of this name.
    """
    producer = select(Organisation).where(
        Organisation.slug == slug, Organisation.producer
    )
    if slug.isprintable():
        organisation = await session.scalar(producer)
    else:
        organisation = None
    if organisation is None and slug.isprintable():
        await _raise_if_renamed(session, slug)
    if organisation is None:
        raise NotFoundError("No producer has this address here.")
    return organisation


async def _raise_if_renamed(session: AsyncSession, slug: str) -> None:
    same = (FormerSlug.tenant_id == Organisation.tenant_id) & (
        FormerSlug.organisation_id == Organisation.id
    )
    query = (
        select(Organisation.slug)
        .join(FormerSlug, same)
        .where(FormerSlug.slug == slug, Organisation.producer)
    )
    if present := await session.scalar(query):
        raise RenamedError(former=slug, present=present)
