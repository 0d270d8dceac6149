"""Add connectors of projects, the processes of the Dataspace Protocol and their messages; say which machine asked."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from udi.kit.rls import isolate

revision = "dataspace"
down_revision = "suggestions"
branch_labels = None
depends_on = None
phase = "expand"

EMPTY, ZERO = sa.text("''"), sa.text("0")
SEES = """
CREATE OR REPLACE FUNCTION app.sees_project(project uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(project = nullif(current_setting('app.project', true), '')::uuid, false) OR EXISTS (
    SELECT 1 FROM app.project_member AS m
    WHERE m.tenant_id = app.current_tenant() AND m.project_id = project AND (
      (m.stage = 'joined' AND m.person_id = app.current_person())
      OR (m.stage = 'invited' AND m.email = (
        SELECT lower(p.email) FROM app.person AS p
        WHERE p.tenant_id = app.current_tenant() AND p.id = app.current_person()))))
$$
"""
"""A connector has to do with the confidential project for which it speaks: its transaction names it."""


def upgrade() -> None:
    op.execute(SEES)
    op.add_column(
        "access_request",
        sa.Column("connector", sa.Text, nullable=False, server_default=""),
        schema="app",
    )
    op.add_column(
        "project_credential",
        sa.Column("agreement_id", UUID(as_uuid=True)),
        schema="app",
    )
    create(
        "connector",
        uuid("project_id"), *texts("name", "participant", "address"), words_of("token"), *texts("sha256", "purpose", "words"),
        words_of("interest"), uuid("made_by"), instant("made_at", nullable=False), instant("revoked_at"),
        instant("last_used_at"), key("connector", "project"),
    )  # fmt: skip
    create(
        "dataspace_process",
        *texts("kind", "side"), uuid("connector_id"), uuid("project_id"), *texts("their_pid", "callback", "state"),
        instant("since", nullable=False), instant("begun_at", nullable=False), words_of("dataset"), json("offer"),
        json("agreed"), uuid("request_id", nullable=True), uuid("agreement_id", nullable=True), words_of("contract"),
        instant("answered_at"), uuid("credential_id", nullable=True), json("data_address"), words_of("code"),
        words_of("reason"), number("sent"), key("dataspace_process", "connector"),
    )  # fmt: skip
    create(
        "dataspace_message",
        uuid("process_id"), sa.Column("number", sa.Integer, nullable=False), *texts("type"), json("body", nullable=False),
        instant("at", nullable=False), instant("sent_at"), instant("leased_until"), number("tries"),
        words_of("trouble"), key("dataspace_message", "process", "dataspace_process"),
    )  # fmt: skip
    _index("connector", "project_id")
    _index("connector", "sha256", unique=True)
    for columns in (
        ["connector_id", "their_pid"],
        ["project_id", "begun_at"],
        ["request_id"],
        ["agreement_id"],
    ):
        _index("dataspace_process", *columns)
    _index("dataspace_message", "process_id", "number", unique=True)
    op.create_index(
        "ix_dataspace_message_waiting", "dataspace_message", ["tenant_id", "process_id"], schema="app",
        postgresql_where=sa.text("sent_at IS NULL"),
    )  # fmt: skip
    for table in ("connector", "dataspace_process", "dataspace_message"):
        for statement in isolate("portal", table):
            op.execute(statement)


def _index(table: str, *columns: str, unique: bool = False) -> None:
    name = f"ix_{table}_tenant_id_{'_'.join(columns)}"
    op.create_index(name, table, ["tenant_id", *columns], schema="app", unique=unique)


def create(table: str, *parts: sa.Column[object] | sa.Constraint) -> None:
    primary = sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}")
    tenant = sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )
    op.create_table(table, tenant, uuid("id"), *parts, primary, schema="app")


def uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), nullable=nullable)


def instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def json(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, JSONB, nullable=nullable)


def texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def words_of(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text, nullable=False, server_default=EMPTY)


def number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=ZERO)


def key(table: str, column: str, target: str = "") -> sa.ForeignKeyConstraint:
    to = target or column
    return sa.ForeignKeyConstraint(
        ["tenant_id", f"{column}_id"], [f"app.{to}.tenant_id", f"app.{to}.id"], ondelete="CASCADE",
        name=f"fk_{table}_tenant_id_{column}_id",
    )  # fmt: skip
