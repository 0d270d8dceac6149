"""Add requests for data, those who support them, and the producers to whom they were sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from udi.kit.rls import isolate

revision = "data_requests"
down_revision = "calls"
branch_labels = None
depends_on = None
phase = "expand"

EMPTY = sa.text("''")
SHOWN = "state NOT IN ('hidden', 'withdrawn')"
OF_SHOWN = (
    "EXISTS (SELECT 1 FROM app.data_request WHERE data_request.tenant_id = data_request_route.tenant_id"
    f" AND data_request.id = data_request_route.request_id AND data_request.{SHOWN})"
)


def upgrade() -> None:
    op.create_table(
        "data_request",
        tenant(), uuid("id"), uuid("person_id", nullable=True), *texts("language", "title", "words"),
        *texts("theme", default=EMPTY), *texts("state"), *numbers("revision", "supporters"),
        instant("asked_at", nullable=False), instant("changed_at", nullable=False),
        sa.Column("due_on", sa.Date, nullable=False), instant("reminded_at"), instant("escalated_at"),
        uuid("answered_by", nullable=True), instant("answered_at"), *texts("answer", default=EMPTY),
        sa.Column("promised_on", sa.Date), uuid("dataset_id", nullable=True), uuid("merged_into", nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_data_request"),
        key("data_request", "person", "SET NULL (person_id)"), key("data_request", "dataset", None),
        schema="app",
    )  # fmt: skip
    index("data_request", "state", "asked_at")
    index("data_request", "person_id")
    index("data_request", "dataset_id")
    op.create_table(
        "data_request_support",
        tenant(), uuid("request_id"), uuid("person_id"), *texts("language"), instant("since", nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "request_id", "person_id", name="pk_data_request_support"),
        of_request("data_request_support"), key("data_request_support", "person", "CASCADE"),
        schema="app",
    )  # fmt: skip
    index("data_request_support", "person_id")
    op.create_table(
        "data_request_route",
        tenant(), uuid("request_id"), uuid("organisation_id"), sa.Column("reason", JSONB, nullable=False),
        instant("sent_at", nullable=False), instant("passed_at"), *texts("passed_words", default=EMPTY),
        sa.PrimaryKeyConstraint("tenant_id", "request_id", "organisation_id", name="pk_data_request_route"),
        of_request("data_request_route"), key("data_request_route", "organisation", "CASCADE"),
        schema="app",
    )  # fmt: skip
    index("data_request_route", "organisation_id")
    for table, public in (
        ("data_request", SHOWN),
        ("data_request_support", None),
        ("data_request_route", OF_SHOWN),
    ):
        for statement in isolate("portal", table, public=public):
            op.execute(statement)


def tenant() -> sa.Column[object]:
    return sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
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


def numbers(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def index(table: str, *columns: str) -> None:
    op.create_index(
        f"ix_{table}_tenant_id_{'_'.join(columns)}",
        table,
        ["tenant_id", *columns],
        schema="app",
    )


def of_request(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "request_id"], ["app.data_request.tenant_id", "app.data_request.id"], ondelete="CASCADE",
        name=f"fk_{table}_tenant_id_request_id",
    )  # fmt: skip


def key(table: str, target: str, ondelete: str | None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", f"{target}_id"], [f"app.{target}.tenant_id", f"app.{target}.id"], ondelete=ondelete,
        name=f"fk_{table}_tenant_id_{target}_id",
    )  # fmt: skip
