"""The scheduled tasks of both programs: each is documented with its time, and runs once over two workers."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.kit.test_schedules import QUIET, YEARLY, Working, forget, until
from udi.kit.db import Database
from udi.kit.schedules import Schedule
from udi.node import site as node_parts
from udi.portal import site as portal_parts
from udi.settings import ProgramName, Settings
from udi.ui.domains import call_each
from udi.ui.site import Site
from udi.ui.worker import list_schedules

PAGE = Path(__file__).parents[2] / "docs/reference/schedules.md"
ROW = re.compile(
    r"^\| `([a-z_]+)` \| (portal|node|own node) \| `([^`]+)` \|", re.MULTILINE
)


COMPANION = re.compile(
    r"^\| [a-z ]+ \| (portal|node|own node) \| .+ \| `(udi_\w+)` \|$", re.MULTILINE
)
"""What runs all the time, with its measure."""


@asynccontextmanager
async def site_of(settings: Settings, program: ProgramName) -> AsyncIterator[Site]:
    """What the worker of a program works with."""
    build = portal_parts.build_site if program == "portal" else node_parts.build_site
    site = build(settings, pages=False)
    yield site
    await site.services.close()
    await site.outgoing.close()
    await site.database.close()


async def schedules_of(settings: Settings, program: ProgramName) -> list[Schedule]:
    """What the worker of a program schedules."""
    async with site_of(settings, program) as site:
        return list_schedules(site)


async def count_companions(settings: Settings, program: ProgramName) -> int:
    """How many of what runs all the time the worker of a program has."""
    async with site_of(settings, program) as site:
        references = [domain.companions for domain in site.domains]
        companions = [
            companion
            for domain_companions in call_each(references, site)
            for companion in domain_companions
        ]
        for companion in companions:
            companion.close()
        return len(companions)


async def test_the_page_of_schedules_has_each_with_its_time(settings: Settings) -> None:
    node_settings = settings.model_copy(update={"node_name": "library"})
    looking = settings.model_copy(update={"link_looks_per_hour": 1})
    programs = {
        "portal": await schedules_of(looking, "portal"),
        "node": await schedules_of(settings, "node"),
    }
    of_own_nodes = [
        schedule
        for schedule in await schedules_of(node_settings, "node")
        if schedule.name not in {known.name for known in programs["node"]}
    ]

    rows = {
        (schedule.name, program, schedule.cron)
        for program, schedules in {**programs, "own node": of_own_nodes}.items()
        for schedule in schedules
    }

    assert set(ROW.findall(PAGE.read_text())) == rows


async def test_the_page_of_schedules_has_each_companion_with_its_measure(
    settings: Settings,
) -> None:
    node_settings = settings.model_copy(update={"node_name": "library"})
    portal = await count_companions(settings, "portal")
    node = await count_companions(settings, "node")
    own_node = await count_companions(node_settings, "node")

    rows = COMPANION.findall(PAGE.read_text())
    metrics = (PAGE.parent / "metrics.md").read_text()

    assert Counter(program for program, _ in rows) == {
        "portal": portal, "node": node, "own node": own_node - node,
    }  # fmt: skip
    assert len({measure for _, measure in rows}) == len(rows)
    assert [name for _, name in rows if f"| `{name}` |" not in metrics] == []


@pytest.mark.parametrize("program", ["portal", "node"])
async def test_each_scheduled_task_runs_once_over_two_workers(
    settings: Settings,
    program: ProgramName,
    portal_database: Database,
    node_database: Database,
) -> None:
    database = portal_database if program == "portal" else node_database
    runs = Counter[str]()

    def count(name: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            runs[name] += 1
            await asyncio.sleep(0.05)

        return run

    schedules = [
        replace(schedule, cron=YEARLY, run=count(schedule.name))
        for schedule in await schedules_of(settings, program)
    ]
    await forget(database)
    async with Working(database, *schedules), Working(database, *schedules):
        await until(lambda: len(runs) == len(schedules))
        await asyncio.sleep(QUIET)
    await forget(database)

    assert len(schedules) > 5
    assert runs == {schedule.name: 1 for schedule in schedules}
