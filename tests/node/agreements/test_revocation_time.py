"""No reading that begins once the node was told of a revocation is answered, with somebody reading all the time."""

import asyncio
import statistics
import time

import httpx

from tests.depth import examples
from tests.node.agreements.granting import Grant, Granting
from udi.protocol.agreement import AgreementValidity

TIMES = examples(6, 100)


async def test_a_revocation_is_felt_as_soon_as_the_node_knows_it(
    portal: Granting, machine: httpx.AsyncClient, meters: str
) -> None:
    grant = portal.grant(meters)
    await portal.push(machine, grant)
    durations = []
    for _ in range(TIMES):
        durations.append(await revoke(portal, machine, grant))
        await portal.push(machine, grant.change(state=AgreementValidity.ACTIVE))

    figures = f"median {statistics.median(durations) * 1000:.0f} ms, worst of {TIMES}: {max(durations) * 1000:.0f} ms"
    print(f"from revocation to refusal: {figures}")  # noqa: T201 - a figure to publish
    answer = await read_head(machine, grant)
    assert answer.status_code == 200


async def revoke(portal: Granting, machine: httpx.AsyncClient, grant: Grant) -> float:
    """Seconds from the moment at which the portal signs the revocation to the first refusal; none is read after it."""
    began = time.monotonic()
    grant.change(state=AgreementValidity.REVOKED)
    push_task = asyncio.create_task(portal.push(machine, grant))
    while True:
        is_told = push_task.done()
        answer = await read_head(machine, grant)
        if answer.status_code == 403:
            break
        assert answer.status_code == 200
        assert not is_told
    await push_task
    return time.monotonic() - began


async def read_head(machine: httpx.AsyncClient, grant: Grant) -> httpx.Response:
    """A reading of the restricted file, without its body."""
    address = f"/datasets/{grant.agreement.dataset}/file"
    return await machine.head(address, headers=grant.headers)
