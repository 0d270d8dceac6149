"""How long after a producer revokes the first reading is refused, with somebody reading all the time."""

import asyncio
import statistics
import time

import httpx

from tests.node.agreements.granting import Grant, Granting
from udi.protocol.agreement import AgreementValidity

TIMES = 100
LONGEST = 5.0


async def test_a_revocation_is_felt_within_seconds(
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
    assert max(durations) < LONGEST


async def revoke(portal: Granting, machine: httpx.AsyncClient, grant: Grant) -> float:
    """Seconds from the moment at which the portal signs the revocation to the first refusal."""
    began = time.monotonic()
    grant.change(state=AgreementValidity.REVOKED)
    push_task = asyncio.create_task(portal.push(machine, grant))
    while True:
        answer = await machine.head(
            f"/datasets/{grant.agreement.dataset}/file", headers=grant.headers
        )
        if answer.status_code == 403:
            break
        assert answer.status_code == 200
    await push_task
    return time.monotonic() - began
