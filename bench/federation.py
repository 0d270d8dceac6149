"""`udi bench federation`: what of others' catalogues we still say in our own DCAT, field by field."""

import json as jsonlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.load.federation.graph import SYNTAXES
from bench.load.federation.intended import CONCEALED, INTENDED
from bench.load.federation.score import OUTCOMES, PARTS, score_catalogues

SHARED = Path(os.environ.get("UDI_SHARED", Path(__file__).parents[2] / "shared"))


def federation(
    details: Annotated[
        bool,
        typer.Option(
            help="Also what is changed, lost or added in the part that rules are tuned on."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Read catalogues of others, write them as our own Turtle, and compare: each field right, changed or lost.

    The RDF of the shared data is read by a parser of its own beside ours. A third of the files, by the hash of the name,
    was kept apart until 2026-12-01, when it was looked at once: a new unseen figure needs new files (decision 44).
    """
    folder = SHARED / "data" / "catalogues"
    if not folder.is_dir():
        print(
            f"There is no {folder}: UDI_SHARED must name the folder of the shared data."
        )
        raise typer.Exit(1)
    report = score_catalogues(_list_documents(folder))
    report["apart"].pop("misses")
    if json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(report, Console(), details=details)


def _list_documents(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.iterdir()):
        if path.suffix in SYNTAXES:
            yield path.name, path.read_bytes()


def _show(report: dict[str, Any], console: Console, *, details: bool) -> None:
    for part in PARTS:
        console.print(_draw_part(part, report[part]))
        console.print(
            f"{report[part]['unpaired']} records without their dataset; {len(report[part]['unread'])} files without RDF that the other parser reads.\n",
            highlight=False,
            soft_wrap=True,
        )
    for entry in INTENDED:
        console.print(
            f"intended: {entry.field}: {entry.reason}", highlight=False, soft_wrap=True
        )
    console.print(f"intended: distributions: {CONCEALED}", soft_wrap=True)
    for miss in report["tuned"]["misses"] if details else ():
        console.print(miss, highlight=False, soft_wrap=True, markup=False)


def _draw_part(part: str, score: dict[str, Any]) -> Table:
    title = f"{part}: {score['records']} records of {score['files']} files"
    grid = Table(title=title, box=None, pad_edge=False, title_justify="left")
    grid.add_column("field")
    for heading in ("said", *OUTCOMES):
        grid.add_column(heading, justify="right")
    totals = dict.fromkeys(OUTCOMES, 0)
    for name, outcomes in score["fields"].items():
        if outcomes:
            grid.add_row(name, *_figures(outcomes))
        for outcome, count in outcomes.items():
            totals[outcome] += count
    grid.add_row("all", *_figures(totals))
    return grid


def _figures(outcomes: dict[str, int]) -> list[str]:
    counts = [outcomes.get(outcome, 0) for outcome in OUTCOMES]
    total = sum(counts[:-1])
    return [str(count or "") for count in (total, *counts)]
