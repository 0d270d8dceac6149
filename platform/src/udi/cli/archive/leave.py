"""Writing the archive of a territory, while it lives: one snapshot of each database, then the files it names."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from udi import __version__
from udi.cli.archive import contents, seal
from udi.cli.archive.identity import lines, read_identity
from udi.cli.archive.tape import MANIFEST, SIGNATURE, Writer
from udi.cli.local.errors import LocalError
from udi.cli.suspension import switch
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.rows import read_rows
from udi.node.files.archive import Content, list_contents
from udi.node.files.sealing import SealingStore
from udi.node.files.store import ObjectStore
from udi.node.identity.models import Person as NodePerson
from udi.portal.audit.archive import note_export
from udi.portal.catalogue.archive import read_dcat, read_rudi
from udi.portal.identity.models import Person
from udi.portal.identity.provision import admin
from udi.portal.tenants.files import TenantFaultsError, read_folder
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.queries import get_tenant
from udi.settings import ProgramName, Settings

Tell = Callable[[str], None]
SETTLED = 3.0
"""Seconds after which both programs know that a territory is suspended."""
EVERY = 5.0
MEGABYTE = 1000**2
SNAPSHOT: dict[str, Any] = {"isolation_level": "REPEATABLE READ"}


@dataclass(frozen=True)
class Exported:
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
class Leaving:
    """One export under way."""

    settings: Settings
    tenant: Tenant
    writer: Writer
    revisions: dict[str, str]
    store: ObjectStore
    tell: Tell

    async def write(self, portal: AsyncSession, node: AsyncSession, *, with_files: bool) -> tuple[int, int, int]:
        """Every entry but the manifest; datasets, files and accounts written."""
        await self._describe(with_files=with_files)
        await self._tenant_files()
        self.tell("rows of the databases")
        sessions: dict[ProgramName, AsyncSession] = {"portal": portal, "node": node}
        for program, session in sessions.items():
            for carried in contents.CARRIED[program]:
                entry = contents.entry_of(program, carried)
                await self.writer.add(entry, read_rows(session, carried, self.tenant.id))
        self.tell("catalogue for others")
        datasets = _Counted(read_rudi(portal, self.tenant))
        await self.writer.add(contents.RUDI, datasets)
        await self.writer.add(contents.DCAT, read_dcat(portal, self.tenant))
        accounts = await self._identity(portal, node)
        files = await self._files(node) if with_files else 0
        return datasets.count, files, accounts

    async def _describe(self, *, with_files: bool) -> None:
        about = {
            "format": contents.FORMAT,
            "release": __version__,
            "made_at": now().isoformat(),
            "territory": {"slug": self.tenant.slug, "id": str(self.tenant.id), "state": self.tenant.state},
            "origins": self.tenant.links,
            "issuer": self.settings.issuer,
            "revisions": self.revisions,
            "with_files": with_files,
        }
        await self.writer.add_json(contents.DESCRIPTION, about)

    async def _tenant_files(self) -> None:
        folder = self.settings.tenants / self.tenant.slug
        for path in sorted(folder.iterdir()):
            entry = f"tenant/{path.name}"
            if path.is_file() and contents.TENANT_FILE.fullmatch(entry):
                await self.writer.add(entry, _several([path.read_bytes()]))

    async def _identity(self, portal: AsyncSession, node: AsyncSession) -> int:
        self.tell("organisations and accounts")
        subjects = set[str]()
        for session, person in ((portal, Person), (node, NodePerson)):
            known = select(person.subject).where(person.issuer == self.settings.issuer)
            subjects |= set(await session.scalars(known))
        connection = admin.connect(self.settings)
        found = await asyncio.to_thread(read_identity, connection, self.tenant.slug, subjects)
        for entry, documents in zip((contents.ORGANISATIONS, contents.ACCOUNTS), found, strict=True):
            await self.writer.add(entry, _several(lines(documents)))
        return len(found[1])

    async def _files(self, node: AsyncSession) -> int:
        store, count, done, said = self.store, 0, 0, time.monotonic()
        last = ""
        async for content in list_contents(node, self.tenant.id):
            if content.sha256 == last:
                continue
            last = content.sha256
            entry = await self.writer.add(f"files/{content.sha256}", _bytes_of(store, content))
            if entry.sha256 != content.sha256:
                cause = f"The object {content.key} is damaged: its sha256 is not the one of its row"
                raise LocalError(cause, "restore it from the backup of the files, then export again")
            count, done = count + 1, done + entry.size
            if time.monotonic() - said > EVERY:
                self.tell(f"files: {count}, {done // MEGABYTE} MB")
                said = time.monotonic()
        self.tell(f"files: {count}, {done // MEGABYTE} MB")
        return count


async def export(
    settings: Settings, slug: str, target: Path, *, with_files: bool = True, suspend: bool = False, tell: Tell
) -> Exported:
    """Write the archive of a territory; on a living installation unless it is to be suspended first.

    Raises:
        NotFoundError: no territory has this slug.
        LocalError: its files are not here, or an object is gone or damaged; no archive is left.
    """
    portal, node = Database(settings, "portal", pool_size=2), Database(settings, "node", pool_size=2)
    try:
        async with portal.platform_session() as session:
            tenant = await get_tenant(session, slug)
        _require_own_files(settings, tenant)
        if suspend and (await switch(settings, slug, "suspended")).portal == "updated":
            tell("suspended; letting requests end")
            await asyncio.sleep(SETTLED)
        with Writer(target) as writer:
            counts = await _write(settings, tenant, writer, portal, node, with_files=with_files, tell=tell)
            entry = await writer.add_json(MANIFEST, writer.manifest())
            document, signed = seal.sign(settings, entry.sha256, slug)
            await writer.add_json(SIGNATURE, document)
            size = writer.finish()
        async with portal.session(tenant.id, role="worker") as session:
            note_export(session, tenant.id, signed.manifest)
    finally:
        await portal.close()
        await node.close()
    return Exported(slug, str(target), size, *counts, signed.fingerprint, signed.manifest)


async def _write(
    settings: Settings,
    tenant: Tenant,
    writer: Writer,
    portal: Database,
    node: Database,
    *,
    with_files: bool,
    tell: Tell,
) -> tuple[int, int, int]:
    """The node's snapshot comes first: a portal that knows more is told again, one that knew less would have lost it."""
    revisions = {"portal": await _revision(portal), "node": await _revision(node)}
    async with node.session(tenant.id, role="worker") as node_view, portal.session(tenant.id, role="worker") as view:
        for session in (node_view, view):
            await session.connection(execution_options=SNAPSHOT)
            await session.execute(text("SELECT 1"))
        present = (await view.scalars(select(Tenant).where(Tenant.id == tenant.id))).one()
        store = SealingStore.over(settings, node)
        return await Leaving(settings, present, writer, revisions, store, tell).write(
            view, node_view, with_files=with_files
        )


