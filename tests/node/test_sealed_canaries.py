"""No cell of a sealed space is in clear on a disk, whatever is read of it: canaries are looked for everywhere."""

import json
import os
import re
import secrets
import stat
import struct
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import httpx
import pytest
from sqlalchemy import select

from tests.node.agreements.conftest import asker, at_node, machine, portal
from tests.node.agreements.granting import IN_PART, WHOLE, Granting
from tests.node.hidden_members import packed
from tests.node.producer import SLUG, Producer
from tests.node.test_series import add_year, date_main
from tests.personal_rows import find_moment
from tests.service_overrides import ServiceOverrides
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.keyring import FILE_KEYS
from udi.kit.tenancy import Territory
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.space_export import tasks
from udi.node.datasets.space_export.builder import ArchiveBuilder
from udi.node.datasets.space_export.tasks import BUILD_ARCHIVE
from udi.node.datasets.versions.preparation import preload_imports
from udi.node.datasets.versions.sealed_cells import forget_cells
from udi.node.datasets.versions.tables import DatasetTableCache
from udi.node.files.encryption.sealing_store import OBJECTS, SealingStore
from udi.node.files.encryption.space_sealing import seal_space
from udi.node.files.models import SpaceArchive
from udi.node.files.restricted import DERIVE
from udi.node.files.storage import memory as memories
from udi.node.files.storage.memory import MemoryFolder, file_system_of
from udi.node.tables import api as tables_api
from udi.node.tables.finder import FIND_TABLE
from udi.node.tables.views import VIEWS
from udi.settings import Settings
from udi.tabular.exports.exports import FORMATS, ExportWriter
from udi.tabular.overviews.overview import SHOWING, OverviewReader, OverviewTimeouts
from udi.tabular.queries.pool import POOL, PoolLimits, QueryPool
from udi.tabular.queries.readers import READERS, FileReaderPool
from udi.tabular.queries.row_pages import RowPageReader
from udi.ui.site import Site

__all__ = ["asker", "at_node", "machine", "portal"]
NOWHERE = "/proc/nowhere"
"""No file can be made there: whoever does without the memory fails."""


@dataclass(frozen=True)
class Canaries:
    """Cells like no other, of each kind; `wrong_value` does not fit its column, `changed` is in the second version only.

    The latitude is in the Arctic Ocean, of which no other file of a run has a place: its first five decimals alone are
    looked for too. The day is of a century of which nobody lives: one of the last could be somebody's birthday, which
    no coverage tells, nor any before 1800 or after 2100.
    """

    text: str = field(default_factory=lambda: f"ZQ{secrets.token_hex(8)}")
    mail: str = field(
        default_factory=lambda: f"zq{secrets.token_hex(6)}@kerlevan.example"
    )
    wrong_value: str = field(default_factory=lambda: f"wrong{secrets.token_hex(6)}")
    changed: str = field(default_factory=lambda: f"ZC{secrets.token_hex(8)}")
    whole: int = field(default_factory=lambda: 10**14 + secrets.randbelow(10**13))
    latitude: float = field(
        default_factory=lambda: 86 + secrets.randbelow(10**6) / 10**7 + 10**-8
    )
    since: float = field(default_factory=lambda: time.time() - 1)
    """When they were made: no file that was last written before holds one."""
    first_transaction: int = 0
    """No row that an earlier one wrote holds one either."""
    day: str = field(
        default_factory=lambda: (
            f"18{10 + secrets.randbelow(80)}-0{1 + secrets.randbelow(9)}-1{secrets.randbelow(10)}"
        )
    )

    @property
    def patterns(self) -> dict[str, bytes]:
        """As they may be written."""
        texts = {
            name: str(getattr(self, name)).encode()
            for name in (
                "text",
                "mail",
                "wrong_value",
                "changed",
                "whole",
                "latitude",
                "day",
            )
        }
        return {
            **texts,
            "whole, as a number": struct.pack("<q", self.whole),
            "latitude, as a number": struct.pack("<d", self.latitude),
            "latitude, cut": f"{self.latitude:.5f}".encode(),
        }

    def table(self, *, second: bool = False) -> bytes:
        """A file of which each column holds one; the first days and the last are canaries too."""
        lines = ["compteur,commune,latitude,longitude,index,note,jour,mail"]
        for number in range(1, 81):
            if number == 3:
                index = self.wrong_value
            else:
                index = self.whole if number == 4 else number
            if second and number == 5:
                note = self.changed
            else:
                note = f"{self.text}-{number}"
            day = self.day if number == 1 else f"2025-03-{1 + number % 28:02}"
            lines.append(
                f"PA-{number:04},Kerlévan,{self.latitude if number == 1 else 48.1 + number / 100},"
                f"{-4.5 + number / 100},{index},{note},{day},{self.mail if number == 7 else f'a{number}@b.example'}"
            )
        return ("\n".join(lines) + "\n").encode()


