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


def isolate(
    program: ProgramName,
    table: str,
    *,
    public: str | None = None,
    append_only: bool = False,
) -> list[str]:
    """Statements that isolate one table of the schema `app` by territory.

    `public` is the condition under which an anonymous reader sees a row (None: never).
    `append_only` gives the roles no right to change or delete.
    """
    app, worker, anonymous = (
        f"udi_{program}_{role}" for role in ("app", "worker", "public")
    )
    if append_only:
        rights = "SELECT, INSERT"
    else:
        rights = "SELECT, INSERT, UPDATE, DELETE"
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


OWN = "(SELECT app.own_spaces())"
SPACES = "SELECT space.id FROM app.space WHERE space.slug = ANY (app.own_spaces())"
HOLDERS = {
    "space_id": f"space_id IN ({SPACES})",
    "dataset_id": (
        "EXISTS (SELECT 1 FROM app.dataset WHERE dataset.tenant_id = {table}.tenant_id"
        f" AND dataset.id = {{table}}.dataset_id AND dataset.space_id IN ({SPACES}))"
    ),
    # A role reads through the policies of what it asks: these are kept to spaces themselves.
    "version_id": (
        "EXISTS (SELECT 1 FROM app.version"
        " WHERE version.tenant_id = {table}.tenant_id AND version.id = {table}.version_id)"
    ),
    "upload_id": (
        "EXISTS (SELECT 1 FROM app.upload WHERE upload.tenant_id = {table}.tenant_id AND upload.id = {table}.upload_id)"
    ),
}


def confine(
    program: ProgramName, table: str, *, by: str, unless: str | None = None
) -> list[str]:
    """Statements that keep pages to the rows of the spaces that their person belongs to, inside one territory.

    Restrictive policies, on top of those of `isolate`, for the role of the pages only. `by` is the column that says
    whose a row is: `space_id`, or `dataset_id` for the parts of a dataset. `unless` is the condition under which
    everybody reads a row all the same. A transaction that names no spaces (jobs, commands) is not kept to any.
    """
    bound = f"tenant_id = app.current_tenant() AND ({OWN} IS NULL OR {HOLDERS[by].format(table=table)}"
    write = f"{bound})"
    read = f"{bound} OR {unless})" if unless else f"{bound})"
    to = f"TO udi_{program}_app"
    return [
        f"CREATE POLICY own_spaces_read ON app.{table} AS RESTRICTIVE FOR SELECT {to} USING ({read})",
        f"CREATE POLICY own_spaces_add ON app.{table} AS RESTRICTIVE FOR INSERT {to} WITH CHECK ({write})",
        f"CREATE POLICY own_spaces_change ON app.{table} AS RESTRICTIVE FOR UPDATE {to} USING ({write}) WITH CHECK ({write})",
        f"CREATE POLICY own_spaces_remove ON app.{table} AS RESTRICTIVE FOR DELETE {to} USING ({write})",
    ]


def belong(program: ProgramName, table: str, *, unnamed: bool = False) -> str:
    """The statement that keeps pages to the rows of the person who asks, whom the column `person_id` names.

    A restrictive policy, on top of those of `isolate`, for the role of the pages only. With `unnamed`, a transaction
    that names nobody is not kept to anyone's: for what is known by an identifier that only its owner was given.
    """
    is_persons = "person_id = app.current_person()"
    bound = f"tenant_id = app.current_tenant() AND ({is_persons}{' OR app.current_person() IS NULL' if unnamed else ''})"
    return f"CREATE POLICY own_rows ON app.{table} AS RESTRICTIVE TO udi_{program}_app USING ({bound}) WITH CHECK ({bound})"
