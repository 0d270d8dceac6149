"""Making an archive's territory live here. Each step may be repeated, and nobody is served before the last."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import update

from udi.cli import provision
from udi.cli.archive import contents, placing
from udi.cli.archive.identity import Brought, bring_accounts
from udi.cli.archive.leave import Tell
from udi.cli.archive.placing import ARRIVING, Hosts
from udi.cli.archive.whole import Archive, opened
from udi.kit.db import Database
from udi.kit.ring import RingFile
from udi.kit.rows import Moves, Row, parse_rows, replace_rows
from udi.kit.territories import upsert
from udi.node.datasets.archive import take_up as take_up_deliveries
from udi.node.files.models import object_key
from udi.node.files.seal_space import take_up as take_up_keys
from udi.node.files.store import ObjectStore
from udi.portal.audit.archive import note_import
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.organisations import (
    apply_organisations,
    organisation_alias,
    wanted_organisations,
)
from udi.portal.identity.provision.territory import apply_machine
from udi.portal.nodes.archive import take_up as take_up_reports
from udi.portal.nodes.queries import list_nodes
from udi.portal.notifications.archive import take_up as take_up_digests
from udi.portal.organisations.joining.archive import take_up as take_up_joining
from udi.portal.tenants.actions import register_values
from udi.portal.tenants.files import TenantFolder
from udi.settings import ProgramName, Settings

Databases = dict[ProgramName, Database]


@dataclass
class Imported:
    """What arrived."""

    territory: str
    outcome: str
    fingerprint: str
    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    accounts: dict[str, int] = field(default_factory=dict)
    credentials: list[dict[str, str]] = field(default_factory=list)
    """Of the nodes run elsewhere: their new ones, told once."""


def import_archive(
    settings: Settings, path: Path, *, hosts: Hosts, fingerprint: str = "", check_only: bool = False, tell: Tell
) -> Imported:
    """Verify an archive whole, then bring its territory here.

    Raises:
        RefusedArchiveError: the archive is not whole and untouched; nothing was written.
        ConflictError: its slug, its files or a host is another's; nothing was written.
    """
    tell("verifying the archive")
    with opened(settings, path, fingerprint=fingerprint) as archive:
        return asyncio.run(_bring(settings, archive, hosts, check_only=check_only, tell=tell))


async def _bring(settings: Settings, archive: Archive, hosts: Hosts, *, check_only: bool, tell: Tell) -> Imported:
    databases: Databases = {program: Database(settings, program, pool_size=2) for program in contents.PROGRAMS}
    imported = Imported(archive.slug, "checked", archive.seal.fingerprint)
    try:
        standing = await placing.find_standing(databases, archive, hosts)
        if check_only or standing == "done":
            imported.outcome = "unchanged" if standing == "done" else "checked"
            return imported
        folder = placing.place_files(settings, archive, hosts, standing)
        await Arriving(settings, archive, folder, databases, imported, tell).run()
    finally:
        for database in databases.values():
            await database.close()
    return imported


@dataclass
class Arriving:
    """One import under way."""

    settings: Settings
    archive: Archive
    folder: TenantFolder
    databases: Databases
    imported: Imported
    tell: Tell

    async def run(self) -> None:
        """Every step, in an order where a killed one leaves nothing that the next try does not replace."""
        await self._register()
        self.tell("organisations and accounts")
        await asyncio.to_thread(provision.apply_folder, self.settings, self.folder)
        connection = admin.connect(self.settings)
        brought = await asyncio.to_thread(self._identity, connection)
        self.imported.accounts = dict(brought.outcomes)
        await self._files()
        self.tell("rows of the databases")
        await self._rows(self._moves(brought))
        self.tell("hosted node and other nodes")
        await asyncio.to_thread(provision.apply_folder, self.settings, self.folder)
        await self._credentials(connection)
        await self._open()
        self.imported.outcome = "imported"

    async def _register(self) -> None:
        for program, database in self.databases.items():
            values = {**register_values(self.folder, self.settings, program), "state": ARRIVING}
            async with database.platform_session(role="owner") as session:
                await upsert(session, placing.ROWS[program], values)

    def _identity(self, connection: admin.Admin) -> Brought:
        slug, name = self.folder.slug, next(iter(self.folder.file.territory.name.values()))
        known = {json.loads(line)["alias"] for line in self.archive.reader.lines(contents.ORGANISATIONS)}
        everybody = [
            (row["slug"], row["name"])
            for row in self._parsed("portal", "organisation")
            if organisation_alias(slug, row["slug"]) in known
        ]
        apply_organisations(connection, slug, wanted_organisations(slug, name, everybody))
        accounts = (json.loads(line) for line in self.archive.reader.lines(contents.ACCOUNTS))
        return bring_accounts(connection, accounts)

    async def _files(self) -> None:
        if not self.archive.with_files:
            return
        store, tenant = ObjectStore.of(self.settings), self.folder.tenant_id
        present = {entry["path"]: entry["size"] async for entry in store.list(str(tenant))}
        for row in self._parsed("node", "stored_file"):
            key, digest = object_key(tenant, row["space_id"], row["dataset_id"], row["id"]), row["sha256"]
            if present.get(key) != row["size"] or await _digest(store, key) != digest:
                await store.put(key, _several(self.archive.reader.pieces(f"files/{digest}")))
            self.imported.files += 1
        self.tell(f"files: {self.imported.files}")

    async def _rows(self, moves: Moves) -> None:
        for program, database in self.databases.items():
            carried = contents.CARRIED[program]
            lines = {each.name: self.archive.reader.lines(contents.entry_of(program, each)) for each in carried}
            async with database.session(self.folder.tenant_id, role="owner") as session:
                counts = await replace_rows(session, carried, lines, self.folder.tenant_id, moves)
                await (take_up_reports if program == "portal" else take_up_deliveries)(session)
                if program == "portal":
                    await take_up_digests(session)
                    await take_up_joining(session)
                else:
                    await take_up_keys(session, RingFile(self.settings))
            self.imported.rows |= {f"{program}.{name}": count for name, count in counts.items()}

    def _moves(self, brought: Brought) -> Moves:
        then, issuer = self.archive.about["origins"], self.archive.about["issuer"]
        hosts = self.folder.file.hosts
        here = {
            "portal": self.settings.origin("portal", hosts.portal[0]),
            "node": self.settings.origin("node", hosts.node[0]),
        }
        addresses = {then[program]: here[program] for program in here if then[program] != here[program]}
        people = {(issuer, old): (self.settings.issuer, new) for old, new in brought.ids.items()}
        return Moves(addresses, people)

    async def _credentials(self, connection: admin.Admin) -> None:
        """New ones for the nodes run elsewhere, whose old ones were secrets of the installation that was left."""
        async with self.databases["portal"].session(self.folder.tenant_id, role="worker") as session:
            nodes = [node for node in await list_nodes(session) if not node.hosted]
        audience = self.settings.origin("portal", self.folder.file.hosts.portal[0])
        for node in nodes:
            machine = await asyncio.to_thread(apply_machine, connection, node.client_id, audience, rotate=True)
            said = {"node": node.slug, "client_id": node.client_id, "client_secret": machine.secret or ""}
            self.imported.credentials.append(said)

    async def _open(self) -> None:
        """The portal last: until then the next try starts again."""
        for program in ("node", "portal"):
            row: Any = placing.ROWS[program]
            async with self.databases[program].session(self.folder.tenant_id, role="owner") as session:
                await session.execute(update(row).where(row.slug == self.folder.slug).values(state="active"))
                if program == "portal":
                    note_import(session, self.folder.tenant_id, self.archive.seal.manifest)

    def _parsed(self, program: ProgramName, table: str) -> Iterable[Row]:
        carried = next(each for each in contents.CARRIED[program] if each.name == table)
        return parse_rows(carried, self.archive.reader.lines(contents.entry_of(program, carried)), Moves())


async def _digest(store: ObjectStore, key: str) -> str:
    digest = hashlib.sha256()
    for piece in await asyncio.to_thread(lambda: store.read(key)):
        digest.update(piece)
    return digest.hexdigest()


async def _several(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
