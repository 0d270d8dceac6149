"""R1: kill -9 while a child reads a file, and at each named step of a refresh; done once after a restart."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from tests.depth import examples
from tests.faults.power import content, let_time_pass
from tests.faults.running import RunningNode
from tests.node.distant import Distant
from tests.node.producer import TABLE, Producer
from tests.node.sending import objects, rows, sound
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Preparation, PreparationState, Version
from udi.node.datasets.renewal.models import DatasetSource
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.models import StoredFile
from udi.node.files.sweep import sweep_territory
from udi.ui.site import Site

Seen = TypeVar("Seen")
SIZE = examples(5, 20) * 1024**2
PATIENCE = 180
STEPS = (
    "refresh.begun", "upload.assembled", "upload.stored", "refresh.fetched", "upload.profiled", "version.added",
    "version.committed", "look.begun", "look.stored", "look.noted", "refresh.taken",
)  # fmt: skip
ALWAYS = {"refresh.fetched"}
"""The one that every run makes; `test_killed.py` kills at others what is sent."""


def _is_read(folder: Path) -> bool:
    source = folder / "source"
    return (
        source.exists()
        and source.stat().st_size == SIZE
        and not list((folder / "typed").iterdir())
    )


def _is_converted(folder: Path) -> bool:
    return bool(list(folder.glob("typed/converting-*")))


def _is_examined(folder: Path) -> bool:
    return (folder / "typed" / "table.parquet").exists() and not list(
        folder.glob("typed/converting-*")
    )


MOMENTS = {"detection": _is_read, "conversion": _is_converted, "findings": _is_examined}


def _refreshes() -> list[object]:
    return [
        pytest.param(step, marks=[] if step in ALWAYS else [pytest.mark.thorough])
        for step in STEPS
    ]


@pytest.fixture
def distant() -> Iterator[Distant]:
    server = Distant(TABLE)
    yield server
    server.stop()


async def seen(happened: Callable[[], Seen], every: float = 0.002) -> Seen:
    """Wait until something happened; returns what was seen of it."""
    async with asyncio.timeout(PATIENCE):
        while not (observation := happened()):  # noqa: ASYNC110 - another process says nothing to wait for
            await asyncio.sleep(every)
    return observation


async def ready(database: Database, territory: Territory, count: int) -> None:
    """Wait until the files of so many versions were looked at, each of them once."""
    deadline = time.monotonic() + PATIENCE
    while True:
        preparations = await rows(database, territory, Preparation)
        if len(preparations) == count and {
            preparation.state for preparation in preparations
        } == {PreparationState.READY}:
            return
        assert time.monotonic() < deadline, [
            preparation.state for preparation in preparations
        ]
        await asyncio.sleep(0.2)


@pytest.mark.usefixtures("token")
@pytest.mark.thorough
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_worker_killed_while_a_child_reads_a_file_looks_at_it_again(
    node: RunningNode, producer: Producer, node_database: Database, node_site: Site, demo: Territory, tmp_path: Path,
    moment: str,
) -> None:  # fmt: skip
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    node.environment["TMPDIR"] = str(scratch)
    await producer.draft(content(SIZE))
    node.start("work")
    children = await seen(
        lambda: (
            any(MOMENTS[moment](folder) for folder in scratch.glob("udi-prepare-*"))
            and node.family("work")[1:]
        )
    )

    node.stop()

    await seen(lambda: not any(child.is_running() for child in children))
    [before] = await rows(node_database, demo, Preparation)
    assert before.state == PreparationState.WAITING
    await let_time_pass(node_database, demo)
    node.start("work")
    await ready(node_database, demo, 1)
    node.stop()
    store = node_site.services[OBJECTS]
    await sweep_territory(
        node_database, store, demo.id, older_than=timedelta(seconds=-60)
    )
    assert len(children) == 1
    assert await sound(node_database, store, demo) == []
    assert len(await objects(store, demo)) == 2


@pytest.mark.parametrize("step", _refreshes())
async def test_a_worker_killed_during_a_refresh_makes_one_version(
    node: RunningNode, producer: Producer, distant: Distant, node_database: Database, node_site: Site,
    demo: Territory, step: str,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    distant.content = content(3000)
    form = {"address": f"{distant.origin}/a.csv", "frequency": "daily"}
    assert (
        await producer.client.post(f"/datasets/{dataset}/source", data=form)
    ).status_code == 303
    node.start("work", crash_at=step)
    await seen(node.has_died, 0.1)
    node.stop()
    await let_time_pass(node_database, demo)
    node.start("work")

    async with asyncio.timeout(PATIENCE):
        while (  # noqa: ASYNC110 - another process says nothing to wait for
            source := (await rows(node_database, demo, DatasetSource))[0]
        ).checked_at is None:
            await asyncio.sleep(0.2)
    await let_time_pass(node_database, demo)
    await ready(node_database, demo, 2)
    node.stop()

    store = node_site.services[OBJECTS]
    await sweep_territory(
        node_database, store, demo.id, older_than=timedelta(seconds=-60)
    )
    assert (source.error, source.failures) == ("", 0)
    assert source.etag in {
        distant.etag,
        "",
    }  # a kill forgets what the address said of it: fetched once more, not kept twice
    assert sorted(
        version.number for version in await rows(node_database, demo, Version)
    ) == [1, 2]
    assert (
        await producer.client.get(f"/datasets/{dataset}/file")
    ).content == distant.content
    assert len(await rows(node_database, demo, StoredFile)) == 2
    assert await sound(node_database, store, demo) == []
    assert len(await objects(store, demo)) == 4  # two files, and a table of each
