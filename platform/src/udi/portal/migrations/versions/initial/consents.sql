-- Notices of projects, consents of people, and what changed of them, which names nobody.

CREATE TABLE app.notice_version (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  project_id uuid NOT NULL,
  version integer NOT NULL,
  document jsonb NOT NULL,
  sha256 text NOT NULL,
  state text NOT NULL,
  reason text NOT NULL DEFAULT '',
  author_id uuid,
  submitted_at timestamptz NOT NULL,
  decided_at timestamptz,
  given integer NOT NULL DEFAULT 0,
  stopped integer NOT NULL DEFAULT 0,
  stopped_at timestamptz,
  CONSTRAINT pk_notice_version PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_notice_version_tenant_id_agreement_id FOREIGN KEY (tenant_id, agreement_id)
    REFERENCES app.access_agreement (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_notice_version_tenant_id_author_id FOREIGN KEY (tenant_id, author_id)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (author_id)
);
CREATE UNIQUE INDEX ix_notice_version_tenant_id_agreement_id_version
  ON app.notice_version (tenant_id, agreement_id, version);
CREATE INDEX ix_notice_version_tenant_id_organisation_id_state
  ON app.notice_version (tenant_id, organisation_id, state);
CREATE INDEX ix_notice_version_tenant_id_author_id ON app.notice_version (tenant_id, author_id);

CREATE TABLE app.consent (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  notice_id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  node_id uuid NOT NULL,
  person_id uuid NOT NULL,
  recipient_reference uuid NOT NULL,
  state text NOT NULL,
  answered_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  replaced_by uuid,
  receipt text NOT NULL DEFAULT '',
  revision bigint NOT NULL DEFAULT 0,
  delivered bigint NOT NULL DEFAULT 0,
  delivered_at timestamptz,
  link_tickets integer NOT NULL DEFAULT 0,
  link_ticket_at timestamptz,
  reminded_at timestamptz,
  CONSTRAINT pk_consent PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_consent_tenant_id_notice_id FOREIGN KEY (tenant_id, notice_id)
    REFERENCES app.notice_version (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_consent_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_consent_tenant_id_notice_id ON app.consent (tenant_id, notice_id);
CREATE INDEX ix_consent_tenant_id_person_id ON app.consent (tenant_id, person_id);
CREATE INDEX ix_consent_tenant_id_node_id_revision ON app.consent (tenant_id, node_id, revision);
CREATE INDEX ix_consent_tenant_id_state_expires_at ON app.consent (tenant_id, state, expires_at);
CREATE UNIQUE INDEX uq_consent_given ON app.consent (tenant_id, agreement_id, person_id) WHERE state = 'given';
CREATE INDEX ix_consent_unconfirmed ON app.consent (tenant_id, node_id) WHERE delivered < revision;

CREATE TABLE app.consent_change (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  notice_id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  revision bigint NOT NULL,
  state text NOT NULL,
  changed_at timestamptz NOT NULL,
  CONSTRAINT pk_consent_change PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_consent_change_tenant_id_notice_id FOREIGN KEY (tenant_id, notice_id)
    REFERENCES app.notice_version (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_consent_change_tenant_id_notice_id_revision
  ON app.consent_change (tenant_id, notice_id, revision);
CREATE INDEX ix_consent_change_tenant_id_changed_at ON app.consent_change (tenant_id, changed_at);
