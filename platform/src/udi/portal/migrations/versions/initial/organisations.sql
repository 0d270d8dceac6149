-- Organisations, applications and entries of members.

CREATE TABLE app.organisation (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  slug text NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  url text NOT NULL,
  address text NOT NULL,
  summary jsonb NOT NULL,
  producer boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  country text NOT NULL DEFAULT '',
  registry_number text NOT NULL DEFAULT '',
  kind text NOT NULL DEFAULT '',
  unclaimed boolean NOT NULL DEFAULT false,
  CONSTRAINT pk_organisation PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_organisation_tenant_id_slug UNIQUE (tenant_id, slug)
);

CREATE TABLE app.former_slug (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  slug text NOT NULL,
  organisation_id uuid NOT NULL,
  CONSTRAINT pk_former_slug PRIMARY KEY (tenant_id, slug),
  CONSTRAINT fk_former_slug_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_former_slug_tenant_id_organisation_id
  ON app.former_slug (tenant_id, organisation_id);

CREATE TABLE app.application (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  person_id uuid NOT NULL,
  language text NOT NULL,
  state text NOT NULL,
  revision integer NOT NULL,
  name text NOT NULL,
  country text NOT NULL,
  registry_number text NOT NULL,
  email text NOT NULL,
  url text NOT NULL,
  choice text NOT NULL,
  words text NOT NULL DEFAULT '',
  submitted_at timestamptz NOT NULL,
  decided_by uuid,
  decided_at timestamptz,
  organisation_id uuid,
  space_ready_at timestamptz,
  kind text NOT NULL DEFAULT '',
  claims_id uuid,
  CONSTRAINT pk_application PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_application_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_application_tenant_id_person_id
  ON app.application (tenant_id, person_id);
CREATE INDEX ix_application_tenant_id_state_submitted_at
  ON app.application (tenant_id, state, submitted_at);

CREATE TABLE app.member_change (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  organisation_id uuid,
  person_id uuid NOT NULL,
  groups text[] NOT NULL,
  leaves boolean NOT NULL,
  requested_by uuid,
  requested_at timestamptz NOT NULL,
  done_at timestamptz,
  failure text NOT NULL DEFAULT '',
  CONSTRAINT pk_member_change PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_member_change_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_member_change_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_member_change_waiting ON app.member_change (tenant_id, organisation_id)
  WHERE done_at IS NULL;

CREATE TABLE app.entry (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  organisation_id uuid,
  stage text NOT NULL,
  person_id uuid,
  email text NOT NULL DEFAULT '',
  groups text[] NOT NULL,
  language text NOT NULL,
  words text NOT NULL DEFAULT '',
  started_by uuid,
  started_at timestamptz NOT NULL,
  answered_at timestamptz,
  expires_at timestamptz,
  CONSTRAINT pk_entry PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_entry_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_entry_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_entry_tenant_id_email ON app.entry (tenant_id, email);
CREATE INDEX ix_entry_tenant_id_organisation_id_stage
  ON app.entry (tenant_id, organisation_id, stage);
CREATE INDEX ix_entry_tenant_id_person_id ON app.entry (tenant_id, person_id);
