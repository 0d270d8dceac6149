"""Rows from before descriptions were packed: the migration keeps what each says, in every territory."""

import asyncio
import itertools
import json
import uuid
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command

from tests import cluster
from udi.kit import migrations
from udi.portal.catalogue.compression import decompress_description
from udi.settings import Settings

numbers = itertools.count()
MANY = 1_203
"""More than two batches."""


@pytest.fixture
async def before(postgres: str, run_folder: Path, worker_name: str) -> Settings:
    """Settings of a portal's database of the revision before."""
    settings = cluster.run_settings(run_folder, f"{worker_name}_packing{next(numbers)}")
    await cluster.prepare(postgres, settings)
    await asyncio.to_thread(
        command.upgrade, migrations.configuration(settings, "portal"), "time_zone"
    )
    return settings


def said(rank: int) -> dict[str, Any]:
    return {
        "resource_title": f"Élagage {rank}",
        "summary": [{"lang": "fr", "text": "Chaque arbre."}],
        "rank": rank,
    }


async def fill(connection: asyncpg.Connection, tenant: uuid.UUID) -> list[uuid.UUID]:
    """Datasets with their text twice, as it was kept, and a past description."""
    owner = uuid.uuid4()
    ids = [uuid.uuid4() for _ in range(MANY)]
    await connection.execute(f"SET LOCAL app.tenant = '{tenant}'")
    await connection.execute(
        "INSERT INTO app.organisation (tenant_id, id, slug, name, summary, email, url, address, producer)"
        " VALUES ($1, $2, 'armor', 'Armor', '{}', '', '', '', true)",
        tenant, owner,
    )  # fmt: skip
    rows = [
        (tenant, dataset_id, uuid.uuid4(), owner, json.dumps(said(rank)))
        for rank, dataset_id in enumerate(ids)
    ]
    await connection.executemany(
        "INSERT INTO app.dataset (tenant_id, id, node_id, organisation_id, state, access, title, slug, theme, licence,"
        " local_id, doi, synopsis, summary, record, keywords, languages, formats, created_at, modified_at, published_at,"
        " described_at) VALUES ($1, $2, $3, $4, 'published', 'public', 't', 't', 'environment', 'etalab-2.0', '', '',"
        " '{}', '{\"fr\": \"Chaque arbre.\"}', $5, '{}', '{fr}', '{CSV}', now(), now(), now(), now())",
        rows,
    )
    await connection.execute(
        "INSERT INTO app.past_description (tenant_id, dataset_id, number, described_at, record)"
        " VALUES ($1, $2, 1, now(), $3)",
        tenant, ids[0], json.dumps(said(-1)),
    )  # fmt: skip
    return ids


async def test_each_description_says_the_same_after_the_migration(
    before: Settings,
) -> None:
    dsn = before.dsn("portal", "owner").replace("+asyncpg", "")
    ids = {}
    connection = await asyncpg.connect(dsn)
    for tenant in (uuid.uuid4(), uuid.uuid4()):
        async with connection.transaction():
            ids[tenant] = await fill(connection, tenant)
    changes = await connection.fetchval("SELECT count(*) FROM ops.search_change")

    await asyncio.to_thread(migrations.upgrade, before, "portal")

    await connection.reload_schema_state()
    for tenant, dataset_ids in ids.items():
        async with connection.transaction():
            await connection.execute(f"SET LOCAL app.tenant = '{tenant}'")
            rows = {
                row["id"]: decompress_description(row["record"])
                for row in await connection.fetch("SELECT id, record FROM app.dataset")
            }
            past = [
                decompress_description(row["record"])
                for row in await connection.fetch(
                    "SELECT record FROM app.past_description"
                )
            ]
        assert rows == {
            dataset_id: said(rank) for rank, dataset_id in enumerate(dataset_ids)
        }
        assert past == [said(-1)]
    assert (
        await connection.fetchval("SELECT count(*) FROM ops.search_change") == changes
    )
    await connection.close()
