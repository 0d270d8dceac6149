"""Add those who ask to publish here, changes of members, and the registry number of organisations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from udi.kit.rls import isolate

revision = "joining"
down_revision = "vocabularies"
branch_labels = None
depends_on = None
phase = "expand"

EMPTY = sa.text("''")


def upgrade() -> None:
    for name in ("country", "registry_number"):
        column = sa.Column(name, sa.Text, nullable=False, server_default=EMPTY)
        op.add_column("organisation", column, schema="app")
    create(
        "application",
        uuid("person_id"), *texts("language", "state"), sa.Column("revision", sa.Integer, nullable=False),
        *texts("name", "country", "registry_number", "email", "url", "choice"),
        sa.Column("words", sa.Text, nullable=False, server_default=EMPTY),
        instant("asked_at", nullable=False), uuid("decided_by", nullable=True), instant("decided_at"),
        uuid("organisation_id", nullable=True), instant("room_at"),
        key("application", "person"),
    )  # fmt: skip
    columns = ["tenant_id", "state", "asked_at"]
    op.create_index(
        "ix_application_tenant_id_state_asked_at", "application", columns, schema="app"
    )
    op.create_index(
        "ix_application_tenant_id_person_id",
        "application",
        ["tenant_id", "person_id"],
        schema="app",
    )
    create(
        "member_change",
        uuid("organisation_id"), uuid("person_id"), sa.Column("groups", ARRAY(sa.Text), nullable=False),
        sa.Column("leaves", sa.Boolean, nullable=False), uuid("asked_by", nullable=True),
        instant("asked_at", nullable=False), instant("done_at"),
        sa.Column("trouble", sa.Text, nullable=False, server_default=EMPTY),
        key("member_change", "person"), key("member_change", "organisation"),
    )  # fmt: skip
    op.create_index(
        "ix_member_change_waiting", "member_change", ["tenant_id", "organisation_id"], schema="app",
        postgresql_where=sa.text("done_at IS NULL"),
    )  # fmt: skip
    for table in ("application", "member_change"):
        for statement in isolate("portal", table):
            op.execute(statement)


def create(table: str, *parts: sa.Column[object] | sa.Constraint) -> None:
    tenant = sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )
    primary = sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}")
    op.create_table(table, tenant, uuid("id"), *parts, primary, schema="app")


def uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), nullable=nullable)


def instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def key(table: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", f"{target}_id"], [f"app.{target}.tenant_id", f"app.{target}.id"], ondelete="CASCADE",
        name=f"fk_{table}_tenant_id_{target}_id",
    )  # fmt: skip
