"""CKAN, as PyPI has it, is read whole: from what was recorded of it, and from CKAN itself under `--all`.

That starts a real CKAN with a real Solr and the run's PostgreSQL; with `UDI_TEST_CKAN=record` it is also recorded again.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.contract.harvests.recorded import Recording, read_recording
from tests.contract.harvests.records import package, title
from tests.contract.harvests.whole import (
    Expected,
    Holder,
    Workspace,
    check_following,
    check_report,
    check_two_readings,
)
from tests.contract.readers.environments import environment
from tests.contract.servers import running, solr
from tests.depth import thorough
from tests.portal.nodes.sources.conftest import Catalogue, Open, Reading, count_rows
from udi.kit.clock import now
from udi.kit.http import OutgoingClient
from udi.portal.nodes.sources.models import SourceRecord
from udi.portal.territory.declaration.outcomes import (
    DeclarationOutcome,
    OwnRecord,
    compare_records,
)
from udi.portal.territory.declaration.portals import read_portal
from udi.portal.territory.declaration.readings import (
    NoOrganisationError,
    PortalProgram,
)

RECORDS_AGAIN = os.environ.get("UDI_TEST_CKAN") == "record"
RECORDED = "ckan-2.12.0"
SOME = 230
MANY = 10_000
DEADLY = (1_300, 4_900, 8_700)
"""The worker is killed once it has stored that many."""
LONGEST = 1800
NEW = "Relevé des eaux 3, corrigé"


@dataclass
class Ckan:
    """A running CKAN and the key of its administrator."""

    address: str
    token: str

    async def act(self, action: str, **about: Any) -> None:
        """One action of its API."""
        async with httpx.AsyncClient(
            timeout=60, headers={"Authorization": self.token}
        ) as client:
            answer = await client.post(
                f"{self.address}/api/3/action/{action}", json=about
            )
        assert answer.status_code == 200, answer.text


@asynccontextmanager
async def serving(postgres: str, folder: Path, many: int) -> AsyncIterator[Ckan]:
    """CKAN with as many datasets, in a database of its own that goes with it."""
    python = environment("ckan", folder=running.FOLDER)
    [schema] = (python.parents[1] / "lib").glob(
        "python3*/site-packages/ckan/config/solr/schema.xml"
    )
    records = folder / "records.json"
    database = f"ckan_{os.getpid()}"
    records.write_text(json.dumps([package(number) for number in range(many)]))
    connection = await asyncpg.connect(postgres)
    await connection.execute(f"CREATE DATABASE {database}")
    try:
        with solr.running(schema, folder) as index:
            database_address = f"{postgres.rpartition('/')[0]}/{database}"
            with running.running(
                "ckan", records, folder, database_address, index, patience=LONGEST
            ) as address:
                yield Ckan(address, (folder / "token").read_text())
    finally:
        await connection.execute(f"DROP DATABASE {database} WITH (FORCE)")
        await connection.close()


def playing(recording: Recording, act: Callable[[str], Any]) -> Holder:
    """The holder of a catalogue, each of whose acts leads to another state of the recording."""

    async def come_to(state: str) -> None:
        await act(state)
        recording.state = state

    return Holder(
        change=lambda: come_to("changed"), remove=lambda: come_to("removed"), restore=lambda: come_to("restored"),
        changed=(title(3), NEW), removed=title(7),
    )  # fmt: skip


@pytest.mark.thorough
async def test_a_recorded_ckan_is_read_whole(
    catalogue: Catalogue, open_source: Open, workspace: Workspace
) -> None:
    recording = read_recording(RECORDED)
    assert {"program", "recorded", "where", "content"} <= recording.about.keys()
    catalogue.answer = lambda path: recording.give(catalogue.origin, path)  # type: ignore[method-assign] # what the site says
    reading = await open_source(catalogue.origin)

    async def act(_state: str) -> None:
        """It was done when it was recorded."""

    await check_two_readings(
        workspace, reading, "CKAN 2.12.0, recorded", Expected("ckan", SOME, 3)
    )
    holder = playing(recording, act)
    await check_following(workspace, reading, holder, is_followed=thorough())
    assert "/robots.txt" in catalogue.requests


@pytest.mark.thorough
async def test_a_real_ckan_is_read_whole(
    catalogue: Catalogue,
    open_source: Open,
    workspace: Workspace,
    postgres: str,
    tmp_path: Path,
) -> None:
    about = {
        "program": "CKAN 2.12.0 of PyPI, without plugins, Solr 9.10.1", "recorded": now().date().isoformat(),
        "where": "on loopback, by tests/contract/harvests/test_ckan.py with UDI_TEST_CKAN=record",
        "content": f"{SOME} invented datasets of tests/contract/harvests/records.py",
    }  # fmt: skip
    recording = Recording(about)
    async with serving(postgres, tmp_path, SOME) as ckan:
        name = package(7)["name"]
        acts: dict[str, tuple[str, dict[str, Any]]] = {
            "changed": ("package_patch", {"id": package(3)["name"], "title": NEW}),
            "removed": ("package_delete", {"id": name}),
            "restored": ("package_patch", {"id": name, "state": "active"}),
        }

        async def act(state: str) -> None:
            action, parameters = acts[state]
            await ckan.act(action, **parameters)

        catalogue.answer = lambda path: recording.take(ckan.address, path)  # type: ignore[method-assign] # what CKAN says
        reading = await open_source(catalogue.origin)
        await check_two_readings(
            workspace, reading, "CKAN 2.12.0", Expected("ckan", SOME, 3)
        )
        await check_following(workspace, reading, playing(recording, act))
    if RECORDS_AGAIN:
        recording.write(RECORDED)


@pytest.mark.thorough
async def test_what_a_real_ckan_did_with_our_records_is_read_there(
    postgres: str, tmp_path: Path
) -> None:
    origin = "https://armor.example"
    taken, changed, missing = (
        OwnRecord(uuid4(), title(number), {}, "odbl-1.0", 1, f"{origin}/data/{number}")
        for number in (7, 14, 21)
    )
    async with serving(postgres, tmp_path, SOME) as ckan:
        await ckan.act(
            "package_patch", id=package(7)["name"], license_id="odc-odbl",
            extras=[{"key": "identifier", "value": str(taken.id)}],
        )  # fmt: skip
        await ckan.act(
            "package_patch", id=package(14)["name"], title="Autre", license_id="cc-by",
            extras=[{"key": "guid", "value": changed.address}],
        )  # fmt: skip
        for name, address in (("ours", origin), ("other", "https://elsewhere.example")):
            await ckan.act(
                "package_create", type="harvest", name=name, title=name, owner_org="agence-0", url=f"{address}/catalog.rdf",
            )  # fmt: skip
        outgoing = OutgoingClient(["127.0.0.1:*"])
        try:
            reading = await read_portal(outgoing, ckan.address, "agence-0", origin)
            with pytest.raises(NoOrganisationError):
                await read_portal(outgoing, ckan.address, "nobody", origin)
        finally:
            await outgoing.close()
    outcomes = compare_records([taken, changed, missing], reading, ckan.address)

    assert reading.program is PortalProgram.CKAN
    assert [source.name for source in reading.sources] == ["ours"]
    assert {outcome.record.id: outcome.outcome for outcome in outcomes} == {
        taken.id: DeclarationOutcome.TAKEN,
        changed.id: DeclarationOutcome.CHANGED,
        missing.id: DeclarationOutcome.MISSING,
    }
    pages = {outcome.record.id: outcome.page for outcome in outcomes}
    assert pages[taken.id] == f"{ckan.address}/dataset/{package(7)['name']}"


async def until_killed(
    reading: Reading, run: Path, worker: str, deadly: int | None
) -> None:
    """A worker of its own reads; it is killed once so many are stored, else it ends by itself."""
    await reading.change(next_at=now(), lease=None, leased_until=None)
    command = [
        sys.executable,
        "-m",
        "tests.contract.harvests.work",
        str(run),
        worker,
        str(reading.territory.id),
    ]
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    async with asyncio.timeout(LONGEST):
        if deadly is None:
            assert await process.wait() == 0
            return
        while (
            await count_rows(reading.database, reading.territory, SourceRecord) < deadly
        ):
            assert process.returncode is None
            await asyncio.sleep(0.05)
    process.kill()
    await process.wait()


@pytest.mark.thorough
async def test_ten_thousand_records_of_a_real_ckan_killed_three_times_are_each_there_once(
    open_source: Open,
    workspace: Workspace,
    postgres: str,
    tmp_path: Path,
    run_folder: Path,
    worker_name: str,
) -> None:
    async with serving(postgres, tmp_path, MANY) as ckan:
        reading = await open_source(ckan.address)
        began = time.monotonic()
        for deadly in (*DEADLY, None):
            await until_killed(reading, run_folder, worker_name, deadly)
        took = time.monotonic() - began
        [first] = await reading.runs()
        id_by_title = await reading.list_published()
        again = await reading.read()

    assert (first.outcome, first.total, first.created, first.refused) == (
        "complete",
        MANY,
        MANY,
        0,
    )
    assert len(id_by_title) == len(await reading.records()) == MANY
    assert await reading.count_events("dataset.published") == MANY
    assert (again.outcome, again.unchanged, again.created, again.updated) == (
        "complete",
        MANY,
        0,
        0,
    )
    assert await reading.list_published() == id_by_title
    await check_report(workspace, reading)
    workspace.say("CKAN 2.12.0, the worker killed three times", first, took)
