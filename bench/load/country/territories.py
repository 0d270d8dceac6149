"""The territories of a country: one for each French grouping of municipalities, in steps, the last of each step by the real path."""

import asyncio
import shutil
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import asyncpg

from bench.load.bulk import copy_datasets
from bench.load.country.rows import (
    Copy,
    ModelRows,
    read_keycloak_rows,
    read_program_rows,
    write_copies,
)
from bench.load.searches import make_record
from bench.load.territories import MODEL, write_territories
from udi.cli import provision
from udi.cli.provisioner import open_provisioner
from udi.kit.oidc import client_id, node_client_id, subjects_client
from udi.portal.identity.provision import admin
from udi.portal.tenants.files import TenantFolder, read_folder
from udi.protocol.record import read_record
from udi.settings import HOSTED, ProgramName, Settings
from udi.tabular.columns.groupings import read_groupings

REAL = 3
"""Territories of each step that take the real path, at its end."""
STEPS = (1, 12, 100, 400)
FEW = 50
"""Territories whose datasets one task of another process writes."""
PROCESSES = 2
PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
KEYCLOAK = "udi_keycloak"
ORGANISATION = """
[[organisation]]
slug = "producteur-{number}"
name = "Producteur {number} de Banc"
email = "producteur-{number}@{slug}.localhost"
"""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Filling:
    """Some territories, by identifier of the territory, of its node and of its producer, and how many datasets each is given."""

    dsn: str
    territories: Sequence[tuple[uuid.UUID, uuid.UUID, uuid.UUID]]
    datasets: int


