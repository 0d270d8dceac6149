"""Making an archive's territory live here. Each step may be repeated, and nobody is served before the last."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli import provision
from udi.cli.archive import contents, copied_people, placement
from udi.cli.archive.comparison import apply_difference, compare_copy
from udi.cli.archive.difference import TableSummary
from udi.cli.archive.exporter import ProgressReporter
from udi.cli.archive.following import (
    digest_object,
    list_files,
    remove_former_files,
    require_files,
    require_followable,
)
from udi.cli.archive.identity import (
    AccountImportResult,
    import_accounts,
    leave_other_organisations,
)
from udi.cli.archive.placement import Hosts
from udi.cli.archive.verification import TerritoryArchive, open_archive
from udi.kit.db import Database
from udi.kit.fair_queue import forget_postponed_jobs, hold_jobs
from udi.kit.rows import ImportMapping, Row, parse_rows, replace_rows
from udi.kit.territories import ARRIVING, upsert
from udi.node.files.models import object_key
from udi.node.files.storage.store import ObjectStore
from udi.portal.audit.archive import record_import, was_imported_from
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.organisations import (
    apply_organisations,
    desired_organisations,
    organisation_alias,
)
from udi.portal.identity.provision.territory import apply_machine
from udi.portal.nodes.queries import list_nodes
from udi.portal.tenants.actions import register_values
from udi.portal.tenants.files import TenantFolder
from udi.settings import ProgramName, Settings

Databases = dict[ProgramName, Database]


@dataclass
class ImportResult:
    """What arrived."""

    territory: str
    outcome: str
    fingerprint: str
    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    accounts: dict[str, int] = field(default_factory=dict)
    credentials: list[dict[str, str]] = field(default_factory=list)
    """Of the nodes run elsewhere: their new ones, told once."""
    compared: dict[str, TableSummary] = field(default_factory=dict)
    """Of a copy that follows, by table: what it has, as the origin had it."""
    removed_files: int = 0


def import_archive(
    settings: Settings,
    path: Path,
    *,
    hosts: Hosts,
    fingerprint: str = "",
    check_only: bool = False,
    follow: bool = False,
    tell: ProgressReporter,
) -> ImportResult:
    """Verify an archive whole, then bring its territory here; with `follow`, as a copy that serves nobody yet.

    Raises:
        InvalidArchiveError: the archive is not whole and untouched; nothing was written.
        ConflictError: its slug, its files or a host is another's, or no copy is here that a difference could follow;
            nothing was written.
        LocalError: it cannot be followed, or things could be changed at the origin when it was to be opened.
    """
    tell("verifying the archive")
    with open_archive(settings, path, fingerprint=fingerprint) as archive:
        return asyncio.run(
            _import_verified_archive(
                settings,
                archive,
                hosts,
                check_only=check_only,
                follow=follow,
                tell=tell,
            )
        )


async def _import_verified_archive(
    settings: Settings,
    archive: TerritoryArchive,
    hosts: Hosts,
    *,
    check_only: bool,
    follow: bool,
    tell: ProgressReporter,
) -> ImportResult:
    databases: Databases = {
        program: Database(settings, program, pool_size=2)
        for program in contents.PROGRAMS
    }
    imported = ImportResult(archive.slug, "checked", archive.signature.fingerprint)
    try:
        standing = await placement.get_import_state(databases, archive, hosts)
        if standing != "done" and (follow or archive.follows):
            await require_followable(
                databases, archive, hosts, standing, opens=not follow
            )
        if check_only or standing == "done":
            imported.outcome = "unchanged" if standing == "done" else "checked"
            return imported
        folder = placement.install_tenant_files(settings, archive, hosts, standing)
        await TerritoryImport(
            settings, archive, folder, databases, imported, tell, follow=follow
        ).run()
    finally:
        for database in databases.values():
            await database.close()
    return imported


@dataclass
class TerritoryImport:
    """One import under way."""

    settings: Settings
    archive: TerritoryArchive
    folder: TenantFolder
    databases: Databases
    imported: ImportResult
    report: ProgressReporter
    follow: bool = False
    """Whether it stays a copy that serves nobody and can be brought further."""

    async def run(self) -> None:
        """Every step, in an order where a killed one leaves nothing that the next try does not replace."""
        if await self._has_last_rows():
            await self._resume()
            await self._open(admin.connect(self.settings))
            return
        await self._register()
        self.report("organisations and accounts")
        if not self.archive.follows:
            # Rules of providers may name organisations that only the rows bring.
            await asyncio.to_thread(
                provision.apply_folder,
                self.settings,
                self.folder,
                force=True,
                with_operator_values=False,
            )
        connection = admin.connect(self.settings)
        brought = await asyncio.to_thread(self._import_identity, connection)
        self.imported.accounts = dict(brought.outcomes)
        await self._import_files()
        moves = self._build_mapping(brought)
        if self.follow or self.archive.follows:
            self.report("rows of the databases, and their comparison")
            tenant = self.folder.tenant_id
            node = self.databases["node"]
            former = await list_files(node, tenant)
            await self._bring_rows(moves)
            self.imported.removed_files = await remove_former_files(
                self.settings, former.keys() - (await list_files(node, tenant)).keys()
            )
            if self.follow:
                self.imported.outcome = "follows"
                return
            await self._resume()
        else:
            self.report("rows of the databases")
            await self._import_rows(moves)
        await self._open(connection)

    async def _has_last_rows(self) -> bool:
        """Whether the rows of this last difference are all here, so that only the opening was cut short."""
        if not self.archive.follows or self.follow:
            return False
        async with self.databases["portal"].session(
            self.folder.tenant_id, role="worker"
        ) as session:
            return await was_imported_from(session, self.archive.signature.manifest)

    async def _bring_rows(self, moves: ImportMapping) -> None:
        """Bring the rows of a copy that follows, compare them, and keep them only if all are as at the origin.

        Those of the node are kept first, once both are found the same: killed in between, the same archive brings the
        others. With the last ones, that the territory arrived is noted in the same transaction as those of the portal.
        """
        tenant = self.folder.tenant_id
        async with (
            self.databases["portal"].session(tenant, role="owner") as portal,
            self.databases["node"].session(tenant, role="owner") as node,
        ):
            sessions: dict[ProgramName, AsyncSession] = {"node": node, "portal": portal}
            for program, session in sessions.items():
                if self.archive.follows:
                    counts = await apply_difference(
                        session, self.archive, program, moves
                    )
                else:
                    counts = await self._replace_rows(session, program, moves)
                self.imported.compared |= await compare_copy(
                    session, self.archive, program, moves
                )
                self.imported.rows |= counts
            await require_files(self.settings, node, tenant)
            if not self.follow:
                self._record(portal)

    async def _resume(self) -> None:
        for program, database in self.databases.items():
            async with database.session(self.folder.tenant_id, role="owner") as session:
                await resume_program(
                    session, program, self.settings, self.folder.tenant_id
                )

    async def _open(self, connection: admin.RealmAdmin) -> None:
        """The last steps: what the installation gives the territory, then it is served."""
        self.report("hosted node and other nodes")
        await asyncio.to_thread(
            provision.apply_folder, self.settings, self.folder, force=True
        )
        await self._renew_credentials(connection)
        await self._activate()
        copied_people.file_of(self.settings, self.folder.slug).unlink(missing_ok=True)
        self.imported.outcome = "imported"

    async def _register(self) -> None:
        for program, database in self.databases.items():
            values = {
                **register_values(self.folder, self.settings, program),
                "state": ARRIVING,
            }
            async with database.platform_session(role="owner") as session:
                await upsert(session, placement.TENANT_MODELS[program], values)

    def _import_identity(self, connection: admin.RealmAdmin) -> AccountImportResult:
        slug = self.folder.slug
        name = next(iter(self.folder.file.territory.name.values()))
        aliases = {
            json.loads(line)["alias"]
            for line in self.archive.reader.read_lines(contents.ORGANISATIONS)
        }
        everybody = [
            (row["slug"], row["name"])
            for row in self._parse_table("portal", "organisation")
            if organisation_alias(slug, row["slug"]) in aliases
        ]
        apply_organisations(
            connection, slug, desired_organisations(slug, name, everybody)
        )
        accounts = (
            json.loads(line)
            for line in self.archive.reader.read_lines(contents.ACCOUNTS)
        )
        issuer = self.archive.description["issuer"]
        known = {}
        if self.archive.follows:
            known = copied_people.read_accounts(self.settings, slug, issuer)
        brought = import_accounts(connection, accounts, known)
        if self.follow or self.archive.follows:
            leave_other_organisations(connection, slug, brought)
            copied_people.write_accounts(self.settings, slug, issuer, brought.ids)
        return brought

    async def _import_files(self) -> None:
        if not self.archive.with_files:
            return
        store = ObjectStore.of(self.settings)
        tenant = self.folder.tenant_id
        present = {
            entry["path"]: entry["size"] async for entry in store.list(str(tenant))
        }
        for row in self._parse_table("node", "stored_file"):
            key = object_key(tenant, row["space_id"], row["dataset_id"], row["id"])
            digest = row["sha256"]
            if (
                present.get(key) != row["size"]
                or await digest_object(store, key) != digest
            ):
                await store.put(
                    key,
                    _iterate_pieces(self.archive.reader.read_pieces(f"files/{digest}")),
                )
            self.imported.files += 1
        self.report(f"files: {self.imported.files}")

    async def _import_rows(self, moves: ImportMapping) -> None:
        for program, database in self.databases.items():
            async with database.session(self.folder.tenant_id, role="owner") as session:
                counts = await self._replace_rows(session, program, moves)
                await resume_program(
                    session, program, self.settings, self.folder.tenant_id
                )
            self.imported.rows |= counts

    async def _replace_rows(
        self, session: AsyncSession, program: ProgramName, moves: ImportMapping
    ) -> dict[str, int]:
        carried = contents.CARRIED[program]
        lines = {
            carried_table.name: self.archive.reader.read_lines(
                contents.entry_of(program, carried_table)
            )
            for carried_table in carried
        }
        counts = await replace_rows(
            session, carried, lines, self.folder.tenant_id, moves
        )
        return {f"{program}.{name}": count for name, count in counts.items()}

    def _build_mapping(self, brought: AccountImportResult) -> ImportMapping:
        old_origins = self.archive.description["origins"]
        issuer = self.archive.description["issuer"]
        hosts = self.folder.file.hosts
        new_origins = {
            "portal": self.settings.origin("portal", hosts.portal[0]),
            "node": self.settings.origin("node", hosts.node[0]),
        }
        addresses = {
            old_origins[program]: new_origins[program]
            for program in new_origins
            if old_origins[program] != new_origins[program]
        }
        people = {
            (issuer, old): (self.settings.issuer, new)
            for old, new in brought.ids.items()
        }
        return ImportMapping(addresses, people)

    async def _renew_credentials(self, connection: admin.RealmAdmin) -> None:
        """New ones for the nodes run elsewhere, whose old ones were secrets of the installation that was left."""
        async with self.databases["portal"].session(
            self.folder.tenant_id, role="worker"
        ) as session:
            nodes = [node for node in await list_nodes(session) if not node.hosted]
        audience = self.settings.origin("portal", self.folder.file.hosts.portal[0])
        for node in nodes:
            machine = await asyncio.to_thread(
                apply_machine, connection, node.client_id, audience, rotate=True
            )
            credential = {
                "node": node.slug,
                "client_id": node.client_id,
                "client_secret": machine.secret or "",
            }
            self.imported.credentials.append(credential)

    async def _activate(self) -> None:
        """The portal last: until then the next try starts again."""
        for program in ("node", "portal"):
            row: Any = placement.TENANT_MODELS[program]
            async with self.databases[program].session(
                self.folder.tenant_id, role="owner"
            ) as session:
                await session.execute(
                    update(row)
                    .where(row.slug == self.folder.slug)
                    .values(state="active")
                )
                if program == "portal" and not self.archive.follows:
                    self._record(session)

    def _record(self, session: AsyncSession) -> None:
        record_import(session, self.folder.tenant_id, self.archive.signature.manifest)

    def _parse_table(self, program: ProgramName, table: str) -> Iterable[Row]:
        carried = next(
            carried_table
            for carried_table in contents.CARRIED[program]
            if carried_table.name == table
        )
        return parse_rows(
            carried,
            self.archive.reader.read_lines(contents.entry_of(program, carried)),
            ImportMapping(),
        )


async def _iterate_pieces(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def resume_program(
    session: AsyncSession, program: ProgramName, settings: Settings, tenant: UUID
) -> None:
    """What each domain does once the rows are here; its tasks wait until the territory is open.

    Those of a try that was killed are not done beside them: its rows may have been of another archive.
    """
    await forget_postponed_jobs(session, tenant)
    for resume_import in contents.list_import_steps(program):
        await resume_import(session, settings)
    await session.flush()
    await hold_jobs(session, tenant)
