-- Who did what; nothing in it is changed or deleted.

CREATE TABLE app.audit_event (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  name text NOT NULL,
  actor_id uuid,
  subject_id uuid,
  facts jsonb NOT NULL,
  CONSTRAINT pk_audit_event PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_audit_event_tenant_id_at ON app.audit_event (tenant_id, at);
