-- Calls for projects, submissions and juries.

CREATE TABLE app.call (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  organisation_id uuid,
  title text NOT NULL,
  summary text NOT NULL,
  words text NOT NULL,
  language text NOT NULL,
  state text NOT NULL,
  closes_at timestamptz NOT NULL,
  results_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  opened_at timestamptz,
  published_at timestamptz,
  translations jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT pk_call PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_call_tenant_id_organisation_id FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id)
);
CREATE INDEX ix_call_tenant_id_opened_at_id ON app.call (tenant_id, opened_at, id);

CREATE TABLE app.call_criterion (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  call_id uuid NOT NULL,
  "position" integer NOT NULL,
  label text NOT NULL,
  points integer NOT NULL,
  labels jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT pk_call_criterion PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_call_criterion_tenant_id_call_id FOREIGN KEY (tenant_id, call_id)
    REFERENCES app.call (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_call_criterion_tenant_id_call_id_position
  ON app.call_criterion (tenant_id, call_id, "position");

CREATE TABLE app.call_dataset (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  call_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  CONSTRAINT pk_call_dataset PRIMARY KEY (tenant_id, call_id, dataset_id),
  CONSTRAINT fk_call_dataset_tenant_id_call_id FOREIGN KEY (tenant_id, call_id)
    REFERENCES app.call (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_call_dataset_tenant_id_dataset_id FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_call_dataset_tenant_id_dataset_id
  ON app.call_dataset (tenant_id, dataset_id);

CREATE TABLE app.call_question (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  call_id uuid NOT NULL,
  person_id uuid,
  question text NOT NULL,
  submitted_at timestamptz NOT NULL,
  answer text NOT NULL DEFAULT '',
  answered_at timestamptz,
  CONSTRAINT pk_call_question PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_call_question_tenant_id_call_id FOREIGN KEY (tenant_id, call_id)
    REFERENCES app.call (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_call_question_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (person_id)
);
CREATE INDEX ix_call_question_tenant_id_call_id_submitted_at
  ON app.call_question (tenant_id, call_id, submitted_at);

CREATE TABLE app.submission (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  call_id uuid NOT NULL,
  project_id uuid NOT NULL,
  person_id uuid,
  title text NOT NULL,
  summary text NOT NULL,
  words text NOT NULL,
  answer text NOT NULL,
  sent_at timestamptz NOT NULL,
  laureate boolean,
  reason text NOT NULL DEFAULT '',
  total double precision,
  translations jsonb NOT NULL DEFAULT '{}',
  language text NOT NULL DEFAULT '',
  CONSTRAINT pk_submission PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_submission_tenant_id_call_id_project_id
    UNIQUE (tenant_id, call_id, project_id),
  CONSTRAINT fk_submission_tenant_id_call_id FOREIGN KEY (tenant_id, call_id)
    REFERENCES app.call (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_submission_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (person_id),
  CONSTRAINT fk_submission_tenant_id_project_id FOREIGN KEY (tenant_id, project_id)
    REFERENCES app.project (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_submission_tenant_id_person_id ON app.submission (tenant_id, person_id);
CREATE INDEX ix_submission_tenant_id_project_id
  ON app.submission (tenant_id, project_id);

CREATE TABLE app.juror (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  call_id uuid NOT NULL,
  email text NOT NULL,
  named_at timestamptz NOT NULL,
  declared_at timestamptz,
  CONSTRAINT pk_juror PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_juror_tenant_id_call_id_email UNIQUE (tenant_id, call_id, email),
  CONSTRAINT fk_juror_tenant_id_call_id FOREIGN KEY (tenant_id, call_id)
    REFERENCES app.call (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_juror_tenant_id_email ON app.juror (tenant_id, email);

CREATE TABLE app.conflict (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  juror_id uuid NOT NULL,
  submission_id uuid NOT NULL,
  words text NOT NULL,
  CONSTRAINT pk_conflict PRIMARY KEY (tenant_id, juror_id, submission_id),
  CONSTRAINT fk_conflict_tenant_id_juror_id FOREIGN KEY (tenant_id, juror_id)
    REFERENCES app.juror (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_conflict_tenant_id_submission_id FOREIGN KEY (tenant_id, submission_id)
    REFERENCES app.submission (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_conflict_tenant_id_submission_id
  ON app.conflict (tenant_id, submission_id);

CREATE TABLE app.score (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  juror_id uuid NOT NULL,
  submission_id uuid NOT NULL,
  criterion_id uuid NOT NULL,
  points integer NOT NULL,
  reason text NOT NULL,
  CONSTRAINT pk_score PRIMARY KEY (tenant_id, juror_id, submission_id, criterion_id),
  CONSTRAINT fk_score_tenant_id_criterion_id FOREIGN KEY (tenant_id, criterion_id)
    REFERENCES app.call_criterion (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_score_tenant_id_juror_id FOREIGN KEY (tenant_id, juror_id)
    REFERENCES app.juror (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_score_tenant_id_submission_id FOREIGN KEY (tenant_id, submission_id)
    REFERENCES app.submission (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_score_tenant_id_criterion_id ON app.score (tenant_id, criterion_id);
CREATE INDEX ix_score_tenant_id_submission_id ON app.score (tenant_id, submission_id);
