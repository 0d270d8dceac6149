"""Share a node fairly: memberships, rights on one dataset, limits, uses, what each day cost, spaces kept apart."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from udi.kit.rls import confine, isolate

revision = "sharing"
down_revision = "preparations"
branch_labels = None
depends_on = None
phase = "expand"

LIMITS = ("requests_per_minute", "jobs_at_once", "uploads_at_once")
OWN_SPACES = """
CREATE FUNCTION app.own_spaces() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN coalesce(current_setting('app.spaces', true), '') IN ('', '*') THEN NULL
    ELSE string_to_array(current_setting('app.spaces', true), ',') END $$
"""


def upgrade() -> None:
    for name in LIMITS:
        op.add_column("space", sa.Column(name, sa.Integer), schema="app")
    op.add_column(
        "space", sa.Column("figures_dataset_id", UUID(as_uuid=True)), schema="app"
    )
    op.add_column(
        "space",
        sa.Column(
            "publishes_figures", sa.Boolean, nullable=False, server_default="false"
        ),
        schema="app",
    )
    _memberships()
    _rights()
    _uses()
    _days()
    for table in ("membership", "dataset_right", "use_count", "space_day"):
        for statement in isolate("node", table):
            op.execute(statement)
    op.execute(OWN_SPACES)
    for statement in _confinement():
        op.execute(statement)


def _confinement() -> list[str]:
    return [
        *confine("node", "dataset", by="space_id", unless="opened_at IS NOT NULL"),
        *confine("node", "stored_file", by="space_id", unless="access <> 'draft'"),
        *confine("node", "use_count", by="space_id"),
        *confine("node", "space_day", by="space_id"),
        *(confine("node", "dataset_right", by="dataset_id")),
        *(confine("node", "version", by="dataset_id")),
        *(confine("node", "delivery", by="dataset_id")),
        *(confine("node", "dataset_event", by="dataset_id")),
        *(confine("node", "source", by="dataset_id")),
        *(confine("node", "preparation", by="version_id")),
        *(confine("node", "upload", by="space_id")),
        *(confine("node", "upload_part", by="upload_id")),
        *(confine("node", "script_key", by="space_id")),
    ]


def _memberships() -> None:
    op.create_table(
        "membership",
        _tenant(),
        _id("person_id"),
        sa.Column("organisation_slug", sa.Text, nullable=False),
        sa.Column("groups", ARRAY(sa.Text), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "person_id", "organisation_slug", name="pk_membership"
        ),
        _person("membership"),
        schema="app",
    )
    op.create_index(
        "ix_membership_organisation_slug",
        "membership",
        ["tenant_id", "organisation_slug"],
        schema="app",
    )


def _rights() -> None:
    op.create_table(
        "dataset_right",
        _tenant(),
        _id("dataset_id"),
        _id("person_id"),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("given_by", UUID(as_uuid=True)),
        sa.Column(
            "given_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "dataset_id", "person_id", name="pk_dataset_right"
        ),
        _person("dataset_right"),
        schema="app",
    )
    op.create_index(
        "ix_dataset_right_person",
        "dataset_right",
        ["tenant_id", "person_id"],
        schema="app",
    )


def _uses() -> None:
    op.create_table(
        "use_count",
        _tenant(),
        _id("dataset_id"),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        _id("space_id"),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "dataset_id", "day", "kind", "client", name="pk_use_count"
        ),
        _space("use_count"),
        schema="app",
    )
    op.create_index(
        "ix_use_count_space",
        "use_count",
        ["tenant_id", "space_id", "day"],
        schema="app",
    )


def _days() -> None:
    op.create_table(
        "space_day",
        _tenant(),
        _id("space_id"),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("stored_bytes", sa.BigInteger),
        sa.Column("job_seconds", sa.Double, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "space_id", "day", name="pk_space_day"),
        _space("space_day"),
        schema="app",
    )


def _tenant() -> sa.Column[object]:
    return sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )


def _id(name: str) -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), nullable=False)


def _person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "person_id"],
        ["app.person.tenant_id", "app.person.id"],
        ondelete="CASCADE",
        name=f"fk_{table}_tenant_id_person_id",
    )


def _space(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "space_id"],
        ["app.space.tenant_id", "app.space.id"],
        name=f"fk_{table}_tenant_id_space_id",
    )
