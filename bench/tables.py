"""`udi bench tables`: what a large spreadsheet costs, and whether questions about it cost more than DuckDB itself."""

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

from bench.load.machine import describe, sentence
from bench.load.previews import measure_previews
from bench.load.tables import (
    MEGABYTE,
    as_table,
    ask,
    convert_source,
    make_ready,
    read_profile,
    step,
    write_file,
)
from udi.cli.local.disk import require_free_space

LARGEST_RATIO = 1.3


def tables(
    megabytes: Annotated[
        int, typer.Option(help="Size of the CSV.", min=1, max=100_000)
    ] = 1000,
    repeats: Annotated[
        int, typer.Option(help="How often each question is asked.", min=1)
    ] = 7,
    previews: Annotated[
        bool,
        typer.Option(
            help="Also the seconds from drop to preview, for 1, 10 and 100 MB."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Profile, convert and question a large CSV: does a question cost more than plain DuckDB on the same file?

    The file is made in a temporary folder, with what real ones have: decimal commas, codes with leading zeros, quotes
    and line breaks in cells. The status is 1 when a question takes over 1.3 times the time of plain DuckDB.
    """
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="udi-bench-") as folder:
        require_free_space(Path(folder), 3 * megabytes * MEGABYTE, "the tables")
        report = _run(Path(folder), megabytes, repeats)
        report["previews"] = (
            asyncio.run(measure_previews(Path(folder), _tell)) if previews else []
        )
        report["machine"] = describe(before)
    report["faults"] = find_faults(report)
    if json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(report, Console())
    raise typer.Exit(1 if report["faults"] else 0)


def find_faults(report: dict[str, Any]) -> list[str]:
    """What an operator should know, a sentence each."""
    return [
        f"«{question['name']}» takes {question['ratio']} times what plain DuckDB takes."
        for question in report["questions"]
        if question["ratio"] > LARGEST_RATIO
    ]


def _run(folder: Path, megabytes: int, repeats: int) -> dict[str, Any]:
    _tell("Making the file")
    source = write_file(folder, megabytes)
    target = folder / "converted.parquet"
    done = {"profile": step(read_profile, source)}
    _tell("Converting it")
    done["convert"] = step(convert_source, source, target)
    done["all that a producer waits for"] = step(
        make_ready, source, folder / "ready.parquet"
    )
    table = as_table(target, done["convert"].result)
    figures, memory = asyncio.run(ask(table, repeats, _tell))
    return {
        "csv_bytes": source.stat().st_size,
        "parquet_bytes": table.path.stat().st_size,
        "rows": table.rows,
        "steps": {
            name: {
                "seconds": round(outcome.seconds, 2),
                "memory_bytes": outcome.memory_bytes,
            }
            for name, outcome in done.items()
        },
        "questions": figures,
        "child_memory_bytes": memory,
    }


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _show(report: dict[str, Any], console: Console) -> None:
    grid = Table(box=None, pad_edge=False)
    for heading in ("", "Here", "Plain DuckDB", "Ratio"):
        grid.add_column(heading)
    for question in report["questions"]:
        grid.add_row(
            question["name"],
            f"{question['ours_ms']} ms",
            f"{question['plain_ms']} ms",
            f"{question['ratio']}",
        )
    console.print(grid)
    sizes = f"{report['csv_bytes'] // MEGABYTE} MB of CSV, {report['parquet_bytes'] // MEGABYTE} MB of Parquet"
    lines = [
        f"{sizes}, {report['rows']} rows; a child takes {report['child_memory_bytes'] // MEGABYTE} MB."
    ]
    lines += [
        f"{name}: {done['seconds']} s, {done['memory_bytes'] // MEGABYTE} MB at most."
        for name, done in report["steps"].items()
    ]
    lines += [
        f"{preview['megabytes']} MB from drop to preview: {preview['seconds']} s (understood {preview['profile_seconds']}, "
        f"prepared {preview['prepare_seconds']}, shown {preview['show_seconds']})."
        for preview in report["previews"]
    ]
    for line in (*lines, sentence(report)):
        console.print(line, highlight=False, soft_wrap=True)
    for fault in report["faults"]:
        console.print(f"[red]✗[/red] {fault}", highlight=False, soft_wrap=True)
