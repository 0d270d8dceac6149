-- Stored files, uploads, keys and archives of spaces.

CREATE TABLE app.stored_file (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  name text NOT NULL,
  media_type text NOT NULL,
  charset text NOT NULL DEFAULT '',
  size bigint NOT NULL,
  sha256 text NOT NULL,
  access text NOT NULL DEFAULT 'draft',
  created_at timestamptz NOT NULL DEFAULT now(),
  part_id uuid,
  CONSTRAINT pk_stored_file PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_stored_file_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id)
);
CREATE INDEX ix_stored_file_dataset
  ON app.stored_file (tenant_id, dataset_id, created_at);
CREATE INDEX ix_stored_file_space ON app.stored_file (tenant_id, space_id);

CREATE TABLE app.upload (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  file_id uuid NOT NULL,
  replaces boolean NOT NULL,
  person_id uuid,
  key_id uuid,
  lock_holder uuid,
  name text NOT NULL,
  locale text NOT NULL DEFAULT '',
  error text NOT NULL DEFAULT '',
  remedy text NOT NULL DEFAULT '',
  announced text NOT NULL DEFAULT '',
  sha256 text NOT NULL DEFAULT '',
  address text NOT NULL DEFAULT '',
  state text NOT NULL DEFAULT 'receiving',
  length bigint,
  received bigint NOT NULL DEFAULT '0',
  assembled bigint NOT NULL DEFAULT '0',
  publish boolean NOT NULL DEFAULT false,
  idempotency_key text,
  locked_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  moved_at timestamptz NOT NULL DEFAULT now(),
  media_id uuid,
  awaits_record boolean NOT NULL DEFAULT false,
  expectation jsonb,
  part_id uuid,
  CONSTRAINT pk_upload PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_upload_idempotency_key UNIQUE (tenant_id, space_id, idempotency_key),
  CONSTRAINT fk_upload_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id)
);
CREATE INDEX ix_upload_media ON app.upload (tenant_id, space_id, media_id);
CREATE INDEX ix_upload_space ON app.upload (tenant_id, space_id, state);

CREATE TABLE app.upload_part (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  upload_id uuid NOT NULL,
  start bigint NOT NULL,
  size bigint NOT NULL,
  CONSTRAINT pk_upload_part PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_upload_part_start UNIQUE (tenant_id, upload_id, start),
  CONSTRAINT fk_upload_part_tenant_id_upload_id FOREIGN KEY (tenant_id, upload_id)
    REFERENCES app.upload (tenant_id, id)
);

CREATE TABLE app.space_key (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  wrapped_by text NOT NULL,
  wrapped bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_space_key PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_space_key_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id)
);
CREATE INDEX ix_space_key_space ON app.space_key (tenant_id, space_id, created_at);

CREATE TABLE app.space_archive (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  person_id uuid,
  state text NOT NULL DEFAULT 'queued',
  error text NOT NULL DEFAULT '',
  name text NOT NULL,
  size bigint NOT NULL DEFAULT '0',
  sha256 text NOT NULL DEFAULT '',
  requested_at timestamptz NOT NULL DEFAULT now(),
  ready_at timestamptz,
  expires_at timestamptz,
  CONSTRAINT pk_space_archive PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_space_archive_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id)
);
CREATE INDEX ix_space_archive_space
  ON app.space_archive (tenant_id, space_id, requested_at);

CREATE TABLE app.erased_dataset (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  person_id uuid,
  published boolean NOT NULL,
  files uuid[] NOT NULL DEFAULT '{}',
  requested_at timestamptz NOT NULL DEFAULT now(),
  erased_at timestamptz,
  objects integer NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT '0',
  CONSTRAINT pk_erased_dataset PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_erased_dataset_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id)
);

CREATE TABLE app.removed_version (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  number integer NOT NULL,
  published_at timestamptz,
  reason text NOT NULL DEFAULT '',
  requested_at timestamptz NOT NULL DEFAULT now(),
  erased_at timestamptz,
  part_id uuid,
  CONSTRAINT pk_removed_version PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_removed_version_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id)
);
CREATE INDEX ix_removed_version_dataset
  ON app.removed_version (tenant_id, dataset_id, number);
