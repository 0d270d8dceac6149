"""Add keys of sealed spaces, archives of spaces, addresses that moved and datasets that were erased."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from udi.kit.rls import confine, isolate

revision = "leaving"
down_revision = "sharing"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "the table that it constrains is made a few lines before"

NOW = sa.text("now()")


def upgrade() -> None:
    op.add_column("space", _text("sealing", "open"), schema="app")
    _create("space_key", _space_key(), ("space",))
    _create("space_archive", _archive(), ("space",))
    _create("erased_dataset", _erased(), ("space",))
    _create("moved", _moved(), ())
    op.create_unique_constraint(
        "uq_moved_prefix", "moved", ["tenant_id", "prefix"], schema="app"
    )
    for table, columns in (
        ("space_key", ["space_id", "made_at"]),
        ("space_archive", ["space_id", "requested_at"]),
    ):
        op.create_index(
            f"ix_{table}_space", table, ["tenant_id", *columns], schema="app"
        )
    statements = [
        *isolate("node", "space_key"),
        *isolate("node", "space_archive"),
        *isolate("node", "erased_dataset", public="published"),
        *isolate("node", "moved", public="true"),
        *confine("node", "space_key", by="space_id"),
        *confine("node", "space_archive", by="space_id"),
        *confine("node", "erased_dataset", by="space_id", unless="published"),
    ]
    for statement in statements:
        op.execute(statement)


def _create(
    table: str, columns: list[sa.Column[object]], parents: tuple[str, ...]
) -> None:
    keys = [
        sa.ForeignKeyConstraint(
            ["tenant_id", f"{name}_id"],
            [f"app.{name}.tenant_id", f"app.{name}.id"],
            name=f"fk_{table}_tenant_id_{name}_id",
        )
        for name in parents
    ]
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


def _space_key() -> list[sa.Column[object]]:
    return [
        _id("space_id"),
        _text("wrapped_by"),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        _moment("made_at", default=NOW),
    ]


def _archive() -> list[sa.Column[object]]:
    return [
        _id("space_id"),
        sa.Column("person_id", UUID(as_uuid=True)),
        _text("state", "queued"),
        _text("error", ""),
        _text("name"),
        sa.Column("size", sa.BigInteger, server_default="0", nullable=False),
        _text("sha256", ""),
        _moment("requested_at", default=NOW),
        _moment("ready_at"),
        _moment("expires_at"),
    ]


def _erased() -> list[sa.Column[object]]:
    return [
        _id("space_id"),
        sa.Column("person_id", UUID(as_uuid=True)),
        sa.Column("published", sa.Boolean, nullable=False),
        sa.Column(
            "files", ARRAY(UUID(as_uuid=True)), server_default="{}", nullable=False
        ),
        _moment("asked_at", default=NOW),
        _moment("erased_at"),
        sa.Column("objects", sa.Integer, server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger, server_default="0", nullable=False),
    ]


def _moved() -> list[sa.Column[object]]:
    return [
        _text("space_slug"),
        _text("prefix"),
        _text("origin"),
        _moment("moved_at", default=NOW),
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
