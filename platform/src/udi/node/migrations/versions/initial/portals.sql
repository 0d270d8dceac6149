-- Further portals, and what is delivered to them.

CREATE TABLE app.further_portal (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  origin text NOT NULL,
  client_id text NOT NULL,
  credential text NOT NULL,
  name jsonb NOT NULL,
  spaces jsonb NOT NULL,
  joined_at timestamptz NOT NULL DEFAULT now(),
  left_at timestamptz,
  reports_read_at timestamptz,
  error text NOT NULL DEFAULT '',
  CONSTRAINT pk_further_portal PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_further_portal_origin UNIQUE (tenant_id, origin)
);

CREATE TABLE app.further_delivery (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  portal_id uuid NOT NULL,
  revision integer NOT NULL DEFAULT 0,
  method text NOT NULL,
  record jsonb,
  state text NOT NULL DEFAULT 'queued',
  is_published boolean NOT NULL DEFAULT false,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  error text NOT NULL DEFAULT '',
  report_id text NOT NULL DEFAULT '',
  earlier_reports text[] NOT NULL DEFAULT '{}',
  report jsonb,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_further_delivery PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_further_delivery_dataset UNIQUE (tenant_id, dataset_id, portal_id),
  CONSTRAINT fk_further_delivery_tenant_id_dataset_id
    FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_further_delivery_tenant_id_portal_id FOREIGN KEY (tenant_id, portal_id)
    REFERENCES app.further_portal (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_further_delivery_portal
  ON app.further_delivery (tenant_id, portal_id, state);
