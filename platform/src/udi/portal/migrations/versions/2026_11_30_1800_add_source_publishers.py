"""Add the publishers that sources name, the organisations that nobody has claimed, and who reads a dataset."""

from udi.kit.foundation import change_rows, execute_script
from udi.kit.rls import isolate

revision = "source_publishers"
down_revision = "renamed_records"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = (
    "new columns have a default of the server or may be empty; a program of before publishes for the producer"
    " that reads a source, as it did"
)

TABLES = """
ALTER TABLE app.organisation ADD COLUMN unclaimed boolean NOT NULL DEFAULT false;
ALTER TABLE app.application ADD COLUMN claims_id uuid;
ALTER TABLE app.dataset ADD COLUMN harvester_id uuid;
ALTER TABLE app.source_record ADD COLUMN publisher text NOT NULL DEFAULT '';
CREATE TABLE app.source_publisher (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  source_id uuid NOT NULL,
  key text NOT NULL,
  names jsonb NOT NULL,
  uri text NOT NULL DEFAULT '',
  number text NOT NULL DEFAULT '',
  organisation_id uuid NOT NULL,
  proposed_id uuid,
  how text NOT NULL,
  first_seen_at timestamptz NOT NULL,
  CONSTRAINT pk_source_publisher PRIMARY KEY (tenant_id, source_id, key),
  CONSTRAINT fk_source_publisher_tenant_id_source_id FOREIGN KEY (tenant_id, source_id)
    REFERENCES app.catalogue_source (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_source_publisher_tenant_id_organisation_id FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id)
);
CREATE INDEX ix_source_publisher_tenant_id_organisation_id
  ON app.source_publisher (tenant_id, organisation_id);
CREATE INDEX ix_source_publisher_waiting
  ON app.source_publisher (tenant_id, proposed_id) WHERE proposed_id IS NOT NULL;
GRANT SELECT (organisation_id) ON app.catalogue_source TO udi_portal_public;
"""


def upgrade() -> None:
    execute_script(TABLES)
    # Each catalogue is read whole once more, for its publishers.
    change_rows(
        "UPDATE app.catalogue_source SET etag = '', last_modified = ''",
        "catalogue_source",
    )
    policies = isolate("portal", "source_publisher", public="how <> 'person'")
    execute_script(";\n".join(policies))
