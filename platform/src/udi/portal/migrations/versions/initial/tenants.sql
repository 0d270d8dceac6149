-- What is counted of budgets of requests, and versions of the files of a territory; their contents once each, by sha256.

CREATE TABLE app.spent_budget (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  policy varchar NOT NULL,
  subject varchar NOT NULL,
  begins_at timestamptz NOT NULL,
  used integer NOT NULL,
  CONSTRAINT pk_spent_budget PRIMARY KEY (tenant_id, policy, subject, begins_at)
);
CREATE INDEX ix_spent_budget_tenant_id_begins_at
  ON app.spent_budget (tenant_id, begins_at);

CREATE TABLE app.territory_version (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  number integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  author_id uuid,
  origin text NOT NULL,
  note text NOT NULL DEFAULT '',
  manifest jsonb NOT NULL,
  base integer,
  restored integer,
  CONSTRAINT pk_territory_version PRIMARY KEY (tenant_id, number)
);

CREATE TABLE app.territory_file (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  sha256 text NOT NULL,
  content bytea NOT NULL,
  CONSTRAINT pk_territory_file PRIMARY KEY (tenant_id, sha256)
);

CREATE TABLE app.published_file (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  path text NOT NULL,
  sha256 text NOT NULL,
  CONSTRAINT pk_published_file PRIMARY KEY (tenant_id, path),
  CONSTRAINT fk_published_file_tenant_id FOREIGN KEY (tenant_id, sha256)
    REFERENCES app.territory_file (tenant_id, sha256)
);
CREATE INDEX ix_published_file_tenant_id_sha256
  ON app.published_file (tenant_id, sha256);

CREATE TABLE app.territory_draft (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  base integer NOT NULL,
  manifest jsonb NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  author_id uuid,
  CONSTRAINT pk_territory_draft PRIMARY KEY (tenant_id)
);

ALTER TABLE platform.territory ADD COLUMN site jsonb NOT NULL DEFAULT '{}';

-- The team publishes on pages what is its territory's; hosts, links, languages and the state stay the owner's.
ALTER TABLE platform.territory ENABLE ROW LEVEL SECURITY;
CREATE POLICY read_all ON platform.territory FOR SELECT USING (true);
CREATE POLICY publish_own ON platform.territory FOR UPDATE TO udi_portal_app
  USING (id = app.current_tenant()) WITH CHECK (id = app.current_tenant());
GRANT UPDATE (
  name, tagline, contact, privacy_contact, box, time_zone, mail_sender, theme, theme_css, charter, legal, logo,
  search, vocabularies, fingerprint, applied_at, site
) ON platform.territory TO udi_portal_app;
