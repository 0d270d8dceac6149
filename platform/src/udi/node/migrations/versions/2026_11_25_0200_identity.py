"""Know people, and keep their sessions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from udi.kit.rls import isolate

revision = "identity"
down_revision = "foundation"
branch_labels = None
depends_on = None
phase = "expand"

TABLES = ("person", "web_session", "used_token")
NOW = sa.text("now()")


def texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def instants(*names: str) -> list[sa.Column[object]]:
    return [
        sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in names
    ]


def tenant() -> sa.Column[object]:
    return sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )


def created() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "person",
        tenant(),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        *texts("issuer", "subject", "name", "email", "locale"),
        created(),
        sa.Column(
            "last_login_at",
            sa.DateTime(timezone=True),
            server_default=NOW,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_person"),
        sa.UniqueConstraint(
            "tenant_id", "issuer", "subject", name="uq_person_tenant_id_issuer_subject"
        ),
        schema="app",
    )
    op.create_table(
        "web_session",
        tenant(),
        *(
            sa.Column(name, UUID(as_uuid=True), nullable=False)
            for name in ("id", "person_id")
        ),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        *texts("sid", "id_token", "refresh_token"),
        sa.Column("moderator", sa.Boolean, nullable=False),
        sa.Column("memberships", JSONB, nullable=False),
        created(),
        *instants("access_expires_at", "last_seen_at", "expires_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_web_session"),
        sa.UniqueConstraint(
            "tenant_id", "token_hash", name="uq_web_session_tenant_id_token_hash"
        ),
        person_key("web_session"),
        schema="app",
    )
    for column in ("person_id", "sid"):
        op.create_index(
            f"ix_web_session_tenant_id_{column}",
            "web_session",
            ["tenant_id", column],
            schema="app",
        )
    op.create_table(
        "used_token",
        tenant(),
        *texts("jti"),
        *instants("expires_at"),
        sa.PrimaryKeyConstraint("tenant_id", "jti", name="pk_used_token"),
        schema="app",
    )
    for table in TABLES:
        for statement in isolate("node", table):
            op.execute(statement)


def person_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "person_id"],
        ["app.person.tenant_id", "app.person.id"],
        ondelete="CASCADE",
        name=f"fk_{table}_tenant_id_person_id",
    )
