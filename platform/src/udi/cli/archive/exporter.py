"""Writing the archive of a territory, while it lives: one snapshot of each database, then the files it names."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from udi import __version__
from udi.cli.archive import contents, placement, signature
from udi.cli.archive.identity import encode_lines, read_identity
from udi.cli.archive.requests_left import require_no_requests
from udi.cli.archive.revisions import read_revision
from udi.cli.archive.tar_file import MANIFEST, SIGNATURE, ArchiveWriter
from udi.cli.archive.writers import (
    CLOSED,
    describe_postponed_jobs,
    wait_for_jobs,
    wait_for_writers,
)
from udi.cli.local.errors import LocalError
from udi.cli.suspension import set_territory_state
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.rows import read_rows
from udi.kit.territories import READ_ONLY, TerritoryState
from udi.node.files.archive import ContentReference, list_contents
from udi.node.files.encryption.sealing_store import SealingStore
from udi.node.files.storage.store import ObjectStore
from udi.node.identity.models import Person as NodePerson
from udi.portal.audit.archive import find_closed_at, record_export
from udi.portal.catalogue.archive import read_dcat, read_rudi
from udi.portal.identity.models import Person
from udi.portal.identity.provision import admin
from udi.portal.tenants.files import TenantFaultsError, load_files, read_folder
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.queries import get_tenant
from udi.portal.tenants.versions import find_published, read_manifest
from udi.settings import ProgramName, Settings

ProgressReporter = Callable[[str], None]
SUSPENSION_DELAY = 3.0
"""Seconds after which both programs know that a territory is suspended, or read only."""
LETTING_TASKS_END = "letting tasks end"
PROGRESS_INTERVAL = 5.0
MEGABYTE = 1000**2
SNAPSHOT: dict[str, Any] = {"isolation_level": "REPEATABLE READ"}


@dataclass(frozen=True)
class ExportResult:
    """The archive that was written."""

    territory: str
    archive: str
    bytes: int
    datasets: int
    files: int
    accounts: int
    fingerprint: str
    """Of the key that signed."""
    digest: str
    """sha256 of the manifest: the archive's own name."""


@dataclass
class TerritoryExport:
    """One export under way."""

    settings: Settings
    tenant: Tenant
    writer: ArchiveWriter
    revisions: dict[str, str]
    store: ObjectStore
    report: ProgressReporter
    writes_ended: bool
    """Whether it was closed before, and everything had ended that was being written."""

    async def write(
        self, portal: AsyncSession, node: AsyncSession, *, with_files: bool
    ) -> tuple[int, int, int]:
        """Every entry but the manifest; datasets, files and accounts written."""
        await self._write_description(with_files=with_files)
        await self._write_tenant_files(portal)
        self.report("rows of the databases")
        sessions: dict[ProgramName, AsyncSession] = {"portal": portal, "node": node}
        for program, session in sessions.items():
            for carried in contents.CARRIED[program]:
                entry = contents.entry_of(program, carried)
                await self.writer.add(
                    entry, read_rows(session, carried, self.tenant.id)
                )
        self.report("catalogue for others")
        datasets = _CountingIterator(read_rudi(portal, self.tenant))
        await self.writer.add(contents.RUDI, datasets)
        await self.writer.add(contents.DCAT, read_dcat(portal, self.tenant))
        accounts = await self._write_identity(portal, node)
        files = await write_files(self, node) if with_files else 0
        return datasets.count, files, accounts

    async def _write_description(self, *, with_files: bool) -> None:
        await self.writer.add_json(
            contents.DESCRIPTION, {**self.describe(), "with_files": with_files}
        )

    def describe(self) -> dict[str, Any]:
        """What is told of the archive as a whole."""
        return {
            "format": contents.FORMAT,
            "release": __version__,
            "made_at": now().isoformat(),
            "territory": {
                "slug": self.tenant.slug,
                "id": str(self.tenant.id),
                "state": self.tenant.state,
            },
            "writes_ended": self.writes_ended,
            "origins": self.tenant.links,
            "issuer": self.settings.issuer,
            "revisions": self.revisions,
        }

    async def _write_tenant_files(self, portal: AsyncSession) -> None:
        """The files that are online; those of the folder where none were applied since versions are kept."""
        version = await find_published(portal)
        if version is None:
            files = load_files(self.settings.tenants / self.tenant.slug)
        else:
            files = await read_manifest(portal, version.manifest)
        for path, content in files.items():
            await self.writer.add(f"tenant/{path}", iterate_pieces([content]))

    async def _write_identity(self, portal: AsyncSession, node: AsyncSession) -> int:
        self.report("organisations and accounts")
        subjects = set[str]()
        for session, person in ((portal, Person), (node, NodePerson)):
            query = select(person.subject).where(person.issuer == self.settings.issuer)
            subjects |= set(await session.scalars(query))
        connection = admin.connect(self.settings)
        identity = await asyncio.to_thread(
            read_identity, connection, self.tenant.slug, subjects
        )
        for entry, documents in zip(
            (contents.ORGANISATIONS, contents.ACCOUNTS), identity, strict=True
        ):
            await self.writer.add(entry, iterate_pieces(encode_lines(documents)))
        return len(identity[1])


