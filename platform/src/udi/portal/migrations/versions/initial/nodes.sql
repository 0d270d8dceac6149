-- Producers' nodes and the report of each push.

CREATE TABLE app.node (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  slug text NOT NULL,
  name text NOT NULL,
  url text NOT NULL,
  client_id text NOT NULL,
  state text NOT NULL,
  hosted boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz,
  reports_inbox boolean NOT NULL DEFAULT false,
  spaces text[],
  takes_subject_requests boolean NOT NULL DEFAULT false,
  CONSTRAINT pk_node PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_node_tenant_id_client_id UNIQUE (tenant_id, client_id),
  CONSTRAINT uq_node_tenant_id_slug UNIQUE (tenant_id, slug)
);

CREATE TABLE app.node_producer (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  node_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  CONSTRAINT pk_node_producer PRIMARY KEY (tenant_id, node_id, organisation_id),
  CONSTRAINT fk_node_producer_tenant_id_node_id FOREIGN KEY (tenant_id, node_id)
    REFERENCES app.node (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_node_producer_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_node_producer_tenant_id_organisation_id
  ON app.node_producer (tenant_id, organisation_id);

CREATE TABLE app.report (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  node_id uuid NOT NULL,
  method text NOT NULL,
  version text NOT NULL,
  resource_title text NOT NULL,
  delivery text NOT NULL,
  last_error text NOT NULL,
  resource_id uuid,
  accepted boolean NOT NULL,
  faults jsonb NOT NULL,
  submitted_at timestamptz NOT NULL DEFAULT now(),
  treated_at timestamptz NOT NULL,
  attempts integer NOT NULL,
  sent_at timestamptz,
  comment text NOT NULL DEFAULT '',
  CONSTRAINT pk_report PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_report_tenant_id_node_id FOREIGN KEY (tenant_id, node_id)
    REFERENCES app.node (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_report_tenant_id_node_id_submitted_at
  ON app.report (tenant_id, node_id, submitted_at);
CREATE INDEX ix_report_undelivered ON app.report (tenant_id, delivery)
  WHERE delivery <> 'sent';

CREATE TABLE app.node_invitation (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  slug text NOT NULL,
  name text NOT NULL,
  url text NOT NULL,
  organisations uuid[] NOT NULL,
  code_hash text NOT NULL,
  sealed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  CONSTRAINT pk_node_invitation PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_node_invitation_tenant_id_code_hash UNIQUE (tenant_id, code_hash),
  CONSTRAINT uq_node_invitation_tenant_id_slug UNIQUE (tenant_id, slug)
);

CREATE TABLE app.node_waiting (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  node_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  kind text NOT NULL,
  number integer NOT NULL,
  since timestamptz NOT NULL,
  due_on date,
  received_at timestamptz NOT NULL,
  CONSTRAINT pk_node_waiting PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_node_waiting_tenant_id_node_id_organisation_id_kind
    UNIQUE (tenant_id, node_id, organisation_id, kind),
  CONSTRAINT fk_node_waiting_tenant_id_node_id FOREIGN KEY (tenant_id, node_id)
    REFERENCES app.node (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_node_waiting_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_node_waiting_tenant_id_organisation_id
  ON app.node_waiting (tenant_id, organisation_id);

CREATE TABLE app.node_use_day (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  node_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  day date NOT NULL,
  downloads bigint NOT NULL,
  calls bigint NOT NULL,
  CONSTRAINT pk_node_use_day PRIMARY KEY (tenant_id, node_id, organisation_id, day),
  CONSTRAINT fk_node_use_day_tenant_id_node_id FOREIGN KEY (tenant_id, node_id)
    REFERENCES app.node (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_node_use_day_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_node_use_day_tenant_id_day ON app.node_use_day (tenant_id, day);
CREATE INDEX ix_node_use_day_tenant_id_organisation_id
  ON app.node_use_day (tenant_id, organisation_id);
