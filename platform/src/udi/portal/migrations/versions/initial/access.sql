-- Access policies, requests for access, agreements and credentials of projects.

CREATE TABLE app.access_policy (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  dataset_id uuid NOT NULL,
  revision integer NOT NULL,
  document jsonb NOT NULL,
  changed_at timestamptz NOT NULL,
  changed_by uuid,
  received integer NOT NULL DEFAULT 0,
  granted integer NOT NULL DEFAULT 0,
  answer_days integer[] NOT NULL DEFAULT '{}',
  CONSTRAINT pk_access_policy PRIMARY KEY (tenant_id, dataset_id),
  CONSTRAINT fk_access_policy_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.access_draft (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  form_values jsonb NOT NULL,
  started_at timestamptz NOT NULL,
  CONSTRAINT pk_access_draft PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_access_draft_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_access_draft_tenant_id_started_at
  ON app.access_draft (tenant_id, started_at);

CREATE TABLE app.access_request (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  project_id uuid NOT NULL,
  person_id uuid NOT NULL,
  language text NOT NULL,
  state text NOT NULL,
  revision integer NOT NULL,
  policy_revision integer NOT NULL,
  policy jsonb NOT NULL,
  project jsonb NOT NULL,
  purpose text NOT NULL,
  words text NOT NULL,
  interest text NOT NULL DEFAULT '',
  months integer NOT NULL,
  columns text[] NOT NULL,
  answers jsonb NOT NULL,
  offer jsonb,
  renews_id uuid,
  agreement_id uuid,
  submitted_at timestamptz NOT NULL,
  since timestamptz NOT NULL,
  clock_from date,
  days_used integer NOT NULL,
  due_at timestamptz,
  reminded_at timestamptz,
  late_at timestamptz,
  measured boolean NOT NULL,
  decided_by uuid,
  connector text NOT NULL DEFAULT '',
  CONSTRAINT pk_access_request PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_access_request_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_access_request_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_access_request_tenant_id_project_id FOREIGN KEY (tenant_id, project_id)
    REFERENCES app.project (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_access_request_tenant_id_dataset_id_state
  ON app.access_request (tenant_id, dataset_id, state);
CREATE INDEX ix_access_request_tenant_id_person_id
  ON app.access_request (tenant_id, person_id);
CREATE INDEX ix_access_request_tenant_id_project_id
  ON app.access_request (tenant_id, project_id);
CREATE INDEX ix_access_request_tenant_id_state_due_at
  ON app.access_request (tenant_id, state, due_at);

CREATE TABLE app.access_step (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  request_id uuid NOT NULL,
  at timestamptz NOT NULL,
  event text NOT NULL,
  side text NOT NULL,
  person_id uuid,
  words text NOT NULL DEFAULT '',
  offer jsonb,
  CONSTRAINT pk_access_step PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_access_step_tenant_id_request_id FOREIGN KEY (tenant_id, request_id)
    REFERENCES app.access_request (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_access_step_tenant_id_request_id_at
  ON app.access_step (tenant_id, request_id, at);

CREATE TABLE app.access_document (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  request_id uuid NOT NULL,
  field text NOT NULL,
  filename text NOT NULL,
  media_type text NOT NULL,
  size integer NOT NULL,
  content bytea NOT NULL,
  sent_at timestamptz NOT NULL,
  CONSTRAINT pk_access_document PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_access_document_tenant_id_request_id
    FOREIGN KEY (tenant_id, request_id)
    REFERENCES app.access_request (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_access_document_tenant_id_request_id
  ON app.access_document (tenant_id, request_id);

CREATE TABLE app.access_agreement (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  request_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  project_id uuid NOT NULL,
  person_id uuid NOT NULL,
  node_id uuid NOT NULL,
  renews_id uuid,
  renewal integer NOT NULL,
  document jsonb NOT NULL,
  jws text NOT NULL,
  sha256 text NOT NULL,
  state text NOT NULL,
  since timestamptz NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  closes_at timestamptz,
  reason text NOT NULL DEFAULT '',
  revision bigint NOT NULL,
  delivered bigint NOT NULL DEFAULT 0,
  delivered_at timestamptz,
  delivery_error text NOT NULL DEFAULT '',
  end_notified boolean NOT NULL DEFAULT false,
  CONSTRAINT pk_access_agreement PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_access_agreement_tenant_id_dataset_id
  ON app.access_agreement (tenant_id, dataset_id);
CREATE INDEX ix_access_agreement_tenant_id_node_id_revision
  ON app.access_agreement (tenant_id, node_id, revision);
CREATE INDEX ix_access_agreement_tenant_id_organisation_id
  ON app.access_agreement (tenant_id, organisation_id);
CREATE INDEX ix_access_agreement_tenant_id_person_id
  ON app.access_agreement (tenant_id, person_id);
CREATE INDEX ix_access_agreement_tenant_id_project_id
  ON app.access_agreement (tenant_id, project_id);
CREATE INDEX ix_access_agreement_tenant_id_state_ends_at
  ON app.access_agreement (tenant_id, state, ends_at);

CREATE TABLE app.public_agreement (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  dataset_title text NOT NULL,
  organisation_slug text NOT NULL,
  organisation_name text NOT NULL,
  project_id uuid,
  project_title text NOT NULL,
  purpose text NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  state text NOT NULL,
  changed_at timestamptz NOT NULL,
  CONSTRAINT pk_public_agreement PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_public_agreement_tenant_id_changed_at_id
  ON app.public_agreement (tenant_id, changed_at, id);
CREATE INDEX ix_public_agreement_tenant_id_dataset_id
  ON app.public_agreement (tenant_id, dataset_id);

CREATE TABLE app.project_credential (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  project_id uuid NOT NULL,
  node_id uuid NOT NULL,
  name text NOT NULL,
  sha256 text NOT NULL,
  created_by uuid NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  last_used_at timestamptz,
  agreement_id uuid,
  CONSTRAINT pk_project_credential PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_project_credential_tenant_id_project_id
    FOREIGN KEY (tenant_id, project_id)
    REFERENCES app.project (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_project_credential_tenant_id_project_id
  ON app.project_credential (tenant_id, project_id);

CREATE TABLE app.agreement_revision (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  last bigint NOT NULL,
  CONSTRAINT pk_agreement_revision PRIMARY KEY (tenant_id)
);

CREATE TABLE app.project_key (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  project_id uuid NOT NULL,
  pem text NOT NULL,
  sha256 text NOT NULL,
  bits integer NOT NULL,
  registered_at timestamptz NOT NULL,
  CONSTRAINT pk_project_key PRIMARY KEY (tenant_id, project_id),
  CONSTRAINT fk_project_key_tenant_id_project_id FOREIGN KEY (tenant_id, project_id)
    REFERENCES app.project (tenant_id, id) ON DELETE CASCADE
);

-- The page of a dataset shows its policy.
CREATE TRIGGER search_change AFTER INSERT OR UPDATE OR DELETE ON app.access_policy
  FOR EACH ROW EXECUTE FUNCTION ops.note_distribution();
