-- People and their sessions.

CREATE TABLE app.person (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  issuer text NOT NULL,
  subject text NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  locale text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_login_at timestamptz NOT NULL DEFAULT now(),
  email_verified boolean NOT NULL DEFAULT false,
  portal_waiting integer NOT NULL DEFAULT 0,
  portal_late integer NOT NULL DEFAULT 0,
  portal_counted_at timestamptz,
  CONSTRAINT pk_person PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_person_tenant_id_issuer_subject UNIQUE (tenant_id, issuer, subject)
);

CREATE TABLE app.web_session (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  person_id uuid NOT NULL,
  token_hash bytea NOT NULL,
  sid text NOT NULL,
  id_token text NOT NULL,
  refresh_token text NOT NULL,
  moderator boolean NOT NULL,
  memberships jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  access_expires_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  confirmed_at timestamptz NOT NULL DEFAULT now(),
  level integer NOT NULL DEFAULT 0,
  authenticated_at timestamptz NOT NULL DEFAULT now(),
  provider text NOT NULL DEFAULT '',
  CONSTRAINT pk_web_session PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_web_session_tenant_id_token_hash UNIQUE (tenant_id, token_hash),
  CONSTRAINT fk_web_session_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_web_session_tenant_id_person_id
  ON app.web_session (tenant_id, person_id);
CREATE INDEX ix_web_session_tenant_id_sid ON app.web_session (tenant_id, sid);

CREATE TABLE app.used_token (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  jti text NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT pk_used_token PRIMARY KEY (tenant_id, jti)
);

CREATE TABLE app.membership (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  person_id uuid NOT NULL,
  organisation_slug text NOT NULL,
  groups text[] NOT NULL,
  CONSTRAINT pk_membership PRIMARY KEY (tenant_id, person_id, organisation_slug),
  CONSTRAINT fk_membership_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_membership_organisation_slug
  ON app.membership (tenant_id, organisation_slug);

CREATE TABLE app.account_watch (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  confirmed_at timestamptz NOT NULL,
  CONSTRAINT pk_account_watch PRIMARY KEY (tenant_id)
);
