-- Changes, and who hears of them: subscriptions, digests and webhooks.

CREATE TABLE app.change (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  at timestamptz NOT NULL,
  event text NOT NULL,
  kind text NOT NULL,
  subject_id uuid NOT NULL,
  title text NOT NULL,
  path text NOT NULL,
  api_path text NOT NULL,
  topics text[] NOT NULL,
  spread boolean NOT NULL DEFAULT false,
  CONSTRAINT pk_change PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_change_tenant_id_at ON app.change (tenant_id, at);
CREATE INDEX ix_change_unspread ON app.change (tenant_id, at)
  WHERE NOT spread;

CREATE TABLE app.following (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  person_id uuid NOT NULL,
  kind text NOT NULL,
  target text NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT pk_following PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_following_tenant_id_person_id_kind_target
    UNIQUE (tenant_id, person_id, kind, target),
  CONSTRAINT fk_following_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.subscription (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  person_id uuid NOT NULL,
  rhythm text NOT NULL,
  language text NOT NULL,
  notified_until timestamptz NOT NULL,
  inbox_rhythm text NOT NULL DEFAULT 'never',
  inbox_mailed_until timestamptz,
  CONSTRAINT pk_subscription PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_subscription_tenant_id_person_id UNIQUE (tenant_id, person_id),
  CONSTRAINT fk_subscription_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.digest (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  person_id uuid NOT NULL,
  since timestamptz NOT NULL,
  until timestamptz NOT NULL,
  done_at timestamptz,
  CONSTRAINT pk_digest PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_digest_tenant_id_person_id_until UNIQUE (tenant_id, person_id, until),
  CONSTRAINT fk_digest_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.webhook (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  person_id uuid NOT NULL,
  url text NOT NULL,
  everything boolean NOT NULL,
  secret text NOT NULL,
  former_secret text NOT NULL DEFAULT '',
  former_until timestamptz,
  state text NOT NULL,
  reason text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  readings boolean NOT NULL DEFAULT false,
  projects boolean NOT NULL DEFAULT false,
  CONSTRAINT pk_webhook PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_webhook_tenant_id_person_id FOREIGN KEY (tenant_id, person_id)
    REFERENCES app.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_webhook_tenant_id_person_id ON app.webhook (tenant_id, person_id);

CREATE TABLE app.webhook_delivery (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  person_id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  change_id uuid NOT NULL,
  type text NOT NULL,
  title text NOT NULL,
  body text NOT NULL,
  state text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  answer text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  tried_at timestamptz,
  next_at timestamptz,
  CONSTRAINT pk_webhook_delivery PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_webhook_delivery_tenant_id_webhook_id_change_id
    UNIQUE (tenant_id, webhook_id, change_id),
  CONSTRAINT fk_webhook_delivery_tenant_id_webhook_id
    FOREIGN KEY (tenant_id, webhook_id)
    REFERENCES app.webhook (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_webhook_delivery_tenant_id_webhook_id_created_at
  ON app.webhook_delivery (tenant_id, webhook_id, created_at);
