"""The reader of sources alone in a process, which stores what it reads: records a second, and the most memory it took."""

import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import func, select

from bench.load.catalogues import HOST, PATHS, serve
from bench.load.requests import memory, processor_time
from bench.load.scratch import environment_of
from udi.cli.local.errors import LocalError
from udi.cli.local.state import read_status
from udi.kit.http import OutgoingClient
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.nodes.sources.actions import register_source, schedule_reading
from udi.portal.nodes.sources.harvest_run import HarvestContext, harvest_next_source
from udi.portal.nodes.sources.models import CatalogueSource, SourceRun
from udi.portal.nodes.sources.source_client import SourceClient
from udi.portal.notifications.webhooks import WEBHOOK_CLIENT
from udi.portal.organisations.queries import list_producers
from udi.portal.site import build_site
from udi.settings import Settings, get_settings
from udi.ui.site import Site

PATIENCE = 300.0
TURN = 6 * 3600.0
"""Seconds that a document may take to come; that a reading may take before another source has its turn."""
TWICE = ("first", "again")
LOOK_SECONDS = 0.25
"""Between two looks at the memory of what reads."""
Tell = Callable[[str], None]


def measure_kinds(
    settings: Settings, count: int, kinds: list[str], tell: Tell
) -> list[dict[str, Any]]:
    """Each kind of catalogue, of so many records, read twice by a process of its own."""
    context = multiprocessing.get_context("spawn")
    listening = context.Queue()
    site = context.Process(target=serve, args=(count, listening), daemon=True)
    site.start()
    try:
        origin = f"http://{HOST}:{listening.get(timeout=60)}"
        return [_measure(settings, origin, kind, count, tell) for kind in kinds]
    finally:
        site.terminate()
        site.join()


def _measure(
    settings: Settings, origin: str, kind: str, count: int, tell: Tell
) -> dict[str, Any]:
    tell(f"Reading {count} records of {kind}")
    command = [
        sys.executable,
        "-P",
        "-m",
        "bench.load.readers",
        f"{origin}{PATHS[kind]}",
    ]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command, env=environment_of(settings), stdout=output, stderr=errors
        )
        most_memory = _watch_memory(process)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            reason = errors.read().strip()[-400:].rstrip(".")
            raise LocalError(f"The reader of {kind} failed", reason)
        figures: dict[str, Any] = json.loads(output.read().splitlines()[-1])
    return {"kind": kind, "records": count, **figures, "memory_bytes": most_memory}


def _watch_memory(process: subprocess.Popen[bytes]) -> int:
    """Wait until a process ends; the most bytes that it held with its children, what they share counted once."""
    most = 0
    while process.poll() is None:
        most = max(most, memory(process.pid))
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOK_SECONDS)
    return most


async def read_twice(address: str) -> dict[str, Any]:
    """Register a catalogue for the first territory, and read it to its end, twice; politeness costs no time here."""
    site = build_site(get_settings(), pages=False)
    outgoing = OutgoingClient([f"{HOST}:*"])
    try:
        [territory, *_] = await site.registry.list()
        before = memory(os.getpid())
        reader = SourceClient(outgoing, pace=0, patience=PATIENCE)
        workspace = HarvestContext(
            site.database, reader, territory, site.pages.gettext, turn=TURN
        )
        source = await _register(site, territory, address)
        readings: dict[str, Any] = {
            name: await _read(site, workspace, territory, source) for name in TWICE
        }
    finally:
        await outgoing.close()
        await site.services[WEBHOOK_CLIENT].close()
        await site.outgoing.close()
        await site.database.close()
    return {**readings, "memory_before_bytes": before}


def _team(territory: Territory) -> Actor:
    return Actor(uuid.uuid4(), "Bench", "", territory.slug, moderator=True)


async def _register(site: Site, territory: Territory, address: str) -> uuid.UUID:
    async with site.database.session(territory.id, role="worker") as session:
        [producer, *_] = await list_producers(session)
        source = await register_source(
            session,
            _team(territory),
            producer,
            address=address,
            rhythm="by_hand",
            language="fr",
        )
        return source.id


async def _read(
    site: Site, workspace: HarvestContext, territory: Territory, source_id: uuid.UUID
) -> dict[str, Any]:
    async with site.database.session(territory.id, role="worker") as session:
        source = await session.get_one(CatalogueSource, (territory.id, source_id))
        await schedule_reading(session, _team(territory), source)
    database_size = await _measure_database(site, territory)
    database_worked = _database_seconds(site.settings)
    started = time.perf_counter()
    worked = time.process_time()
    while await harvest_next_source(workspace):
        pass
    seconds = time.perf_counter() - started
    worked = time.process_time() - worked
    async with site.database.session(territory.id, role="worker") as session:
        latest = (
            select(SourceRun)
            .where(SourceRun.source_id == source_id)
            .order_by(SourceRun.started_at.desc())
        )
        run = (await session.scalars(latest.limit(1))).one()
    if run.outcome not in {"complete", "unchanged"}:
        raise LocalError(
            "The catalogue was not read to its end",
            f"the reading ended as {run.outcome}",
        )
    return {
        "records": run.total, "created": run.created, "unchanged": run.unchanged, "documents": run.pages,
        "bytes": run.size, "seconds": round(seconds, 1), "per_second": round(run.total / seconds, 1),
        "cpu_seconds": round(worked, 1),
        "database_cpu_seconds": round(_database_seconds(site.settings) - database_worked, 1),
        "database_bytes": await _measure_database(site, territory) - database_size,
    }  # fmt: skip


def _database_seconds(settings: Settings) -> float:
    """Seconds of processor that PostgreSQL took so far, with what serves others."""
    parts = read_status(settings).get("parts", ())
    return sum(
        processor_time(part["pid"]) for part in parts if part["name"] == "postgres"
    )


async def _measure_database(site: Site, territory: Territory) -> int:
    """Bytes of the portal's database on disk."""
    size = select(func.pg_database_size(func.current_database()))
    async with site.database.session(territory.id, role="worker") as session:
        return int(await session.scalar(size) or 0)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(read_twice(sys.argv[1]))))
