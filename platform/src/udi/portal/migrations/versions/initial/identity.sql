-- People, their sessions and tokens.

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
  left_at timestamptz,
  checked_at timestamptz,
  inbox_visited_at timestamptz,
  mail_refused_at timestamptz,
  deletion_requested_at timestamptz,
  node_used_on date,
  unused_warned_at timestamptz,
  unused_warned_again_at timestamptz,
  unused_reported_at timestamptz,
  unused_warned_hash text NOT NULL DEFAULT '',
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

CREATE TABLE app.api_token (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  person_id uuid NOT NULL,
  name text NOT NULL,
  token_hash bytea NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  last_used_at timestamptz,
  revoked_at timestamptz,
  CONSTRAINT pk_api_token PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_api_token_tenant_id_token_hash UNIQUE (tenant_id, token_hash),
  CONSTRAINT fk_api_token_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_api_token_tenant_id_person_id ON app.api_token (tenant_id, person_id);

CREATE TABLE app.account_watch (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  confirmed_at timestamptz NOT NULL,
  CONSTRAINT pk_account_watch PRIMARY KEY (tenant_id)
);

CREATE TABLE app.watched_account (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  subject text NOT NULL,
  requested_at timestamptz NOT NULL,
  checked_at timestamptz,
  gone boolean NOT NULL DEFAULT false,
  memberships jsonb NOT NULL DEFAULT '{}',
  node_used_on date,
  CONSTRAINT pk_watched_account PRIMARY KEY (tenant_id, subject)
);

CREATE TABLE app.inbox_claim (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  kind text NOT NULL,
  item_id uuid NOT NULL,
  person_id uuid NOT NULL,
  claimed_at timestamptz NOT NULL,
  CONSTRAINT pk_inbox_claim PRIMARY KEY (tenant_id, kind, item_id),
  CONSTRAINT fk_inbox_claim_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_inbox_claim_tenant_id_person_id
  ON app.inbox_claim (tenant_id, person_id);

CREATE TABLE app.provider_grant (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  subject text NOT NULL,
  organisation_slug text NOT NULL,
  group_name text NOT NULL,
  joined boolean NOT NULL,
  confirmed_at timestamptz NOT NULL,
  rules_digest text NOT NULL,
  CONSTRAINT pk_provider_grant
    PRIMARY KEY (tenant_id, subject, organisation_slug, group_name)
);

CREATE TABLE app.erased_account (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  digest text NOT NULL,
  erased_at timestamptz NOT NULL,
  CONSTRAINT pk_erased_account PRIMARY KEY (tenant_id, digest)
);
