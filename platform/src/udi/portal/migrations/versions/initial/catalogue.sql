-- Datasets, their past descriptions and links, and the change feed of the search index.

CREATE TABLE app.dataset (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  node_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  state text NOT NULL,
  access text NOT NULL,
  title text NOT NULL,
  slug text NOT NULL,
  theme text NOT NULL,
  licence text NOT NULL,
  local_id text NOT NULL,
  doi text NOT NULL,
  synopsis jsonb NOT NULL,
  keywords text[] NOT NULL,
  languages text[] NOT NULL,
  formats text[] NOT NULL,
  created_at timestamptz NOT NULL,
  modified_at timestamptz NOT NULL,
  published_at timestamptz NOT NULL,
  described_at timestamptz NOT NULL,
  period_start timestamptz,
  period_end timestamptz,
  west double precision,
  south double precision,
  east double precision,
  north double precision,
  record bytea NOT NULL,
  titles jsonb NOT NULL DEFAULT '{}',
  other_origins jsonb NOT NULL DEFAULT '[]',
  harvester_id uuid,
  unstated_dates text[] NOT NULL DEFAULT '{}',
  title_folded text NOT NULL GENERATED ALWAYS AS (lower(title)) STORED,
  CONSTRAINT pk_dataset PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_dataset_tenant_id_seq UNIQUE (tenant_id, seq),
  CONSTRAINT fk_dataset_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id)
);
CREATE INDEX ix_dataset_tenant_id_described_at_id
  ON app.dataset (tenant_id, described_at, id);
CREATE INDEX ix_dataset_tenant_id_modified_at ON app.dataset (tenant_id, modified_at);
CREATE INDEX ix_dataset_tenant_id_organisation_id
  ON app.dataset (tenant_id, organisation_id);
CREATE INDEX ix_dataset_tenant_id_published_at_id
  ON app.dataset (tenant_id, published_at, id);
CREATE UNIQUE INDEX uq_dataset_doi ON app.dataset (tenant_id, doi)
  WHERE doi <> '';
CREATE UNIQUE INDEX uq_dataset_local_id ON app.dataset (tenant_id, local_id)
  WHERE local_id <> '';
CREATE INDEX ix_dataset_title_folded ON app.dataset USING hash (title_folded);
ALTER TABLE app.dataset ALTER COLUMN record SET STORAGE EXTERNAL;

CREATE TABLE app.distribution (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  dataset_id uuid NOT NULL,
  id uuid NOT NULL,
  "position" integer NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  caption text NOT NULL,
  url text NOT NULL,
  media_type text NOT NULL,
  format text NOT NULL,
  hash_algorithm text NOT NULL,
  hash_value text NOT NULL,
  contract text NOT NULL,
  documentation text NOT NULL,
  size bigint,
  CONSTRAINT pk_distribution PRIMARY KEY (tenant_id, dataset_id, id),
  CONSTRAINT fk_distribution_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_distribution_url ON app.distribution USING hash (url);
CREATE INDEX ix_distribution_hash_value ON app.distribution USING hash (hash_value)
  WHERE hash_value <> '';

CREATE TABLE app.withdrawal (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  title text NOT NULL,
  withdrawn_at timestamptz NOT NULL,
  reason text NOT NULL DEFAULT '',
  by_team boolean NOT NULL DEFAULT false,
  CONSTRAINT pk_withdrawal PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_withdrawal_tenant_id_id FOREIGN KEY (tenant_id, id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_withdrawal_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id)
);

CREATE TABLE ops.search_change (
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  tenant_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX search_change_xid_idx ON ops.search_change (xid);

CREATE TABLE app.past_description (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  dataset_id uuid NOT NULL,
  number integer NOT NULL,
  described_at timestamptz NOT NULL,
  record bytea NOT NULL,
  CONSTRAINT pk_past_description PRIMARY KEY (tenant_id, dataset_id, number),
  CONSTRAINT fk_past_description_tenant_id_dataset_id
    FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE app.past_description ALTER COLUMN record SET STORAGE EXTERNAL;

CREATE TABLE app.link (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  url text NOT NULL,
  host text NOT NULL,
  state text NOT NULL,
  failures integer NOT NULL,
  since timestamptz,
  failing_since timestamptz,
  last_reachable timestamptz,
  checked_at timestamptz,
  public_status_at timestamptz,
  next_at timestamptz NOT NULL,
  answer text NOT NULL DEFAULT '',
  moved_to text NOT NULL DEFAULT '',
  content text NOT NULL DEFAULT '',
  size bigint,
  public_status jsonb NOT NULL DEFAULT '{}',
  status_pending boolean NOT NULL DEFAULT false,
  producer_notified boolean NOT NULL DEFAULT false,
  CONSTRAINT pk_link PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_link_amiss ON app.link (tenant_id, state)
  WHERE state NOT IN ('reachable', 'unchecked');
CREATE INDEX ix_link_failing ON app.link (tenant_id, next_at)
  WHERE failures > 0;
CREATE INDEX ix_link_producer_notified ON app.link (tenant_id)
  WHERE producer_notified;
CREATE INDEX ix_link_status_pending ON app.link (tenant_id)
  WHERE status_pending;
CREATE INDEX ix_link_tenant_id_next_at ON app.link (tenant_id, next_at);
CREATE INDEX ix_link_url ON app.link USING hash (url);

CREATE TABLE ops.link_turn (
  name text PRIMARY KEY,
  until timestamptz NOT NULL
);

GRANT INSERT ON ops.search_change TO udi_portal_app, udi_portal_worker;
GRANT SELECT ON ops.search_change TO udi_portal_public, udi_portal_worker;
GRANT DELETE ON ops.search_change TO udi_portal_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.link_turn TO udi_portal_worker;

-- Each change of what the page of a dataset shows is one line of the change feed.
CREATE FUNCTION ops.note_dataset() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO ops.search_change (tenant_id, dataset_id)
  SELECT coalesce(NEW.tenant_id, OLD.tenant_id),
    coalesce(NEW.id, OLD.id);
  NOTIFY search_change; RETURN NULL; END $$;
CREATE TRIGGER search_change AFTER INSERT OR UPDATE OR DELETE ON app.dataset
  FOR EACH ROW EXECUTE FUNCTION ops.note_dataset();

CREATE FUNCTION ops.note_distribution() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO ops.search_change (tenant_id, dataset_id)
  SELECT coalesce(NEW.tenant_id, OLD.tenant_id),
    coalesce(NEW.dataset_id, OLD.dataset_id);
  NOTIFY search_change; RETURN NULL; END $$;
CREATE TRIGGER search_change AFTER INSERT OR UPDATE OR DELETE ON app.distribution
  FOR EACH ROW EXECUTE FUNCTION ops.note_distribution();

CREATE FUNCTION ops.note_organisation() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO ops.search_change (tenant_id, dataset_id)
  SELECT tenant_id, id FROM app.dataset
  WHERE tenant_id = NEW.tenant_id AND organisation_id = NEW.id;
  NOTIFY search_change; RETURN NULL; END $$;
CREATE TRIGGER search_change AFTER UPDATE ON app.organisation
  FOR EACH ROW EXECUTE FUNCTION ops.note_organisation();
