-- Projects, the datasets they use, their teams and pictures.

CREATE TABLE app.project (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  title text NOT NULL,
  summary text NOT NULL,
  words text NOT NULL DEFAULT '',
  language text NOT NULL,
  state text NOT NULL,
  confidential boolean NOT NULL,
  leader_id uuid,
  leader_name text NOT NULL DEFAULT '',
  organisation_id uuid,
  requester text NOT NULL,
  reporter_id uuid,
  purpose text NOT NULL DEFAULT '',
  audience text[] NOT NULL DEFAULT '{}',
  scale text NOT NULL DEFAULT '',
  support text[] NOT NULL DEFAULT '{}',
  url text NOT NULL DEFAULT '',
  impact text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  published_at timestamptz,
  hidden_at timestamptz,
  hidden_by uuid,
  hidden_reason text NOT NULL DEFAULT '',
  revision integer NOT NULL,
  translations jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT pk_project PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_project_tenant_id_leader_id FOREIGN KEY (tenant_id, leader_id)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (leader_id),
  CONSTRAINT fk_project_tenant_id_organisation_id
    FOREIGN KEY (tenant_id, organisation_id)
    REFERENCES app.organisation (tenant_id, id),
  CONSTRAINT fk_project_tenant_id_reporter_id FOREIGN KEY (tenant_id, reporter_id)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (reporter_id)
);
CREATE INDEX ix_project_listed ON app.project (tenant_id, published_at, id)
  WHERE NOT confidential AND hidden_at IS NULL;
CREATE INDEX ix_project_tenant_id_leader_id ON app.project (tenant_id, leader_id);
CREATE INDEX ix_project_tenant_id_organisation_id
  ON app.project (tenant_id, organisation_id);
CREATE INDEX ix_project_tenant_id_reporter_id ON app.project (tenant_id, reporter_id);

CREATE TABLE app.project_dataset (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  project_id uuid NOT NULL,
  dataset_id uuid NOT NULL,
  added_at timestamptz NOT NULL,
  thanked boolean NOT NULL DEFAULT false,
  thanked_at timestamptz,
  CONSTRAINT pk_project_dataset PRIMARY KEY (tenant_id, project_id, dataset_id),
  CONSTRAINT fk_project_dataset_tenant_id_dataset_id
    FOREIGN KEY (tenant_id, dataset_id)
    REFERENCES app.dataset (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_project_dataset_tenant_id_project_id
    FOREIGN KEY (tenant_id, project_id)
    REFERENCES app.project (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_project_dataset_tenant_id_dataset_id
  ON app.project_dataset (tenant_id, dataset_id);

CREATE TABLE app.project_member (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  project_id uuid NOT NULL,
  person_id uuid,
  email text NOT NULL DEFAULT '',
  "right" text NOT NULL,
  stage text NOT NULL,
  started_by uuid,
  started_at timestamptz NOT NULL,
  answered_at timestamptz,
  CONSTRAINT pk_project_member PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_project_member_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE SET NULL (person_id),
  CONSTRAINT fk_project_member_tenant_id_project_id FOREIGN KEY (tenant_id, project_id)
    REFERENCES app.project (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_project_member_tenant_id_email ON app.project_member (tenant_id, email);
CREATE INDEX ix_project_member_tenant_id_person_id
  ON app.project_member (tenant_id, person_id);
CREATE INDEX ix_project_member_tenant_id_project_id_stage
  ON app.project_member (tenant_id, project_id, stage);

CREATE TABLE app.project_picture (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  project_id uuid NOT NULL,
  "position" integer NOT NULL,
  alternative text NOT NULL,
  width integer NOT NULL,
  height integer NOT NULL,
  content bytea NOT NULL,
  small_width integer NOT NULL,
  small_height integer NOT NULL,
  small bytea NOT NULL,
  added_at timestamptz NOT NULL,
  language text NOT NULL DEFAULT '',
  translations jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT pk_project_picture PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_project_picture_tenant_id_project_id
    FOREIGN KEY (tenant_id, project_id)
    REFERENCES app.project (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_project_picture_tenant_id_project_id_position
  ON app.project_picture (tenant_id, project_id, "position");

-- Whether the person of the transaction sees a confidential project of another leader.
CREATE FUNCTION app.sees_project(project uuid)
  RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT
    coalesce(project = nullif(current_setting('app.project', true), '')::uuid, false)
    OR EXISTS (
    SELECT 1 FROM app.project_member AS m
    WHERE m.tenant_id = app.current_tenant() AND m.project_id = project AND (
      (m.stage = 'joined' AND m.person_id = app.current_person())
      OR (m.stage = 'invited' AND m.email = (
        SELECT lower(p.email) FROM app.person AS p
        WHERE p.tenant_id = app.current_tenant()
          AND p.id = app.current_person() AND p.email_verified))))
$$;

CREATE POLICY own_projects ON app.project AS RESTRICTIVE TO udi_portal_app
  USING (tenant_id = app.current_tenant() AND (NOT confidential
    OR leader_id = app.current_person() OR app.sees_project(id)))
  WITH CHECK (tenant_id = app.current_tenant() AND (NOT confidential
    OR leader_id = app.current_person() OR app.sees_project(id)));
CREATE POLICY own_projects ON app.project_dataset AS RESTRICTIVE TO udi_portal_app
  USING (tenant_id = app.current_tenant() AND EXISTS (SELECT 1 FROM app.project
    WHERE project.tenant_id = project_dataset.tenant_id
    AND project.id = project_dataset.project_id))
  WITH CHECK (tenant_id = app.current_tenant() AND EXISTS (SELECT 1 FROM app.project
    WHERE project.tenant_id = project_dataset.tenant_id
    AND project.id = project_dataset.project_id));
CREATE POLICY own_projects ON app.project_picture AS RESTRICTIVE TO udi_portal_app
  USING (tenant_id = app.current_tenant() AND EXISTS (SELECT 1 FROM app.project
    WHERE project.tenant_id = project_picture.tenant_id
    AND project.id = project_picture.project_id))
  WITH CHECK (tenant_id = app.current_tenant() AND EXISTS (SELECT 1 FROM app.project
    WHERE project.tenant_id = project_picture.tenant_id
    AND project.id = project_picture.project_id));

-- The page of a dataset names the projects that use it.
CREATE FUNCTION ops.note_project() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO ops.search_change (tenant_id, dataset_id)
  SELECT tenant_id, dataset_id FROM app.project_dataset
  WHERE tenant_id = NEW.tenant_id AND project_id = NEW.id;
  NOTIFY search_change; RETURN NULL; END $$;
CREATE TRIGGER search_change AFTER UPDATE ON app.project
  FOR EACH ROW EXECUTE FUNCTION ops.note_project();

CREATE FUNCTION ops.note_project_dataset() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO ops.search_change (tenant_id, dataset_id)
  SELECT coalesce(NEW.tenant_id, OLD.tenant_id),
    coalesce(NEW.dataset_id, OLD.dataset_id);
  NOTIFY search_change; RETURN NULL; END $$;
CREATE TRIGGER search_change AFTER INSERT OR DELETE ON app.project_dataset
  FOR EACH ROW EXECUTE FUNCTION ops.note_project_dataset();
