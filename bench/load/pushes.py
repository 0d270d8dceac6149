"""Pushes as a node makes them: how many a second, and how soon a search finds what was pushed."""

import asyncio
import time
import uuid
from collections.abc import Iterator, Sequence
from statistics import quantiles
from typing import Any

import httpx

from bench.load.corpus import as_rudi
from bench.load.portals import Stand
from udi.cli.local.errors import LocalError
from udi.portal.tenants.files import TenantFolder

PUSHED_FROM = 50_000_000
"""Rank of the first description that is pushed: far from those that are filled in."""
PROBES = 20
BATCH = 50
BATCHES = 5
"""Records a call, and how many more are pushed so than one by one."""
PATIENCE = 60


async def push(
    stand: Stand, folder: TenantFolder, number: int, clients: int
) -> dict[str, Any]:
    """Push as a node does, `clients` at once, one by one and fifty a call; then how long until a search finds one."""
    credential = (
        f"{folder.slug}-node-hosted",
        stand.settings.secret(f"node_credential_{folder.slug}"),
    )
    async with stand.client(folder) as node, stand.client(folder) as anybody:
        granted = await node.post(
            "/oauth2/token", data={"grant_type": "client_credentials"}, auth=credential
        )
        granted.raise_for_status()
        node.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        entries = stand.corpus.entries(
            PUSHED_FROM, PUSHED_FROM + number * (1 + BATCHES) + PROBES
        )
        records = [
            as_rudi(entry, stand.producers(folder), folder.tenant_id)
            for entry in entries
        ]
        single = records[:number]
        batched = records[number:-PROBES]
        probes = records[-PROBES:]
        measurements = {
            "one by one": await _measure(
                stand, node, [[record] for record in single], clients
            ),
            "fifty a call": await _measure(
                stand, node, list(batched_by(batched, BATCH)), clients
            ),
        }
        delays = [await _seen_after(node, anybody, record) for record in probes]
    cuts = quantiles(delays, n=100, method="inclusive")
    return {
        "pushed": measurements,
        "seen_p50_ms": round(cuts[49] * 1000),
        "seen_max_ms": round(max(delays) * 1000),
    }


def batched_by(
    records: Sequence[dict[str, Any]], size: int
) -> Iterator[list[dict[str, Any]]]:
    """The records in calls of this size."""
    for start in range(0, len(records), size):
        yield list(records[start : start + size])


async def _measure(
    stand: Stand,
    client: httpx.AsyncClient,
    calls: Sequence[list[dict[str, Any]]],
    clients: int,
) -> dict[str, Any]:
    number = sum(map(len, calls))
    waiting = iter(calls)
    started = time.perf_counter()
    used = stand.processor_times()
    await asyncio.gather(*(_push_each(client, waiting) for _ in range(clients)))
    spent = time.perf_counter() - started
    used = {
        name: seconds - used[name] for name, seconds in stand.processor_times().items()
    }
    return {
        "records": number, "per_second": round(number / spent, 1),
        "cpu_ms": {name: round(1000 * seconds / number, 2) for name, seconds in used.items()},
    }  # fmt: skip


async def _push_each(
    client: httpx.AsyncClient, calls: Iterator[list[dict[str, Any]]]
) -> None:
    for records in calls:
        if len(records) == 1:
            await _push(client, records[0])
        else:
            await _push_batch(client, records)


async def _push_batch(client: httpx.AsyncClient, records: list[dict[str, Any]]) -> None:
    answer = await client.put("/kalim/v1/batch", json=records)
    if answer.is_success:
        refused = [
            report for report in answer.json() if report["integration_status"] != "OK"
        ]
    else:
        refused = []
    if refused or not answer.is_success:
        detail = str(refused[0]["integration_errors"]) if refused else answer.text
        raise LocalError(
            f"The portal refuses records ({answer.status_code})",
            detail[:300].rstrip("."),
        )


async def _push(client: httpx.AsyncClient, record: dict[str, Any]) -> None:
    answer = await client.post("/kalim/v1/resources", json=record)
    if not answer.is_success:
        raise LocalError(
            f"The portal refuses a record ({answer.status_code})",
            answer.text[:300].rstrip("."),
        )


async def _seen_after(
    node: httpx.AsyncClient, anybody: httpx.AsyncClient, record: dict[str, Any]
) -> float:
    word = f"sonde{uuid.UUID(record['global_id']).hex[:12]}"
    await _push(
        node, {**record, "resource_title": f"{record['resource_title']} {word}"}
    )
    started = time.perf_counter()
    while not await _finds(anybody, word):
        if time.perf_counter() - started > PATIENCE:
            raise LocalError(
                f"A search did not find what was pushed within {PATIENCE} s",
                "see `udi doctor`",
            )
        await asyncio.sleep(0.01)
    return time.perf_counter() - started


async def _finds(client: httpx.AsyncClient, word: str) -> bool:
    answer = await client.get("/api/v1/datasets", params={"q": word})
    if not answer.is_success:
        raise LocalError(
            f"The portal refuses a search ({answer.status_code})",
            answer.text[:300].rstrip("."),
        )
    return bool(answer.json()["total"])
