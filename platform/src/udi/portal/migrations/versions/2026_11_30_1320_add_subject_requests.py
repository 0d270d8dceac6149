"""Keep the envelopes of requests about one's own data, and figures on how punctually producers answer."""

from udi.kit.foundation import execute_script
from udi.kit.rls import belong, isolate

revision = "subject_requests"
down_revision = "unused_accounts"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = (
    "the tables whose rights are narrowed are made here: no earlier program knows them"
)

TABLES = """
CREATE TABLE app.subject_request (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  person_id uuid,
  organisation_id uuid NOT NULL,
  node_id uuid,
  on_paper boolean NOT NULL DEFAULT false,
  number text NOT NULL DEFAULT '',
  "right" text NOT NULL,
  state text NOT NULL,
  drafted_at timestamptz NOT NULL,
  confirmation_hash text NOT NULL DEFAULT '',
  sequence integer NOT NULL DEFAULT 0,
  received_on date,
  due_on date,
  extended boolean NOT NULL DEFAULT false,
  was_late boolean NOT NULL DEFAULT false,
  escalated boolean NOT NULL DEFAULT false,
  decided_on date,
  ended_on date,
  news_at timestamptz,
  reminded_at timestamptz,
  outcome text NOT NULL DEFAULT '',
  is_published boolean NOT NULL DEFAULT false,
  CONSTRAINT pk_subject_request PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_subject_request_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (person_id),
  CONSTRAINT fk_subject_request_tenant_id_organisation_id FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_subject_request_tenant_id_node_id FOREIGN KEY (tenant_id, node_id)
    REFERENCES app.node (tenant_id, id) ON DELETE SET NULL (node_id)
);
CREATE INDEX ix_subject_request_tenant_id_person_id ON app.subject_request (tenant_id, person_id);
CREATE INDEX ix_subject_request_tenant_id_organisation_id
  ON app.subject_request (tenant_id, organisation_id);
CREATE INDEX ix_subject_request_tenant_id_node_id ON app.subject_request (tenant_id, node_id);
CREATE UNIQUE INDEX uq_subject_request_number ON app.subject_request (tenant_id, number)
  WHERE number <> '';
CREATE TABLE app.subject_request_count (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  organisation_id uuid NOT NULL,
  "right" text NOT NULL,
  month date NOT NULL,
  outcome text NOT NULL,
  number integer NOT NULL,
  CONSTRAINT pk_subject_request_count PRIMARY KEY (tenant_id, organisation_id, "right", month, outcome),
  CONSTRAINT fk_subject_request_count_tenant_id_organisation_id FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE app.punctuality_figure (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  organisation_id uuid NOT NULL,
  received integer NOT NULL,
  on_time integer NOT NULL,
  extended integer NOT NULL,
  late integer NOT NULL,
  published_on date NOT NULL,
  CONSTRAINT pk_punctuality_figure PRIMARY KEY (tenant_id, organisation_id),
  CONSTRAINT fk_punctuality_figure_tenant_id_organisation_id FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE app.subject_request_figure (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  "right" text NOT NULL,
  state text NOT NULL,
  is_late boolean NOT NULL,
  number integer NOT NULL,
  CONSTRAINT pk_subject_request_figure PRIMARY KEY (tenant_id, "right", state, is_late)
);
CREATE TABLE app.late_producer (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  organisation_id uuid NOT NULL,
  since date NOT NULL,
  CONSTRAINT pk_late_producer PRIMARY KEY (tenant_id, organisation_id),
  CONSTRAINT fk_late_producer_tenant_id_organisation_id FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE
);
"""
COUNTED_BY_UNITS = (
    "subject_request_count",
    "punctuality_figure",
    "subject_request_figure",
    "late_producer",
)
"""Pages read these at most: the worker writes them."""


def upgrade() -> None:
    execute_script(TABLES)
    policies = [
        *isolate("portal", "subject_request"),
        belong("portal", "subject_request", unnamed=True),
        *isolate("portal", "subject_request_count"),
        *isolate("portal", "punctuality_figure", public="true"),
        *isolate("portal", "subject_request_figure"),
        *isolate("portal", "late_producer"),
    ]
    execute_script(";\n".join(policies))
    execute_script(
        ";\n".join(
            f"REVOKE INSERT, UPDATE, DELETE ON app.{table} FROM udi_portal_app"
            for table in COUNTED_BY_UNITS
        )
    )
    execute_script("REVOKE SELECT ON app.subject_request_count FROM udi_portal_app")
