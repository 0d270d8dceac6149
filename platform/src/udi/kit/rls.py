"""The SQL of tenancy, for migrations: schemas, rights of the roles, and the two policies of a table."""

from udi.settings import ProgramName

FOUNDATION = """
CREATE SCHEMA app; CREATE SCHEMA platform; CREATE SCHEMA ops;
GRANT USAGE ON SCHEMA app, platform, ops TO udi_{program}_app, udi_{program}_public, udi_{program}_worker;
CREATE FUNCTION app.current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.tenant', true), '')::uuid $$;
CREATE FUNCTION app.current_person() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.person', true), '')::uuid $$;
"""


def foundation(program: ProgramName) -> list[str]:
    """Statements that make the schemas and the functions policies use."""
    body = FOUNDATION.format(program=program)
    schemas, tenant, person = body.split("CREATE FUNCTION")
    return [
        *(f"{part.strip()}" for part in schemas.split(";") if part.strip()),
        f"CREATE FUNCTION{tenant}",
        f"CREATE FUNCTION{person}",
    ]


def isolate(program: ProgramName, table: str, *, public: str | None = None, append_only: bool = False) -> list[str]:
    """Statements that isolate one table of the schema `app` by territory.

    `public` is the condition under which an anonymous reader sees a row (None: never).
    `append_only` gives the roles no right to change or delete.
    """
    app, worker, anonymous = (f"udi_{program}_{role}" for role in ("app", "worker", "public"))
    rights = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    statements = [
        f"ALTER TABLE app.{table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE app.{table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_isolation ON app.{table} TO {app}, {worker}, udi_{program}_owner"
        " USING (tenant_id = app.current_tenant()) WITH CHECK (tenant_id = app.current_tenant())",
        f"GRANT {rights} ON app.{table} TO {app}, {worker}",
    ]
    if public is not None:
        statements += [
            f"CREATE POLICY public_read ON app.{table} FOR SELECT TO {anonymous}"
            f" USING (tenant_id = app.current_tenant() AND ({public}))",
            f"GRANT SELECT ON app.{table} TO {anonymous}",
        ]
    return statements
