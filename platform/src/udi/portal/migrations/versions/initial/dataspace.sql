-- Connectors and processes of the dataspace protocol.

CREATE TABLE app.connector (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  project_id uuid NOT NULL,
  name text NOT NULL,
  participant text NOT NULL,
  address text NOT NULL,
  token text NOT NULL DEFAULT '',
  sha256 text NOT NULL,
  purpose text NOT NULL,
  words text NOT NULL,
  interest text NOT NULL DEFAULT '',
  created_by uuid NOT NULL,
  created_at timestamptz NOT NULL,
  revoked_at timestamptz,
  last_used_at timestamptz,
  CONSTRAINT pk_connector PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_connector_tenant_id_project_id FOREIGN KEY (tenant_id, project_id)
    REFERENCES app.project (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_connector_tenant_id_project_id ON app.connector (tenant_id, project_id);
CREATE UNIQUE INDEX ix_connector_tenant_id_sha256 ON app.connector (tenant_id, sha256);

CREATE TABLE app.dataspace_process (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  kind text NOT NULL,
  side text NOT NULL,
  connector_id uuid NOT NULL,
  project_id uuid NOT NULL,
  their_pid text NOT NULL,
  callback text NOT NULL,
  state text NOT NULL,
  since timestamptz NOT NULL,
  started_at timestamptz NOT NULL,
  dataset text NOT NULL DEFAULT '',
  offer jsonb,
  agreed jsonb,
  request_id uuid,
  agreement_id uuid,
  contract text NOT NULL DEFAULT '',
  answered_at timestamptz,
  credential_id uuid,
  data_address jsonb,
  code text NOT NULL DEFAULT '',
  reason text NOT NULL DEFAULT '',
  sent integer NOT NULL DEFAULT 0,
  CONSTRAINT pk_dataspace_process PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_dataspace_process_tenant_id_connector_id
    FOREIGN KEY (tenant_id, connector_id)
    REFERENCES app.connector (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_dataspace_process_tenant_id_agreement_id
  ON app.dataspace_process (tenant_id, agreement_id);
CREATE INDEX ix_dataspace_process_tenant_id_connector_id_their_pid
  ON app.dataspace_process (tenant_id, connector_id, their_pid);
CREATE INDEX ix_dataspace_process_tenant_id_project_id_started_at
  ON app.dataspace_process (tenant_id, project_id, started_at);
CREATE INDEX ix_dataspace_process_tenant_id_request_id
  ON app.dataspace_process (tenant_id, request_id);

CREATE TABLE app.dataspace_message (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  process_id uuid NOT NULL,
  number integer NOT NULL,
  type text NOT NULL,
  body jsonb NOT NULL,
  at timestamptz NOT NULL,
  sent_at timestamptz,
  leased_until timestamptz,
  tries integer NOT NULL DEFAULT 0,
  error text NOT NULL DEFAULT '',
  CONSTRAINT pk_dataspace_message PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_dataspace_message_tenant_id_process_id
    FOREIGN KEY (tenant_id, process_id)
    REFERENCES app.dataspace_process (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_dataspace_message_waiting
  ON app.dataspace_message (tenant_id, process_id)
  WHERE sent_at IS NULL;
CREATE UNIQUE INDEX ix_dataspace_message_tenant_id_process_id_number
  ON app.dataspace_message (tenant_id, process_id, number);
