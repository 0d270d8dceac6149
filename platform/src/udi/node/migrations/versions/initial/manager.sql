-- Objects of the catalogue of RUDI's clients.

CREATE TABLE app.catalogue_object (
  tenant_id uuid NOT NULL DEFAULT app.current_tenant(),
  id uuid NOT NULL,
  space_id uuid NOT NULL,
  object_id uuid NOT NULL,
  dataset_id uuid,
  kind text NOT NULL,
  document jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_catalogue_object PRIMARY KEY (tenant_id, id),
  CONSTRAINT uq_catalogue_object_object UNIQUE (tenant_id, space_id, kind, object_id),
  CONSTRAINT fk_catalogue_object_tenant_id_space_id FOREIGN KEY (tenant_id, space_id)
    REFERENCES app.space (tenant_id, id)
);