@pytest.fixture
async def canaries(first_transaction: int) -> Canaries:
    return Canaries(first_transaction=first_transaction)


@pytest.fixture
async def first_transaction(postgres: str) -> int:
    """The number of this test's first transaction, or of an earlier one that still goes on."""
    connection = await asyncpg.connect(postgres)
    moment = await find_moment(connection)
    await connection.close()
    return moment


@pytest.fixture
async def no_disk(
    monkeypatch: pytest.MonkeyPatch,
    services: ServiceOverrides,
    node_database: Database,
    settings: Settings,
) -> AsyncIterator[SealingStore]:
    """The node, whose disk takes no temporary file, no copy of a table and no export: only what is sealed."""
    monkeypatch.setattr(tempfile, "tempdir", NOWHERE)
    store: SealingStore = services[OBJECTS]
    services[tables_api.EXPORTS] = ExportWriter(Path(NOWHERE) / "exports")
    services[FIND_TABLE] = DatasetTableCache(
        node_database, store, Path(NOWHERE) / "tables", services[tables_api.EXPORTS]
    )
    views = services[VIEWS]
    services[VIEWS] = type(views)(services[tables_api.EXPORTS])
    derive = services[DERIVE]
    services[DERIVE] = type(derive)(
        services[FIND_TABLE].of_file, services[VIEWS], services[tables_api.EXPORTS]
    )
    services[READERS] = FileReaderPool(preload_imports)
    pool = QueryPool(
        PoolLimits(seconds=60, patience=60, places=(str(store.memory.folder),))
    )
    services |= {
        POOL: pool,
        SHOWING: OverviewReader(pool, OverviewTimeouts(60, 60, 60)),
        tables_api.ANSWERS: RowPageReader(pool),
    }
    yield store
    await pool.close()


async def seal(site: Site, database: Database, territory: Territory) -> None:
    async with database.session(territory.id, role="worker") as session:
        assert await seal_space(session, site.services[FILE_KEYS](), SLUG)
    site.services[OBJECTS].keys.forget()


