"""Read catalogues of others at a rhythm: sources, their records, their readings and what to mend."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from udi.kit.rls import isolate

revision = "sources"
down_revision = "entries"
branch_labels = None
depends_on = None
phase = "expand"

EMPTY, ZERO, FALSE = sa.text("''"), sa.text("0"), sa.text("false")
TABLES = ("catalogue_source", "source_record", "source_run", "source_fault")


def upgrade() -> None:
    create_source()
    create_record()
    create_run()
    create_fault()
    for table in TABLES:
        for statement in isolate("portal", table):
            op.execute(statement)


def create_source() -> None:
    op.create_table(
        "catalogue_source", tenant(), uuid("id"), uuid("organisation_id"), *texts("address"),
        *texts("entry", "format", default=EMPTY), *texts("language", "rhythm", "state"), instant("next_at"),
        *texts("etag", "last_modified", default=EMPTY), *numbers("failures"),
        sa.Column("accepts_loss", sa.Boolean, nullable=False, server_default=FALSE), *numbers("shown"),
        uuid("lease", nullable=True), instant("leased_until"), instant("created_at", default=sa.text("now()")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_catalogue_source"),
        key("catalogue_source", "id", "node", ondelete="CASCADE"),
        key("catalogue_source", "organisation_id", "organisation"),
        schema="app",
    )  # fmt: skip
    for column in ("organisation_id", "next_at"):
        index("catalogue_source", column)


def create_record() -> None:
    op.create_table(
        "source_record", tenant(), uuid("source_id"), uuid("id"), *texts("identifier", "digest"), *numbers("missing"),
        sa.Column("withdrawn", sa.Boolean, nullable=False, server_default=FALSE), uuid("seen_run", nullable=True),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("found_at", "changed_at")),
        *texts("original_type", default=EMPTY), sa.Column("original", sa.LargeBinary),
        sa.PrimaryKeyConstraint("tenant_id", "source_id", "id", name="pk_source_record"),
        key("source_record", "source_id", "catalogue_source", ondelete="CASCADE"),
        schema="app",
    )  # fmt: skip


def create_run() -> None:
    counts = (
        "found",
        "created",
        "updated",
        "unchanged",
        "refused",
        "withdrawn",
        "missing",
        "pages",
    )
    op.create_table(
        "source_run", tenant(), uuid("id"), uuid("source_id"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False), instant("ended_at"), *texts("phase"),
        *texts("outcome", default=EMPTY), *numbers(*counts),
        sa.Column("size", sa.BigInteger, nullable=False, server_default=ZERO), *numbers("told"),
        sa.Column("place", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_source_run"),
        key("source_run", "source_id", "catalogue_source", ondelete="CASCADE"),
        schema="app",
    )  # fmt: skip
    index("source_run", "source_id", "started_at")


def create_fault() -> None:
    op.create_table(
        "source_fault", tenant(), uuid("run_id"), sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        *texts("identifier", "title", "level", "code", "field", "message", "remedy"),
        sa.Column("filled", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "position", name="pk_source_fault"),
        key("source_fault", "run_id", "source_run", ondelete="CASCADE"),
        schema="app",
    )  # fmt: skip


def tenant() -> sa.Column[object]:
    return sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )


def uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), nullable=nullable)


def texts(*names: str, default: sa.TextClause | None = None) -> list[sa.Column[object]]:
    return [
        sa.Column(name, sa.Text, nullable=False, server_default=default)
        for name in names
    ]


def numbers(*names: str) -> list[sa.Column[object]]:
    return [
        sa.Column(name, sa.Integer, nullable=False, server_default=ZERO)
        for name in names
    ]


def instant(name: str, *, default: sa.TextClause | None = None) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        nullable=default is None,
        server_default=default,
    )


def key(
    table: str, column: str, other: str, *, ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"app.{other}.tenant_id", f"app.{other}.id"], ondelete=ondelete,
        name=f"fk_{table}_tenant_id_{column}",
    )  # fmt: skip


def index(table: str, *columns: str) -> None:
    name = f"ix_{table}_tenant_id_{'_'.join(columns)}"
    op.create_index(name, table, ["tenant_id", *columns], schema="app")
