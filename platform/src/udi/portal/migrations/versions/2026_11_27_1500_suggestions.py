"""Add who wants suggestions, what they declared, what they answered, and the letters between them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from udi.kit.rls import isolate

revision = "suggestions"
down_revision = "kinds_of_organisations"
branch_labels = None
depends_on = None
phase = "expand"

EMPTY, NONE, FALSE = sa.text("''"), sa.text("'{}'"), sa.text("false")
TABLES = (
    "suggestion_choice",
    "declared_interest",
    "suggestion_mark",
    "suggestion_letter",
)
UNNAMED = "app.current_person() IS NULL"
"""Who comes by the address in a mail: it holds an identifier that only its owner was given."""
OWN = f"(person_id IS NULL OR person_id = app.current_person() OR {UNNAMED})"
OF_INTEREST = (
    "EXISTS (SELECT 1 FROM app.declared_interest AS i WHERE i.tenant_id = suggestion_mark.tenant_id"
    " AND i.id = suggestion_mark.interest_id AND (i.person_id IS NULL OR i.person_id = app.current_person()))"
)
WRITES = {
    "INSERT": "WITH CHECK ({rule})",
    "UPDATE": "USING ({rule}) WITH CHECK ({rule})",
    "DELETE": "USING ({rule})",
}


def upgrade() -> None:
    create(
        "suggestion_choice",
        uuid("person_id", nullable=True), uuid("organisation_id", nullable=True), flag("wanted"), instant("decided_at"),
        key("suggestion_choice", "person"), key("suggestion_choice", "organisation"),
        unique("suggestion_choice", "person_id"), unique("suggestion_choice", "organisation_id"),
    )  # fmt: skip
    create(
        "declared_interest",
        uuid("choice_id"), uuid("person_id", nullable=True), uuid("organisation_id", nullable=True),
        sa.Column("language", sa.Text, nullable=False), *texts("looks_for", "has"), *codes("themes", "offers", "seeks"),
        flag("found", default=FALSE), *texts("name"), flag("mailed", default=FALSE), instant("told_until"),
        instant("declared_at"),
        key("declared_interest", "choice", "suggestion_choice"), key("declared_interest", "person"),
        key("declared_interest", "organisation"), unique("declared_interest", "choice_id"),
    )  # fmt: skip
    op.create_index(
        "ix_declared_interest_found", "declared_interest", ["tenant_id", "declared_at"], schema="app",
        postgresql_where=sa.text("found"),
    )  # fmt: skip
    op.create_table(
        "suggestion_mark",
        tenant(), uuid("interest_id"), sa.Column("thing", sa.Text, nullable=False), uuid("thing_id"),
        sa.Column("mark", sa.Text, nullable=False), uuid("other_id", nullable=True), instant("marked_at"),
        sa.PrimaryKeyConstraint("tenant_id", "interest_id", "thing", "thing_id", name="pk_suggestion_mark"),
        key("suggestion_mark", "interest", "declared_interest"), key("suggestion_mark", "other", "declared_interest"),
        schema="app",
    )  # fmt: skip
    create(
        "suggestion_letter",
        uuid("interest_id"), uuid("to_id"), uuid("person_id"), sa.Column("words", sa.Text, nullable=False),
        instant("written_at"), instant("sent_at", nullable=True),
        key("suggestion_letter", "interest", "declared_interest"), key("suggestion_letter", "to", "declared_interest"),
        key("suggestion_letter", "person"),
    )  # fmt: skip
    for table, columns in (
        ("declared_interest", ["person_id"]), ("declared_interest", ["organisation_id"]), ("suggestion_mark", ["other_id"]),
        ("suggestion_letter", ["interest_id", "written_at"]), ("suggestion_letter", ["to_id"]),
        ("suggestion_letter", ["person_id"]),
    ):  # fmt: skip
        op.create_index(
            f"ix_{table}_tenant_id_{'_'.join(columns)}",
            table,
            ["tenant_id", *columns],
            schema="app",
        )
    protect()


def protect() -> None:
    """Pages are kept to what is of their person, or of an organisation; of others they read what may be found."""
    for table in TABLES:
        for statement in isolate("portal", table):
            op.execute(statement)
    rules = {
        "suggestion_choice": OWN,
        "suggestion_mark": OF_INTEREST,
        "suggestion_letter": OWN,
    }
    for table, rule in rules.items():
        own = bound(rule)
        op.execute(
            f"CREATE POLICY own_rows ON app.{table} AS RESTRICTIVE TO udi_portal_app USING ({own}) WITH CHECK ({own})"
        )
    op.execute(
        "CREATE POLICY own_rows_read ON app.declared_interest AS RESTRICTIVE FOR SELECT TO udi_portal_app"
        f" USING ({bound(f'({OWN} OR found)')})"
    )
    for command, checks in WRITES.items():
        op.execute(
            f"CREATE POLICY own_rows_{command.lower()} ON app.declared_interest AS RESTRICTIVE FOR {command}"
            f" TO udi_portal_app {checks.format(rule=bound(OWN))}"
        )


def bound(rule: str) -> str:
    return f"tenant_id = app.current_tenant() AND {rule}"


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


def uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), nullable=nullable)


def instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def flag(name: str, default: sa.TextClause | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=default)


def texts(*names: str) -> list[sa.Column[object]]:
    return [
        sa.Column(name, sa.Text, nullable=False, server_default=EMPTY) for name in names
    ]


def codes(*names: str) -> list[sa.Column[object]]:
    return [
        sa.Column(name, ARRAY(sa.Text), nullable=False, server_default=NONE)
        for name in names
    ]


def unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(
        "tenant_id", column, name=f"uq_{table}_tenant_id_{column}"
    )


def key(table: str, column: str, target: str = "") -> sa.ForeignKeyConstraint:
    to = target or column
    return sa.ForeignKeyConstraint(
        ["tenant_id", f"{column}_id"], [f"app.{to}.tenant_id", f"app.{to}.id"], ondelete="CASCADE",
        name=f"fk_{table}_tenant_id_{column}_id",
    )  # fmt: skip
