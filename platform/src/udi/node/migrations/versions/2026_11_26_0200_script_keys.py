"""Let scripts send new versions with a key of their space."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from udi.kit.rls import isolate

revision = "script_keys"
down_revision = "uploads"
branch_labels = None
depends_on = None
phase = "expand"

OWN = UUID(as_uuid=True)


def upgrade() -> None:
    op.create_table(
        "script_key",
        sa.Column(
            "tenant_id",
            OWN,
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        *(
            sa.Column(name, OWN, nullable=False)
            for name in ("id", "space_id", "person_id")
        ),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "token_hash")),
        sa.Column("datasets", ARRAY(OWN)),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        *(
            sa.Column(name, sa.DateTime(timezone=True))
            for name in ("expires_at", "last_used_at", "revoked_at")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_script_key"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "space_id"],
            ["app.space.tenant_id", "app.space.id"],
            name="fk_script_key_tenant_id_space_id",
        ),
        sa.UniqueConstraint("tenant_id", "token_hash", name="uq_script_key_token_hash"),
        schema="app",
    )
    for statement in isolate("node", "script_key"):
        op.execute(statement)
