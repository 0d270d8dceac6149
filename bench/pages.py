"""`udi bench pages`: what a visit of each page costs, and whether it keeps within what was promised."""

import asyncio
import json as jsonlib
import os
import sys
from dataclasses import asdict
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from bench.load.kinds import weigh_kinds
from bench.load.machine import describe, list_versions, sentence
from bench.load.visits import BUDGET, DATASETS, LANGUAGES, Visit, find_faults, visit_all
from udi.cli.local.errors import LocalError
from udi.portal.tenants.files import read_folder
from udi.settings import Settings, get_settings

Language = Literal["fr", "en"]
HEADINGS = (
    "Page",
    "",
    "First visit",
    "Requests",
    "Next visit",
    "Requests",
    "Elements",
    "EcoIndex",
)


def pages(
    url: Annotated[
        str,
        typer.Option(
            help="Address of a territory's portal; else the first of `./udi up`."
        ),
    ] = "",
    language: Annotated[
        Language | None, typer.Option(help="Only in this language; else in both.")
    ] = None,
    datasets: Annotated[
        int, typer.Option(help="How many datasets are visited.", min=1)
    ] = DATASETS,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Visit every kind of page with a real browser, in French and in English, logged in nowhere.

    Pages are the fixed ones, the producers and the first datasets of the site map, and what the node shows of them. Each
    is visited by somebody who has nothing of it, then by somebody who has seen the home page. The status is 1 when a
    first visit takes 60 kB or more, or over 8 requests, when a next one takes 30 kB or more, when the EcoIndex is not
    A, and when a page sets a cookie or asks anybody else for something.
    """
    before = os.getloadavg()[0]
    visits, browser = asyncio.run(
        visit_all(
            url.rstrip("/") or _running(get_settings()),
            _tell,
            [language] if language else LANGUAGES,
            datasets,
        )
    )
    report = {
        "pages": [visit.as_dict() for visit in visits],
        "kinds": weigh_kinds(visits),
        "faults": find_faults(visits),
        "budgets": asdict(BUDGET),
        "machine": describe(before),
        "versions": {**list_versions(), "browser": browser},
    }
    if json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(visits, report, Console())
    raise typer.Exit(1 if report["faults"] else 0)


def _running(settings: Settings) -> str:
    """Address of the first territory of this machine."""
    folders = sorted(path.parent for path in settings.tenants.glob("*/tenant.toml"))
    if not folders:
        raise LocalError(
            "No territory is known here", "name the address of one in --url"
        )
    return settings.origin("portal", read_folder(folders[0]).file.hosts.portal[0])


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _show(visits: list[Visit], report: dict[str, Any], console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading)
    for visit in visits:
        sizes = (
            _kilobytes(visit.wire_bytes),
            visit.requests,
            _kilobytes(visit.again_bytes),
            visit.again_requests,
        )
        table.add_row(
            visit.path,
            visit.language,
            *map(str, sizes),
            str(visit.elements),
            f"{visit.score} {visit.grade}",
        )
    console.print(table)
    for line in (f"{len(visits)} visits.", sentence(report)):
        console.print(line, highlight=False, soft_wrap=True)
    for fault in report["faults"]:
        console.print(f"[red]✗[/red] {fault}", highlight=False, soft_wrap=True)


def _kilobytes(size: int) -> str:
    return f"{size / 1000:.1f} kB"
