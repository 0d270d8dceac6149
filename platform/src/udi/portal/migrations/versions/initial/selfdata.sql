-- Registers of processing, requests about one's own data with their figures, and notices of data that changed.

CREATE TABLE app.processing_statement (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  organisation_id uuid NOT NULL,
  holds_data boolean NOT NULL,
  officer_email text NOT NULL DEFAULT '',
  officer_address text NOT NULL DEFAULT '',
  reviewed_on date NOT NULL,
  author_id uuid,
  changed_at timestamptz NOT NULL,
  CONSTRAINT pk_processing_statement PRIMARY KEY (tenant_id, organisation_id),
  CONSTRAINT fk_processing_statement_tenant_id_organisation_id FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_processing_statement_tenant_id_author_id FOREIGN KEY (tenant_id, author_id)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (author_id)
);
CREATE INDEX ix_processing_statement_tenant_id_author_id
  ON app.processing_statement (tenant_id, author_id);

CREATE TABLE app.processing_entry (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  state text NOT NULL,
  language text NOT NULL,
  translations jsonb NOT NULL DEFAULT '{}',
  service text NOT NULL,
  people text NOT NULL DEFAULT '',
  data text NOT NULL DEFAULT '',
  purpose text NOT NULL DEFAULT '',
  legal_basis text NOT NULL DEFAULT '',
  special_data boolean NOT NULL DEFAULT false,
  retention text NOT NULL DEFAULT '',
  recipients text NOT NULL DEFAULT '',
  transfers text NOT NULL DEFAULT '',
  moments text[] NOT NULL DEFAULT '{}',
  reviewed_on date NOT NULL,
  author_id uuid,
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  CONSTRAINT pk_processing_entry PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_processing_entry_tenant_id_organisation_id FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_processing_entry_tenant_id_author_id FOREIGN KEY (tenant_id, author_id)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (author_id)
);
CREATE INDEX ix_processing_entry_tenant_id_organisation_id
  ON app.processing_entry (tenant_id, organisation_id);
CREATE INDEX ix_processing_entry_tenant_id_author_id
  ON app.processing_entry (tenant_id, author_id);

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
  written_at timestamptz,
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

CREATE TABLE app.data_change_notice (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  version integer NOT NULL,
  change text NOT NULL,
  noticed_on date NOT NULL,
  received_at timestamptz NOT NULL,
  acknowledged_at timestamptz,
  acknowledged_by uuid,
  CONSTRAINT pk_data_change_notice PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_data_change_notice_tenant_id_agreement_id FOREIGN KEY (tenant_id, agreement_id)
    REFERENCES app.access_agreement (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_data_change_notice_tenant_id_acknowledged_by FOREIGN KEY (tenant_id, acknowledged_by)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (acknowledged_by)
);
CREATE INDEX ix_data_change_notice_tenant_id_agreement_id
  ON app.data_change_notice (tenant_id, agreement_id);
CREATE INDEX ix_data_change_notice_tenant_id_acknowledged_by
  ON app.data_change_notice (tenant_id, acknowledged_by);
