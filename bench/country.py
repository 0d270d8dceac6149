"""`udi bench country`: what as many territories as a country has cost one installation, and what grows with their number."""

import asyncio
import json as jsonlib
import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.load.country.backups import measure_backup
from bench.load.country.measures import (
    find_busiest,
    measure_answers,
    measure_login,
    measure_metrics,
    measure_rest,
    measure_schedules,
    measure_starts,
    wait_for_indexes,
)
from bench.load.country.territories import REAL, STEPS, Country, list_steps
from bench.load.machine import describe, list_versions, sentence
from bench.load.operators import measure_installation
from bench.load.scratch import scratch_installation
from udi.cli.local.interrupts import StopRequest

INTERRUPTED = 130
MEGABYTE = 1000**2
MOST = 100
"""Territories that are applied again without a change."""


def country(
    territories: Annotated[
        int, typer.Option(help="Number of territories.", min=1, max=1254)
    ] = 1254,
    datasets: Annotated[
        int, typer.Option(help="Datasets of each.", min=0, max=10_000)
    ] = 200,
    organisations: Annotated[
        int, typer.Option(help="Organisations of each.", min=3, max=100)
    ] = 10,
    step: Annotated[
        list[int] | None,
        typer.Option(help="Number to measure at on the way; may be said again.", min=1),
    ] = None,
    rest: Annotated[
        int, typer.Option(help="Seconds of rest that are measured.", min=1)
    ] = 60,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Grow to one territory for each French grouping of municipalities (1,254), and measure at 1, 12, 100, 400 and all.

    The last three of each step are applied as `udi tenant apply` does, and timed; the others are rows copied from one
    that was applied, which the real path would take hours for. Datasets are copied in as `bench search` does. Measured:
    applying, the programs at rest (processor, transactions, memory, open files, connections), pages and searches with
    the caches off, metrics, scheduled tasks, logins, starts, a backup and its restoration. Everything happens in an
    installation of its own, deleted at the end. 1,254 territories of 200 datasets take an hour and 10 GB of disk.
    """
    try:
        report = _run(
            list_steps(territories, step or STEPS), datasets, organisations, rest
        )
    except StopRequest:
        print("Interrupted; nothing is left.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    if json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(report, Console())


def _run(
    numbers: Sequence[int], datasets: int, organisations: int, rest: int
) -> dict[str, Any]:
    before = os.getloadavg()[0]
    steps = []
    with scratch_installation() as settings:
        grown = Country(settings, organisations, _tell)
        for count in numbers:
            steps.append(_measure_step(grown, count, datasets, rest))
            _tell(jsonlib.dumps(steps[-1], ensure_ascii=False))
        backup = measure_backup(grown)
        versions = list_versions(settings=settings)
    return {
        "territories": numbers[-1],
        "datasets": datasets,
        "organisations": organisations,
        "steps": steps,
        "backup": backup,
        "machine": describe(before),
        "versions": versions,
    }


def _measure_step(
    grown: Country, count: int, datasets: int, rest: int
) -> dict[str, Any]:
    _tell(f"{count} territories:")
    applied = grown.grow(count, datasets)
    last = grown.folders[-REAL:]
    figures: dict[str, Any] = {"territories": count, "apply": applied}
    figures["index_seconds"] = asyncio.run(wait_for_indexes(grown, last))
    figures["apply_again"] = grown.apply_again(min(count, REAL))
    for name, measure in (
        ("login", measure_login),
        ("rest", partial(measure_rest, seconds=rest)),
        ("answers", measure_answers),
        ("metrics", measure_metrics),
    ):
        _tell(f"  measuring: {name}")
        figures[name] = asyncio.run(measure(grown))
    figures["installation"] = asyncio.run(measure_installation(grown.settings))
    figures["starts"] = measure_starts(grown.settings)
    figures["tasks"] = asyncio.run(measure_schedules(grown, _tell))
    return figures


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _show(report: dict[str, Any], console: Console) -> None:
    steps = report["steps"]
    table = Table(box=None, pad_edge=False)
    table.add_column("Territories")
    for step in steps:
        table.add_column(str(step["territories"]), justify="right")
    for label, values in _list_rows(steps):
        table.add_row(label, *values)
    console.print(table)
    for name, figures in find_busiest(steps[-1]["tasks"]):
        console.print(
            f"{name} ({figures['cron']}): {figures['seconds']} s,"
            f" {figures['processor_s']} s of processor, {figures['outcome']}",
            highlight=False,
            soft_wrap=True,
        )
    for name, figures in report["backup"].items():
        console.print(
            f"{name}: copied in {figures['dump_seconds']} s, {figures['bytes'] // MEGABYTE} MB,"
            f" restored in {figures['restore_seconds']} s",
            highlight=False,
            soft_wrap=True,
        )
    console.print(sentence(report), highlight=False, soft_wrap=True)


def _list_rows(steps: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    rows = [
        ("Apply the last, s", [str(step["apply"]["seconds"][-1]) for step in steps]),
        (
            "The same again, s",
            [str(step["apply_again"]["seconds"][-1]) for step in steps],
        ),
        ("Login at both, s", [str(min(step["login"]["seconds"])) for step in steps]),
        (
            "Organisations of Keycloak",
            [str(step["login"]["organisations"]) for step in steps],
        ),
        (
            "Metrics of the portal, s",
            [str(step["metrics"]["portal"]["seconds"]) for step in steps],
        ),
        (
            "Metrics of the node, s",
            [str(step["metrics"]["node"]["seconds"]) for step in steps],
        ),
        ("Start of the portal, s", [str(step["starts"]["portal"]) for step in steps]),
        ("Start of the node, s", [str(step["starts"]["node"]) for step in steps]),
        (
            "/installation, ms",
            [str(step["installation"]["page_processor_ms"]) for step in steps],
        ),
        (
            "Its figures gathered, s",
            [str(step["installation"]["gather_processor_s"]) for step in steps],
        ),
    ]
    rows += [
        (f"{kind}, ms (processor)", [_describe_answers(step, kind) for step in steps])
        for kind in steps[-1]["answers"]
    ]
    rows += [
        (
            f"{name} at rest, % of a core; MB; files",
            [_describe_rest(step["rest"], name) for step in steps],
        )
        for name in steps[-1]["rest"]["processor_percent"]
    ]
    rows.append(
        (
            "Transactions a second at rest",
            [
                str(round(sum(step["rest"]["transactions_a_second"].values())))
                for step in steps
            ],
        )
    )
    rows.append(
        (
            "Connections",
            [str(sum(step["rest"]["connections"].values())) for step in steps],
        )
    )
    return rows


def _describe_answers(step: dict[str, Any], kind: str) -> str:
    figures = step["answers"].get(kind)
    return f"{figures['median_ms']} ({figures['processor_ms']})" if figures else ""


def _describe_rest(rest: dict[str, Any], name: str) -> str:
    memory = rest["memory_bytes"][name] // MEGABYTE
    return f"{rest['processor_percent'][name]}; {memory}; {rest['open_files'][name]}"