class Country:
    """Territories that grow in number; each is files first, and has the organisations of the model."""

    def __init__(self, settings: Settings, organisations: int, tell: Tell) -> None:
        self.settings = settings
        self.folders: list[TenantFolder] = []
        self._tell = tell
        self._codes = sorted(read_groupings())
        self.model = self._write_model(organisations)
        self._program_rows: dict[str, ModelRows] = {}
        self._keycloak_rows = ModelRows()

    def dsn(self, database: str) -> str:
        """The superuser's, of one database."""
        password = self.settings.secret("postgres_password")
        return f"postgresql://postgres:{password}@127.0.0.1:{self.settings.port(4)}/{database}"

    def grow(self, count: int, datasets: int) -> dict[str, Any]:
        """Have so many territories: filled by rows, the last ones applied; seconds of each part."""
        new = self._codes[len(self.folders) : count]
        folders = [self._write_folder(f"epci-{code}") for code in new]
        filled = folders[:-REAL]
        started = time.perf_counter()
        rows = asyncio.run(self._fill(filled, datasets))
        filled_at = time.perf_counter()
        figures = self._apply(folders[-REAL:])
        if datasets:
            self._write_datasets(folders[-REAL:], datasets)
        self.folders += folders
        return {
            "filled": len(filled),
            "filled_rows": rows,
            "fill_seconds": round(filled_at - started, 1),
            **figures,
        }

    def apply_again(self, count: int) -> dict[str, Any]:
        """Apply the last territories without a change, in one process."""
        return self._apply(self.folders[-count:])

    def _apply(self, folders: Sequence[TenantFolder]) -> dict[str, Any]:
        seconds = []
        calls = []
        outcomes = set()
        with open_provisioner(self.settings) as provisioner:
            provisioner.apply_realm()
            for folder in folders:
                before = provisioner.identity.calls
                started = time.perf_counter()
                applied = provision.apply_with(provisioner, folder)
                seconds.append(round(time.perf_counter() - started, 2))
                calls.append(provisioner.identity.calls - before)
                outcomes |= {outcome for _, outcome in applied.changes}
        return {
            "seconds": seconds,
            "keycloak_calls": calls,
            "outcomes": sorted(outcomes),
        }

    def _write_model(self, organisations: int) -> TenantFolder:
        folder = self.settings.tenants
        [first, *others] = write_territories(folder, 0)
        assert not others  # noqa: S101 - only the model was asked for
        path = folder / MODEL
        with (path / "tenant.toml").open("a") as file:
            for number in range(len(first.file.organisation), organisations):
                file.write(ORGANISATION.format(number=number, slug=MODEL))
        model = read_folder(path)
        provision.apply_folder(self.settings, model)
        return model

    def _write_folder(self, slug: str) -> TenantFolder:
        source = self.settings.tenants / MODEL
        target = self.settings.tenants / slug
        shutil.copytree(source, target)
        for path in target.iterdir():
            path.write_text(path.read_text().replace(MODEL, slug))
        return read_folder(target)

    async def _fill(self, folders: Sequence[TenantFolder], datasets: int) -> int:
        if not folders:
            return 0
        copies = [self._copy(folder) for folder in folders]
        if not self._program_rows:
            await self._read_model()
        if datasets:
            # Before the rows that make a territory known: its search index is made once, of all.
            await asyncio.to_thread(self._write_datasets, folders, datasets)
        count = 0
        for database, rows in self._program_rows.items():
            connection = await asyncpg.connect(self.dsn(database))
            count += await write_copies(connection, rows, copies)
            await connection.execute("ANALYZE")
            await connection.close()
        connection = await asyncpg.connect(self.dsn(KEYCLOAK))
        count += await write_copies(connection, self._keycloak_rows, copies)
        await connection.execute("ANALYZE")
        await connection.close()
        await asyncio.to_thread(self._forget_identity_caches)
        return count

    async def _read_model(self) -> None:
        for database in ("udi_portal", "udi_node"):
            connection = await asyncpg.connect(self.dsn(database))
            self._program_rows[database] = await read_program_rows(
                connection, self.model.tenant_id
            )
            await connection.close()
        connection = await asyncpg.connect(self.dsn(KEYCLOAK))
        self._keycloak_rows = await read_keycloak_rows(connection, MODEL)
        await connection.close()

    def _copy(self, folder: TenantFolder) -> Copy:
        texts = {str(self.model.tenant_id): str(folder.tenant_id)}
        for part in self.model.file.organisation:
            texts[str(self.model.organisation_id(part))] = str(
                folder.organisation_id(part)
            )
        secrets = zip(
            self._list_secrets(MODEL), self._list_secrets(folder.slug), strict=True
        )
        texts |= dict(secrets)
        texts[self.model.fingerprint] = folder.fingerprint
        texts[MODEL] = folder.slug
        return Copy(folder.tenant_id, texts)

    def _list_secrets(self, slug: str) -> list[str]:
        """What programs derive for a territory; the hosted node of the model alone was given a credential, in a file."""
        settings = self.settings
        hosted = node_client_id(slug, HOSTED)
        credential = settings.client_secret("node", hosted)
        if slug == MODEL:
            credential = settings.secret(f"node_credential_{slug}").strip()
        named = [(program, client_id(program, slug)) for program in PROGRAMS]
        return [
            *(settings.client_secret(program, name) for program, name in named),
            subjects_client(settings, slug, "").secret,
            settings.derived_key("node", f"pairwise subjects of {slug}").hex(),
            credential,
        ]

    def _forget_identity_caches(self) -> None:
        connection = admin.connect(self.settings)
        connection.post("clear-realm-cache", {})

    def _write_datasets(self, folders: Sequence[TenantFolder], datasets: int) -> None:
        node = asyncio.run(self._find_node())
        rows = [
            (
                folder.tenant_id,
                node.get(folder.tenant_id, node[self.model.tenant_id]),
                folder.organisation_id(folder.file.organisation[0]),
            )
            for folder in folders
        ]
        fillings = [
            Filling(self.dsn("udi_portal"), rows[start : start + FEW], datasets)
            for start in range(0, len(rows), FEW)
        ]
        with ProcessPoolExecutor(PROCESSES) as pool:
            done = 0
            for count in pool.map(fill_datasets, fillings):
                done += count
                self._tell(f"{done} of {len(rows) * datasets} datasets written")

    async def _find_node(self) -> dict[uuid.UUID, uuid.UUID]:
        connection = await asyncpg.connect(self.dsn("udi_portal"))
        rows = await connection.fetch("SELECT tenant_id, id FROM app.node")
        await connection.close()
        return {row["tenant_id"]: row["id"] for row in rows}


def fill_datasets(filling: Filling) -> int:
    """Write the datasets of some territories; how many there were."""
    return asyncio.run(_fill_datasets(filling))


async def _fill_datasets(filling: Filling) -> int:
    for tenant, node, producer in filling.territories:
        records = [
            read_record(make_record(rank, producer, tenant))
            for rank in range(filling.datasets)
        ]
        await copy_datasets(filling.dsn, tenant, node, records)
    return len(filling.territories) * filling.datasets


def list_steps(most: int, steps: Sequence[int] = STEPS) -> list[int]:
    """At how many territories one measures, up to the most."""
    return [*sorted({step for step in steps if step < most}), most]
