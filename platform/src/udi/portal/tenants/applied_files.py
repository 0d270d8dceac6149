"""Files beside the versions of pages: which version a folder was taken from, and what applying it would overwrite.

`udi tenant pull` leaves a mark in the folder, `.version`. Files with a mark follow that version; files without one
follow the last that was applied without one.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.tenants.differences import FileDifference, list_differences
from udi.portal.tenants.files import TenantFiles, fingerprint
from udi.portal.tenants.models import TerritoryVersion, VersionOrigin
from udi.portal.tenants.versions import (
    find_published,
    lock_versions,
    make_manifest,
    read_manifest,
    record_applied,
)

MARK = ".version"
MARK_LINE = re.compile(r"([1-9][0-9]{0,8}) ([0-9a-f]{64})")


@dataclass(frozen=True)
class VersionMark:
    """The version that a folder was taken from, with the fingerprint of its files: numbers are of one installation."""

    number: int
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.number} {self.fingerprint}"


class NewerVersionError(Exception):
    """Applying would overwrite what was published on pages."""

    def __init__(
        self, version: TerritoryVersion, differences: list[FileDifference]
    ) -> None:
        super().__init__(f"version {version.number}")
        self.number = version.number
        self.created_at = version.created_at
        self.differences = differences
        """From what is online to the files."""


def read_mark(folder: Path) -> VersionMark | None:
    """The mark of a folder; None without a mark that can be read."""
    path = folder / MARK
    if not path.is_file():
        return None
    match = MARK_LINE.fullmatch(path.read_text(errors="replace").strip())
    if match is None:
        return None
    return VersionMark(int(match[1]), match[2])


async def find_base(session: AsyncSession, mark: VersionMark | None) -> int | None:
    """The number of the version that files with this mark follow: None where that is not known here."""
    if mark is not None:
        query = select(TerritoryVersion).where(TerritoryVersion.number == mark.number)
        version = await session.scalar(query)
        if version is not None:
            files = await read_manifest(session, version.manifest)
            if fingerprint(files) == mark.fingerprint:
                return version.number
    return None


async def find_overwritten(
    session: AsyncSession, files: TenantFiles, base: int | None
) -> TerritoryVersion | None:
    """The newest version of pages that files do not know and would overwrite; None where they may be applied."""
    published = await find_published(session)
    if published is None or published.manifest == make_manifest(files):
        return None
    known = base
    if known is None:
        applied = select(TerritoryVersion.number).where(
            TerritoryVersion.origin == VersionOrigin.FILES,
            TerritoryVersion.base.is_(None),
        )
        newest = applied.order_by(TerritoryVersion.number.desc()).limit(1)
        known = await session.scalar(newest)
    query = (
        select(TerritoryVersion)
        .where(
            TerritoryVersion.origin != VersionOrigin.FILES,
            TerritoryVersion.number > (known or 0),
        )
        .order_by(TerritoryVersion.number.desc())
    )
    return await session.scalar(query.limit(1))


async def apply_files(
    session: AsyncSession,
    files: TenantFiles,
    mark: VersionMark | None,
    *,
    force: bool = False,
) -> TerritoryVersion | None:
    """Record files as the version online, as the owner; None where they are that version already.

    Raises:
        NewerVersionError: they would overwrite what was published on pages, and `force` is not said.
    """
    await lock_versions(session)
    base = await find_base(session, mark)
    overwritten = await find_overwritten(session, files, base)
    if overwritten is not None and not force:
        raise NewerVersionError(overwritten, await compare_online(session, files))
    if overwritten is not None:
        base = None  # Files without a mark, the former ones too, follow this version.
    return await record_applied(session, files, base)


async def compare_online(
    session: AsyncSession, files: TenantFiles
) -> list[FileDifference]:
    """From what is online to these files."""
    published = await find_published(session)
    online: TenantFiles = {}
    if published is not None:
        online = await read_manifest(session, published.manifest)
    return list_differences(online, files)
