"""Add reuses that catalogues of others name, and say of a project that it was read in one."""

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "source_reuses"
down_revision = "read_territories"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = (
    "a new table, which no earlier program knows, and a column with a default"
)

TABLES = """
CREATE TABLE app.source_reuse (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  source_id uuid NOT NULL,
  identifier text NOT NULL,
  title text NOT NULL,
  language text NOT NULL,
  text text NOT NULL,
  publisher text NOT NULL,
  url text NOT NULL,
  page text NOT NULL,
  datasets text[] NOT NULL,
  missing integer NOT NULL DEFAULT 0,
  seen_run uuid,
  withdrawn_at timestamptz,
  CONSTRAINT pk_source_reuse PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_source_reuse_tenant_id_source_id FOREIGN KEY (tenant_id, source_id)
    REFERENCES app.catalogue_source (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_source_reuse_tenant_id_source_id ON app.source_reuse (tenant_id, source_id);
ALTER TABLE app.project ADD COLUMN origin text NOT NULL DEFAULT '';
"""


def upgrade() -> None:
    execute_script(TABLES)
    execute_script(";\n".join(isolate("portal", "source_reuse")))
