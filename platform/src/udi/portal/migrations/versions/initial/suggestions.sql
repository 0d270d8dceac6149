-- Interests that people declare, and messages between them.

CREATE TABLE app.suggestion_choice (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  person_id uuid,
  organisation_id uuid,
  enabled boolean NOT NULL,
  decided_at timestamptz NOT NULL,
  CONSTRAINT pk_suggestion_choice PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_suggestion_choice_tenant_id_organisation_id
    UNIQUE (tenant_id, organisation_id),
  CONSTRAINT uq_suggestion_choice_tenant_id_person_id UNIQUE (tenant_id, person_id),
  CONSTRAINT fk_suggestion_choice_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_suggestion_choice_tenant_id_person_id
    FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.declared_interest (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  choice_id uuid NOT NULL,
  person_id uuid,
  organisation_id uuid,
  language text NOT NULL,
  looks_for text NOT NULL DEFAULT '',
  has text NOT NULL DEFAULT '',
  themes text[] NOT NULL DEFAULT '{}',
  offers text[] NOT NULL DEFAULT '{}',
  seeks text[] NOT NULL DEFAULT '{}',
  discoverable boolean NOT NULL DEFAULT false,
  name text NOT NULL DEFAULT '',
  mailed boolean NOT NULL DEFAULT false,
  notified_until timestamptz NOT NULL,
  declared_at timestamptz NOT NULL,
  CONSTRAINT pk_declared_interest PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_declared_interest_tenant_id_choice_id UNIQUE (tenant_id, choice_id),
  CONSTRAINT fk_declared_interest_tenant_id_choice_id
    FOREIGN KEY (tenant_id, choice_id)
    REFERENCES app.suggestion_choice (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_declared_interest_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_declared_interest_tenant_id_person_id
    FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_declared_interest_discoverable
  ON app.declared_interest (tenant_id, declared_at)
  WHERE discoverable;
CREATE INDEX ix_declared_interest_tenant_id_organisation_id
  ON app.declared_interest (tenant_id, organisation_id);
CREATE INDEX ix_declared_interest_tenant_id_person_id
  ON app.declared_interest (tenant_id, person_id);

CREATE TABLE app.suggestion_mark (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  interest_id uuid NOT NULL,
  thing text NOT NULL,
  thing_id uuid NOT NULL,
  mark text NOT NULL,
  other_id uuid,
  marked_at timestamptz NOT NULL,
  CONSTRAINT pk_suggestion_mark PRIMARY KEY (tenant_id, interest_id, thing, thing_id),
  CONSTRAINT fk_suggestion_mark_tenant_id_interest_id
    FOREIGN KEY (tenant_id, interest_id)
    REFERENCES app.declared_interest (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_suggestion_mark_tenant_id_other_id FOREIGN KEY (tenant_id, other_id)
    REFERENCES app.declared_interest (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_suggestion_mark_tenant_id_other_id
  ON app.suggestion_mark (tenant_id, other_id);

CREATE TABLE app.suggestion_message (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  interest_id uuid NOT NULL,
  to_id uuid NOT NULL,
  person_id uuid NOT NULL,
  words text NOT NULL,
  written_at timestamptz NOT NULL,
  sent_at timestamptz,
  CONSTRAINT pk_suggestion_message PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_suggestion_message_tenant_id_interest_id
    FOREIGN KEY (tenant_id, interest_id)
    REFERENCES app.declared_interest (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_suggestion_message_tenant_id_person_id
    FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_suggestion_message_tenant_id_to_id FOREIGN KEY (tenant_id, to_id)
    REFERENCES app.declared_interest (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_suggestion_message_tenant_id_interest_id_written_at
  ON app.suggestion_message (tenant_id, interest_id, written_at);
CREATE INDEX ix_suggestion_message_tenant_id_person_id
  ON app.suggestion_message (tenant_id, person_id);
CREATE INDEX ix_suggestion_message_tenant_id_to_id
  ON app.suggestion_message (tenant_id, to_id);

-- Pages see the rows of their person or of an organisation; of others, what is
-- discoverable. The address in a mail holds an identifier that only its owner knows.
CREATE POLICY own_rows ON app.suggestion_choice AS RESTRICTIVE TO udi_portal_app
  USING (tenant_id = app.current_tenant() AND (person_id IS NULL
    OR person_id = app.current_person() OR app.current_person() IS NULL))
  WITH CHECK (tenant_id = app.current_tenant() AND (person_id IS NULL
    OR person_id = app.current_person() OR app.current_person() IS NULL));
CREATE POLICY own_rows ON app.suggestion_mark AS RESTRICTIVE TO udi_portal_app
  USING (tenant_id = app.current_tenant() AND EXISTS (
    SELECT 1 FROM app.declared_interest AS i
    WHERE i.tenant_id = suggestion_mark.tenant_id
    AND i.id = suggestion_mark.interest_id
    AND (i.person_id IS NULL OR i.person_id = app.current_person())))
  WITH CHECK (tenant_id = app.current_tenant() AND EXISTS (
    SELECT 1 FROM app.declared_interest AS i
    WHERE i.tenant_id = suggestion_mark.tenant_id
    AND i.id = suggestion_mark.interest_id
    AND (i.person_id IS NULL OR i.person_id = app.current_person())));
CREATE POLICY own_rows ON app.suggestion_message AS RESTRICTIVE TO udi_portal_app
  USING (tenant_id = app.current_tenant() AND (person_id IS NULL
    OR person_id = app.current_person() OR app.current_person() IS NULL))
  WITH CHECK (tenant_id = app.current_tenant() AND (person_id IS NULL
    OR person_id = app.current_person() OR app.current_person() IS NULL));
CREATE POLICY own_rows_read ON app.declared_interest
  AS RESTRICTIVE FOR SELECT TO udi_portal_app
  USING (tenant_id = app.current_tenant() AND ((person_id IS NULL
    OR person_id = app.current_person() OR app.current_person() IS NULL)
    OR discoverable));
CREATE POLICY own_rows_insert ON app.declared_interest
  AS RESTRICTIVE FOR INSERT TO udi_portal_app
  WITH CHECK (tenant_id = app.current_tenant() AND (person_id IS NULL
    OR person_id = app.current_person() OR app.current_person() IS NULL));
CREATE POLICY own_rows_update ON app.declared_interest
  AS RESTRICTIVE FOR UPDATE TO udi_portal_app
  USING (tenant_id = app.current_tenant() AND (person_id IS NULL
    OR person_id = app.current_person() OR app.current_person() IS NULL))
  WITH CHECK (tenant_id = app.current_tenant() AND (person_id IS NULL
    OR person_id = app.current_person() OR app.current_person() IS NULL));
CREATE POLICY own_rows_delete ON app.declared_interest
  AS RESTRICTIVE FOR DELETE TO udi_portal_app
  USING (tenant_id = app.current_tenant() AND (person_id IS NULL
    OR person_id = app.current_person() OR app.current_person() IS NULL));
