"""Add how what the catalogue links to stands, and whose turn it is to look at a machine."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from udi.kit.rls import isolate

revision = "links"
down_revision = "packed_descriptions"
branch_labels = None
depends_on = None
phase = "expand"

EMPTY, FALSE = sa.text("''"), sa.text("false")
TURN = "CREATE TABLE ops.link_turn (name text PRIMARY KEY, until timestamptz NOT NULL)"
PARTIAL = {
    "failing": (["tenant_id", "next_at"], "failures > 0"),
    "unsaid": (["tenant_id"], "unsaid"),
    "amiss": (["tenant_id", "state"], "state NOT IN ('reachable', 'unchecked')"),
    "told": (["tenant_id"], "told"),
}


def upgrade() -> None:
    tenant = sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )
    op.create_table(
        "link",
        tenant,
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("url", "host", "state")
        ),
        sa.Column("failures", sa.Integer, nullable=False),
        *(
            _instant(name)
            for name in (
                "since",
                "failing_since",
                "last_reachable",
                "checked_at",
                "said_at",
            )
        ),
        _instant("next_at", nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False, server_default=EMPTY)
            for name in ("answer", "moved_to", "content")
        ),
        sa.Column("size", sa.BigInteger),
        sa.Column("said", JSONB, nullable=False, server_default=sa.text("'{}'")),
        *(
            sa.Column(name, sa.Boolean, nullable=False, server_default=FALSE)
            for name in ("unsaid", "told")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_link"),
        schema="app",
    )
    for table in ("link", "distribution"):
        op.create_index(
            f"ix_{table}_url", table, ["url"], schema="app", postgresql_using="hash"
        )
    op.create_index(
        "ix_link_tenant_id_next_at", "link", ["tenant_id", "next_at"], schema="app"
    )
    for name, (columns, only) in PARTIAL.items():
        op.create_index(
            f"ix_link_{name}",
            "link",
            columns,
            schema="app",
            postgresql_where=sa.text(only),
        )
    for statement in isolate("portal", "link", public="true"):
        op.execute(statement)
    op.execute(TURN)
    op.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ops.link_turn TO udi_portal_worker"
    )


def _instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
