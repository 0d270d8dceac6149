"""`udi bench explore`: how long the page of a table takes to answer, at ten thousand, a million and ten million rows."""

import asyncio
import json as jsonlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.load.explored import VIEWS, make_table, measure_views
from bench.load.machine import describe, list_versions, sentence
from udi.cli.local.disk import require_free_space

SIZES = (10_000, 1_000_000, 10_000_000)
BYTES_A_ROW = 120
"""Of a table and what is made beside it, on disk."""
SLOWEST_MEDIAN_MS = 1_000


def explore(
    rows: Annotated[
        list[int] | None,
        typer.Option(help="Rows of a table; may be given several times."),
    ] = None,
    repeats: Annotated[
        int, typer.Option(help="How often each view is asked for.", min=1)
    ] = 5,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Look at made tables as the page of a dataset does: rows, filters, orders, searches, groups, one row, one column.

    Each view is read by the page's own code, in a child with one thread, after the first reading opened the file. The
    status is 1 when the median of all views of a table is over a second.
    """
    before = os.getloadavg()[0]
    sizes = rows or list(SIZES)
    with tempfile.TemporaryDirectory(prefix="udi-bench-") as folder:
        require_free_space(Path(folder), BYTES_A_ROW * sum(sizes), "the tables")
        measured = [_measure(Path(folder), size, repeats) for size in sizes]
    report: dict[str, Any] = {
        "tables": measured,
        "machine": describe(before),
        "versions": list_versions("duckdb"),
    }
    report["faults"] = find_faults(measured)
    if json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(report, Console())
    raise typer.Exit(1 if report["faults"] else 0)


def find_faults(measured: list[dict[str, Any]]) -> list[str]:
    """What an operator should know, a sentence each."""
    return [
        f"Half of the views of {table['rows']} rows take over {table['median_ms']} ms."
        for table in measured
        if table["median_ms"] > SLOWEST_MEDIAN_MS
    ]


def _measure(folder: Path, rows: int, repeats: int) -> dict[str, Any]:
    print(f"Making {rows} rows", file=sys.stderr, flush=True)
    table = make_table(folder / f"{rows}.parquet", rows)
    print(f"Looking at {rows} rows", file=sys.stderr, flush=True)
    return {"rows": rows, **asyncio.run(measure_views(table, repeats))}


def _show(report: dict[str, Any], console: Console) -> None:
    grid = Table(box=None, pad_edge=False)
    grid.add_column("ms (of the processor)")
    for table in report["tables"]:
        grid.add_column(f"{table['rows']:,} rows", justify="right")
    for name in VIEWS:
        grid.add_row(
            name,
            *(
                _write(table["views"][name], table["processor_ms"][name])
                for table in report["tables"]
            ),
        )
    grid.add_row(
        "median",
        *(
            _write(table["median_ms"], table["median_processor_ms"])
            for table in report["tables"]
        ),
    )
    console.print(grid)
    console.print(sentence(report), highlight=False, soft_wrap=True)
    for fault in report["faults"]:
        console.print(f"[red]✗[/red] {fault}", highlight=False, soft_wrap=True)


def _write(passed: int | None, worked: int | None) -> str:
    """Milliseconds that passed, and in brackets those of the processor."""
    if passed is None:
        return "too heavy"
    return f"{passed} ({worked})"
