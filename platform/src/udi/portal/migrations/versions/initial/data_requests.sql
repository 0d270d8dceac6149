-- Requests for data that nobody publishes yet.

CREATE TABLE app.data_request (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  person_id uuid,
  language text NOT NULL,
  title text NOT NULL,
  words text NOT NULL,
  theme text NOT NULL DEFAULT '',
  state text NOT NULL,
  revision integer NOT NULL,
  supporters integer NOT NULL,
  submitted_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  due_on date NOT NULL,
  reminded_at timestamptz,
  escalated_at timestamptz,
  answered_by uuid,
  answered_at timestamptz,
  answer text NOT NULL DEFAULT '',
  promised_on date,
  dataset_id uuid,
  merged_into uuid,
  CONSTRAINT pk_data_request PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_data_request_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id),
  CONSTRAINT fk_data_request_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (person_id)
);
CREATE INDEX ix_data_request_tenant_id_dataset_id
  ON app.data_request (tenant_id, dataset_id);
CREATE INDEX ix_data_request_tenant_id_person_id
  ON app.data_request (tenant_id, person_id);
CREATE INDEX ix_data_request_tenant_id_state_submitted_at
  ON app.data_request (tenant_id, state, submitted_at);

CREATE TABLE app.data_request_support (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  request_id uuid NOT NULL,
  person_id uuid NOT NULL,
  language text NOT NULL,
  since timestamptz NOT NULL,
  CONSTRAINT pk_data_request_support PRIMARY KEY (tenant_id, request_id, person_id),
  CONSTRAINT fk_data_request_support_tenant_id_person_id
    FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_data_request_support_tenant_id_request_id
    FOREIGN KEY (tenant_id, request_id)
    REFERENCES app.data_request (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_data_request_support_tenant_id_person_id
  ON app.data_request_support (tenant_id, person_id);

CREATE TABLE app.data_request_route (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  request_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  reason jsonb NOT NULL,
  sent_at timestamptz NOT NULL,
  passed_at timestamptz,
  passed_words text NOT NULL DEFAULT '',
  CONSTRAINT pk_data_request_route PRIMARY KEY (tenant_id, request_id, organisation_id),
  CONSTRAINT fk_data_request_route_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_data_request_route_tenant_id_request_id
    FOREIGN KEY (tenant_id, request_id)
    REFERENCES app.data_request (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_data_request_route_tenant_id_organisation_id
  ON app.data_request_route (tenant_id, organisation_id);
