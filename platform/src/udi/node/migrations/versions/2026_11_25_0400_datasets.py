"""Add files, datasets, their versions, their announcement and their history."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from udi.kit.rls import isolate

revision = "datasets"
down_revision = "spaces"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the tables that it constrains are made a few lines before"

NOW = sa.text("now()")


def upgrade() -> None:
    _create("stored_file", _file(), ("space",))
    _create("dataset", _dataset(), ("space",))
    _create("version", _version(), ("dataset", "stored_file:file_id"))
    _create("delivery", _delivery(), ("dataset",))
    _create("dataset_event", _event(), ())
    op.create_unique_constraint(
        "uq_version_number",
        "version",
        ["tenant_id", "dataset_id", "number"],
        schema="app",
    )
    op.create_unique_constraint(
        "uq_delivery_dataset", "delivery", ["tenant_id", "dataset_id"], schema="app"
    )
    op.create_index(
        "ix_stored_file_dataset",
        "stored_file",
        ["tenant_id", "dataset_id", "created_at"],
        schema="app",
    )
    op.create_index(
        "ix_stored_file_space", "stored_file", ["tenant_id", "space_id"], schema="app"
    )
    op.create_index(
        "ix_dataset_space",
        "dataset",
        ["tenant_id", "space_id", "updated_at"],
        schema="app",
    )
    op.create_index(
        "ix_dataset_event_dataset",
        "dataset_event",
        ["tenant_id", "dataset_id", "happened_at"],
        schema="app",
    )
    statements = [
        *isolate("node", "stored_file", public="access <> 'draft'"),
        *isolate("node", "dataset", public="opened_at IS NOT NULL"),
        *isolate("node", "version"),
        *isolate("node", "delivery"),
        *isolate("node", "dataset_event", append_only=True),
    ]
    for statement in statements:
        op.execute(statement)


def _create(
    table: str, columns: list[sa.Column[object]], parents: tuple[str, ...]
) -> None:
    keys = []
    for parent in parents:
        name, _, column = parent.partition(":")
        column = column or f"{name}_id"
        keys.append(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"app.{name}.tenant_id", f"app.{name}.id"],
                name=f"fk_{table}_tenant_id_{column}",
            )
        )
    op.create_table(
        table,
        sa.Column(
            "tenant_id",
            UUID(as_uuid=True),
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}"),
        *keys,
        schema="app",
    )


def _file() -> list[sa.Column[object]]:
    return [
        _id("space_id"),
        _id("dataset_id"),
        _text("name"),
        _text("media_type"),
        _text("charset", ""),
        sa.Column("size", sa.BigInteger, nullable=False),
        _text("sha256"),
        _text("access", "draft"),
        _moment("created_at", default=NOW),
    ]


def _dataset() -> list[sa.Column[object]]:
    return [
        _id("space_id"),
        _text("state", "draft"),
        _text("title"),
        sa.Column("description", JSONB, nullable=False),
        sa.Column("record", JSONB),
        _moment("created_at", default=NOW),
        _moment("updated_at", default=NOW),
        _moment("described_at"),
        _moment("opened_at"),
        _moment("withdrawn_at"),
        _text("withdrawal_reason", ""),
    ]


def _version() -> list[sa.Column[object]]:
    return [
        _id("dataset_id"),
        _id("file_id"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("profile", JSONB, nullable=False),
        _text("note", ""),
        _moment("created_at", default=NOW),
        _moment("published_at"),
    ]


def _delivery() -> list[sa.Column[object]]:
    return [
        _id("dataset_id"),
        sa.Column("revision", sa.Integer, server_default="1", nullable=False),
        _text("method"),
        sa.Column("record", JSONB),
        _text("state", "queued"),
        sa.Column("attempts", sa.Integer, server_default="0", nullable=False),
        _moment("next_attempt_at"),
        _text("error", ""),
        _text("report_id", ""),
        sa.Column(
            "earlier_reports", ARRAY(sa.Text), server_default="{}", nullable=False
        ),
        sa.Column("report", JSONB),
        _moment("updated_at", default=NOW),
    ]


def _event() -> list[sa.Column[object]]:
    return [
        _id("dataset_id"),
        sa.Column("person_id", UUID(as_uuid=True)),
        _text("action"),
        sa.Column("detail", JSONB, nullable=False),
        _moment("happened_at", default=sa.text("clock_timestamp()")),
    ]


def _id(name: str) -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), nullable=False)


def _text(name: str, default: str | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.Text, server_default=default, nullable=False)


def _moment(name: str, *, default: sa.TextClause | None = None) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=default,
        nullable=default is None,
    )
