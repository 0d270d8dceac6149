"""Territories filled with a corpus, and their search indexes made again."""

import asyncio
import time
import uuid
from collections.abc import Sequence

import asyncpg

from bench.load.bulk import Filling, fill
from bench.load.portals import Stand
from udi.cli.local.errors import LocalError
from udi.portal.catalogue.search.feed import request_rebuild
from udi.portal.tenants.files import TenantFolder

PATIENCE = 1800.0
Part = tuple[TenantFolder, int, int]
"""A territory, and which descriptions of the corpus it is given: the first, and the one after the last."""


async def prepare(stand: Stand) -> None:
    """Give each territory the corpus's producers."""
    connection = await asyncpg.connect(stand.dsn)
    try:
        for folder in stand.folders:
            rows = [
                (folder.tenant_id, producer_id, slug, slug)
                for slug, producer_id in stand.producers(folder).items()
            ]
            await connection.executemany(
                "INSERT INTO app.organisation (tenant_id, id, slug, name, summary, email, url, address, producer)"
                " VALUES ($1, $2, $3, $4, '{}', '', '', '', true) ON CONFLICT DO NOTHING",
                rows,
            )
    finally:
        await connection.close()


async def grow(stand: Stand, parts: Sequence[Part]) -> dict[str, float]:
    """Fill territories and make their indexes again, while a portal answers; seconds of each part."""
    started = time.perf_counter()
    fillings = [
        Filling(stand.dsn, stand.script, folder.tenant_id, await _node_of(stand, folder), stand.producers(folder),
                first, last)
        for folder, first, last in parts
    ]  # fmt: skip
    await asyncio.to_thread(fill, fillings)
    filled = time.perf_counter()
    connection = await asyncpg.connect(stand.dsn)
    await connection.execute(
        "VACUUM (ANALYZE) app.dataset, app.distribution, app.organisation"
    )
    await connection.execute("CHECKPOINT")
    await connection.close()
    swept = time.perf_counter()
    for folder, *_ in parts:
        request_rebuild(stand.settings, folder.slug)
    for folder, *_ in parts:
        await _wait_for_total(stand, folder)
    return {
        "fill_seconds": round(filled - started, 1),
        "index_seconds": round(time.perf_counter() - swept, 1),
    }


async def _node_of(stand: Stand, folder: TenantFolder) -> uuid.UUID:
    connection = await asyncpg.connect(stand.dsn)
    try:
        node_id = await connection.fetchval(
            "SELECT id FROM app.node WHERE tenant_id = $1 LIMIT 1", folder.tenant_id
        )
    finally:
        await connection.close()
    if node_id is None:
        raise LocalError(f"{folder.slug} has no node", "apply the territory first")
    return uuid.UUID(str(node_id))


async def _wait_for_total(stand: Stand, folder: TenantFolder) -> None:
    deadline = time.monotonic() + PATIENCE
    connection = await asyncpg.connect(stand.dsn)
    total = await connection.fetchval(
        "SELECT count(*) FROM app.dataset WHERE tenant_id = $1", folder.tenant_id
    )
    await connection.close()
    async with stand.client(folder) as client:
        while (await client.get("/api/v1/datasets?size=1")).json()["total"] != total:
            if time.monotonic() > deadline:
                raise LocalError(
                    f"The search did not show {total} datasets", "see `udi doctor`"
                )
            await asyncio.sleep(0.5)
