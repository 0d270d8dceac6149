-- Datasets, their versions, preparation, delivery and history.

CREATE TABLE app.dataset (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  state text NOT NULL DEFAULT 'draft',
  title text NOT NULL,
  description jsonb NOT NULL,
  record jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  described_at timestamptz,
  opened_at timestamptz,
  withdrawn_at timestamptz,
  withdrawal_reason text NOT NULL DEFAULT '',
  retained_versions integer,
  document jsonb,
  media_id uuid,
  restricted boolean NOT NULL DEFAULT false,
  proposals jsonb NOT NULL DEFAULT '{}',
  accepted_file_id uuid,
  former_licence text NOT NULL DEFAULT '',
  closed_at timestamptz,
  default_view text NOT NULL DEFAULT '',
  column_roles jsonb NOT NULL DEFAULT '{}',
  accepted_parts uuid[] NOT NULL DEFAULT '{}',
  column_units jsonb NOT NULL DEFAULT '{}',
  file_first_day date,
  file_last_day date,
  CONSTRAINT pk_dataset PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_dataset_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id)
);
CREATE INDEX ix_dataset_media ON app.dataset (tenant_id, media_id);
CREATE INDEX ix_dataset_restricted ON app.dataset (tenant_id)
  WHERE restricted;
CREATE INDEX ix_dataset_space ON app.dataset (tenant_id, space_id, updated_at);

CREATE TABLE app.dataset_part (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  position integer NOT NULL,
  role text NOT NULL,
  title text NOT NULL,
  first_day date,
  last_day date,
  address text NOT NULL DEFAULT '',
  documentation text NOT NULL DEFAULT '',
  is_public boolean NOT NULL DEFAULT false,
  published_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_dataset_part PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_dataset_part_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id)
);
CREATE INDEX ix_dataset_part_dataset
  ON app.dataset_part (tenant_id, dataset_id, position);

CREATE TABLE app.version (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  file_id uuid NOT NULL,
  number integer NOT NULL,
  profile jsonb NOT NULL,
  note text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  part_id uuid,
  CONSTRAINT pk_version PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_version_number
    UNIQUE NULLS NOT DISTINCT (tenant_id, dataset_id, part_id, number),
  CONSTRAINT fk_version_tenant_id_part_id FOREIGN KEY (tenant_id, part_id)
    REFERENCES app.dataset_part (tenant_id, id),
  CONSTRAINT fk_version_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id),
  CONSTRAINT fk_version_tenant_id_file_id FOREIGN KEY (tenant_id, file_id)
    REFERENCES app.stored_file (tenant_id, id)
);
CREATE INDEX ix_version_part ON app.version (tenant_id, part_id);

CREATE TABLE app.delivery (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  revision integer NOT NULL DEFAULT 1,
  method text NOT NULL,
  record jsonb,
  state text NOT NULL DEFAULT 'queued',
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  error text NOT NULL DEFAULT '',
  report_id text NOT NULL DEFAULT '',
  earlier_reports text[] NOT NULL DEFAULT '{}',
  report jsonb,
  updated_at timestamptz NOT NULL DEFAULT now(),
  file_id uuid,
  listed_parts uuid[] NOT NULL DEFAULT '{}',
  CONSTRAINT pk_delivery PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_delivery_dataset UNIQUE (tenant_id, dataset_id),
  CONSTRAINT fk_delivery_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id)
);

CREATE TABLE app.dataset_event (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  person_id uuid,
  action text NOT NULL,
  detail jsonb NOT NULL,
  happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT pk_dataset_event PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_dataset_event_dataset
  ON app.dataset_event (tenant_id, dataset_id, happened_at);

CREATE TABLE app.source (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  person_id uuid NOT NULL,
  address text NOT NULL,
  frequency text NOT NULL,
  locale text NOT NULL DEFAULT '',
  etag text NOT NULL DEFAULT '',
  last_modified text NOT NULL DEFAULT '',
  error text NOT NULL DEFAULT '',
  due_at timestamptz NOT NULL DEFAULT now(),
  checked_at timestamptz,
  changed_at timestamptz,
  failures integer NOT NULL DEFAULT 0,
  paused boolean NOT NULL DEFAULT false,
  kind text NOT NULL DEFAULT 'http',
  credential text NOT NULL DEFAULT '',
  host_key text NOT NULL DEFAULT '',
  offered_key text NOT NULL DEFAULT '',
  remedy text NOT NULL DEFAULT '',
  revision integer NOT NULL DEFAULT 0,
  paused_at timestamptz,
  CONSTRAINT pk_source PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_source_dataset UNIQUE (tenant_id, dataset_id),
  CONSTRAINT fk_source_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_source_due ON app.source (tenant_id, due_at);

CREATE TABLE app.preparation (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  version_id uuid NOT NULL,
  revision integer NOT NULL DEFAULT 1,
  state text NOT NULL DEFAULT 'waiting',
  corrections jsonb NOT NULL DEFAULT '{}',
  findings jsonb NOT NULL DEFAULT '{}',
  derived text[] NOT NULL DEFAULT '{}',
  failure text NOT NULL DEFAULT '',
  reason text NOT NULL DEFAULT '',
  requested_by jsonb,
  updated_at timestamptz NOT NULL DEFAULT now(),
  expectation jsonb,
  CONSTRAINT pk_preparation PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_preparation_version UNIQUE (tenant_id, version_id),
  CONSTRAINT fk_preparation_tenant_id_version_id FOREIGN KEY (tenant_id, version_id)
    REFERENCES app.version (tenant_id, id)
);

CREATE TABLE app.reminder (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  dataset_id uuid NOT NULL,
  due_on date NOT NULL,
  number integer NOT NULL,
  queued_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz,
  CONSTRAINT pk_reminder PRIMARY KEY (tenant_id, dataset_id, due_on, number),
  CONSTRAINT fk_reminder_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE
);
