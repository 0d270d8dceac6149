"""Add the access policies of restricted datasets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from udi.kit.rls import isolate

revision = "access_policies"
down_revision = "data_requests"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    op.create_table(
        "access_policy",
        sa.Column("tenant_id", UUID(as_uuid=True), server_default=sa.text("app.current_tenant()"), nullable=False),
        sa.Column("dataset_id", UUID(as_uuid=True), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("document", JSONB, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", UUID(as_uuid=True)),
        *(sa.Column(name, sa.Integer, server_default="0", nullable=False) for name in ("received", "granted")),
        sa.Column("answer_days", ARRAY(sa.Integer), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "dataset_id", name="pk_access_policy"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dataset_id"], ["app.dataset.tenant_id", "app.dataset.id"], ondelete="CASCADE",
            name="fk_access_policy_tenant_id_dataset_id",
        ),
        schema="app",
    )  # fmt: skip
    for statement in isolate("portal", "access_policy", public="true"):
        op.execute(statement)
    # The page of a dataset shows it: a change makes what is kept of that page anew, as a change of its files does.
    op.execute(
        "CREATE TRIGGER search_change AFTER INSERT OR UPDATE OR DELETE ON app.access_policy"
        " FOR EACH ROW EXECUTE FUNCTION ops.note_distribution()"
    )
