"""Versions of a territory's files, in the portal's database: what is online, the draft of the team, and all before.

A version is a mapping of paths to bytes, the same files as `tenants/<slug>/`. The team changes one draft; nothing is
online before it is published, which makes a version, as does each `udi tenant apply` of other files. Nothing is
overwritten: to restore an old version makes a new one.

For pages, with a session of the territory (role `app`):

- `find_published(session)`: the version that is online, or None where no files were applied yet;
- `list_published(session, prefix)`, `read_published(session, path)`: what is online, for passers-by too;
- `read_draft(session)`: the files as the team sees them, the draft's or what is online;
- `change_draft(session, author, {path: bytes or None})`: change files of the draft; None takes one away;
- `change_draft_values(session, author, {("theme", "hue"): 30})`: change values of its `tenant.toml`;
- `publish_draft(session, author, slug, note)`, `discard_draft(session)`, `update_draft(session)`, `restore_version(…)`.

They raise `ConflictError` where somebody published meanwhile, and `InvalidFilesError` where files are wrong. The
caller records the event, and then calls `write_register`.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    Refusal,
    field_error,
)
from udi.portal.tenants.files import (
    TenantFault,
    TenantFaultsError,
    TenantFiles,
    TenantFolder,
    read_files,
)
from udi.portal.tenants.models import (
    PublishedFile,
    TerritoryDraft,
    TerritoryFile,
    TerritoryVersion,
    VersionOrigin,
)
from udi.portal.tenants.toml.tenant_toml import (
    Values,
    find_changes,
    is_operators,
    keep_operator_values,
    merge_changes,
    set_values,
)

Manifest = Mapping[str, str]
TENANT_FILE = "tenant.toml"
LONGEST_NOTE = 200
GREATEST_NUMBER = 2**31 - 1
"""What the database has a place for."""
LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('files ' || app.current_tenant()::text, 0))"
)


class InvalidFilesError(InvalidError):
    """Files of the draft are wrong; `faults` has every fault."""

    def __init__(self, faults: Sequence[TenantFault]) -> None:
        refusals = [
            Refusal(fault.file, fault.problem, fault.remedy) for fault in faults
        ]
        super().__init__(refusals=refusals)
        self.faults = list(faults)


async def lock_versions(session: AsyncSession) -> None:
    """Hold the versions as they are until the transaction ends."""
    await session.execute(LOCK)


async def find_published(session: AsyncSession) -> TerritoryVersion | None:
    """The version that is online; None before files were applied."""
    newest = select(TerritoryVersion).order_by(TerritoryVersion.number.desc())
    return await session.scalar(newest.limit(1))


async def get_published(session: AsyncSession) -> TerritoryVersion:
    """The version that is online.

    Raises:
        ConflictError: no files were applied yet.
    """
    version = await find_published(session)
    if version is None:
        raise ConflictError(
            "The files of this territory were not applied since pages can change them.",
            remedy="Ask the operator of the installation to apply them (udi tenant apply).",
        )
    return version


async def get_version(session: AsyncSession, number: int) -> TerritoryVersion:
    """A version by its number.

    Raises:
        NotFoundError: there is none.
    """
    version = None
    if number <= GREATEST_NUMBER:
        query = select(TerritoryVersion).where(TerritoryVersion.number == number)
        version = await session.scalar(query)
    if version is None:
        raise NotFoundError
    return version


async def list_versions(
    session: AsyncSession, *, offset: int = 0, limit: int = 50
) -> Sequence[TerritoryVersion]:
    """Versions, the newest first."""
    query = select(TerritoryVersion).order_by(TerritoryVersion.number.desc())
    return (await session.scalars(query.offset(offset).limit(limit))).all()


async def is_known(session: AsyncSession, files: TenantFiles) -> bool:
    """Whether these files are a version."""
    query = select(TerritoryVersion.number).where(
        TerritoryVersion.manifest == make_manifest(files)
    )
    return await session.scalar(query.limit(1)) is not None


async def list_published(session: AsyncSession, prefix: str = "") -> list[str]:
    """The paths online that begin so, in order."""
    query = select(PublishedFile.path).where(
        PublishedFile.path.startswith(prefix, autoescape=True)
    )
    return list(await session.scalars(query.order_by(PublishedFile.path)))


async def read_published(session: AsyncSession, path: str) -> bytes | None:
    """A file that is online; None where there is none at this path."""
    query = (
        select(TerritoryFile.content)
        .join(
            PublishedFile,
            (PublishedFile.tenant_id == TerritoryFile.tenant_id)
            & (PublishedFile.sha256 == TerritoryFile.sha256),
        )
        .where(PublishedFile.path == path)
    )
    return await session.scalar(query)


async def read_manifest(session: AsyncSession, manifest: Manifest) -> dict[str, bytes]:
    """The files of a manifest."""
    digests = set(manifest.values())
    query = select(TerritoryFile).where(TerritoryFile.sha256.in_(digests))
    contents = {row.sha256: row.content for row in await session.scalars(query)}
    return {path: contents[digest] for path, digest in sorted(manifest.items())}


async def find_draft(session: AsyncSession) -> TerritoryDraft | None:
    """What the team has not published yet, as it is now: another session may have changed it since it was read."""
    query = select(TerritoryDraft).execution_options(populate_existing=True)
    return await session.scalar(query)


async def read_draft(session: AsyncSession) -> dict[str, bytes]:
    """The files as the team sees them: the draft's, else what is online.

    Raises:
        ConflictError: no files were applied yet.
    """
    source = await find_draft(session) or await get_published(session)
    return await read_manifest(session, source.manifest)


async def change_draft(
    session: AsyncSession, author: UUID, changes: Mapping[str, bytes | None]
) -> TerritoryDraft | None:
    """Change files of the draft, begun from what is online; None takes a file away. The draft, None where it is equal.

    Contents are checked when the draft is published; what may not be changed on a page is refused at once.

    Raises:
        ConflictError: no files were applied yet.
        InvalidError: the operator alone changes this.
    """
    await lock_versions(session)
    published = await get_published(session)
    files = await read_draft(session)
    for path, content in changes.items():
        if content is None:
            files.pop(path, None)
        else:
            files[path] = content
    await _refuse_operators(session, published, files)
    return await _save_draft(session, author, published, files)


async def change_draft_values(
    session: AsyncSession, author: UUID, values: Values
) -> TerritoryDraft | None:
    """Change values of `tenant.toml` in the draft, comments and order kept; None takes a value away.

    Raises:
        ConflictError: no files were applied yet.
        InvalidError: the operator alone changes this.
    """
    await lock_versions(session)
    source = (await read_draft(session))[TENANT_FILE]
    return await change_draft(
        session, author, {TENANT_FILE: set_values(source, values)}
    )


async def _refuse_operators(
    session: AsyncSession, published: TerritoryVersion, files: TenantFiles
) -> None:
    draft = await find_draft(session)
    base = published
    if draft is not None:
        base = await get_version(session, draft.base)
    digest = base.manifest[TENANT_FILE]
    before = (await read_manifest(session, {TENANT_FILE: digest}))[TENANT_FILE]
    try:
        changes = find_changes(before, files.get(TENANT_FILE, b""))
    except ValueError as error:
        raise field_error(TENANT_FILE, "This is no TOML in UTF-8.") from error
    refused = sorted(".".join(key) for key in changes if is_operators(key))
    if refused:
        raise field_error(
            TENANT_FILE,
            "%(names)s: only the operator of the installation changes this.",
            "Write to the operator.",
            values={"names": ", ".join(refused)},
        )


async def _save_draft(
    session: AsyncSession,
    author: UUID | None,
    published: TerritoryVersion,
    files: TenantFiles,
) -> TerritoryDraft | None:
    draft = await find_draft(session)
    manifest = await _store_files(session, files)
    is_up_to_date = draft is None or draft.base == published.number
    if is_up_to_date and manifest == published.manifest:
        await discard_draft(session)
        return None
    if draft is None:
        draft = TerritoryDraft(base=published.number, manifest=manifest)
        session.add(draft)
    draft.manifest = manifest
    draft.changed_at = now()
    draft.author_id = author
    await session.flush()
    await _forget_unused_files(session)
    return draft


async def discard_draft(session: AsyncSession) -> None:
    """Give up what was not published."""
    await session.execute(delete(TerritoryDraft))
    await _forget_unused_files(session)


async def update_draft(session: AsyncSession, author: UUID) -> TerritoryDraft | None:
    """Bring the draft up to date with what was published meanwhile; None where nothing is left to publish.

    A file changed on both sides is the draft's, and `tenant.toml` has the changes of both, value by value; what the
    draft covers stays in the versions.

    Raises:
        ConflictError: no files were applied yet.
    """
    await lock_versions(session)
    published = await get_published(session)
    draft = await find_draft(session)
    if draft is None or draft.base == published.number:
        return draft
    base = await read_manifest(
        session, (await get_version(session, draft.base)).manifest
    )
    changed = await read_manifest(session, draft.manifest)
    online = await read_manifest(session, published.manifest)
    files = merge_files(base, changed, online)
    draft.base = published.number
    await session.flush()
    return await _save_draft(session, author, published, files)


def merge_files(
    base: TenantFiles, changed: TenantFiles, online: TenantFiles
) -> dict[str, bytes]:
    """The files online with what `changed` has otherwise than `base`."""
    files = dict(online)
    for path in base.keys() | changed.keys():
        before = base.get(path)
        after = changed.get(path)
        present = online.get(path)
        if after == before:
            continue
        if after is None:
            files.pop(path, None)
        elif path == TENANT_FILE and before is not None and present is not None:
            files[path] = merge_changes(before, after, present)
        else:
            files[path] = after
    return files


async def publish_draft(
    session: AsyncSession, author: UUID, slug: str, note: str = ""
) -> tuple[TerritoryVersion, TenantFolder]:
    """Make the draft a version, the one online from now on.

    Raises:
        ConflictError: there is nothing to publish, or somebody published meanwhile.
        InvalidFilesError: files are wrong.
    """
    await lock_versions(session)
    published = await get_published(session)
    draft = await find_draft(session)
    if draft is None:
        raise ConflictError("There is no change to publish.")
    if draft.base != published.number:
        raise ConflictError(
            "Somebody published since these changes were begun.",
            remedy="Look at the differences, then bring your changes up to date.",
        )
    files = await read_manifest(session, draft.manifest)
    folder = _require_right(files, slug)
    version = await _add_version(
        session, published, files, origin=VersionOrigin.PAGE, author=author, note=note
    )
    await discard_draft(session)
    return version, folder


async def restore_version(
    session: AsyncSession, author: UUID, slug: str, number: int, note: str = ""
) -> tuple[TerritoryVersion, TenantFolder]:
    """Make an old version the one online, as a new version. What is the operator's stays as it is now.

    Raises:
        NotFoundError: there is no such version.
        ConflictError: it is as what is online.
        InvalidFilesError: its files are wrong by the rules of now.
    """
    await lock_versions(session)
    published = await get_published(session)
    former = await get_version(session, number)
    files = await read_manifest(session, former.manifest)
    online = await read_manifest(session, published.manifest)
    files[TENANT_FILE] = keep_operator_values(files[TENANT_FILE], online[TENANT_FILE])
    if files == online:
        raise ConflictError("This version is the same as the one online.")
    folder = _require_right(files, slug)
    version = await _add_version(
        session,
        published,
        files,
        origin=VersionOrigin.PAGE,
        author=author,
        note=note,
        restored=number,
    )
    return version, folder


def _require_right(files: TenantFiles, slug: str) -> TenantFolder:
    try:
        return read_files(files, slug)
    except TenantFaultsError as error:
        raise InvalidFilesError(error.faults) from error


async def _add_version(
    session: AsyncSession,
    published: TerritoryVersion | None,
    files: TenantFiles,
    *,
    origin: VersionOrigin,
    author: UUID | None = None,
    note: str = "",
    base: int | None = None,
    restored: int | None = None,
) -> TerritoryVersion:
    manifest = await _store_files(session, files)
    version = TerritoryVersion(
        number=published.number + 1 if published else 1,
        author_id=author,
        origin=origin,
        note=note.replace("\0", "").strip()[:LONGEST_NOTE],
        manifest=manifest,
        base=base,
        restored=restored,
    )
    session.add(version)
    await session.execute(delete(PublishedFile))
    await session.flush()
    rows = [{"path": path, "sha256": digest} for path, digest in manifest.items()]
    await session.execute(insert(PublishedFile), rows)
    return version


async def record_applied(
    session: AsyncSession,
    files: TenantFiles,
    base: int | None,
    origin: VersionOrigin = VersionOrigin.FILES,
) -> TerritoryVersion | None:
    """Record files that are applied as a version, as the owner; None where they are what is online."""
    published = await find_published(session)
    if published is not None and published.manifest == make_manifest(files):
        return None
    return await _add_version(session, published, files, origin=origin, base=base)


def make_manifest(files: TenantFiles) -> dict[str, str]:
    """The sha256 of each file, by path."""
    return {
        path: hashlib.sha256(content).hexdigest()
        for path, content in sorted(files.items())
    }


async def _store_files(session: AsyncSession, files: TenantFiles) -> dict[str, str]:
    manifest = make_manifest(files)
    known = set(
        await session.scalars(
            select(TerritoryFile.sha256).where(
                TerritoryFile.sha256.in_(set(manifest.values()))
            )
        )
    )
    contents = {manifest[path]: content for path, content in files.items()}
    rows = [
        {"sha256": digest, "content": content}
        for digest, content in contents.items()
        if digest not in known
    ]
    if rows:
        await session.execute(insert(TerritoryFile).on_conflict_do_nothing(), rows)
    return manifest


async def _forget_unused_files(session: AsyncSession) -> None:
    """Delete what no version and no draft has any more."""
    used: set[str] = set()
    for table in (TerritoryVersion, TerritoryDraft):
        manifests: Iterable[Manifest] = await session.scalars(select(table.manifest))
        for manifest in manifests:
            used.update(manifest.values())
    await session.execute(
        delete(TerritoryFile).where(TerritoryFile.sha256.not_in(used))
    )
