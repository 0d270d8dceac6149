"""Rows from before: figures leave the records of restricted data, cells leave the rows of sealed spaces, the rest stays."""

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
from tests.protocol.examples import a_record, put
from udi.kit import migrations
from udi.protocol.restricted_data import NO_CHECKSUM
from udi.settings import Settings

numbers = itertools.count()
RESTRICTED = "access_condition.confidentiality.restricted_access"
PORTAL = "https://portal.example"
CELL = "ZQ-4417-TEMOIN"
PROFILE = {
    "sample": [[CELL]],
    "first_day": "2025-01-01",
    "last_day": "2025-12-31",
    "rows": 5,
    "columns": [],
}
FINDINGS = {
    "errors": [{"line": 3, "column": "a", "code": "not_a_number", "value": CELL}],
    "counts": [{"column": "a", "code": "not_a_number", "count": 1}],
    "schema": {
        "errors": [
            {
                "line": 3,
                "column": "a",
                "kind": "type",
                "value": CELL,
                "expected": "number",
            }
        ],
        "title": "T",
    },
    "difference": {"with": 1, "examples": [{"key": [CELL]}], "added": 2},
    "coverage": {"communes": [CELL]},
}


@pytest.fixture
async def before(postgres: str, run_folder: Path, worker_name: str) -> Settings:
    """Settings of a node's database of the revision before."""
    settings = cluster.run_settings(
        run_folder, f"{worker_name}_disclosure{next(numbers)}"
    )
    await cluster.prepare(postgres, settings)
    await asyncio.to_thread(
        command.upgrade, migrations.configuration(settings, "node"), "uses_told"
    )
    return settings


async def add(
    connection: asyncpg.Connection, tenant: uuid.UUID, *, restricted: bool, sealing: str
) -> uuid.UUID:
    """A published dataset with two versions, of which the portal accepted the first."""
    space = uuid.uuid4()
    dataset = uuid.uuid4()
    files = {"ab" * 32: uuid.uuid4(), "cd" * 32: uuid.uuid4()}
    record = put(a_record(global_id=str(dataset)), RESTRICTED, restricted)
    record["available_formats"][0]["checksum"] = {"algo": "SHA-256", "hash": "ab" * 32}
    await connection.execute(
        "INSERT INTO app.space (tenant_id, id, slug, organisation_id, name, email, quota_bytes, sealing)"
        " VALUES ($1, $2, $3, $2, 'S', 's@x.example', 1, $4)",
        tenant, space, f"space-{space}", sealing,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO app.dataset (tenant_id, id, space_id, title, description, record, restricted)"
        " VALUES ($1, $2, $3, 'T', '{}', $4, $5)",
        tenant, dataset, space, json.dumps(record), restricted,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO app.delivery (tenant_id, id, dataset_id, method, record) VALUES ($1, $2, $2, 'PUT', $3)",
        tenant, dataset, json.dumps(record),
    )  # fmt: skip
    for number, (digest, file) in enumerate(files.items(), start=1):
        await connection.execute(
            "INSERT INTO app.stored_file (tenant_id, id, space_id, dataset_id, name, media_type, size, sha256)"
            " VALUES ($1, $2, $3, $4, 'a.csv', 'text/csv', 5, $5)",
            tenant, file, space, dataset, digest,
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO app.version (tenant_id, id, dataset_id, file_id, number, profile) VALUES ($1, $2, $3, $2, $4, $5)",
            tenant, file, dataset, number, json.dumps(PROFILE),
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO app.preparation (tenant_id, id, version_id, findings) VALUES ($1, $2, $2, $3)",
            tenant, file, json.dumps(FINDINGS),
        )  # fmt: skip
    return dataset


async def read(connection: asyncpg.Connection, dataset: uuid.UUID) -> dict[str, Any]:
    row = await connection.fetchrow(
        "SELECT dataset.record, dataset.accepted_file_id, delivery.record AS sent, delivery.file_id"
        " FROM app.dataset JOIN app.delivery ON delivery.dataset_id = dataset.id WHERE dataset.id = $1",
        dataset,
    )
    rows = await connection.fetch(
        "SELECT profile, findings, version.file_id FROM app.version JOIN app.preparation ON version_id = version.id"
        " WHERE dataset_id = $1 ORDER BY number",
        dataset,
    )
    return {**dict(row), "rows": [dict(version_row) for version_row in rows]}


async def test_records_and_rows_of_before_are_brought_under_the_rule(
    before: Settings,
) -> None:
    connection = await asyncpg.connect(
        before.dsn("node", "owner").replace("+asyncpg", "")
    )
    tenant = uuid.uuid4()
    await connection.execute(
        "INSERT INTO platform.territory (id, slug, name, tagline, languages, hosts, links, contact, privacy_contact,"
        " mail_sender, theme, theme_css, charter, legal, state, fingerprint)"
        " VALUES ($1, $2, '{}', '{}', '{fr}', '{}', $3, '', '', '{}', '{}', '', '{}', '{}', 'active', '')",
        tenant, f"t-{tenant}", json.dumps({"portal": PORTAL}),
    )  # fmt: skip
    async with connection.transaction():
        await connection.execute(f"SET LOCAL app.tenant = '{tenant}'")
        closed = await add(connection, tenant, restricted=True, sealing="whole")
        public = await add(connection, tenant, restricted=False, sealing="open")

    await asyncio.to_thread(migrations.upgrade, before, "node")

    await connection.reload_schema_state()
    async with connection.transaction():
        await connection.execute(f"SET LOCAL app.tenant = '{tenant}'")
        hidden = await read(connection, closed)
        public_content = await read(connection, public)
    await connection.close()
    for name in ("record", "sent"):
        record = json.loads(hidden[name])
        assert record["available_formats"][0]["checksum"] == NO_CHECKSUM
        assert (
            record["access_condition"]["licence"]["custom_licence_uri"]
            == f"{PORTAL}/data/{closed}/access-policy"
        )
        assert (
            json.loads(public_content[name])["available_formats"][0]["checksum"]["hash"]
            == "ab" * 32
        )
        assert (
            json.loads(public_content[name])["access_condition"]["licence"][
                "licence_label"
            ]
            == "etalab-2.0"
        )
    for content in (hidden, public_content):
        assert (
            content["accepted_file_id"]
            == content["file_id"]
            == content["rows"][0]["file_id"]
        )
    assert CELL not in json.dumps(
        [[row["profile"], row["findings"]] for row in hidden["rows"]]
    )
    assert json.loads(hidden["rows"][0]["findings"])["counts"] == FINDINGS["counts"]
    assert json.loads(hidden["rows"][0]["profile"])["rows"] == PROFILE["rows"]
    assert [json.loads(row["findings"]) for row in public_content["rows"]] == [
        FINDINGS,
        FINDINGS,
    ]
    assert [json.loads(row["profile"]) for row in public_content["rows"]] == [
        PROFILE,
        PROFILE,
    ]
