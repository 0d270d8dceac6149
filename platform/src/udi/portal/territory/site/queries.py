"""Reads for the team's pages of its territory's site: the draft beside what is online, and who published."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.identity.models import Person
from udi.portal.tenants import versions
from udi.portal.tenants.differences import FileDifference, list_differences
from udi.portal.tenants.files import TenantFiles
from udi.portal.tenants.models import TerritoryDraft, TerritoryVersion


@dataclass(frozen=True)
class SiteState:
    """What the team's pages show of the site: its files as the team sees them, and what is not online of them."""

    published: TerritoryVersion
    draft: TerritoryDraft | None
    files: TenantFiles
    """The draft's, or what is online."""
    changed_paths: tuple[str, ...]
    """Files that are in the draft otherwise than in the version that it was begun from."""
    names: dict[UUID, str]
    """Of the people who published and changed."""

    @property
    def is_outdated(self) -> bool:
        """Whether somebody published since the draft was begun."""
        return self.draft is not None and self.draft.base != self.published.number


async def read_state(session: AsyncSession) -> SiteState:
    """The state of the site.

    Raises:
        ConflictError: no files were applied since versions are kept.
    """
    published = await versions.get_published(session)
    draft = await versions.find_draft(session)
    source = draft or published
    files = await versions.read_manifest(session, source.manifest)
    changed: list[str] = []
    if draft is not None:
        base = await versions.get_version(session, draft.base)
        paths = base.manifest.keys() | draft.manifest.keys()
        changed = [
            path
            for path in sorted(paths)
            if base.manifest.get(path) != draft.manifest.get(path)
        ]
    authors = [published.author_id, draft.author_id if draft else None]
    names = await find_names(session, authors)
    return SiteState(published, draft, files, tuple(changed), names)


async def find_names(
    session: AsyncSession, authors: Iterable[UUID | None]
) -> dict[UUID, str]:
    """The names of people who did not leave, by identifier."""
    ids = {author for author in authors if author is not None}
    people = await session.scalars(select(Person).where(Person.id.in_(ids)))
    return {person.id: person.name or person.email for person in people}


async def compare_draft(
    session: AsyncSession, state: SiteState
) -> tuple[Sequence[FileDifference], Sequence[FileDifference]]:
    """What the draft changes; what others published since it was begun."""
    if state.draft is None:
        return (), ()
    base_version = await versions.get_version(session, state.draft.base)
    base = await versions.read_manifest(session, base_version.manifest)
    online = await versions.read_manifest(session, state.published.manifest)
    return list_differences(base, state.files), list_differences(base, online)


async def compare_version(
    session: AsyncSession, version: TerritoryVersion
) -> Sequence[FileDifference]:
    """What a version changed of the one before it."""
    files = await versions.read_manifest(session, version.manifest)
    before: TenantFiles = {}
    if version.number > 1:
        former = await versions.get_version(session, version.number - 1)
        before = await versions.read_manifest(session, former.manifest)
    return list_differences(before, files)
