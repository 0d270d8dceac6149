-- Producers' spaces: limits, rights, script keys and uses.

CREATE TABLE app.space (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  slug text NOT NULL,
  organisation_id uuid NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  quota_bytes bigint NOT NULL,
  requests_per_minute integer,
  jobs_at_once integer,
  uploads_at_once integer,
  figures_dataset_id uuid,
  publishes_figures boolean NOT NULL DEFAULT false,
  sealing text NOT NULL DEFAULT 'open',
  CONSTRAINT pk_space PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_space_slug UNIQUE (tenant_id, slug)
);

CREATE TABLE app.script_key (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  person_id uuid NOT NULL,
  name text NOT NULL,
  token_hash text NOT NULL,
  datasets uuid[],
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_by uuid,
  revoked_reason text NOT NULL DEFAULT '',
  CONSTRAINT pk_script_key PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_script_key_token_hash UNIQUE (tenant_id, token_hash),
  CONSTRAINT fk_script_key_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id)
);

CREATE TABLE app.dataset_right (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  dataset_id uuid NOT NULL,
  person_id uuid NOT NULL,
  role text NOT NULL,
  granted_by uuid,
  granted_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_dataset_right PRIMARY KEY (tenant_id, dataset_id, person_id),
  CONSTRAINT fk_dataset_right_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_dataset_right_person ON app.dataset_right (tenant_id, person_id);

CREATE TABLE app.use_count (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  dataset_id uuid NOT NULL,
  day date NOT NULL,
  kind text NOT NULL,
  client text NOT NULL,
  space_id uuid NOT NULL,
  count bigint NOT NULL,
  bytes bigint NOT NULL,
  CONSTRAINT pk_use_count PRIMARY KEY (tenant_id, dataset_id, day, kind, client),
  CONSTRAINT fk_use_count_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id)
);
CREATE INDEX ix_use_count_space ON app.use_count (tenant_id, space_id, day);

CREATE TABLE app.space_day (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  space_id uuid NOT NULL,
  day date NOT NULL,
  stored_bytes bigint,
  job_seconds double precision NOT NULL DEFAULT '0',
  CONSTRAINT pk_space_day PRIMARY KEY (tenant_id, space_id, day),
  CONSTRAINT fk_space_day_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id)
);

CREATE TABLE app.moved (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_slug text NOT NULL,
  prefix text NOT NULL,
  origin text NOT NULL,
  moved_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_moved PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_moved_prefix UNIQUE (tenant_id, prefix)
);

-- The spaces to which the transaction is confined; NULL when it is not confined.
CREATE FUNCTION app.own_spaces() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN coalesce(current_setting('app.spaces', true), '') IN ('', '*')
    THEN NULL
    ELSE string_to_array(current_setting('app.spaces', true), ',') END $$;