def _require_own_files(settings: Settings, tenant: Tenant) -> None:
    folder = settings.tenants / tenant.slug
    try:
        found = read_folder(folder).tenant_id
    except (TenantFaultsError, OSError) as error:
        cause = f"The territory's own files are not whole at {folder}"
        raise LocalError(cause, f"see `udi tenant check {tenant.slug}`") from error
    if found != tenant.id:
        cause = f"The territory in the database is not the one of {folder}"
        raise LocalError(cause, f"run `udi tenant apply {tenant.slug}` first")


async def _revision(database: Database) -> str:
    async with database.platform_session() as session:
        return str(await session.scalar(text("SELECT version_num FROM public.alembic_version")))


async def _bytes_of(store: ObjectStore, content: Content) -> AsyncIterator[bytes]:
    try:
        async for piece in store.stream(content.key, 0, content.size):
            yield piece
    except FileNotFoundError as error:
        cause = f"The object {content.key} is gone: its draft was given up meanwhile, or the store lost it"
        raise LocalError(cause, "export again; if it says the same, see `udi doctor`") from error


async def _several(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


class _Counted:
    """An iterator that knows how much it gave."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source, self.count = source, 0

    def __aiter__(self) -> "_Counted":
        return self

    async def __anext__(self) -> bytes:
        piece = await anext(self._source)
        self.count += 1
        return piece
