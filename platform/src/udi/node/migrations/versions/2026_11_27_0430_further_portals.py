"""Add the further portals of a producer's own node, and what each should know."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from udi.kit.rls import confine, isolate

revision = "further_portals"
down_revision = "vocabularies"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    _add_portals()
    _add_deliveries()
    for statement in (
        *isolate("node", "further_portal"),
        *isolate("node", "further_delivery"),
        *confine("node", "further_delivery", by="dataset_id"),
    ):
        op.execute(statement)


def _key() -> list[sa.Column[object]]:
    return [
        sa.Column(
            "tenant_id",
            UUID(as_uuid=True),
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
    ]


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("now()"),
        nullable=False,
    )


def _add_portals() -> None:
    op.create_table(
        "further_portal",
        *_key(),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("origin", "client_id", "credential")
        ),
        *(sa.Column(name, JSONB, nullable=False) for name in ("name", "spaces")),
        _moment("joined_at"),
        *(
            sa.Column(name, sa.DateTime(timezone=True))
            for name in ("left_at", "heard_at")
        ),
        sa.Column("error", sa.Text, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_further_portal"),
        sa.UniqueConstraint("tenant_id", "origin", name="uq_further_portal_origin"),
        schema="app",
    )


def _add_deliveries() -> None:
    op.create_table(
        "further_delivery",
        *_key(),
        *(
            sa.Column(name, UUID(as_uuid=True), nullable=False)
            for name in ("dataset_id", "portal_id")
        ),
        sa.Column("revision", sa.Integer, server_default="0", nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("record", JSONB),
        sa.Column("state", sa.Text, server_default="queued", nullable=False),
        sa.Column("shown", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("attempts", sa.Integer, server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True)),
        *(
            sa.Column(name, sa.Text, server_default="", nullable=False)
            for name in ("error", "report_id")
        ),
        sa.Column(
            "earlier_reports", ARRAY(sa.Text), server_default="{}", nullable=False
        ),
        sa.Column("report", JSONB),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_further_delivery"),
        *(
            _points_to(column, table)
            for column, table in (
                ("dataset_id", "dataset"),
                ("portal_id", "further_portal"),
            )
        ),
        sa.UniqueConstraint(
            "tenant_id", "dataset_id", "portal_id", name="uq_further_delivery_dataset"
        ),
        schema="app",
    )
    columns = ["tenant_id", "portal_id", "state"]
    op.create_index(
        "ix_further_delivery_portal", "further_delivery", columns, schema="app"
    )


def _points_to(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"app.{table}.tenant_id", f"app.{table}.id"],
        ondelete="CASCADE",
        name=f"fk_further_delivery_tenant_id_{column}",
    )
