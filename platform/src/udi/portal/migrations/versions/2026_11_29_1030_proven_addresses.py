"""Keep whether an address was proven to be its person's: who is invited by mail sees a confidential project by that alone."""

import sqlalchemy as sa
from alembic import op

revision = "proven_addresses"
down_revision = "disclosure"
branch_labels = None
depends_on = None
phase = "expand"

SEES = """
CREATE OR REPLACE FUNCTION app.sees_project(project uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(project = nullif(current_setting('app.project', true), '')::uuid, false) OR EXISTS (
    SELECT 1 FROM app.project_member AS m
    WHERE m.tenant_id = app.current_tenant() AND m.project_id = project AND (
      (m.stage = 'joined' AND m.person_id = app.current_person())
      OR (m.stage = 'invited' AND m.email = (
        SELECT lower(p.email) FROM app.person AS p
        WHERE p.tenant_id = app.current_tenant() AND p.id = app.current_person() AND p.email_verified))))
$$
"""


def upgrade() -> None:
    proven = sa.Column(
        "email_verified", sa.Boolean, nullable=False, server_default=sa.text("false")
    )
    op.add_column("person", proven, schema="app")
    op.execute(SEES)
