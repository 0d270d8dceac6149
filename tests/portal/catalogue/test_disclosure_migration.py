"""Rows from before: of restricted data figures and open licences go, and what was said of them while they were open."""

import asyncio
import itertools
import uuid
from copy import deepcopy
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command

from tests import cluster
from tests.protocol.examples import a_record, put
from udi.kit import migrations
from udi.portal.catalogue.compression import (
    compress_description,
    decompress_description,
)
from udi.protocol.record import restore_record
from udi.settings import Settings

numbers = itertools.count()
RESTRICTED = "access_condition.confidentiality.restricted_access"
OWN = {
    "licence_type": "CUSTOM",
    "custom_licence_label": [{"lang": "fr", "text": "Conditions du réseau"}],
    "custom_licence_uri": "https://goeland.example/licence",
}


@pytest.fixture
async def before(postgres: str, run_folder: Path, worker_name: str) -> Settings:
    """Settings of a portal's database of the revision before."""
    settings = cluster.run_settings(
        run_folder, f"{worker_name}_disclosure{next(numbers)}"
    )
    await cluster.prepare(postgres, settings)
    await asyncio.to_thread(
        command.upgrade, migrations.configuration(settings, "portal"), "project_keys"
    )
    return settings


async def add(
    connection: asyncpg.Connection,
    tenant: uuid.UUID,
    owner: uuid.UUID,
    record: dict[str, Any],
) -> uuid.UUID:
    """A dataset with its file, and two past descriptions: one of when it was open, one of when it was restricted."""
    dataset = uuid.UUID(record["global_id"])
    restored_record = restore_record(record)
    await connection.execute(
        "INSERT INTO app.dataset (tenant_id, id, node_id, organisation_id, state, access, title, slug, theme, licence,"
        " local_id, doi, synopsis, record, keywords, languages, formats, created_at, modified_at, published_at,"
        " described_at) VALUES ($1, $2, $2, $3, 'published', $4, 't', 't', 'environment', $5, '', '', '{}', $6, '{}',"
        " '{fr}', '{CSV}', now(), now(), now(), now())",
        tenant, dataset, owner, restored_record.access.value, "etalab-2.0", compress_description(record),
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO app.distribution (tenant_id, dataset_id, id, position, kind, name, caption, url, media_type, format,"
        " size, hash_algorithm, hash_value, contract, documentation)"
        " VALUES ($1, $2, $2, 0, 'FILE', '', '', 'https://x.example/', '', 'CSV', 2048, 'SHA-256', 'abab', '', '')",
        tenant, dataset,
    )  # fmt: skip
    for number, restricted in enumerate((False, True), start=1):
        await connection.execute(
            "INSERT INTO app.past_description (tenant_id, dataset_id, number, described_at, record)"
            " VALUES ($1, $2, $3, now(), $4)",
            tenant, dataset, number, compress_description(put(deepcopy(record), RESTRICTED, restricted)),
        )  # fmt: skip
    return dataset


async def test_what_was_shown_of_restricted_data_is_taken_back(
    before: Settings,
) -> None:
    connection = await asyncpg.connect(
        before.dsn("portal", "owner").replace("+asyncpg", "")
    )
    tenant = uuid.uuid4()
    owner = uuid.uuid4()
    async with connection.transaction():
        await connection.execute(f"SET LOCAL app.tenant = '{tenant}'")
        await connection.execute(
            "INSERT INTO app.organisation (tenant_id, id, slug, name, summary, email, url, address, producer)"
            " VALUES ($1, $2, 'armor', 'Armor', '{}', '', '', '', true)",
            tenant, owner,
        )  # fmt: skip
        records = {
            "open": a_record(),
            "closed": put(a_record(), RESTRICTED, True),
            "own terms": put(
                put(a_record(), RESTRICTED, True), "access_condition.licence", OWN
            ),
        }
        records = {
            name: {**record, "global_id": str(uuid.uuid4())}
            for name, record in records.items()
        }
        ids = {
            name: await add(connection, tenant, owner, record)
            for name, record in records.items()
        }

    await asyncio.to_thread(migrations.upgrade, before, "portal")

    await connection.reload_schema_state()
    async with connection.transaction():
        await connection.execute(f"SET LOCAL app.tenant = '{tenant}'")
        query = (
            "SELECT dataset.id, licence, record, size, hash_value FROM app.dataset"
            " JOIN app.distribution ON distribution.dataset_id = dataset.id"
        )
        rows = {row["id"]: row for row in await connection.fetch(query)}
        past = await connection.fetch(
            "SELECT dataset_id, number, record FROM app.past_description ORDER BY number"
        )
        noted = {
            row["dataset_id"]
            for row in await connection.fetch(
                "SELECT dataset_id FROM ops.search_change"
            )
        }
    await connection.close()

    public, closed, own = (rows[ids[name]] for name in ("open", "closed", "own terms"))
    assert (public["licence"], public["size"], public["hash_value"]) == (
        "etalab-2.0",
        2048,
        "abab",
    )
    assert decompress_description(public["record"]) == records["open"]
    for row in (closed, own):
        assert (row["size"], row["hash_value"]) == (None, "")
        assert (
            decompress_description(row["record"])["available_formats"][0]["file_size"]
            == 0
        )
    assert closed["licence"] == "agreement"
    assert restore_record(decompress_description(closed["record"])).licence.is_agreement
    assert own["licence"] == "etalab-2.0"
    assert decompress_description(own["record"])["access_condition"]["licence"] == OWN
    assert [row["number"] for row in past if row["dataset_id"] == ids["open"]] == [1, 2]
    assert [row["number"] for row in past if row["dataset_id"] == ids["closed"]] == [2]
    [past_description] = [
        decompress_description(row["record"])
        for row in past
        if row["dataset_id"] == ids["closed"]
    ]
    assert past_description["available_formats"][0]["file_size"] == 0
    assert ids["closed"] in noted, "its index is made again"
