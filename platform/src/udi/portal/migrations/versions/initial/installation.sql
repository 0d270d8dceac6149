-- Figures of territories, requests of operators and heartbeats of units: rows of the installation itself (`udi.kit.tenancy.INSTALLATION_ID`).

CREATE TABLE app.installation_figures (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  territory_id uuid NOT NULL,
  figures jsonb NOT NULL,
  gathered_at timestamptz NOT NULL,
  CONSTRAINT pk_installation_figures PRIMARY KEY (tenant_id, territory_id),
  CONSTRAINT ck_installation_figures_installation
    CHECK (tenant_id = 'f2fcde6f-55a7-50bd-ba17-ed74c0318bef')
);

CREATE TABLE app.operator_request (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  territory_id uuid NOT NULL,
  act text NOT NULL,
  details jsonb NOT NULL,
  requested_by uuid NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(),
  state text NOT NULL DEFAULT 'requested',
  outcome text NOT NULL DEFAULT '',
  finished_at timestamptz,
  content bytea,
  CONSTRAINT pk_operator_request PRIMARY KEY (tenant_id, id),
  CONSTRAINT ck_operator_request_installation CHECK (tenant_id = 'f2fcde6f-55a7-50bd-ba17-ed74c0318bef')
);
CREATE INDEX ix_operator_request_tenant_id_territory_id_requested_at
  ON app.operator_request (tenant_id, territory_id, requested_at);
CREATE INDEX ix_operator_request_waiting
  ON app.operator_request (tenant_id, requested_at) WHERE state = 'requested';

CREATE TABLE app.installation_heartbeat (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  unit text NOT NULL,
  seen_at timestamptz NOT NULL,
  CONSTRAINT pk_installation_heartbeat PRIMARY KEY (tenant_id, unit),
  CONSTRAINT ck_installation_heartbeat_installation
    CHECK (tenant_id = 'f2fcde6f-55a7-50bd-ba17-ed74c0318bef')
);
