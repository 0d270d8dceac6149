"""Add restricted datasets, the agreements that open them, their credentials, and each reading."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from udi.kit.rls import confine, isolate

revision = "agreements"
down_revision = "further_portals"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    restricted = sa.Column(
        "restricted", sa.Boolean, server_default=sa.text("false"), nullable=False
    )
    op.add_column("dataset", restricted, schema="app")
    where = sa.text("restricted")
    op.create_index(
        "ix_dataset_restricted",
        "dataset",
        ["tenant_id"],
        schema="app",
        postgresql_where=where,
    )
    _create_held()
    _create_uses()
    cursor = [
        _column(name, sa.DateTime(timezone=True), nullable=True)
        for name in ("tried_at", "asked_at", "failed_at")
    ]
    tenant, revision = _tenant(), _column("revision", sa.BigInteger, server_default="0")
    key = sa.PrimaryKeyConstraint("tenant_id", name="pk_agreement_cursor")
    op.create_table("agreement_cursor", tenant, revision, *cursor, key, schema="app")
    for table in ("held_agreement", "held_credential", "agreement_use"):
        for statement in (
            *isolate("node", table),
            *confine("node", table, by="dataset_id"),
        ):
            op.execute(statement)
    for statement in isolate("node", "agreement_cursor"):
        op.execute(statement)


def _create_held() -> None:
    moment, now = sa.DateTime(timezone=True), sa.text("now()")
    _create(
        "held_agreement",
        _column("dataset_id", UUID(as_uuid=True)),
        *(_column(name, sa.Text) for name in ("document", "sha256", "standing")),
        _column("revision", sa.BigInteger),
        _column("state", sa.Text),
        _column("ends_at", moment),
        *(
            _column(name, moment, server_default=now)
            for name in ("received_at", "changed_at")
        ),
    )
    _create(
        "held_credential",
        *(
            _column(name, UUID(as_uuid=True))
            for name in ("agreement_id", "dataset_id", "credential_id")
        ),
        _column("sha256", sa.Text),
        _column("expires_at", moment),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agreement_id"],
            ["app.held_agreement.tenant_id", "app.held_agreement.id"],
            name="fk_held_credential_tenant_id_agreement_id",
            ondelete="CASCADE",
        ),
    )
    _index("ix_held_agreement_dataset", "held_agreement", "dataset_id")
    _index("ix_held_credential_sha256", "held_credential", "sha256")
    _index("ix_held_credential_agreement", "held_credential", "agreement_id")


def _create_uses() -> None:
    _create(
        "agreement_use",
        *(_column(name, UUID(as_uuid=True)) for name in ("agreement_id", "dataset_id")),
        _column("credential_id", UUID(as_uuid=True), nullable=True),
        _column("what", sa.Text),
        _column("verdict", sa.Text, server_default="allowed"),
        _column("bytes", sa.BigInteger, server_default="0"),
        _column("times", sa.Integer, server_default="1"),
        _column(
            "happened_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
        ),
    )
    _index("ix_agreement_use_agreement", "agreement_use", "agreement_id", "happened_at")
    _index("ix_agreement_use_dataset", "agreement_use", "dataset_id", "happened_at")


def _create(table: str, *columns: sa.schema.SchemaItem) -> None:
    own = _column("id", UUID(as_uuid=True))
    key = sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}")
    op.create_table(table, _tenant(), own, *columns, key, schema="app")


def _column(
    name: str, kind: object, *, nullable: bool = False, server_default: object = None
) -> sa.Column[object]:
    return sa.Column(name, kind, server_default=server_default, nullable=nullable)  # type: ignore[arg-type]  # as SQLAlchemy takes both


def _tenant() -> sa.Column[object]:
    return _column(
        "tenant_id", UUID(as_uuid=True), server_default=sa.text("app.current_tenant()")
    )


def _index(name: str, table: str, *columns: str) -> None:
    op.create_index(name, table, ["tenant_id", *columns], schema="app")
