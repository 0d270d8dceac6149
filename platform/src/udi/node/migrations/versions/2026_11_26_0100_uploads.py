"""Take files in part by part."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from udi.kit.rls import isolate

revision = "uploads"
down_revision = "ready_to_read"
branch_labels = None
depends_on = None
phase = "expand"

NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "upload",
        *_key(),
        *(_id(name) for name in ("space_id", "dataset_id", "file_id")),
        sa.Column("replaces", sa.Boolean, nullable=False),
        *(_id(name, nullable=True) for name in ("person_id", "key_id", "holder")),
        sa.Column("name", sa.Text, nullable=False),
        *(
            sa.Column(name, sa.Text, server_default="", nullable=False)
            for name in TEXTS
        ),
        sa.Column("state", sa.Text, server_default="receiving", nullable=False),
        sa.Column("length", sa.BigInteger),
        *(
            sa.Column(name, sa.BigInteger, server_default="0", nullable=False)
            for name in ("received", "assembled")
        ),
        sa.Column("publish", sa.Boolean, server_default="false", nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("held_until", sa.DateTime(timezone=True)),
        *(
            sa.Column(
                name, sa.DateTime(timezone=True), server_default=NOW, nullable=False
            )
            for name in ("created_at", "moved_at")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_upload"),
        _parent("upload", "space"),
        sa.UniqueConstraint(
            "tenant_id", "space_id", "idempotency_key", name="uq_upload_idempotency_key"
        ),
        schema="app",
    )
    op.create_index(
        "ix_upload_space", "upload", ["tenant_id", "space_id", "state"], schema="app"
    )
    op.create_table(
        "upload_part",
        *_key(),
        _id("upload_id"),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("start", "size")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_upload_part"),
        _parent("upload_part", "upload"),
        sa.UniqueConstraint(
            "tenant_id", "upload_id", "start", name="uq_upload_part_start"
        ),
        schema="app",
    )
    for statement in (*isolate("node", "upload"), *isolate("node", "upload_part")):
        op.execute(statement)


TEXTS = ("locale", "error", "remedy", "announced", "sha256", "address")


def _key() -> tuple[sa.Column[object], ...]:
    tenant = sa.text("app.current_tenant()")
    return sa.Column(
        "tenant_id", UUID(as_uuid=True), server_default=tenant, nullable=False
    ), _id("id")


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), nullable=nullable)


def _parent(table: str, parent: str) -> sa.ForeignKeyConstraint:
    column = f"{parent}_id"
    target = [f"app.{parent}.tenant_id", f"app.{parent}.id"]
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], target, name=f"fk_{table}_tenant_id_{column}"
    )
