-- Catalogues that are harvested: records, runs, faults and feeds.

CREATE TABLE app.catalogue_source (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  address text NOT NULL,
  entry text NOT NULL DEFAULT '',
  format text NOT NULL DEFAULT '',
  language text NOT NULL,
  rhythm text NOT NULL,
  state text NOT NULL,
  next_at timestamptz,
  etag text NOT NULL DEFAULT '',
  last_modified text NOT NULL DEFAULT '',
  failures integer NOT NULL DEFAULT 0,
  accepts_loss boolean NOT NULL DEFAULT false,
  dataset_count integer NOT NULL DEFAULT 0,
  lease uuid,
  leased_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  accepts_renames boolean NOT NULL DEFAULT false,
  filters jsonb NOT NULL DEFAULT '{}',
  filters_changed boolean NOT NULL DEFAULT false,
  changes_read_at timestamptz,
  whole_read_at timestamptz,
  CONSTRAINT pk_catalogue_source PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_catalogue_source_tenant_id_id FOREIGN KEY (tenant_id, id)
    REFERENCES app.node (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_catalogue_source_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id)
);
CREATE INDEX ix_catalogue_source_tenant_id_next_at
  ON app.catalogue_source (tenant_id, next_at);
CREATE INDEX ix_catalogue_source_tenant_id_organisation_id
  ON app.catalogue_source (tenant_id, organisation_id);

CREATE TABLE app.source_record (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  source_id uuid NOT NULL,
  id uuid NOT NULL,
  identifier text NOT NULL,
  digest text NOT NULL,
  missing integer NOT NULL DEFAULT 0,
  withdrawn boolean NOT NULL DEFAULT false,
  seen_run uuid,
  first_read_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  original_type text NOT NULL DEFAULT '',
  original bytea,
  same_as uuid,
  renamed_to uuid,
  publisher text NOT NULL DEFAULT '',
  filtered boolean NOT NULL DEFAULT false,
  CONSTRAINT pk_source_record PRIMARY KEY (tenant_id, source_id, id),
  CONSTRAINT fk_source_record_tenant_id_source_id FOREIGN KEY (tenant_id, source_id)
    REFERENCES app.catalogue_source (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_source_record_tenant_id_same_as
  ON app.source_record (tenant_id, same_as);

CREATE TABLE app.source_record_alias (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  source_id uuid NOT NULL,
  id uuid NOT NULL,
  record_id uuid NOT NULL,
  loose boolean NOT NULL,
  CONSTRAINT pk_source_record_alias PRIMARY KEY (tenant_id, source_id, id, record_id),
  CONSTRAINT fk_source_record_alias_tenant_id_source_id FOREIGN KEY (tenant_id, source_id)
    REFERENCES app.catalogue_source (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_source_record_alias_tenant_id_source_id_record_id
  ON app.source_record_alias (tenant_id, source_id, record_id);

CREATE TABLE app.source_run (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  source_id uuid NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  phase text NOT NULL,
  outcome text NOT NULL DEFAULT '',
  total integer NOT NULL DEFAULT 0,
  created integer NOT NULL DEFAULT 0,
  updated integer NOT NULL DEFAULT 0,
  unchanged integer NOT NULL DEFAULT 0,
  refused integer NOT NULL DEFAULT 0,
  withdrawn integer NOT NULL DEFAULT 0,
  missing integer NOT NULL DEFAULT 0,
  pages integer NOT NULL DEFAULT 0,
  size bigint NOT NULL DEFAULT 0,
  faults integer NOT NULL DEFAULT 0,
  crawl_state jsonb NOT NULL,
  actions integer NOT NULL DEFAULT 0,
  left_out integer NOT NULL DEFAULT 0,
  filtered integer NOT NULL DEFAULT 0,
  incremental boolean NOT NULL DEFAULT false,
  CONSTRAINT pk_source_run PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_source_run_tenant_id_source_id FOREIGN KEY (tenant_id, source_id)
    REFERENCES app.catalogue_source (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_source_run_tenant_id_source_id_started_at
  ON app.source_run (tenant_id, source_id, started_at);

CREATE TABLE app.source_fault (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  run_id uuid NOT NULL,
  "position" integer NOT NULL,
  identifier text NOT NULL,
  title text NOT NULL,
  level text NOT NULL,
  code text NOT NULL,
  field text NOT NULL,
  message text NOT NULL,
  remedy text NOT NULL,
  filled jsonb NOT NULL,
  about integer,
  CONSTRAINT pk_source_fault PRIMARY KEY (tenant_id, run_id, "position"),
  CONSTRAINT fk_source_fault_tenant_id_run_id FOREIGN KEY (tenant_id, run_id)
    REFERENCES app.source_run (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.source_action (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  run_id uuid NOT NULL,
  "position" integer NOT NULL,
  dataset_id uuid,
  identifier text NOT NULL,
  title text NOT NULL,
  action text NOT NULL,
  CONSTRAINT pk_source_action PRIMARY KEY (tenant_id, run_id, "position"),
  CONSTRAINT fk_source_action_tenant_id_run_id FOREIGN KEY (tenant_id, run_id)
    REFERENCES app.source_run (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.source_outline (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  run_id uuid NOT NULL,
  position integer NOT NULL,
  records bytea NOT NULL,
  CONSTRAINT pk_source_outline PRIMARY KEY (tenant_id, run_id, position),
  CONSTRAINT fk_source_outline_tenant_id_run_id FOREIGN KEY (tenant_id, run_id)
    REFERENCES app.source_run (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.source_report (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  run_id uuid NOT NULL,
  records integer NOT NULL DEFAULT 0,
  preserved bigint NOT NULL DEFAULT 0,
  changed bigint NOT NULL DEFAULT 0,
  lost bigint NOT NULL DEFAULT 0,
  fields jsonb NOT NULL,
  measures jsonb NOT NULL,
  CONSTRAINT pk_source_report PRIMARY KEY (tenant_id, run_id),
  CONSTRAINT fk_source_report_tenant_id_run_id FOREIGN KEY (tenant_id, run_id)
    REFERENCES app.source_run (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.source_feed (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  person_id uuid NOT NULL,
  CONSTRAINT pk_source_feed PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_source_feed_tenant_id_person_id UNIQUE (tenant_id, person_id),
  CONSTRAINT fk_source_feed_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);

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
  confirmed boolean NOT NULL DEFAULT false,
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

CREATE TABLE app.dataset_match (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  first_id uuid NOT NULL,
  second_id uuid NOT NULL,
  basis text NOT NULL,
  state text NOT NULL,
  proposed_at timestamptz NOT NULL,
  decided_at timestamptz,
  CONSTRAINT pk_dataset_match PRIMARY KEY (tenant_id, first_id, second_id),
  CONSTRAINT fk_dataset_match_tenant_id_first_id FOREIGN KEY (tenant_id, first_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_dataset_match_tenant_id_second_id FOREIGN KEY (tenant_id, second_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_dataset_match_tenant_id_second_id ON app.dataset_match (tenant_id, second_id);
CREATE INDEX ix_dataset_match_waiting
  ON app.dataset_match (tenant_id, proposed_at) WHERE state = 'proposed';

-- Of a source, the public sees the address, the format and whose it is.
CREATE POLICY public_read ON app.catalogue_source FOR SELECT TO udi_portal_public
  USING (tenant_id = app.current_tenant());
GRANT SELECT (tenant_id, id, organisation_id, address, format) ON app.catalogue_source
  TO udi_portal_public;
