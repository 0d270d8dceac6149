"""`udi bench search`: what a large catalogue costs to search, to read and to fill."""

import asyncio
import json as jsonlib
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from udi import __version__
from udi.cli.load import requests
from udi.cli.load.corpus import Corpus
from udi.cli.load.machine import describe, sentence
from udi.cli.load.portals import Stand, grow, measure, prepare, two_portals
from udi.cli.load.pushes import push
from udi.cli.load.scratch import scratch_installation
from udi.cli.load.territories import apply_each, write_territories
from udi.cli.local.interrupts import Stopped
from udi.cli.local.state import read_status
from udi.settings import Settings

INTERRUPTED = 130
MIB = 1024**2
HEADINGS = (
    "", "Datasets", "Portal", "Requests/s", "p50 ms", "p99 ms", "CPU ms", "web + postgres", "Other", "Refused",
)  # fmt: skip
Sizes = Annotated[list[int], typer.Option("--datasets", help="Datasets of one territory; may be said again.", min=100)]


def search(
    corpus: Annotated[Path, typer.Option(help="The script that makes descriptions from a seed.", exists=True)],
    datasets: Sizes = [1_000, 10_000, 100_000],  # noqa: B006 - typer copies it
    territories: Annotated[int, typer.Option(help="Other territories, of the same size each.", min=0, max=200)] = 0,
    each: Annotated[int, typer.Option(help="Datasets of each of those.", min=100)] = 20_000,
    seconds: Annotated[int, typer.Option(help="How long each load lasts.", min=1)] = 10,
    clients: Annotated[int, typer.Option(help="Requests at once.", min=1)] = 16,
    pushes: Annotated[int, typer.Option(help="Descriptions pushed as a node does.", min=16)] = 1_000,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Fill one territory step by step, and many others, and load the portal at each step.

    Searches with counts, the search page, dataset pages, a dataset as JSON and the catalogue as RDF are asked of two
    web workers, as shipped and with every cache of ours off: requests a second, half and 99 % of the waits, processor
    time a request. Then descriptions are pushed. Everything happens in an installation of its own, deleted at the end.
    It needs the load generator wrk; a million datasets take 6 GB of disk and about half an hour.
    """
    requests.require_wrk()
    try:
        report = _run(corpus, sorted(set(datasets)), (territories, each), (seconds, clients), pushes)
    except Stopped:
        print("Interrupted; nothing is left.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    if json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(report, Console())


def _run(
    script: Path, sizes: list[int], others: tuple[int, int], pressure: tuple[int, int], pushes: int
) -> dict[str, Any]:
    before = os.getloadavg()[0]
    with scratch_installation() as settings:
        folders = write_territories(settings.tenants, 1 + others[0])[1:]
        apply_each(settings, folders, _tell)
        with two_portals(settings, settings.state / "portals.log") as servers:
            stand = Stand(settings, Corpus(script), script, folders, servers, _tell)
            report = asyncio.run(_measure(stand, sizes, others[1], pressure, pushes))
        return {**report, "machine": describe(before), "versions": _versions(settings)}


async def _measure(stand: Stand, sizes: list[int], each: int, pressure: tuple[int, int], pushes: int) -> dict[str, Any]:
    first, *others = stand.folders
    seconds, clients = pressure
    await prepare(stand)
    steps, figures, known = [], [], 0
    for size in sizes:
        steps.append({"datasets": size, **await grow(stand, first, known, size), **await _space(stand)})
        known = size
        figures += await measure(stand, first, size, clients=clients, seconds=seconds)
    for rank, folder in enumerate(others, 1):
        await grow(stand, folder, 0, each)
        stand.tell(f"{folder.slug}: {each} datasets ({rank} of {len(others)})")
    if others:
        total = known + len(others) * each
        steps.append({"datasets": total, **await _space(stand)})
        figures += await measure(stand, others[-1], each, clients=clients, seconds=seconds)
    pushed = await push(stand, first, pushes, clients)
    return {"steps": steps, "figures": figures, "push": pushed, "memory_bytes": _memory(stand)}


async def _space(stand: Stand) -> dict[str, int]:
    """Bytes of the portal's database and of the search indexes."""
    connection = await asyncpg.connect(stand.dsn)
    database = await connection.fetchval("SELECT pg_database_size(current_database())")
    await connection.close()
    index = sum(path.lstat().st_blocks * 512 for path in stand.settings.index_folder.rglob("*") if path.exists())
    return {"database_bytes": database, "index_bytes": index}


def _memory(stand: Stand) -> dict[str, int]:
    """Bytes held by the portal as shipped, its worker and PostgreSQL; what processes share is counted once."""
    parts = {part["name"]: part["pid"] for part in read_status(stand.settings).get("parts", ()) if part["pid"]}
    counted = {
        "web": stand.servers["as shipped"][1],
        "worker": parts["portal-worker"],
        "postgres": parts["postgres"],
    }
    return {name: requests.memory(pid) for name, pid in counted.items()}


def _versions(settings: Settings) -> dict[str, str]:
    packages = {name: version(name) for name in ("granian", "litestar", "sqlalchemy", "asyncpg", "tantivy")}
    postgres = (settings.state / "postgres/data/PG_VERSION").read_text().strip()
    return {"udi": __version__, "python": platform.python_version(), "postgresql": postgres, **packages}


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _show(report: dict[str, Any], console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading)
    for row in report["figures"]:
        shares = " + ".join(str(spent) for spent in row["cpu_ms"].values())
        cells = (row["per_second"], row["p50_ms"], row["p99_ms"], row["cpu_ms_total"], shares, f"{row['other']:.0%}")
        table.add_row(row["asked"], str(row["datasets"]), row["portal"], *map(str, cells), str(row["refused"]))
    console.print(table)
    pushed = report["push"]
    used = ", ".join(f"{name} {size // MIB} MiB" for name, size in report["memory_bytes"].items())
    numbers = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    for line in (
        *map(_step, report["steps"]),
        f"Pushed {pushed['pushed']} descriptions at {pushed['per_second']}/s; found after {pushed['seen_p50_ms']} ms "
        f"(half), {pushed['seen_max_ms']} ms at most.",
        f"Memory: {used}.",
        f"{sentence(report['machine'])}; {numbers}",
    ):
        console.print(line, highlight=False, soft_wrap=True)


def _step(step: dict[str, Any]) -> str:
    told = [f"{step['datasets']} datasets: database {step['database_bytes'] // MIB} MiB"]
    told.append(f"indexes {step['index_bytes'] // MIB} MiB")
    if "fill_seconds" in step:
        told += [f"filled in {step['fill_seconds']} s", f"index made in {step['index_seconds']} s"]
    return ", ".join(told) + "."
