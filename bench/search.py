"""`udi bench search`: what a large catalogue costs to search, to read and to fill."""

import asyncio
import json as jsonlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer
from rich.console import Console

from bench.load import requests
from bench.load.corpus import Corpus
from bench.load.growing import Part, grow, prepare
from bench.load.loads import KINDS, Load, addresses, measure
from bench.load.machine import describe, list_versions
from bench.load.peer import Peer, compare, read_peer
from bench.load.portals import Stand, serving
from bench.load.pushes import push
from bench.load.report import compare_with_framework, growth, show
from bench.load.scratch import scratch_installation
from bench.load.territories import apply_each, write_territories
from udi.cli.local.interrupts import StopRequest

INTERRUPTED = 130
PACKAGES = ("granian", "litestar", "sqlalchemy", "asyncpg", "tantivy")
REST = 90
"""Seconds after the last request before what is left is measured: what was there for a busy moment is given back."""
Sizes = Annotated[
    list[int],
    typer.Option(
        "--datasets", help="Datasets of one territory; may be said again.", min=100
    ),
]


@dataclass(frozen=True)
class Plan:
    """What is filled, and how it is asked."""

    corpus: Path
    sizes: Sequence[int]
    territories: int
    datasets_each: int
    load: Load
    pushes: int
    peer: Peer | None


def search(
    corpus: Annotated[
        Path, typer.Option(help="The script that makes descriptions from a seed.")
    ],
    datasets: Sizes = [1_000, 10_000, 100_000],  # noqa: B006 - typer copies it
    territories: Annotated[
        int,
        typer.Option(help="Other territories, of the same size each.", min=0, max=200),
    ] = 0,
    datasets_each: Annotated[
        int, typer.Option("--each", help="Datasets of each of those.", min=100)
    ] = 20_000,
    seconds: Annotated[int, typer.Option(help="How long each load lasts.", min=1)] = 10,
    rounds: Annotated[
        int,
        typer.Option(help="How often each is made; the middle counts.", min=1, max=20),
    ] = 3,
    clients: Annotated[int, typer.Option(help="Requests at once.", min=1)] = 16,
    pushes: Annotated[
        int, typer.Option(help="Descriptions pushed as a node does.", min=16)
    ] = 1_000,
    peer: Annotated[
        Path | None, typer.Option(help="What to ask another portal, on this machine.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Fill one territory step by step, then many others, and load the portal at each step.

    Searches with counts, the search page, dataset pages, a dataset as JSON and the catalogue as RDF are asked of two
    web workers, as shipped and with every cache of ours off: requests a second, half and 99 % of the waits, processor
    time a request; and of the framework alone, a handler and a page, which say how fast the machine is in those minutes. All are asked in turn,
    and again in each round: the middle of the rounds counts, the least and the most are shown. With --peer, another
    portal that holds the same corpus is asked the same in turn. Then descriptions are pushed. Everything happens in an
    installation of its own, deleted at the end. It needs the load generator wrk; a million datasets take 5 GB of disk
    and about three quarters of an hour on two slow cores.
    """
    requests.require_wrk()
    peer_portal = read_peer(peer, KINDS) if peer else None
    try:
        report = _run(
            Plan(
                corpus,
                sorted(set(datasets)),
                territories,
                datasets_each,
                Load(clients, seconds, rounds),
                pushes,
                peer_portal,
            )
        )
    except StopRequest:
        print("Interrupted; nothing is left.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    if json:
        print(jsonlib.dumps(report, indent=2, ensure_ascii=False))
    else:
        show(report, Console())


def _run(plan: Plan) -> dict[str, Any]:
    before = os.getloadavg()[0]
    corpus = Corpus(plan.corpus)
    with scratch_installation() as settings:
        folders = write_territories(settings.tenants, 1 + plan.territories)[1:]
        apply_each(settings, folders, _tell)
        stand = Stand(settings, corpus, plan.corpus, folders, _tell, plan.peer)
        report = asyncio.run(_measure(stand, plan))
        versions = list_versions(*PACKAGES, settings=settings)
        return {**report, "machine": describe(before), "versions": versions}


async def _measure(stand: Stand, plan: Plan) -> dict[str, Any]:
    first, *others = stand.folders
    await prepare(stand)
    steps: list[dict[str, Any]] = []
    figures: list[dict[str, Any]] = []
    previous_size = 0
    for size in plan.sizes:
        facts = {"datasets": size, "territories": 1}
        step, step_figures = await _step(
            stand, [(first, previous_size, size)], [(first, 0, size)], facts, plan.load
        )
        steps = [*steps, step]
        figures = figures + step_figures
        previous_size = size
    with serving(stand) as served:
        pushed = await push(served, first, plan.pushes, plan.load.clients)
        memory = {"after the pushes": served.memory()}
        await asyncio.sleep(REST)
        memory["at rest"] = served.memory()
    if others:
        parts = [
            (folder, rank * plan.datasets_each, (rank + 1) * plan.datasets_each)
            for rank, folder in enumerate(others)
        ]
        facts = {
            "datasets": len(others) * plan.datasets_each,
            "territories": len(others),
        }
        step, step_figures = await _step(stand, parts, parts, facts, plan.load)
        steps = [*steps, step]
        figures = figures + step_figures
    if stand.peer:
        comparison = {
            "beside": compare(figures, stand.peer),
            "peer_memory_bytes": stand.peer.memory(),
        }
    else:
        comparison = {}
    report = {
        "steps": steps,
        "figures": figures,
        "growth": growth(figures),
        "framework": compare_with_framework(figures),
        "push": pushed,
        "memory_bytes": memory,
    }
    return report | comparison


async def _step(
    stand: Stand,
    filled: Sequence[Part],
    queried: Sequence[Part],
    facts: dict[str, int],
    load: Load,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Fill some territories, then load those that are queried: what that took, and the figures."""
    with serving(stand) as served:
        grown = await grow(served, filled)
        listed = await addresses(served, queried)
    figures, memory = await measure(stand, listed, facts, load)
    return {**facts, **grown, **await _space(stand), "memory_bytes": memory}, figures


async def _space(stand: Stand) -> dict[str, int]:
    """Bytes of the portal's database and of the search indexes."""
    connection = await asyncpg.connect(stand.dsn)
    database = await connection.fetchval("SELECT pg_database_size(current_database())")
    await connection.close()
    index = sum(
        path.lstat().st_blocks * 512
        for path in stand.settings.index_folder.rglob("*")
        if path.exists()
    )
    return {"database_bytes": database, "index_bytes": index}


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
