"""Keep what was proposed and which file the portal accepted; take figures out of the records of restricted data."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from udi.protocol.restricted_data import address_of_terms, conceal_document

revision = "disclosure"
down_revision = "uses_told"
branch_labels = None
depends_on = None
phase = "expand"

RECORDS = (
    ("dataset", "record"),
    ("dataset", "document"),
    ("delivery", "record"),
    ("further_delivery", "record"),
)
"""Columns that hold a record in RUDI's JSON."""
ACCEPTED = """
UPDATE app.dataset SET accepted_file_id = stored_file.id FROM app.stored_file
WHERE stored_file.tenant_id = dataset.tenant_id AND stored_file.dataset_id = dataset.id
  AND stored_file.sha256 = dataset.record #>> '{available_formats,0,checksum,hash}'"""
SENT = """
UPDATE app.delivery SET file_id = stored_file.id FROM app.stored_file
WHERE stored_file.tenant_id = delivery.tenant_id AND stored_file.dataset_id = delivery.dataset_id
  AND stored_file.sha256 = delivery.record #>> '{available_formats,0,checksum,hash}'"""
SEALED = """
JOIN app.dataset ON dataset.tenant_id = version.tenant_id AND dataset.id = version.dataset_id
JOIN app.space ON space.tenant_id = dataset.tenant_id AND space.id = dataset.space_id AND space.sealing <> 'open'"""
SAMPLES = f"""
UPDATE app.version SET profile = profile || '{{"sample": [], "first_day": null, "last_day": null}}'
WHERE (tenant_id, id) IN (SELECT version.tenant_id, version.id FROM app.version {SEALED})"""
FINDINGS = f"""
SELECT preparation.ctid::text, preparation.findings FROM app.preparation
JOIN app.version ON version.tenant_id = preparation.tenant_id AND version.id = preparation.version_id {SEALED}
FOR UPDATE OF preparation"""
RESTRICTED = "#>> '{access_condition,confidentiality,restricted_access}' = 'true'"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    proposals = sa.Column(
        "proposals", JSONB, server_default=sa.text("'{}'"), nullable=False
    )
    for table, added in (
        ("dataset", proposals),
        ("dataset", sa.Column("accepted_file_id", postgresql.UUID(as_uuid=True))),
        (
            "dataset",
            sa.Column("former_licence", sa.Text, server_default="", nullable=False),
        ),
        ("dataset", sa.Column("closed_at", moment)),
        ("delivery", sa.Column("file_id", postgresql.UUID(as_uuid=True))),
        ("agreement_use", sa.Column("checked_at", moment)),
        ("agreement_use", sa.Column("ended_at", moment)),
    ):
        op.add_column(table, added, schema="app")
    tables = (
        "stored_file",
        "agreement_use",
        "space",
        "version",
        "preparation",
        *dict.fromkeys(table for table, _ in RECORDS),
    )
    for table in tables:
        # The owner sees the rows of every territory only where its own policies do not hold for it.
        op.execute(f"ALTER TABLE app.{table} NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE app.agreement_use SET ended_at = happened_at")
    op.execute(ACCEPTED)
    op.execute(SENT)
    for table, column in RECORDS:
        _conceal(table, column)
    _forget_cells()
    for table in tables:
        op.execute(f"ALTER TABLE app.{table} FORCE ROW LEVEL SECURITY")


def _conceal(table: str, column: str) -> None:
    """Take out of each record of restricted data what `restricted.conceal` does: few are."""
    change = sa.text(
        f"UPDATE app.{table} SET {column} = :record WHERE ctid = CAST(CAST(:place AS text) AS tid)"
    )
    change = change.bindparams(sa.bindparam("record", type_=JSONB))
    for place, record in list(_restricted(table, column)):
        op.get_bind().execute(change, {"place": place, "record": record})


def _restricted(table: str, column: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each record of restricted data is, and what it says from now on."""
    territories = op.get_bind().execute(
        sa.text("SELECT id, links ->> 'portal' AS portal FROM platform.territory")
    )
    portals = {row.id: row.portal for row in territories}
    query = f"SELECT ctid::text, tenant_id, {column} FROM app.{table} WHERE {column} {RESTRICTED} FOR UPDATE"
    for place, tenant, record in op.get_bind().execute(sa.text(query)):
        yield (
            place,
            conceal_document(
                record,
                terms=address_of_terms(
                    portals.get(tenant) or "", UUID(record["global_id"])
                ),
            ),
        )


def _forget_cells() -> None:
    """Take the first lines and the cells that do not fit out of the rows of sealed spaces; its worker does the rest."""
    op.execute(SAMPLES)
    change = sa.text(
        "UPDATE app.preparation SET findings = :findings WHERE ctid = CAST(CAST(:place AS text) AS tid)"
    )
    change = change.bindparams(sa.bindparam("findings", type_=JSONB))
    for place, findings in op.get_bind().execute(sa.text(FINDINGS)).all():
        op.get_bind().execute(
            change, {"place": place, "findings": _without_cells(findings)}
        )


def _without_cells(findings: dict[str, Any]) -> dict[str, Any]:
    schema, difference = findings.get("schema"), findings.get("difference")
    stripped = {
        **findings,
        "coverage": {},
        "errors": _emptied(findings.get("errors") or []),
    }
    if schema:
        stripped["schema"] = {**schema, "errors": _emptied(schema.get("errors") or [])}
    if difference:
        stripped["difference"] = {**difference, "examples": []}
    return stripped


def _emptied(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**error, "value": ""} for error in errors]