ExportFactory = Callable[
    [
        Settings,
        Tenant,
        ArchiveWriter,
        dict[str, str],
        ObjectStore,
        ProgressReporter,
        bool,
    ],
    TerritoryExport,
]


async def write_files(
    export: TerritoryExport, node: AsyncSession, only: Collection[str] | None = None
) -> int:
    """The bytes of the files (`only` those of these digests), once each; how many."""
    count = 0
    done = 0
    reported_at = time.monotonic()
    last = ""
    async for content in list_contents(node, export.tenant.id):
        if content.sha256 == last or (only is not None and content.sha256 not in only):
            continue
        last = content.sha256
        entry = await export.writer.add(
            f"files/{content.sha256}", _bytes_of(export.store, content)
        )
        if entry.sha256 != content.sha256:
            cause = f"The object {content.key} is damaged: its sha256 is not the one of its row"
            raise LocalError(
                cause, "restore it from the backup of the files, then export again"
            )
        count = count + 1
        done = done + entry.size
        if time.monotonic() - reported_at > PROGRESS_INTERVAL:
            export.report(f"files: {count}, {done // MEGABYTE} MB")
            reported_at = time.monotonic()
    export.report(f"files: {count}, {done // MEGABYTE} MB")
    return count


async def export_territory(
    settings: Settings,
    slug: str,
    target: Path,
    *,
    with_files: bool = True,
    suspend: bool = False,
    refuse_writes: bool = False,
    end_requests: bool = False,
    build: ExportFactory | None = None,
    needs_folder: bool = True,
    reserve: int = 0,
    tell: ProgressReporter,
) -> ExportResult:
    """Write the archive of a territory; on a living installation unless it is to be suspended first.

    Without `needs_folder`, its files that are online are enough: a territory that was started on a page has no folder here.
    `reserve`: bytes of the disk that stay free while it is written. `end_requests`: close it although people wait.
    `refuse_writes`: have it read only first, and wait for what is being written. `build` makes what writes the entries.

    Raises:
        NotFoundError: no territory has this slug.
        ConflictError: it is to be closed, and requests of people are not over at its node.
        LocalError: its files are not here, an object is gone or damaged, the disk is full, or a write does not end.
    """
    portal = Database(settings, "portal", pool_size=2)
    node = Database(settings, "node", pool_size=2)
    try:
        async with portal.platform_session(role="worker") as session:
            tenant = await get_tenant(session, slug)
        if needs_folder:
            _require_own_files(settings, tenant)
        if (suspend or refuse_writes) and not end_requests:
            await require_no_requests(node, tenant.id, slug)
        states = _list_states(refuse_writes=refuse_writes, suspend=suspend)
        writes_ended = await _close(settings, portal, node, tenant, states, tell)
        with ArchiveWriter(target, reserve) as writer:
            counts = await _write_entries(
                settings,
                tenant,
                writer,
                portal,
                node,
                build=build or TerritoryExport,
                with_files=with_files,
                writes_ended=writes_ended,
                tell=tell,
            )
            signed = await _sign(settings, slug, writer)
            size = writer.finish()
        async with portal.session(tenant.id, role="worker") as session:
            record_export(session, tenant.id, signed.manifest)
    finally:
        await portal.close()
        await node.close()
    return ExportResult(
        slug, str(target), size, *counts, signed.fingerprint, signed.manifest
    )


async def _sign(
    settings: Settings, slug: str, writer: ArchiveWriter
) -> signature.ArchiveSignature:
    entry = await writer.add_json(MANIFEST, writer.manifest())
    document, signed = signature.sign_manifest(settings, entry.sha256, slug)
    await writer.add_json(SIGNATURE, document)
    return signed


