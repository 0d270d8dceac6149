"""Let RUDI's clients publish: what they say of a dataset and its file, and the objects of their catalogue."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from udi.kit.rls import confine, isolate

revision = "clients_of_rudi"
down_revision = "search_of_territories"
branch_labels = None
depends_on = None
phase = "expand"

OWN = UUID(as_uuid=True)
TABLE = "catalogue_object"


def upgrade() -> None:
    op.add_column("dataset", sa.Column("document", JSONB), schema="app")
    op.add_column("dataset", sa.Column("media_id", OWN), schema="app")
    op.add_column("upload", sa.Column("media_id", OWN), schema="app")
    op.add_column(
        "upload",
        sa.Column("waits", sa.Boolean, server_default="false", nullable=False),
        schema="app",
    )
    op.create_index(
        "ix_upload_media", "upload", ["tenant_id", "space_id", "media_id"], schema="app"
    )
    op.create_index(
        "ix_dataset_media", "dataset", ["tenant_id", "media_id"], schema="app"
    )
    op.create_table(
        TABLE,
        sa.Column(
            "tenant_id",
            OWN,
            server_default=sa.text("app.current_tenant()"),
            nullable=False,
        ),
        *(
            sa.Column(name, OWN, nullable=False)
            for name in ("id", "space_id", "object_id")
        ),
        sa.Column("dataset_id", OWN),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("document", JSONB, nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{TABLE}"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "space_id"],
            ["app.space.tenant_id", "app.space.id"],
            name=f"fk_{TABLE}_tenant_id_space_id",
        ),
        sa.UniqueConstraint(
            "tenant_id", "space_id", "kind", "object_id", name=f"uq_{TABLE}_object"
        ),
        schema="app",
    )
    for statement in (*isolate("node", TABLE), *confine("node", TABLE, by="space_id")):
        op.execute(statement)