async def rows_in_clear(
    dsn: str, databases: list[str], patterns: dict[str, bytes], since: int
) -> list[str]:
    """Where a dump of the databases would hold a canary, in rows that this transaction or a later one wrote."""
    words = {
        canary: text
        for canary, pattern in patterns.items()
        if (text := pattern.decode("latin-1")).isascii() and text.isprintable()
    }
    likes = [f"%{word}%" for word in words.values()]
    leaks = []
    for name in databases:
        connection = await asyncpg.connect(dsn.rsplit("/", 1)[0] + f"/{name}")
        tables = await connection.fetch(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        for schema, table in tables:
            query = f'SELECT line::text FROM "{schema}"."{table}" AS line WHERE xmin::text::bigint >= $2 AND line::text LIKE ANY($1)'
            lines = [line for (line,) in await connection.fetch(query, likes, since)]
            leaks += [
                f"{canary} in {name}.{schema}.{table}"
                for canary, word in words.items()
                if any(word in line for line in lines)
            ]
        await connection.execute("CHECKPOINT")
        await connection.close()
    return leaks


class WrittenPatterns(Protocol):
    """Words that were put somewhere, as they may be written in a file, and since when (seconds since 1970)."""

    @property
    def since(self) -> float: ...

    @property
    def patterns(self) -> Mapping[str, bytes]: ...


def files_in_clear(folder: Path, canaries: WrittenPatterns) -> list[str]:
    """Which files of a folder hold a canary; those of other processes may go while we look."""
    leaks = []
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            with suppress(FileNotFoundError):
                if is_written_since(path, canaries.since):
                    content = path.read_bytes()
                    leaks += [
                        f"{canary} in {path}"
                        for canary, pattern in canaries.patterns.items()
                        if pattern in content
                    ]
    return leaks


def is_written_since(path: Path, moment: float) -> bool:
    """Whether it is a file of which something was written after a moment."""
    facts = path.lstat()
    return stat.S_ISREG(facts.st_mode) and facts.st_mtime >= moment


@dataclass
class Readings:
    """Everything that is read of a dataset, by its producer and under agreements."""

    producer: Producer
    machine: httpx.AsyncClient
    portal: Granting
    dataset: str
    done: list[str] = field(default_factory=list)

    async def by_producer(self) -> None:
        """Pages that show, check, compare and search."""
        for path in (
            "data", "check", "understood", "cells", "cells.csv", "people", "personal-data", "schema", "review",
            "data?version=1", "data?version=2", "versions/2/difference", "describe",
        ):  # fmt: skip
            answer = await self.producer.client.get(f"/datasets/{self.dataset}/{path}")
            assert answer.status_code == 200, (path, answer.text)
            self.done.append(path)

    async def under(self, grant: Any, *, whole: bool) -> None:
        """Rows, exports, places, the file."""
        paths = [
            f"/api/resources/{self.dataset}/data/?page_size=50",
            f"/datasets/{self.dataset}/file",
        ]
        paths += [
            f"/api/resources/{self.dataset}/data/{kind}/"
            for kind, form in FORMATS.items()
            if whole or not form.placed
        ]
        paths += [
            f"/api/resources/{self.dataset}/data/csv/?index__greater=10&index__sort=desc"
        ]
        paths += (
            [f"/ogc/{self.dataset}/collections/data/items?limit=20"] if whole else []
        )
        for path in paths:
            answer = await self.machine.get(path, headers=grant.headers)
            assert answer.status_code == 200, (path, answer.text[:300])
            self.done.append(path)


async def build_archive(
    producer: Producer, site: Site, database: Database, territory: Territory
) -> None:
    assert (await producer.client.post(f"/spaces/{SLUG}/archive")).status_code == 303
    async with database.session(territory.id, role="worker") as session:
        archive = (await session.scalars(select(SpaceArchive))).one()
    build = tasks.task_handlers(
        database, site.registry, ArchiveBuilder(site.services[OBJECTS], site.pages)
    )[BUILD_ARCHIVE]
    await build(
        Job(BUILD_ARCHIVE, territory.id, {"archive": str(archive.id)}, 0, last=False)
    )


async def test_no_cell_of_a_sealed_space_is_in_clear_on_a_disk(
    canaries: Canaries, no_disk: SealingStore, producer: Producer, portal: Granting, machine: httpx.AsyncClient,
    asker: object, node_site: Site, node_database: Database, demo: Territory, postgres: str, run_folder: Path,
    settings: Settings,
) -> None:  # fmt: skip
    await seal(node_site, node_database, demo)
    dataset = await producer.draft(canaries.table(), "compteurs.csv")
    await producer.publish(dataset, access="restricted", reason="On le peut.")
    sent = await producer.send(
        canaries.table(second=True), "compteurs.csv", f"/datasets/{dataset}/versions"
    )
    assert sent.status_code == 303, sent.text
    readings = Readings(producer, machine, portal, dataset)
    await readings.by_producer()
    await producer.publish(dataset, access="restricted", reason="On le peut.")
    views = [
        (f"q={canaries.text}", 422), (f"latitude__greater={canaries.latitude}&view=map", 422),
        ("view=chart&by=commune", 303),
    ]  # fmt: skip
    for view, status in views:
        saved = await producer.client.post(
            f"/datasets/{dataset}/view", data={"query": view}
        )
        assert saved.status_code == status, saved.text
    whole = portal.grant(dataset, WHOLE)
    part = portal.grant(dataset, IN_PART)
    for grant in (whole, part):
        assert (await portal.push(machine, grant)).status_code == 200
    await readings.under(whole, whole=True)
    await readings.under(part, whole=False)
    await build_archive(producer, node_site, node_database, demo)

    patterns = canaries.patterns
    in_rows = await rows_in_clear(
        postgres,
        list(settings.database_names.values()),
        patterns,
        canaries.first_transaction,
    )
    in_files = files_in_clear(run_folder, canaries)

    assert in_rows == []
    assert in_files == []
    print(f"canaries: {len(patterns)} in {len(readings.done) + 1} readings, 0 in clear")  # noqa: T201


@pytest.mark.thorough
async def test_no_cell_of_the_tables_of_an_archive_is_in_clear(
    canaries: Canaries, no_disk: SealingStore, producer: Producer, portal: Granting, machine: httpx.AsyncClient,
    asker: object, node_site: Site, node_database: Database, demo: Territory, postgres: str, run_folder: Path,
    settings: Settings,
) -> None:  # fmt: skip
    await seal(node_site, node_database, demo)
    content = packed(compteurs_dot_csv=canaries.table(), autres_dot_csv=b"a,b\n1,2\n")
    dataset = await producer.draft(content, "lot.zip")
    page = await producer.page(f"/datasets/{dataset}/tables/compteurs?version=1")
    drawn = f"/datasets/{dataset}/tables/compteurs/chart.svg"
    assert (await producer.client.get(drawn)).status_code == 200
    await producer.publish(dataset, access="restricted", reason="On le peut.")
    grant = portal.grant(dataset, WHOLE)
    assert (await portal.push(machine, grant)).status_code == 200
    for rest in ("", "csv/", "parquet/", "geojson/", "xlsx/"):
        answer = await machine.get(
            f"/api/resources/{dataset}/tables/compteurs/data/{rest}",
            headers=grant.headers,
        )
        assert answer.status_code == 200, rest

    in_rows = await rows_in_clear(
        postgres,
        list(settings.database_names.values()),
        canaries.patterns,
        canaries.first_transaction,
    )

    assert canaries.text in page
    assert in_rows == []
    assert files_in_clear(run_folder, canaries) == []


@pytest.mark.thorough
async def test_no_cell_of_the_table_of_all_periods_is_in_clear(
    canaries: Canaries, no_disk: SealingStore, producer: Producer, portal: Granting, machine: httpx.AsyncClient,
    asker: object, node_site: Site, node_database: Database, demo: Territory, run_folder: Path,
) -> None:  # fmt: skip
    await seal(node_site, node_database, demo)
    dataset = await producer.draft(canaries.table(), "2024.csv")
    await producer.publish(dataset, access="restricted", reason="On le peut.")
    await date_main(producer, dataset, "2024-01-01", "2024-12-31")
    await add_year(producer, dataset, 2023, canaries.table(second=True), reason="Oui.")
    grant = portal.grant(dataset, WHOLE)
    assert (await portal.push(machine, grant)).status_code == 200
    page = await producer.page(f"/datasets/{dataset}/tables/series")
    for rest in ("", "csv/", "parquet/", "geojson/", "xlsx/"):
        answer = await machine.get(
            f"/api/resources/{dataset}/tables/series/data/{rest}",
            headers=grant.headers,
        )
        assert answer.status_code == 200, rest

    assert canaries.text in page
    assert files_in_clear(run_folder, canaries) == []


async def test_sealing_a_space_rounds_the_places_of_its_tables(
    producer: Producer, node_site: Site, node_database: Database, demo: Territory
) -> None:
    spots = b"nom,latitude,longitude\n" + b"".join(
        b"Lieu %d,48.%d,-4.5%d\n" % (n, n + 10, n) for n in range(9)
    )
    dataset = await producer.draft(
        packed(lieux_dot_csv=spots, autres_dot_csv=b"a,b\n1,2\n"), "lot.zip"
    )
    await seal(node_site, node_database, demo)

    async with node_database.session(demo.id, role="worker") as session:
        await forget_cells(session)
    async with node_database.session(demo.id, role="worker") as session:
        stored = await find_dataset(session, uuid.UUID(dataset))

    assert stored is not None
    assert stored.latest.preparation is not None
    boxes = {
        table["name"]: table["bbox"]
        for table in stored.latest.preparation.findings["tables"]
    }
    assert boxes == {"autres": None, "lieux": [-5, 48, -4, 49]}


async def test_the_search_finds_what_is_in_clear(
    canaries: Canaries,
    producer: Producer,
    postgres: str,
    run_folder: Path,
    settings: Settings,
) -> None:
    """In a space that is not sealed: the first lines in the database, the file in the store, the table."""
    dataset = await producer.draft(canaries.table(), "compteurs.csv")
    await producer.page(f"/datasets/{dataset}/data")

    in_rows = await rows_in_clear(
        postgres,
        list(settings.database_names.values()),
        canaries.patterns,
        canaries.first_transaction,
    )
    in_files = files_in_clear(run_folder, canaries)

    assert {"text", "wrong_value"} <= {leak.partition(" in ")[0] for leak in in_rows}
    assert "text" in {leak.partition(" in ")[0] for leak in in_files}


async def test_cells_that_do_not_fit_are_shown_from_where_they_are_sealed(
    canaries: Canaries, no_disk: SealingStore, producer: Producer, node_site: Site, node_database: Database,
    demo: Territory,
) -> None:  # fmt: skip
    await seal(node_site, node_database, demo)
    dataset = await producer.draft(canaries.table(), "compteurs.csv")

    page = await producer.page(f"/datasets/{dataset}/cells")
    table = await producer.page(f"/datasets/{dataset}/cells.csv")

    assert canaries.wrong_value in page
    assert canaries.wrong_value in table


async def test_rows_of_a_sealed_space_are_corrected_and_filled_in_memory(
    canaries: Canaries, no_disk: SealingStore, producer: Producer, node_site: Site, node_database: Database,
    demo: Territory, postgres: str, settings: Settings, run_folder: Path,
) -> None:  # fmt: skip
    await seal(node_site, node_database, demo)
    dataset = await producer.draft(canaries.table(), "compteurs.csv")
    page = await producer.page(f"/datasets/{dataset}/rows/7")
    assert canaries.mail in page
    digest = re.search(r'name="r0-digest" value="([0-9a-f]{16})"', page)
    assert digest
    names = canaries.table().partition(b"\n")[0].decode().split(",")
    form = {"names": json.dumps(names), "rows": "1", "view": "row", "r0-number": "7"}
    cells = ["PA-0007", "Kerlévan", "48", "-4", "7", canaries.changed, "", ""]
    form |= {f"r0-c{column}": cell for column, cell in enumerate(cells)}
    birth = [canaries.text, "29019", "F", "Nolwenn", "3", "2025"]
    filled = {f"r0-c{column}": cell for column, cell in enumerate(birth)}

    saved = await producer.client.post(
        f"/datasets/{dataset}/rows", data={**form, "r0-digest": digest[1]}
    )
    draft = await producer.client.post(
        f"/spaces/{SLUG}/fill",
        data={"model": "prenoms", "rows": "1", "keep": "1", **filled},
    )

    assert (saved.status_code, draft.status_code) == (303, 303)
    assert canaries.changed in await producer.page(f"/datasets/{dataset}/rows/7")
    assert canaries.text in await producer.page(draft.headers["location"])
    in_rows = await rows_in_clear(
        postgres,
        list(settings.database_names.values()),
        canaries.patterns,
        canaries.first_transaction,
    )
    assert in_rows == []
    assert files_in_clear(run_folder, canaries) == []


async def test_sealing_a_space_forgets_the_cells_that_were_kept_of_it(
    canaries: Canaries, producer: Producer, node_site: Site, node_database: Database, demo: Territory, postgres: str,
    settings: Settings,
) -> None:  # fmt: skip
    dataset = await producer.draft(canaries.table(), "compteurs.csv")
    await producer.page(f"/datasets/{dataset}/data")
    tables: DatasetTableCache = node_site.services[FIND_TABLE]
    copies = settings.state / "tables" / str(demo.id) / dataset
    assert list(copies.iterdir())
    async with node_database.session(demo.id, role="worker") as session:
        opened = await find_dataset(session, uuid.UUID(dataset))
        assert opened is not None
        opened.default_view = f"note__exact={canaries.text}-1"
    await seal(node_site, node_database, demo)

    async with node_database.session(demo.id, role="worker") as session:
        await tables.forget_on_disk(demo.id, await forget_cells(session))
    async with node_database.session(demo.id, role="worker") as session:
        again = await forget_cells(session)
        stored = await find_dataset(session, uuid.UUID(dataset))

    assert [str(dataset_id) for dataset_id in again] == [dataset]
    assert stored is not None
    assert stored.default_view == ""
    version = stored.latest
    assert version.profile["sample"] == []
    assert version.preparation is not None
    stored_text = json.dumps(version.preparation.findings) + json.dumps(version.profile)
    assert [
        name
        for name, pattern in canaries.patterns.items()
        if pattern in stored_text.encode()
    ] == []
    assert version.preparation.findings["counts"], "how many do not fit is still known"
    assert not copies.exists()


async def test_without_memory_nothing_is_opened(
    producer: Producer, node_site: Site, node_database: Database, demo: Territory, services: ServiceOverrides, tmp_path: Path,
    canaries: Canaries, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A folder on a disk in the place of memory refuses, in words."""
    await seal(node_site, node_database, demo)
    dataset = await producer.draft(canaries.table(), "compteurs.csv")
    monkeypatch.setattr(services[OBJECTS], "memory", MemoryFolder(tmp_path / "disk"))
    monkeypatch.setattr(memories, "file_system_of", lambda _: "ext4")

    page = await producer.client.get(f"/datasets/{dataset}/data")
    dropped = await producer.send(canaries.table(), "autre.csv")

    assert page.status_code == 503
    assert "chiffrées" in page.text
    assert dropped.status_code == 503


@pytest.mark.parametrize(
    ("path", "kind"), [("/proc/self", "proc"), ("/dev/shm", "tmpfs"), ("/dev/shm/udi-x", "tmpfs")]
)  # fmt: skip
def test_the_kind_of_a_file_system_is_known(path: str, kind: str) -> None:
    assert file_system_of(Path(path)) == kind


def test_memory_that_others_read_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memories, "file_system_of", lambda _: "tmpfs")
    folder = MemoryFolder(tmp_path / "own")
    shared = MemoryFolder(tmp_path / "shared")
    shared.folder.mkdir(mode=0o755)

    assert folder.is_available()
    assert not shared.is_available()