def _list_states(*, refuse_writes: bool, suspend: bool) -> Iterator[TerritoryState]:
    """The states into which a territory comes before its archive is written, one after the other."""
    if refuse_writes:
        yield READ_ONLY
    if suspend:
        yield "suspended"


async def _close(
    settings: Settings,
    portal: Database,
    node: Database,
    tenant: Tenant,
    states: Iterable[TerritoryState],
    tell: ProgressReporter,
) -> bool:
    """Bring a territory into these states, and wait for what is being written to it; False where it stays open."""
    writes_ended = False
    for state in states:
        await set_territory_state(settings, tenant.slug, state)
        writes_ended = await _let_writes_end(portal, node, tenant, tell)
    return writes_ended or await _let_writes_end(portal, node, tenant, tell)


async def _let_writes_end(
    portal: Database, node: Database, tenant: Tenant, tell: ProgressReporter
) -> bool:
    """Wait for what is being written to a territory that is read only or suspended; False where it is open."""
    states = {
        await placement.get_state(portal, tenant.slug),
        await placement.get_state(node, tenant.slug),
    }
    if not states <= {*CLOSED}:
        return False
    tell("nothing can be changed any more; letting requests end")
    async with portal.session(tenant.id, role="worker") as session:
        closed_at = await find_closed_at(session)
    age = 0.0 if closed_at is None else (now() - closed_at).total_seconds()
    await asyncio.sleep(min(SUSPENSION_DELAY, max(0.0, SUSPENSION_DELAY - age)))
    await wait_for_writers(portal, node)
    if READ_ONLY in states:
        tell(LETTING_TASKS_END)
        await wait_for_jobs(portal, node, tenant.id, tenant.slug)
        await wait_for_writers(portal, node)
        if postponed := await describe_postponed_jobs(tenant.id, portal, node):
            tell(f"in no archive, and done here once it is resumed: {postponed}")
    return True


async def _write_entries(
    settings: Settings,
    tenant: Tenant,
    writer: ArchiveWriter,
    portal: Database,
    node: Database,
    *,
    build: ExportFactory,
    with_files: bool,
    writes_ended: bool,
    tell: ProgressReporter,
) -> tuple[int, int, int]:
    """The node's snapshot comes first: a portal that knows more is told again, one that knew less would have lost it."""
    revisions = {
        "portal": await read_revision(portal),
        "node": await read_revision(node),
    }
    async with (
        node.session(tenant.id, role="worker") as node_view,
        portal.session(tenant.id, role="worker") as view,
    ):
        for session in (node_view, view):
            await session.connection(execution_options=SNAPSHOT)
            await session.execute(text("SELECT 1"))
        present = (
            await view.scalars(select(Tenant).where(Tenant.id == tenant.id))
        ).one()
        store = SealingStore.from_settings(settings, node)
        export = build(settings, present, writer, revisions, store, tell, writes_ended)
        return await export.write(view, node_view, with_files=with_files)


def _require_own_files(settings: Settings, tenant: Tenant) -> None:
    folder = settings.tenants / tenant.slug
    try:
        folder_tenant_id = read_folder(folder).tenant_id
    except (TenantFaultsError, OSError) as error:
        cause = f"The territory's own files are not whole at {folder}"
        raise LocalError(cause, f"see `udi tenant check {tenant.slug}`") from error
    if folder_tenant_id != tenant.id:
        cause = f"The territory in the database is not the one of {folder}"
        raise LocalError(cause, f"run `udi tenant apply {tenant.slug}` first")


async def _bytes_of(
    store: ObjectStore, content: ContentReference
) -> AsyncIterator[bytes]:
    try:
        async for piece in store.stream(content.key, 0, content.size):
            yield piece
    except FileNotFoundError as error:
        cause = f"The object {content.key} is gone: its draft was given up meanwhile, or the store lost it"
        raise LocalError(
            cause, "export again; if it says the same, see `udi doctor`"
        ) from error


async def iterate_pieces(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


class _CountingIterator:
    """An iterator that knows how much it gave."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self.count = 0

    def __aiter__(self) -> "_CountingIterator":
        return self

    async def __anext__(self) -> bytes:
        piece = await anext(self._source)
        self.count += 1
        return piece
