"""From the click that stops a consent at the portal to the node that is told, by the portal's own worker."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator

import pytest

from tests.contract.node import Issuer, Receiver, clear_queue
from tests.portal.consents.conftest import Lending
from tests.portal.consents.test_delivery import issuer, node, reach, read_status
from udi.kit.jobs import Worker
from udi.portal.consents.delivery import task_handlers
from udi.portal.tenants.models import SpentBudget

__all__ = ["issuer", "node"]
TIMES = 100
LOOK_EVERY = 0.005
ACCEPTED = {"revision": 1}


@pytest.fixture
async def worker(lending: Lending, issuer: Issuer) -> AsyncIterator[Worker]:
    """The portal's worker, as it runs on a machine, for what is told of consents."""
    site = lending.workspace.site
    await clear_queue(site)
    worker = Worker(site.database, task_handlers(site))
    running = asyncio.create_task(worker.run())
    yield worker
    worker.stop()
    await running


async def wait_for_call(node: Receiver, number: int) -> None:
    """Until the node was called so many times."""
    async with asyncio.timeout(60):
        while len(node.reports) < number:  # noqa: ASYNC110 - the node answers in a thread of its own
            await asyncio.sleep(LOOK_EVERY)


@pytest.mark.thorough
async def test_a_node_is_told_of_a_stop_within_seconds(
    lending: Lending, node: Receiver, worker: Worker
) -> None:
    """What the node then takes to refuse has its own test: `tests/node/agreements/test_stop_time.py`."""
    await reach(lending, node)
    node.answers += [ACCEPTED] * (2 * TIMES)
    question = await lending.open()
    durations = []
    for number in range(TIMES):
        await lending.make_login_old(0)
        await lending.change(SpentBudget, used=0)
        consent = await lending.give(question)
        await wait_for_call(node, 2 * number + 1)
        began = time.monotonic()
        await lending.inhabitant.post(f"/my-data/consents/{consent.id}/withdraw")
        await wait_for_call(node, 2 * number + 2)
        durations.append(time.monotonic() - began)

    median = statistics.median(durations) * 1000
    worst = max(durations) * 1000
    print(  # noqa: T201 - figures to publish
        f"from a stop at the portal to the node that is told, of {TIMES}: median {median:.0f} ms, worst {worst:.0f} ms"
    )
    last = await read_status(lending, node.reports[-1].document["consent"], node.origin)
    assert last.state == "withdrawn"
    assert last.consent == consent.id
