"""Register producers' nodes, and keep the report of each push."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from udi.kit.rls import isolate

revision = "nodes"
down_revision = "catalogue"
branch_labels = None
depends_on = None
phase = "expand"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_node()
    _create_node_producer()
    _create_report()
    for table in ("node", "node_producer", "report"):
        for statement in isolate("portal", table):
            op.execute(statement)


def _tenant() -> sa.Column[object]:
    return sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )


def _create_node() -> None:
    op.create_table(
        "node",
        _tenant(),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("slug", "name", "url", "client_id", "state")
        ),
        sa.Column("hosted", sa.Boolean, nullable=False),
        sa.Column(
            "created_at", INSTANT, server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("last_seen_at", INSTANT),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_node"),
        sa.UniqueConstraint("tenant_id", "slug", name="uq_node_tenant_id_slug"),
        sa.UniqueConstraint(
            "tenant_id", "client_id", name="uq_node_tenant_id_client_id"
        ),
        schema="app",
    )


def _create_node_producer() -> None:
    columns = [
        sa.Column(name, UUID(as_uuid=True), nullable=False)
        for name in ("node_id", "organisation_id")
    ]
    op.create_table(
        "node_producer",
        _tenant(),
        *columns,
        sa.PrimaryKeyConstraint(
            "tenant_id", "node_id", "organisation_id", name="pk_node_producer"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "node_id"],
            ["app.node.tenant_id", "app.node.id"],
            name="fk_node_producer_tenant_id_node_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organisation_id"],
            ["app.organisation.tenant_id", "app.organisation.id"],
            name="fk_node_producer_tenant_id_organisation_id",
            ondelete="CASCADE",
        ),
        schema="app",
    )
    op.create_index(
        "ix_node_producer_tenant_id_organisation_id",
        "node_producer",
        ["tenant_id", "organisation_id"],
        schema="app",
    )


def _create_report() -> None:
    texts = ("method", "version", "resource_title", "delivery", "last_error")
    op.create_table(
        "report",
        _tenant(),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("node_id", UUID(as_uuid=True), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("resource_id", UUID(as_uuid=True)),
        sa.Column("accepted", sa.Boolean, nullable=False),
        sa.Column("faults", JSONB, nullable=False),
        sa.Column(
            "submitted_at", INSTANT, server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("treated_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("sent_at", INSTANT),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_report"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "node_id"],
            ["app.node.tenant_id", "app.node.id"],
            name="fk_report_tenant_id_node_id",
            ondelete="CASCADE",
        ),
        schema="app",
    )
    node_and_time = ["tenant_id", "node_id", "submitted_at"]
    op.create_index(
        "ix_report_tenant_id_node_id_submitted_at",
        "report",
        node_and_time,
        schema="app",
    )
    op.create_index(
        "ix_report_undelivered",
        "report",
        ["tenant_id", "delivery"],
        schema="app",
        postgresql_where=sa.text("delivery <> 'sent'"),
    )
