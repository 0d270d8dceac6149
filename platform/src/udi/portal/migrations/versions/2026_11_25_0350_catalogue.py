"""Add the catalogue, and the change feed of its search index."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from udi.kit.rls import isolate

revision = "catalogue"
down_revision = "organisations"
branch_labels = None
depends_on = None
phase = "expand"

INSTANT = sa.DateTime(timezone=True)
DATASET_OF_ROW = {
    "dataset": "SELECT coalesce(NEW.tenant_id, OLD.tenant_id), coalesce(NEW.id, OLD.id)",
    "distribution": "SELECT coalesce(NEW.tenant_id, OLD.tenant_id), coalesce(NEW.dataset_id, OLD.dataset_id)",
    "organisation": "SELECT tenant_id, id FROM app.dataset WHERE tenant_id = NEW.tenant_id AND organisation_id = NEW.id",
}
EVENTS = {
    "dataset": "INSERT OR UPDATE OR DELETE",
    "distribution": "INSERT OR UPDATE OR DELETE",
    "organisation": "UPDATE",
}
FEED = """
CREATE TABLE ops.search_change (
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(), tenant_id uuid NOT NULL, dataset_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT now())
"""
NOTE = """
CREATE FUNCTION ops.note_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO ops.search_change (tenant_id, dataset_id) {rows};
  NOTIFY search_change; RETURN NULL; END $$
"""


def upgrade() -> None:
    _create_dataset()
    _create_distribution()
    _create_withdrawal()
    _create_feed()
    seen_with_dataset = "EXISTS (SELECT FROM app.dataset d WHERE d.tenant_id = distribution.tenant_id AND d.id = dataset_id)"
    for statement in [
        *isolate("portal", "dataset", public="state = 'published'"),
        *isolate("portal", "distribution", public=seen_with_dataset),
        *isolate("portal", "withdrawal", public="true"),
    ]:
        op.execute(statement)


def _tenant() -> sa.Column[object]:
    return sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )


def _columns(
    kind: object, *names: str, nullable: bool = False
) -> list[sa.Column[object]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]  # type: ignore[arg-type]


def _create_dataset() -> None:
    op.create_table(
        "dataset",
        _tenant(),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False),
        *_columns(UUID(as_uuid=True), "node_id", "organisation_id"),
        *_columns(
            sa.Text,
            "state",
            "access",
            "title",
            "slug",
            "theme",
            "licence",
            "local_id",
            "doi",
        ),
        *_columns(JSONB, "synopsis", "summary", "record"),
        *_columns(ARRAY(sa.Text), "keywords", "languages", "formats"),
        *_columns(INSTANT, "created_at", "modified_at", "published_at", "described_at"),
        *_columns(INSTANT, "period_start", "period_end", nullable=True),
        *_columns(sa.Double, "west", "south", "east", "north", nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_dataset"),
        sa.UniqueConstraint("tenant_id", "seq", name="uq_dataset_tenant_id_seq"),
        _producer("dataset"),
        schema="app",
    )
    for column in ("organisation_id", "modified_at"):
        op.create_index(
            f"ix_dataset_tenant_id_{column}",
            "dataset",
            ["tenant_id", column],
            schema="app",
        )
    for column in ("local_id", "doi"):
        only = sa.text(f"{column} <> ''")
        name, columns = f"uq_dataset_{column}", ["tenant_id", column]
        op.create_index(
            name, "dataset", columns, unique=True, schema="app", postgresql_where=only
        )


def _producer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "organisation_id"],
        ["app.organisation.tenant_id", "app.organisation.id"],
        name=f"fk_{table}_tenant_id_organisation_id",
    )


def _of_dataset(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        ["app.dataset.tenant_id", "app.dataset.id"],
        name=f"fk_{table}_tenant_id_{column}",
        ondelete="CASCADE",
    )


def _create_distribution() -> None:
    texts = (
        "kind",
        "name",
        "caption",
        "url",
        "media_type",
        "format",
        "hash_algorithm",
        "hash_value",
        "contract",
    )
    op.create_table(
        "distribution",
        _tenant(),
        *_columns(UUID(as_uuid=True), "dataset_id", "id"),
        sa.Column("position", sa.Integer, nullable=False),
        *_columns(sa.Text, *texts, "documentation"),
        sa.Column("size", sa.BigInteger),
        sa.PrimaryKeyConstraint(
            "tenant_id", "dataset_id", "id", name="pk_distribution"
        ),
        _of_dataset("distribution", "dataset_id"),
        schema="app",
    )


def _create_withdrawal() -> None:
    op.create_table(
        "withdrawal",
        _tenant(),
        *_columns(UUID(as_uuid=True), "id", "organisation_id"),
        *_columns(sa.Text, "title"),
        *_columns(INSTANT, "withdrawn_at"),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_withdrawal"),
        _of_dataset("withdrawal", "id"),
        _producer("withdrawal"),
        schema="app",
    )


def _create_feed() -> None:
    op.execute(FEED)
    op.execute("CREATE INDEX ON ops.search_change (xid)")
    op.execute("GRANT INSERT ON ops.search_change TO udi_portal_app, udi_portal_worker")
    op.execute(
        "GRANT SELECT ON ops.search_change TO udi_portal_public, udi_portal_worker"
    )
    op.execute("GRANT DELETE ON ops.search_change TO udi_portal_worker")
    for table, rows in DATASET_OF_ROW.items():
        op.execute(NOTE.format(table=table, rows=rows))
        op.execute(
            f"CREATE TRIGGER search_change AFTER {EVENTS[table]} ON app.{table}"
            f" FOR EACH ROW EXECUTE FUNCTION ops.note_{table}()"
        )
