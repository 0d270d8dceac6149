"""Short names of organisations, each of which no other of the territory has or had."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.organisations.joining.name_similarity import slugify
from udi.portal.organisations.models import FormerSlug, Organisation


async def find_free_slug(session: AsyncSession, name: str) -> str:
    """A short name that no organisation of the territory has or had."""
    base = slugify(name)
    existing_slugs: set[str] = set()
    for column in (Organisation.slug, FormerSlug.slug):
        existing_slugs |= set(
            await session.scalars(
                select(column).where(column.startswith(base[:30], autoescape=True))
            )
        )
    return next(slug for slug in _candidates(base) if slug not in existing_slugs)


def _candidates(base: str) -> Iterator[str]:
    yield base
    for number in range(2, 10_000):
        yield f"{base[:35].rstrip('-')}-{number}"
