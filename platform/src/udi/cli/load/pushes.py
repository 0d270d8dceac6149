"""Pushes as a node makes them: how many a second, and how soon a search finds what was pushed."""

import asyncio
import time
import uuid
from collections.abc import Iterator
from statistics import quantiles
from typing import Any

import httpx

from udi.cli.load.corpus import as_rudi
from udi.cli.load.portals import Stand
from udi.cli.local.errors import LocalError
from udi.portal.tenants.files import TenantFolder

PUSHED_FROM = 50_000_000
"""Rank of the first description that is pushed: far from those that are filled in."""
PROBES = 20
PATIENCE = 60


async def push(stand: Stand, folder: TenantFolder, number: int, clients: int) -> dict[str, float]:
    """Push as a node does, `clients` at once; then, one by one, how long until a search finds what was pushed."""
    credential = (f"{folder.slug}-node-hosted", stand.settings.secret(f"node_credential_{folder.slug}"))
    async with stand.client(folder) as client:
        granted = await client.post("/oauth2/token", data={"grant_type": "client_credentials"}, auth=credential)
        granted.raise_for_status()
        client.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        entries = list(stand.corpus.entries(PUSHED_FROM, PUSHED_FROM + number + PROBES))
        records = [as_rudi(entry, stand.producers(folder), folder.tenant_id) for entry in entries]
        waiting = iter(records[:number])
        started = time.perf_counter()
        await asyncio.gather(*(_push_each(client, waiting) for _ in range(clients)))
        spent = time.perf_counter() - started
        delays = [await _seen_after(client, record) for record in records[number:]]
    cuts = quantiles(delays, n=100, method="inclusive")
    return {
        "pushed": number, "per_second": round(number / spent, 1),
        "seen_p50_ms": round(cuts[49] * 1000), "seen_max_ms": round(max(delays) * 1000),
    }  # fmt: skip


async def _push_each(client: httpx.AsyncClient, records: Iterator[dict[str, Any]]) -> None:
    for record in records:
        await _push(client, record)


async def _push(client: httpx.AsyncClient, record: dict[str, Any]) -> None:
    answer = await client.post("/kalim/v1/resources", json=record)
    if not answer.is_success:
        raise LocalError(f"The portal refuses a record ({answer.status_code})", answer.text[:300].rstrip("."))


async def _seen_after(client: httpx.AsyncClient, record: dict[str, Any]) -> float:
    word = f"sonde{uuid.UUID(record['global_id']).hex[:12]}"
    await _push(client, {**record, "resource_title": f"{record['resource_title']} {word}"})
    started = time.perf_counter()
    while not await _finds(client, word):
        if time.perf_counter() - started > PATIENCE:
            raise LocalError(f"A search did not find what was pushed within {PATIENCE} s", "see `udi doctor`")
        await asyncio.sleep(0.01)
    return time.perf_counter() - started


async def _finds(client: httpx.AsyncClient, word: str) -> bool:
    return bool((await client.get("/api/v1/datasets", params={"q": word})).json()["total"])
