"""Add what people follow, what changed, digests and webhooks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from udi.kit.rls import belong, isolate

revision = "following"
down_revision = "tokens"
branch_labels = None
depends_on = None
phase = "expand"

EMPTY, FALSE = sa.text("''"), sa.text("false")


def upgrade() -> None:
    create(
        "change",
        [instant("at"), *texts("what", "kind"), uuid("subject_id"), *texts("title", "path", "api_path"),
         sa.Column("topics", ARRAY(sa.Text), nullable=False),
         sa.Column("spread", sa.Boolean, nullable=False, server_default=FALSE)],
    )  # fmt: skip
    op.create_index(
        "ix_change_tenant_id_at", "change", ["tenant_id", "at"], schema="app"
    )
    op.create_index(
        "ix_change_unspread",
        "change",
        ["tenant_id", "at"],
        schema="app",
        postgresql_where=sa.text("NOT spread"),
    )
    create(
        "following", [uuid("person_id"), *texts("kind", "target"), instant("created_at")],
        person_key("following"), unique("following", "person_id", "kind", "target"),
    )  # fmt: skip
    create(
        "subscription", [uuid("person_id"), *texts("rhythm", "language"), instant("told_until")],
        person_key("subscription"), unique("subscription", "person_id"),
    )  # fmt: skip
    create(
        "digest", [uuid("person_id"), instant("since"), instant("until"), instant("done_at", nullable=True)],
        person_key("digest"), unique("digest", "person_id", "until"),
    )  # fmt: skip
    create_webhooks()
    for table in (
        "change",
        "following",
        "subscription",
        "digest",
        "webhook",
        "webhook_delivery",
    ):
        for statement in isolate("portal", table):
            op.execute(statement)
    for table in ("following", "digest", "webhook", "webhook_delivery"):
        op.execute(belong("portal", table))
    op.execute(belong("portal", "subscription", unnamed=True))


def create_webhooks() -> None:
    create(
        "webhook",
        [uuid("person_id"), *texts("url"), sa.Column("everything", sa.Boolean, nullable=False), *texts("secret"),
         *texts("former_secret", default=EMPTY), instant("former_until", nullable=True), *texts("state"),
         *texts("reason", default=EMPTY), instant("created_at")],
        person_key("webhook"),
    )  # fmt: skip
    op.create_index(
        "ix_webhook_tenant_id_person_id",
        "webhook",
        ["tenant_id", "person_id"],
        schema="app",
    )
    create(
        "webhook_delivery",
        [*(uuid(name) for name in ("person_id", "webhook_id", "change_id")), *texts("type", "title", "body", "state"),
         sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")), *texts("answer", default=EMPTY),
         instant("created_at"), instant("tried_at", nullable=True), instant("next_at", nullable=True)],
        sa.ForeignKeyConstraint(
            ["tenant_id", "webhook_id"], ["app.webhook.tenant_id", "app.webhook.id"], ondelete="CASCADE",
            name="fk_webhook_delivery_tenant_id_webhook_id",
        ),
        unique("webhook_delivery", "webhook_id", "change_id"),
    )  # fmt: skip
    columns = ["tenant_id", "webhook_id", "created_at"]
    op.create_index(
        "ix_webhook_delivery_tenant_id_webhook_id_created_at",
        "webhook_delivery",
        columns,
        schema="app",
    )


def create(
    table: str, columns: list[sa.Column[object]], *constraints: sa.Constraint
) -> None:
    tenant = sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )
    key = sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}")
    op.create_table(
        table, tenant, uuid("id"), *columns, key, *constraints, schema="app"
    )


def uuid(name: str) -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), nullable=False)


def instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def texts(*names: str, default: sa.TextClause | None = None) -> list[sa.Column[object]]:
    return [
        sa.Column(name, sa.Text, nullable=False, server_default=default)
        for name in names
    ]


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(
        "tenant_id", *columns, name=f"uq_{table}_tenant_id_{'_'.join(columns)}"
    )


def person_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "person_id"], ["app.person.tenant_id", "app.person.id"], ondelete="CASCADE",
        name=f"fk_{table}_tenant_id_person_id",
    )  # fmt: skip
