-- What is counted of budgets of requests.

CREATE TABLE app.spent_budget (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  policy varchar NOT NULL,
  subject varchar NOT NULL,
  begins_at timestamptz NOT NULL,
  used integer NOT NULL,
  CONSTRAINT pk_spent_budget PRIMARY KEY (tenant_id, policy, subject, begins_at)
);
CREATE INDEX ix_spent_budget_tenant_id_begins_at
  ON app.spent_budget (tenant_id, begins_at);
