"""`udi bench reading`: how well files are read, by family, with a part that no rule was tuned on."""

import json as jsonlib
import os
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.load.reading.families import generated_files
from bench.load.reading.labels import real_files
from bench.load.reading.score import PARTS, score_readings

SHARED = Path(os.environ.get("UDI_SHARED", Path(__file__).parents[2] / "shared"))
LOWEST = 0.97
"""Share of files wholly right, in each part, below which the status is 1."""


def reading(
    details: Annotated[
        bool,
        typer.Option(
            help="Also what is wrong in each file of the part that rules are tuned on."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Read labelled files and compare: encoding, delimiter, names, first row, rows, types and remarks, all right at once.

    Real files are there where the shared data are; hard ones are generated, by family. A third, by the hash of the name,
    is kept apart: rules are never tuned on it, and what is wrong in it is not listed.
    """
    scores = score_readings(chain(real_files(SHARED / "data"), generated_files()))
    scores["apart"].pop("misses")
    report: dict[str, Any] = {**scores, "faults": find_faults(scores)}
    if json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(report, Console(), details=details)
    raise typer.Exit(1 if report["faults"] else 0)


def find_faults(scores: dict[str, dict[str, Any]]) -> list[str]:
    """What an operator should know, a sentence each."""
    return [
        f"{part}: {scores[part]['share']:.1%} of the files are read wholly right, below {LOWEST:.0%}."
        for part in PARTS
        if scores[part]["files"] and scores[part]["share"] < LOWEST
    ]


def _show(report: dict[str, Any], console: Console, *, details: bool) -> None:
    grid = Table(box=None, pad_edge=False)
    for heading in ("Wholly right", *PARTS):
        grid.add_column(heading)
    families = {name: None for part in PARTS for name in report[part]["families"]}
    for family in sorted(families):
        grid.add_row(
            family, *(_share(report[part]["families"].get(family)) for part in PARTS)
        )
    grid.add_row(
        "all",
        *(_share([report[part]["right"], report[part]["files"]]) for part in PARTS),
    )
    console.print(grid)
    for part in PARTS:
        mistakes = ", ".join(
            f"{name} {count}" for name, count in report[part]["wrong"].items()
        )
        console.print(
            f"{part}, wrong: {mistakes or 'nothing'}", highlight=False, soft_wrap=True
        )
    for miss in report["tuned"]["misses"] if details else ():
        console.print(miss, highlight=False, soft_wrap=True, markup=False)
    for fault in report["faults"]:
        console.print(f"[red]✗[/red] {fault}", highlight=False, soft_wrap=True)


def _share(counts: list[int] | None) -> str:
    if not counts or not counts[1]:
        return ""
    right, files = counts
    return f"{right}/{files} ({right / files:.0%})"
