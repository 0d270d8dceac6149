"""Add requests for access with their threads and documents, agreements, and the credentials of projects."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from udi.kit.rls import isolate

revision = "access_requests"
down_revision = "access_policies"
branch_labels = None
depends_on = None
phase = "expand"

EMPTY, ZERO = sa.text("''"), sa.text("0")
PRIVATE = (
    "access_draft", "access_request", "access_step", "access_document", "access_agreement", "standing_counter",
    "project_credential",
)  # fmt: skip
INDEXES = {
    "access_draft": [["begun_at"]],
    "access_request": [["dataset_id", "state"], ["project_id"], ["person_id"], ["state", "due_at"]],
    "access_step": [["request_id", "at"]],
    "access_document": [["request_id"]],
    "access_agreement": [
        ["dataset_id"], ["project_id"], ["person_id"], ["organisation_id"], ["node_id", "revision"], ["state", "ends_at"],
    ],
    "public_agreement": [["changed_at", "id"], ["dataset_id"]],
    "project_credential": [["project_id"]],
}  # fmt: skip


def upgrade() -> None:
    _create_requests()
    _create_agreements()
    for table, all_columns in INDEXES.items():
        for columns in all_columns:
            name = f"ix_{table}_tenant_id_{'_'.join(columns)}"
            op.create_index(name, table, ["tenant_id", *columns], schema="app")
    for table in PRIVATE:
        for statement in isolate("portal", table):
            op.execute(statement)
    for statement in isolate("portal", "public_agreement", public="true"):
        op.execute(statement)


def _create_requests() -> None:
    create(
        "access_draft",
        uuid("dataset_id"),
        json("typed"),
        instant("begun_at", nullable=False),
        key("access_draft", "dataset"),
    )
    create(
        "access_request",
        *map(uuid, ("dataset_id", "organisation_id", "project_id", "person_id")), *texts("language", "state"),
        *numbers("revision", "policy_revision"), json("policy"), json("project"), *texts("purpose", "words"),
        sa.Column("interest", sa.Text, nullable=False, server_default=EMPTY), *numbers("months"),
        sa.Column("columns", ARRAY(sa.Text), nullable=False), json("answers"), json("offer", nullable=True),
        uuid("renews_id", nullable=True), uuid("agreement_id", nullable=True),
        instant("asked_at", nullable=False), instant("since", nullable=False), sa.Column("clock_from", sa.Date),
        *numbers("days_used"), *map(instant, ("due_at", "reminded_at", "late_at")),
        sa.Column("measured", sa.Boolean, nullable=False), uuid("decided_by", nullable=True),
        key("access_request", "dataset"), key("access_request", "project"), key("access_request", "person"),
    )  # fmt: skip
    create(
        "access_step",
        uuid("request_id"), instant("at", nullable=False), *texts("event", "side"), uuid("person_id", nullable=True),
        sa.Column("words", sa.Text, nullable=False, server_default=EMPTY), json("offer", nullable=True),
        key("access_step", "request", "access_request"),
    )  # fmt: skip
    create(
        "access_document",
        uuid("request_id"), *texts("field", "filename", "media_type"), *numbers("size"),
        sa.Column("content", sa.LargeBinary, nullable=False), instant("sent_at", nullable=False),
        key("access_document", "request", "access_request"),
    )  # fmt: skip


def _create_agreements() -> None:
    create(
        "access_agreement",
        *map(uuid, ("request_id", "dataset_id", "organisation_id", "project_id", "person_id", "node_id")),
        uuid("renews_id", nullable=True), *numbers("renewal"), json("document"), *texts("jws", "sha256", "state"),
        *(instant(name, nullable=False) for name in ("since", "starts_at", "ends_at")), instant("closes_at"),
        sa.Column("reason", sa.Text, nullable=False, server_default=EMPTY),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("delivered", sa.BigInteger, nullable=False, server_default=ZERO), instant("delivered_at"),
        sa.Column("trouble", sa.Text, nullable=False, server_default=EMPTY),
        sa.Column("told_end", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )  # fmt: skip
    create(
        "public_agreement",
        uuid("dataset_id"), *texts("dataset_title", "organisation_slug", "organisation_name"),
        uuid("project_id", nullable=True), *texts("project_title", "purpose"),
        instant("starts_at", nullable=False), instant("ends_at", nullable=False), *texts("state"),
        instant("changed_at", nullable=False),
    )  # fmt: skip
    create(
        "project_credential",
        uuid("project_id"), uuid("node_id"), *texts("name", "sha256"), uuid("made_by"),
        instant("made_at", nullable=False), instant("expires_at", nullable=False), instant("revoked_at"),
        instant("last_used_at"), key("project_credential", "project"),
    )  # fmt: skip
    op.create_table(
        "standing_counter",
        tenant(), sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_standing_counter"), schema="app",
    )  # fmt: skip


def create(table: str, *parts: sa.Column[object] | sa.Constraint) -> None:
    primary = sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}")
    op.create_table(table, tenant(), uuid("id"), *parts, primary, schema="app")


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


def json(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, JSONB, nullable=nullable)


def texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def key(table: str, column: str, target: str = "") -> sa.ForeignKeyConstraint:
    to = target or column
    return sa.ForeignKeyConstraint(
        ["tenant_id", f"{column}_id"], [f"app.{to}.tenant_id", f"app.{to}.id"], ondelete="CASCADE",
        name=f"fk_{table}_tenant_id_{column}_id",
    )  # fmt: skip
