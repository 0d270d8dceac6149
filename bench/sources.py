"""`udi bench sources`: what it costs to read a large catalogue of somebody else's, and whether memory stays flat."""

import json as jsonlib
import os
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.load.catalogues import PATHS
from bench.load.machine import describe, list_versions, sentence
from bench.load.readers import TWICE, measure_kinds
from bench.load.scratch import scratch_installation
from bench.load.territories import apply_each, write_territories
from udi.cli.local.interrupts import StopRequest

MOST_MEMORY = 600 * 1000**2
INTERRUPTED = 130
RECORDS = 100_000


def sources(
    records: Annotated[
        list[int] | None,
        typer.Option(
            help="Records of the catalogue, 100,000 when left out; may be repeated.",
            min=1,
            max=200_000,
        ),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help=f"{', '.join(PATHS)}; may be repeated, else all."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Read a made-up catalogue twice in a scratch installation and store it: records a second, and the reader's memory.

    Everything happens in an installation of its own, deleted at the end; the catalogue is served on this machine, page
    by page (CKAN) or as one document. A hundred thousand records take about five minutes a kind and a reading. Beside the
    reader's own, the processor time of PostgreSQL is told, and by how much the database grew. The status is 1 when the reader takes over 600 MB, or did not make each record once and find it as before.
    """
    selected_kinds = kind or list(PATHS)
    if unknown := set(selected_kinds) - set(PATHS):
        raise typer.BadParameter(
            f"no such kind: {', '.join(sorted(unknown))}; there are {', '.join(PATHS)}"
        )
    before = os.getloadavg()[0]
    try:
        with scratch_installation() as settings:
            apply_each(settings, write_territories(settings.tenants, 0), _tell)
            kinds = [
                result
                for count in records or [RECORDS]
                for result in measure_kinds(settings, count, selected_kinds, _tell)
            ]
            versions = list_versions(
                "sqlalchemy", "asyncpg", "pyoxigraph", settings=settings
            )
    except StopRequest:
        print("Interrupted; nothing is left.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    report = {
        "kinds": kinds,
        "machine": describe(before),
        "versions": versions,
        "faults": find_faults(kinds),
    }
    if json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(report, Console())
    raise typer.Exit(1 if report["faults"] else 0)


def find_faults(kinds: list[dict[str, Any]]) -> list[str]:
    """What an operator should know, a sentence each."""
    faults = [
        f"Reading {result['kind']} takes {result['memory_bytes'] // 1000**2} MB."
        for result in kinds
        if result["memory_bytes"] > MOST_MEMORY
    ]
    for result in kinds:
        records = result["records"]
        created_count = result["first"]["created"]
        same = result["again"]["unchanged"]
        if (created_count, same) != (records, records):
            faults.append(
                f"Of {records} records of {result['kind']}, {created_count} were made and {same} found as before."
            )
    return faults


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _show(report: dict[str, Any], console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in (
        "Catalogue",
        "Reading",
        "Found",
        "New",
        "As before",
        "MB",
        "Seconds",
        "Records a second",
        "Processor",
        "PostgreSQL",
        "Database",
    ):
        table.add_column(heading)
    for result in report["kinds"]:
        for name in TWICE:
            row = result[name]
            figures = (
                row["records"],
                row["created"],
                row["unchanged"],
                row["bytes"] // 1000**2,
                row["seconds"],
            )
            worked = f"{row['cpu_seconds']} s"
            database_worked = f"{row['database_cpu_seconds']} s"
            database = f"+{row['database_bytes'] // 1000**2} MB"
            table.add_row(
                result["kind"],
                name,
                *map(str, figures),
                str(row["per_second"]),
                worked,
                database_worked,
                database,
            )
    console.print(table)
    for result in report["kinds"]:
        before = result["memory_before_bytes"] // 1000**2
        most = result["memory_bytes"] // 1000**2
        console.print(
            f"Memory for {result['records']} records of {result['kind']}: {most} MB at most, {before} MB before."
        )
    console.print(sentence(report), highlight=False, soft_wrap=True)
    for fault in report["faults"]:
        console.print(f"[red]✗[/red] {fault}", highlight=False, soft_wrap=True)
