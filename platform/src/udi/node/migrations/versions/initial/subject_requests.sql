-- Requests about one's own data: who asked, what was written, the files, and who learns of it; words and files are sealed.

CREATE TABLE app.subject_person (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  issuer text NOT NULL,
  subject text NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  email_verified boolean NOT NULL DEFAULT false,
  locale text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_login_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_subject_person PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_subject_person_tenant_id_issuer_subject UNIQUE (tenant_id, issuer, subject)
);

CREATE TABLE app.subject_session (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  token_hash bytea NOT NULL,
  person_id uuid NOT NULL,
  sid text NOT NULL,
  moderator boolean NOT NULL,
  memberships jsonb NOT NULL,
  id_token text NOT NULL,
  refresh_token text NOT NULL,
  access_expires_at timestamptz NOT NULL,
  confirmed_at timestamptz NOT NULL DEFAULT now(),
  level integer NOT NULL DEFAULT 0,
  authenticated_at timestamptz NOT NULL DEFAULT now(),
  provider text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT pk_subject_session PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_subject_session_tenant_id_token_hash UNIQUE (tenant_id, token_hash),
  CONSTRAINT fk_subject_session_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.subject_person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_subject_session_tenant_id_person_id
  ON app.subject_session (tenant_id, person_id);
CREATE INDEX ix_subject_session_tenant_id_sid ON app.subject_session (tenant_id, sid);

CREATE TABLE app.subject_ticket (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  token_hash bytea NOT NULL,
  producer text NOT NULL,
  "right" text NOT NULL,
  number text NOT NULL,
  country text NOT NULL,
  time_zone text NOT NULL,
  language text NOT NULL,
  officer boolean NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT pk_subject_ticket PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_subject_ticket_tenant_id_token_hash UNIQUE (tenant_id, token_hash)
);

CREATE TABLE app.subject_request (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  subject_id uuid,
  channel text NOT NULL,
  number text NOT NULL,
  "right" text NOT NULL,
  state text NOT NULL,
  language text NOT NULL,
  country text NOT NULL,
  time_zone text NOT NULL,
  officer boolean NOT NULL,
  received_at timestamptz NOT NULL,
  received_on date NOT NULL,
  due_on date NOT NULL,
  moved_at timestamptz NOT NULL,
  decided_at timestamptz,
  decided_by uuid,
  ended_at timestamptz,
  destroyed_at timestamptz,
  extended boolean NOT NULL DEFAULT false,
  identity_requests integer NOT NULL DEFAULT 0,
  escalated boolean NOT NULL DEFAULT false,
  was_late boolean NOT NULL DEFAULT false,
  legal_hold boolean NOT NULL DEFAULT false,
  news boolean NOT NULL DEFAULT false,
  concerns text NOT NULL,
  known_by text NOT NULL,
  words text NOT NULL,
  person_name text NOT NULL,
  person_contact text NOT NULL,
  confirmation text NOT NULL,
  sequence integer NOT NULL DEFAULT 1,
  reported_sequence integer NOT NULL DEFAULT 0,
  report_state text NOT NULL DEFAULT 'pending',
  report_tries integer NOT NULL DEFAULT 0,
  report_after timestamptz NOT NULL,
  reminded_due_on date,
  reminded_days integer,
  CONSTRAINT pk_subject_request PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_subject_request_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id),
  CONSTRAINT fk_subject_request_tenant_id_subject_id FOREIGN KEY (tenant_id, subject_id)
    REFERENCES app.subject_person (tenant_id, id)
);
CREATE INDEX ix_subject_request_space ON app.subject_request (tenant_id, space_id, due_on);
CREATE INDEX ix_subject_request_subject ON app.subject_request (tenant_id, subject_id);

CREATE TABLE app.subject_request_entry (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  request_id uuid NOT NULL,
  subject_id uuid,
  kind text NOT NULL,
  role text NOT NULL,
  person_id uuid,
  happened_at timestamptz NOT NULL,
  content text NOT NULL,
  CONSTRAINT pk_subject_request_entry PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_subject_request_entry_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id),
  CONSTRAINT fk_subject_request_entry_tenant_id_request_id FOREIGN KEY (tenant_id, request_id)
    REFERENCES app.subject_request (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_subject_request_entry_request
  ON app.subject_request_entry (tenant_id, request_id);

CREATE TABLE app.subject_file (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  request_id uuid NOT NULL,
  subject_id uuid,
  entry_id uuid,
  role text NOT NULL,
  name text NOT NULL,
  columns text NOT NULL,
  key text NOT NULL,
  media_type text NOT NULL,
  size integer NOT NULL,
  content bytea NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT pk_subject_file PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_subject_file_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id),
  CONSTRAINT fk_subject_file_tenant_id_request_id FOREIGN KEY (tenant_id, request_id)
    REFERENCES app.subject_request (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_subject_file_tenant_id_entry_id FOREIGN KEY (tenant_id, entry_id)
    REFERENCES app.subject_request_entry (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_subject_file_request ON app.subject_file (tenant_id, request_id);

CREATE TABLE app.subject_request_settings (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  officer_email text NOT NULL DEFAULT '',
  CONSTRAINT pk_subject_request_settings PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_subject_request_settings_tenant_id_id FOREIGN KEY (tenant_id, id)
    REFERENCES app.space (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.lender (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  subject_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  attempted_at timestamptz NOT NULL,
  stopped_at timestamptz,
  reported_at timestamptz,
  CONSTRAINT pk_lender PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_lender_tenant_id_subject_id FOREIGN KEY (tenant_id, subject_id)
    REFERENCES app.subject_person (tenant_id, id)
);
CREATE INDEX ix_lender_tenant_id_subject_id ON app.lender (tenant_id, subject_id);
CREATE INDEX ix_lender_unreported ON app.lender (tenant_id, stopped_at) WHERE reported_at IS NULL;

CREATE TABLE app.recipient_notice (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  request_id uuid NOT NULL,
  subject_id uuid,
  agreement_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  version integer NOT NULL,
  change text NOT NULL,
  noticed_on date NOT NULL,
  state text NOT NULL,
  report_after timestamptz NOT NULL,
  CONSTRAINT pk_recipient_notice PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_recipient_notice_agreement UNIQUE (tenant_id, request_id, agreement_id),
  CONSTRAINT fk_recipient_notice_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id),
  CONSTRAINT fk_recipient_notice_tenant_id_request_id FOREIGN KEY (tenant_id, request_id)
    REFERENCES app.subject_request (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_recipient_notice_open ON app.recipient_notice (tenant_id, report_after)
  WHERE state IN ('', 'waiting');
