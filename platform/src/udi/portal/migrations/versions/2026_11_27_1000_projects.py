"""Add projects, the datasets they use, their teams and their pictures."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from udi.kit.rls import isolate

revision = "projects"
down_revision = "reports_of_readings"
branch_labels = None
depends_on = None
phase = "expand"

EMPTY, NONE = sa.text("''"), sa.text("'{}'")
LISTED = "NOT confidential AND hidden_at IS NULL"
SEES = """
CREATE FUNCTION app.sees_project(project uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT EXISTS (
    SELECT 1 FROM app.project_member AS m
    WHERE m.tenant_id = app.current_tenant() AND m.project_id = project AND (
      (m.stage = 'joined' AND m.person_id = app.current_person())
      OR (m.stage = 'invited' AND m.email = (
        SELECT lower(p.email) FROM app.person AS p
        WHERE p.tenant_id = app.current_tenant() AND p.id = app.current_person()))))
$$
"""
"""Whether the person of the transaction has to do with a confidential project; later domains say who else has."""
OWN = (
    "tenant_id = app.current_tenant()"
    " AND (NOT confidential OR leader_id = app.current_person() OR app.sees_project(id))"
)
OF_PROJECT = "EXISTS (SELECT 1 FROM app.project WHERE project.tenant_id = {table}.tenant_id AND project.id = {table}.project_id)"
"""A role reads through the policies of what it asks: what is of a project is seen by those who see it."""

DATASET_OF_ROW = {
    "project": "SELECT tenant_id, dataset_id FROM app.project_dataset WHERE tenant_id = NEW.tenant_id AND project_id = NEW.id",
    "project_dataset": "SELECT coalesce(NEW.tenant_id, OLD.tenant_id), coalesce(NEW.dataset_id, OLD.dataset_id)",
}
EVENTS = {"project": "UPDATE", "project_dataset": "INSERT OR DELETE"}
NOTE = """
CREATE FUNCTION ops.note_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO ops.search_change (tenant_id, dataset_id) {rows};
  NOTIFY search_change; RETURN NULL; END $$
"""
"""The page of a dataset names the projects that use it: it is made again when one of them changes."""


def upgrade() -> None:
    create(
        "project",
        *texts("title", "summary"), *texts("words", default=EMPTY), *texts("language", "state"),
        sa.Column("confidential", sa.Boolean, nullable=False), uuid("leader_id", nullable=True),
        *texts("leader_name", default=EMPTY), uuid("organisation_id", nullable=True), *texts("requester"),
        uuid("reporter_id", nullable=True), *texts("purpose", default=EMPTY), codes("audience"),
        *texts("scale", default=EMPTY), codes("support"), *texts("url", "impact", default=EMPTY),
        instant("created_at", nullable=False), instant("changed_at", nullable=False), instant("published_at"),
        instant("hidden_at"), uuid("hidden_by", nullable=True), *texts("hidden_reason", default=EMPTY),
        sa.Column("revision", sa.Integer, nullable=False),
        person_key("project", "leader_id"), person_key("project", "reporter_id"),
        key("project", "organisation", None),
    )  # fmt: skip
    for column in ("leader_id", "reporter_id", "organisation_id"):
        index("project", column)
    op.create_index(
        "ix_project_listed", "project", ["tenant_id", "published_at", "id"], schema="app",
        postgresql_where=sa.text(LISTED),
    )  # fmt: skip
    op.create_table(
        "project_dataset",
        tenant(), uuid("project_id"), uuid("dataset_id"), instant("added_at", nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "project_id", "dataset_id", name="pk_project_dataset"),
        key("project_dataset", "project"), key("project_dataset", "dataset"),
        schema="app",
    )  # fmt: skip
    index("project_dataset", "dataset_id")
    create_parts()
    protect()


def create_parts() -> None:
    create(
        "project_member",
        uuid("project_id"), uuid("person_id", nullable=True), *texts("email", default=EMPTY), *texts("right", "stage"),
        uuid("begun_by", nullable=True), instant("begun_at", nullable=False), instant("answered_at"),
        key("project_member", "project"), person_key("project_member", "person_id"),
    )  # fmt: skip
    for columns in (["project_id", "stage"], ["person_id"], ["email"]):
        index("project_member", *columns)
    create(
        "project_picture",
        uuid("project_id"), sa.Column("position", sa.Integer, nullable=False), *texts("alternative"),
        *sizes("width", "height"), sa.Column("content", sa.LargeBinary, nullable=False),
        *sizes("small_width", "small_height"), sa.Column("small", sa.LargeBinary, nullable=False),
        instant("added_at", nullable=False), key("project_picture", "project"),
    )  # fmt: skip
    index("project_picture", "project_id", "position")


def protect() -> None:
    op.execute(SEES)
    public = {"project": LISTED, "project_member": None}
    for table in ("project", "project_dataset", "project_member", "project_picture"):
        for statement in isolate(
            "portal", table, public=public.get(table, OF_PROJECT.format(table=table))
        ):
            op.execute(statement)
    restrict = "CREATE POLICY own_projects ON app.{table} AS RESTRICTIVE TO udi_portal_app USING ({rule}) WITH CHECK ({rule})"
    op.execute(restrict.format(table="project", rule=OWN))
    for table in ("project_dataset", "project_picture"):
        rule = f"tenant_id = app.current_tenant() AND {OF_PROJECT.format(table=table)}"
        op.execute(restrict.format(table=table, rule=rule))
    for table, rows in DATASET_OF_ROW.items():
        op.execute(NOTE.format(table=table, rows=rows))
        op.execute(
            f"CREATE TRIGGER search_change AFTER {EVENTS[table]} ON app.{table}"
            f" FOR EACH ROW EXECUTE FUNCTION ops.note_{table}()"
        )


def tenant() -> sa.Column[object]:
    return sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )


def create(table: str, *parts: sa.Column[object] | sa.Constraint) -> None:
    primary = sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}")
    op.create_table(table, tenant(), uuid("id"), *parts, primary, schema="app")


def index(table: str, *columns: str) -> None:
    op.create_index(
        f"ix_{table}_tenant_id_{'_'.join(columns)}",
        table,
        ["tenant_id", *columns],
        schema="app",
    )


def uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), nullable=nullable)


def instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def texts(*names: str, default: sa.TextClause | None = None) -> list[sa.Column[object]]:
    return [
        sa.Column(name, sa.Text, nullable=False, server_default=default)
        for name in names
    ]


def codes(name: str) -> sa.Column[object]:
    return sa.Column(name, ARRAY(sa.Text), nullable=False, server_default=NONE)


def sizes(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def person_key(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], ["app.person.tenant_id", "app.person.id"], ondelete=f"SET NULL ({column})",
        name=f"fk_{table}_tenant_id_{column}",
    )  # fmt: skip


def key(
    table: str, target: str, ondelete: str | None = "CASCADE"
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", f"{target}_id"], [f"app.{target}.tenant_id", f"app.{target}.id"], ondelete=ondelete,
        name=f"fk_{table}_tenant_id_{target}_id",
    )  # fmt: skip
