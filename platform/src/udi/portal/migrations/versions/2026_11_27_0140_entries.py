"""Add those who are invited into an organisation, or ask to belong to it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from udi.kit.rls import isolate

revision = "entries"
down_revision = "joining"
branch_labels = None
depends_on = None
phase = "expand"

EMPTY = sa.text("''")


def upgrade() -> None:
    tenant = sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )
    op.create_table(
        "entry",
        tenant, uuid("id"), uuid("organisation_id"), text("stage"), uuid("person_id", nullable=True),
        text("email", default=EMPTY), sa.Column("groups", ARRAY(sa.Text), nullable=False), text("language"),
        text("words", default=EMPTY), uuid("begun_by"),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_entry"),
        key("person"), key("organisation"),
        schema="app",
    )  # fmt: skip
    for columns in (["organisation_id", "stage"], ["email"], ["person_id"]):
        op.create_index(
            f"ix_entry_tenant_id_{'_'.join(columns)}",
            "entry",
            ["tenant_id", *columns],
            schema="app",
        )
    for statement in isolate("portal", "entry"):
        op.execute(statement)


def uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), nullable=nullable)


def text(name: str, *, default: sa.TextClause | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def key(target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", f"{target}_id"], [f"app.{target}.tenant_id", f"app.{target}.id"], ondelete="CASCADE",
        name=f"fk_entry_tenant_id_{target}_id",
    )  # fmt: skip
