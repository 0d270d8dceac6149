"""`udi bench personal`: how well people are found in labelled files, and what is told of real tables."""

import json as jsonlib
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.load.personal.files import labelled_files
from bench.load.personal.score import count_alarms, score_files

SHARED = Path(os.environ.get("UDI_SHARED", Path(__file__).parents[2] / "shared"))
LARGEST_TABLE = 30_000_000
"""Bytes of the largest real table that is read."""
LOWEST_TUNED = 0.95
"""Precision and recall below which the status is 1, on the files that detectors were tuned on."""


def personal(
    details: Annotated[
        bool,
        typer.Option(help="Also each column that was missed, and each false alarm."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Search 200 labelled files for people: precision and recall by kind of data.

    The files hold invented values, in five languages. A third of them, made of other words, is kept apart: detectors were
    never tuned on these, and their score is told apart. Where the shared data are, real tables are searched too, without
    labels: how many are stopped or warned of.
    """
    report: dict[str, Any] = {"labelled": score_files(labelled_files())}
    tables = SHARED / "data/tables"
    report["real"] = count_alarms(tables, LARGEST_TABLE) if tables.is_dir() else {}
    report["faults"] = find_faults(report)
    if json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(report, Console(), details=details)
    raise typer.Exit(1 if report["faults"] else 0)


def find_faults(report: dict[str, Any]) -> list[str]:
    """What an operator should know, a sentence each."""
    whole = report["labelled"]["tuned"]["all"]
    return [
        f"The {measure} on tuned files is {whole[measure]}, below {LOWEST_TUNED}."
        for measure in ("recall", "precision")
        if whole[measure] < LOWEST_TUNED
    ]


def _show(report: dict[str, Any], console: Console, *, details: bool) -> None:
    grid = Table(box=None, pad_edge=False)
    for heading in (
        "",
        "Tuned: labelled",
        "recall",
        "precision",
        "Unseen: labelled",
        "recall",
        "precision",
    ):
        grid.add_column(heading)
    tuned = report["labelled"]["tuned"]
    unseen = report["labelled"]["unseen"]
    for kind in sorted({*tuned["kinds"], *unseen["kinds"]}):
        grid.add_row(
            kind, *_cells(tuned["kinds"].get(kind)), *_cells(unseen["kinds"].get(kind))
        )
    grid.add_row("all", *_cells(tuned["all"]), *_cells(unseen["all"]))
    console.print(grid)
    if real := report["real"]:
        console.print(
            f"{real['files']} real tables: {real['stopped']} stopped, {real['warned']} warned of."
        )
    for part in (tuned, unseen) if details else ():
        for line in (*part["misses"], *part["alarms"]):
            console.print(line, highlight=False, soft_wrap=True)
    for fault in report["faults"]:
        console.print(f"[red]✗[/red] {fault}", highlight=False, soft_wrap=True)


def _cells(row: dict[str, Any] | None) -> list[str]:
    if row is None:
        return ["", "", ""]
    return [
        str(row["labelled"]),
        *(
            "–" if row[name] is None else f"{row[name]:.2f}"
            for name in ("recall", "precision")
        ),
    ]
