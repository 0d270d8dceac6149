"""Keep which accounts were deleted, as digests from which nobody is found, so that nodes erase them too."""

from alembic import op

from udi.kit.rls import isolate

revision = "erased_accounts"
down_revision = "processing_register"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "only a new table"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE app.erased_account ("
        "tenant_id uuid NOT NULL DEFAULT app.current_tenant(), digest text NOT NULL,"
        " erased_at timestamptz NOT NULL,"
        " CONSTRAINT pk_erased_account PRIMARY KEY (tenant_id, digest))"
    )
    for statement in isolate("portal", "erased_account"):
        op.execute(statement)
