"""Keep what each reading did with each record, feeds and webhooks of readings; show where harvested datasets come from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from udi.kit.rls import belong, isolate

revision = "reports_of_readings"
down_revision = "node_invitations"
branch_labels = None
depends_on = None
phase = "expand"

PUBLIC = "udi_portal_public"
SHOWN = "tenant_id = app.current_tenant()"
ADDRESSES = "tenant_id, id, address, format"


def upgrade() -> None:
    create_action()
    create_feed()
    op.add_column(
        "source_run",
        sa.Column("acted", sa.Integer, nullable=False, server_default="0"),
        schema="app",
    )
    op.add_column("source_fault", sa.Column("about", sa.Integer), schema="app")
    op.add_column(
        "webhook",
        sa.Column("readings", sa.Boolean, nullable=False, server_default="false"),
        schema="app",
    )
    for statement in (
        *isolate("portal", "source_action"),
        *isolate("portal", "source_feed"),
        belong("portal", "source_feed", unnamed=True),
        f"CREATE POLICY public_read ON app.source_record FOR SELECT TO {PUBLIC} USING ({SHOWN} AND NOT withdrawn)",
        f"GRANT SELECT ON app.source_record TO {PUBLIC}",
        f"CREATE POLICY public_read ON app.catalogue_source FOR SELECT TO {PUBLIC} USING ({SHOWN})",
        f"GRANT SELECT ({ADDRESSES}) ON app.catalogue_source TO {PUBLIC}",
    ):
        op.execute(statement)


def create_action() -> None:
    op.create_table(
        "source_action",
        tenant(),
        sa.Column("run_id", UUID(as_uuid=True), nullable=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("dataset_id", UUID(as_uuid=True)),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("identifier", "title", "action")),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "position", name="pk_source_action"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"], ["app.source_run.tenant_id", "app.source_run.id"], ondelete="CASCADE",
            name="fk_source_action_tenant_id_run_id",
        ),
        schema="app",
    )  # fmt: skip


def create_feed() -> None:
    op.create_table(
        "source_feed",
        tenant(),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("person_id", UUID(as_uuid=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_source_feed"),
        sa.UniqueConstraint("tenant_id", "person_id", name="uq_source_feed_tenant_id_person_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["app.person.tenant_id", "app.person.id"], ondelete="CASCADE",
            name="fk_source_feed_tenant_id_person_id",
        ),
        schema="app",
    )  # fmt: skip


def tenant() -> sa.Column[object]:
    return sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )
