"""Add what datasets were said to be before, and the names that producers had."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from udi.kit.rls import isolate

revision = "past_descriptions"
down_revision = "search_of_territories"
branch_labels = None
depends_on = None
phase = "expand"

SHOWN = (
    "EXISTS (SELECT FROM app.dataset d WHERE d.tenant_id = past_description.tenant_id AND d.id = dataset_id"
    " AND d.state = 'published')"
)


def upgrade() -> None:
    op.create_table(
        "past_description",
        _tenant(),
        sa.Column("dataset_id", UUID(as_uuid=True), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("described_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record", JSONB, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "dataset_id", "number", name="pk_past_description"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dataset_id"],
            ["app.dataset.tenant_id", "app.dataset.id"],
            ondelete="CASCADE",
            name="fk_past_description_tenant_id_dataset_id",
        ),
        schema="app",
    )
    op.create_table(
        "former_slug",
        _tenant(),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("organisation_id", UUID(as_uuid=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "slug", name="pk_former_slug"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organisation_id"],
            ["app.organisation.tenant_id", "app.organisation.id"],
            ondelete="CASCADE",
            name="fk_former_slug_tenant_id_organisation_id",
        ),
        schema="app",
    )
    op.create_index(
        "ix_former_slug_tenant_id_organisation_id",
        "former_slug",
        ["tenant_id", "organisation_id"],
        schema="app",
    )
    for statement in (
        *isolate("portal", "past_description", public=SHOWN),
        *isolate("portal", "former_slug", public="true"),
    ):
        op.execute(statement)


def _tenant() -> sa.Column[object]:
    return sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )
