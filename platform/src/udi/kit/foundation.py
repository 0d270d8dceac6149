"""The first revision of both databases: schemas, register of territories, job queue, runs of scheduled tasks, outlines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from udi.kit.jobs import install_sql
from udi.kit.rls import foundation
from udi.settings import ProgramName


def lay(program: ProgramName) -> None:
    """Create what every later revision stands on."""
    for statement in foundation(program):
        op.execute(statement)
    _create_territory()
    app, public, worker = (
        f"udi_{program}_{role}" for role in ("app", "public", "worker")
    )
    op.execute(f"GRANT SELECT ON platform.territory TO {app}, {public}, {worker}")
    execute_script(install_sql())
    op.execute(f"GRANT USAGE ON SCHEMA queue TO {app}, {worker}")
    op.execute(f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA queue TO {app}")
    op.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA queue TO {worker}"
    )
    op.execute(
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA queue TO {app}, {worker}"
    )
    _create_scheduled_runs(program)
    _create_outlines(program)


def _create_scheduled_runs(program: ProgramName) -> None:
    """Create the table of how each scheduled task went the last time; it belongs to no territory."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "scheduled_run",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("ended_at", moment, nullable=False),
        sa.Column("succeeded_at", moment),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("runs", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.BigInteger, nullable=False),
        sa.Column("failed_in_a_row", sa.BigInteger, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", "machine", name="pk_scheduled_run"),
        schema="ops",
    )
    op.execute(f"GRANT SELECT ON ops.scheduled_run TO udi_{program}_app")
    op.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ops.scheduled_run TO udi_{program}_worker"
    )


def _create_outlines(program: ProgramName) -> None:
    """Create the tables of outlines that maps stand on; a layer without a territory is every territory's."""
    op.create_table(
        "outline_layer",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("licence", sa.Text, nullable=False),
        sa.Column("units", sa.Integer, nullable=False),
        sa.Column(
            "imported_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("territory_id", UUID(as_uuid=True)),
        sa.PrimaryKeyConstraint("id", name="pk_outline_layer"),
        sa.UniqueConstraint(
            "territory_id",
            "name",
            name="uq_outline_layer_territory_id",
            postgresql_nulls_not_distinct=True,
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["platform.territory.id"],
            name="fk_outline_layer_territory_id",
            ondelete="CASCADE",
        ),
        schema="platform",
    )
    op.create_table(
        "outline_unit",
        sa.Column("layer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        *(
            sa.Column(name, sa.Double, nullable=False)
            for name in ("west", "south", "east", "north", "longitude", "latitude")
        ),
        sa.Column("shape", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("layer_id", "code", name="pk_outline_unit"),
        sa.ForeignKeyConstraint(
            ["layer_id"],
            ["platform.outline_layer.id"],
            name="fk_outline_unit_layer_id",
            ondelete="CASCADE",
        ),
        schema="platform",
    )
    _index_outlines()
    roles = ", ".join(f"udi_{program}_{role}" for role in ("app", "public", "worker"))
    op.execute(
        f"GRANT SELECT ON platform.outline_layer, platform.outline_unit TO {roles}"
    )


def _index_outlines() -> None:
    op.create_index(
        "ix_outline_unit_box",
        "outline_unit",
        ["layer_id", "west", "east", "south", "north"],
        schema="platform",
    )
    op.execute(
        "CREATE INDEX ix_outline_unit_name ON platform.outline_unit (layer_id, lower(name))"
    )


def change_rows(statement: str, *tables: str) -> None:
    """Change rows of every territory: those of the tables that it reads or writes are open to their owner meanwhile.

    Row-level security is forced, so that the owner who migrates sees no row of any territory otherwise. The tables stay
    locked until the revision ends, as after any other change of theirs.
    """
    for table in tables:
        op.execute(f"ALTER TABLE app.{table} NO FORCE ROW LEVEL SECURITY")
    op.execute(statement)
    for table in tables:
        op.execute(f"ALTER TABLE app.{table} FORCE ROW LEVEL SECURITY")


def execute_script(script: str) -> None:
    """Execute statements that end with «;», in the transaction of the revision."""
    connection = op.get_bind().connection.dbapi_connection
    connection.run_async(lambda driver: driver.execute(script))  # type: ignore[union-attr] # a connected driver is never None


def _create_territory() -> None:
    texts = [
        sa.Column(name, JSONB, nullable=False)
        for name in ("name", "tagline", "links", "mail_sender", "theme")
    ]
    pages = [sa.Column(name, JSONB, nullable=False) for name in ("charter", "legal")]
    empty = sa.text("'{}'")
    op.create_table(
        "territory",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        *texts,
        *pages,
        sa.Column("languages", ARRAY(sa.Text), nullable=False),
        sa.Column("hosts", ARRAY(sa.Text), nullable=False),
        sa.Column("box", ARRAY(sa.Double)),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("privacy_contact", sa.Text, nullable=False),
        sa.Column("theme_css", sa.Text, nullable=False),
        sa.Column("logo", sa.LargeBinary),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column(
            "applied_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("search", JSONB, server_default=empty, nullable=False),
        sa.Column("time_zone", sa.Text, server_default="Europe/Paris", nullable=False),
        sa.Column("vocabularies", JSONB, server_default=empty, nullable=False),
        sa.Column(
            "second_factor", sa.Boolean, server_default=sa.text("true"), nullable=False
        ),
        sa.Column(
            "login_providers", JSONB, server_default=sa.text("'[]'"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_territory"),
        sa.UniqueConstraint("slug", name="uq_territory_slug"),
        schema="platform",
    )
