-- Agreements that the portal sent, their credentials and uses.

CREATE TABLE app.held_agreement (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  document text NOT NULL,
  sha256 text NOT NULL,
  status text NOT NULL,
  revision bigint NOT NULL,
  state text NOT NULL,
  ends_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_held_agreement PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_held_agreement_dataset ON app.held_agreement (tenant_id, dataset_id);

CREATE TABLE app.held_credential (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  credential_id uuid NOT NULL,
  sha256 text NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT pk_held_credential PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_held_credential_tenant_id_agreement_id
    FOREIGN KEY (tenant_id, agreement_id)
    REFERENCES app.held_agreement (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_held_credential_agreement
  ON app.held_credential (tenant_id, agreement_id);
CREATE INDEX ix_held_credential_sha256 ON app.held_credential (tenant_id, sha256);

CREATE TABLE app.agreement_use (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  credential_id uuid,
  kind text NOT NULL,
  outcome text NOT NULL DEFAULT 'allowed',
  bytes bigint NOT NULL DEFAULT '0',
  times integer NOT NULL DEFAULT 1,
  happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  checked_at timestamptz,
  ended_at timestamptz,
  CONSTRAINT pk_agreement_use PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_agreement_use_agreement
  ON app.agreement_use (tenant_id, agreement_id, happened_at);
CREATE INDEX ix_agreement_use_dataset
  ON app.agreement_use (tenant_id, dataset_id, happened_at);
CREATE INDEX ix_agreement_use_happened ON app.agreement_use (tenant_id, happened_at);

CREATE TABLE app.agreement_cursor (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  revision bigint NOT NULL DEFAULT '0',
  tried_at timestamptz,
  answered_at timestamptz,
  failed_at timestamptz,
  uses_reported_until timestamptz,
  consents_fresh_until timestamptz,
  CONSTRAINT pk_agreement_cursor PRIMARY KEY (tenant_id)
);

CREATE TABLE app.person_column (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  dataset_id uuid NOT NULL,
  name text NOT NULL,
  codes_are_secret boolean NOT NULL DEFAULT false,
  changed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_person_column PRIMARY KEY (tenant_id, dataset_id),
  CONSTRAINT fk_person_column_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.held_consent (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  document text NOT NULL,
  revision bigint NOT NULL,
  state text NOT NULL,
  expires_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_held_consent PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_held_consent_agreement ON app.held_consent (tenant_id, agreement_id, state);
CREATE INDEX ix_held_consent_dataset ON app.held_consent (tenant_id, dataset_id);

CREATE TABLE app.consent_link (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  code text NOT NULL,
  code_digest text NOT NULL,
  state text NOT NULL,
  attempts integer NOT NULL DEFAULT 1,
  brought_at timestamptz NOT NULL DEFAULT now(),
  column_name text NOT NULL DEFAULT '',
  CONSTRAINT pk_consent_link PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_consent_link_tenant_id_id FOREIGN KEY (tenant_id, id)
    REFERENCES app.held_consent (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_consent_link_dataset ON app.consent_link (tenant_id, dataset_id, state);
CREATE INDEX ix_consent_link_digest ON app.consent_link (tenant_id, code_digest);
