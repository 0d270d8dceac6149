"""A request passes through few modules of the domains, hardly comes back to one, and the page draws the same walk."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.walks import LIMITS, Walk, record_walk
from tests.contract.node import Pusher, make_record
from tests.node.producer import Producer
from tests.portal.access.conftest import WHY, Workspace

IMAGES = Path(__file__).parents[2] / "docs/images"


def exceeds_limit(walk: Walk) -> list[str]:
    """What is longer than the walk may be."""
    limit = LIMITS[walk.name]
    faults = []
    if len(walk.modules) > limit.modules:
        faults.append(f"{len(walk.modules)} modules: {walk.modules}")
    if walk.returns > limit.returns:
        stays = [f"{stay.module} {stay.function}" for stay in walk.stays]
        faults.append(f"{walk.returns} returns: {stays}")
    return faults


@pytest.fixture(autouse=True)
async def new_threads() -> None:
    """A pool of threads in which nothing ran before the walk."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())


async def test_push_stays_within_its_limit_and_is_the_one_drawn(north: Pusher) -> None:
    await north.post(make_record(north.organisation))
    record = make_record(north.organisation)

    with record_walk("push") as walk:
        answer = await north.post(record)

    assert answer.status_code == 200
    assert exceeds_limit(walk) == []
    assert walk.draw() == (IMAGES / f"walk-{walk.name}.svg").read_text()


async def test_grant_stays_within_its_limit_and_is_the_one_drawn(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    form = {"words": WHY, "revision": str((await workspace.one(address)).revision)}

    with record_walk("grant") as walk:
        answer = await workspace.producer.post(f"{address}/grant", data=form)

    assert answer.status_code == 303
    assert answer.headers["location"] == address
    assert exceeds_limit(walk) == []
    assert walk.draw() == (IMAGES / f"walk-{walk.name}.svg").read_text()


async def test_file_stays_within_its_limit_and_is_the_one_drawn(
    producer: Producer,
) -> None:
    with record_walk("file") as walk:
        draft = await producer.draft()
        page = await producer.page(f"/datasets/{draft}/check")

    assert "Kerlévan" in page
    assert exceeds_limit(walk) == []
    assert walk.draw() == (IMAGES / f"walk-{walk.name}.svg").read_text()
