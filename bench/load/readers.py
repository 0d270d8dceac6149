"""The reader of sources alone in a process, which stores what it reads: records a second, and the most memory it took."""

import asyncio
import json
import multiprocessing
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from bench.load.catalogues import HOST, PATHS, serve
from bench.load.scratch import environment_of
from udi.cli.local.errors import LocalError
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
        return [_measure(settings, origin, kind, tell) for kind in kinds]
    finally:
        site.terminate()
        site.join()


def _measure(settings: Settings, origin: str, kind: str, tell: Tell) -> dict[str, Any]:
    tell(f"Reading {kind}")
    command = [
        sys.executable,
        "-P",
        "-m",
        "bench.load.readers",
        f"{origin}{PATHS[kind]}",
    ]
    done = subprocess.run(
        command,
        env=environment_of(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LocalError(
            f"The reader of {kind} failed", done.stderr.strip()[-400:].rstrip(".")
        )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"kind": kind, **figures}


async def read_twice(address: str) -> dict[str, Any]:
    """Register a catalogue for the first territory, and read it to its end, twice; politeness costs no time here."""
    site = build_site(get_settings(), pages=False)
    outgoing = OutgoingClient([f"{HOST}:*"])
    try:
        [territory, *_] = await site.registry.list()
        before = _peak()
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
    return {**readings, "memory_before_bytes": before, "memory_bytes": _peak()}


def _peak() -> int:
    """The most bytes of memory that this process took until now, and the largest child that ended: the one that reads."""
    kilobytes = [
        resource.getrusage(whose).ru_maxrss
        for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return sum(kilobytes) * 1024


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
        "cpu_seconds": round(worked, 1), "memory_bytes": _peak(),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(asyncio.run(read_twice(sys.argv[1]))))
