"""`udi bench tenants`: what many territories cost, and whether the last costs more than the first."""

import asyncio
import json as jsonlib
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from bench.load.machine import describe, list_versions, sentence
from bench.load.operators import measure_installation
from bench.load.scratch import scratch_installation
from bench.load.searches import measure
from bench.load.territories import apply_each, compare, write_territories
from udi.cli.local import distribution, state
from udi.cli.local.interrupts import StopRequest
from udi.cli.local.status import memory
from udi.settings import Settings

LARGEST_RATIO = 2.0
INTERRUPTED = 130
MEGABYTE = 1000**2
PROGRAMS = ("portal", "node")


def tenants(
    count: Annotated[
        int, typer.Option(help="Number of territories.", min=2, max=1000)
    ] = 50,
    datasets: Annotated[
        int, typer.Option(help="Datasets pushed to the first and to the last.", min=1)
    ] = 100,
    requests: Annotated[
        int, typer.Option(help="Searches asked of each.", min=10)
    ] = 200,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Apply many territories, twice, and search the first and the last: does the last cost more than the first?

    Everything happens in an installation of its own (PostgreSQL, Keycloak, portal, node; about 1.2 GB of memory),
    on free ports and in a temporary folder, deleted at the end, on Ctrl-C too. No territory of yours is touched. Fifty
    territories take a few minutes. The status is 1 when the last five take over twice the time of the first five, or
    when applying again changes something.
    """
    try:
        report = _run(count, datasets, requests)
    except StopRequest:
        print("Interrupted; nothing is left.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    if json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(report, Console())
    raise typer.Exit(1 if report["faults"] else 0)


def _run(count: int, datasets: int, requests: int) -> dict[str, Any]:
    before = os.getloadavg()[0]
    with scratch_installation() as settings:
        model, *folders = write_territories(settings.tenants, count)
        apply_each(settings, [model], _tell)
        empty = asyncio.run(_disk(settings))
        first, _ = apply_each(settings, folders, _tell)
        applied = asyncio.run(_disk(settings))
        again, outcomes = apply_each(settings, folders, _tell)
        ends = (folders[0], folders[-1])
        search_figures = asyncio.run(
            measure(settings, ends, datasets=datasets, requests=requests, tell=_tell)
        )
        report = {
            "count": count,
            "apply": compare(first),
            "again": {**compare(again), "outcomes": sorted(outcomes)},
            "search": {
                "datasets": datasets,
                "requests": requests,
                "first": search_figures[0],
                "last": search_figures[1],
            },
            "installation": asyncio.run(measure_installation(settings)),
            "memory_bytes": _memory(settings),
            "disk_bytes": {
                "one_territory": empty,
                "all_territories": applied,
                "with_datasets": asyncio.run(_disk(settings)),
            },
            "machine": describe(before),
            "versions": {
                **list_versions(settings=settings),
                "keycloak": distribution.VERSION,
            },
        }
    return {**report, "faults": find_faults(report)}


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def find_faults(report: dict[str, Any]) -> list[str]:
    """What an operator should worry about, a sentence each."""
    faults = [
        f"{label}: the last five take {report[part]['median_ratio']} times what the first five take."
        for part, label in (("apply", "Applying"), ("again", "Applying again"))
        if report[part]["median_ratio"] > LARGEST_RATIO
    ]
    if report["again"]["outcomes"] != ["unchanged"]:
        faults.append(
            f"Applying again is not without effect: {', '.join(report['again']['outcomes'])}."
        )
    return faults


def _memory(settings: Settings) -> dict[str, int]:
    parts = state.read_status(settings).get("parts", ())
    return {part["name"]: memory(part["pid"]) for part in parts if part["pid"]}


async def _disk(settings: Settings) -> dict[str, int]:
    """Bytes of each database and of the search indexes."""
    owners = {f"udi_{program}": f"udi_{program}_owner" for program in PROGRAMS} | {
        "udi_keycloak": "udi_keycloak"
    }
    sizes = {}
    for database, owner in owners.items():
        secret = settings.secret(f"{owner.removeprefix('udi_')}_password")
        connection = await asyncpg.connect(
            host="127.0.0.1",
            port=settings.port(4),
            user=owner,
            password=secret,
            database=database,
        )
        try:
            sizes[database] = await connection.fetchval(
                "SELECT pg_database_size(current_database())"
            )
        finally:
            await connection.close()
    return {**sizes, "search": _size(settings.index_folder)}


def _size(folder: Path) -> int:
    # Files come and go under a living index.
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_blocks * 512
        except FileNotFoundError:
            continue
    return total


def _show(report: dict[str, Any], console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "First", "Last", "Ratio"):
        table.add_column(heading)
    for part, label in (("apply", "Apply"), ("again", "Apply again")):
        row = report[part]
        table.add_row(
            label,
            f"{row['first_seconds']} s",
            f"{row['last_seconds']} s",
            f"{row['ratio']}",
        )
        medians = (
            f"{row['median_first_seconds']} s",
            f"{row['median_last_seconds']} s",
            f"{row['median_ratio']}",
        )
        table.add_row(f"{label}, medians of five", *medians)
    search = report["search"]
    for figure, label in (
        ("p50_ms", "Search, half under"),
        ("p99_ms", "Search, 99 % under"),
    ):
        first = search["first"][figure]
        last = search["last"][figure]
        table.add_row(label, f"{first} ms", f"{last} ms", f"{last / first:.2f}")
    console.print(table)
    installation = report["installation"]
    console.print(
        f"/installation: {installation['page_processor_ms']} ms of processor,"
        f" {installation['bytes']} bytes ({installation['bytes_gzip']} packed);"
        f" figures of {installation['territories']} territories gathered"
        f" in {installation['gather_processor_s']} s of processor.",
        highlight=False,
        soft_wrap=True,
    )
    used = ", ".join(
        f"{name} {size // MEGABYTE} MB" for name, size in report["memory_bytes"].items()
    )
    console.print(
        f"Memory with {report['count']} territories: {used}.",
        highlight=False,
        soft_wrap=True,
    )
    console.print(sentence(report), highlight=False, soft_wrap=True)
    for fault in report["faults"]:
        console.print(f"[red]✗[/red] {fault}", highlight=False, soft_wrap=True)
