"""No reading that begins once somebody stopped at the node has their rows, with the project reading all the time."""

import asyncio
import statistics
import time

from tests.depth import examples
from tests.node.agreements.granting import Grant, Loan
from tests.node.agreements.lenders import ENGLISH, Lenders
from tests.service_overrides import ServiceOverrides
from udi.kit.rates import RateLimiter
from udi.node.subject_requests.pages.lending_pages import CONSENTS_PATH
from udi.node.tables.requests import RATES
from udi.protocol.consent import ConsentState

TIMES = examples(2, 100)


async def test_a_stop_is_felt_at_the_next_reading(
    lenders: Lenders, services: ServiceOverrides
) -> None:
    services[RATES] = RateLimiter("tables", limit=10**8)
    grant = lenders.portal.grant(lenders.dataset)
    await lenders.portal.push(lenders.machine, grant)
    await lenders.name_column()
    at_node = []
    at_portal = []
    for number in range(TIMES):
        code = f"PA-{number % 40 + 1:04}"
        at_node.append(await stop(lenders, grant, code, is_at_node=True))
        at_portal.append(await stop(lenders, grant, code, is_at_node=False))

    print(  # noqa: T201 - figures to publish
        f"from a stop to the refusal, of {TIMES}: {describe('at the node', at_node)};"
        f" {describe('at the portal', at_portal)}"
    )
    assert await lenders.read(grant) == ["no_consent"]


def describe(where: str, durations: list[float]) -> str:
    """The median and the worst, in milliseconds."""
    median = statistics.median(durations) * 1000
    return f"{where} median {median:.0f} ms, worst {max(durations) * 1000:.0f} ms"


async def stop(lenders: Lenders, grant: Grant, code: str, *, is_at_node: bool) -> float:
    """Seconds from the moment at which somebody stops to the first refusal; nothing is read after it was done."""
    loan = await lenders.lend(grant, code)
    assert await lenders.read(grant) == [code]
    began = time.monotonic()
    task = asyncio.create_task(
        stop_at_node(lenders, loan) if is_at_node else tell_node(lenders, loan)
    )
    while True:
        is_stopped = task.done()
        rows = await lenders.read(grant)
        if rows == ["no_consent"]:
            break
        assert rows == [code]
        assert not is_stopped
    await task
    return time.monotonic() - began


async def stop_at_node(lenders: Lenders, loan: Loan) -> None:
    """One click on the node's page."""
    headers = {**ENGLISH, "Cookie": lenders.cookies[loan.id]}
    address = f"{CONSENTS_PATH}/{loan.id}/stop"
    stopped = await lenders.machine.post(address, headers=headers)
    assert stopped.status_code == 303


async def tell_node(lenders: Lenders, loan: Loan) -> None:
    """The portal tells the node what somebody stopped there."""
    loan.change(state=ConsentState.WITHDRAWN)
    assert (await lenders.push(loan)).status_code == 200
