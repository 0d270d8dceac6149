"""The catalogue of each database proves isolation: no table, key, role or view forgets its territory.

Each check is also run against a planted fault, so that none of them passes by being blind.
"""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from udi.settings import ProgramName, Settings

PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
TABLES = "c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p')"
CHECKS = {
    "row-level security is forced": f"""
        SELECT c.oid::regclass::text FROM pg_class c
        WHERE {TABLES} AND NOT (c.relrowsecurity AND c.relforcerowsecurity)""",
    "a policy names the territory for reading and writing": f"""
        SELECT c.oid::regclass::text FROM pg_class c WHERE {TABLES} AND NOT EXISTS (
          SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*'
          AND pg_get_expr(p.polqual, p.polrelid) LIKE '%tenant_id = %current_tenant()%'
          AND pg_get_expr(p.polwithcheck, p.polrelid) LIKE '%tenant_id = %current_tenant()%')""",
    "every policy is bound to the territory": f"""
        SELECT c.oid::regclass::text || ' ' || p.polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
        WHERE {TABLES} AND pg_get_expr(p.polqual, p.polrelid) NOT LIKE '(tenant_id = %current_tenant())%'
        AND pg_get_expr(p.polqual, p.polrelid) NOT LIKE '((tenant_id = %current_tenant()) AND %'""",
    "foreign keys carry the territory": """
        SELECT conrelid::regclass || ' ' || conname FROM pg_constraint
        WHERE contype = 'f' AND connamespace = 'app'::regnamespace AND NOT
        (SELECT attnum FROM pg_attribute a WHERE a.attrelid = conrelid AND attname = 'tenant_id') = ANY (conkey)""",
    "unique keys begin with the territory": f"""
        SELECT indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE {TABLES} AND i.indisunique AND
        (SELECT attname FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0])
        IS DISTINCT FROM 'tenant_id'""",
    "roles are low": """
        SELECT rolname FROM pg_roles WHERE rolname IN ('udi_{program}_app', 'udi_{program}_public', 'udi_{program}_worker')
        AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb
          OR has_schema_privilege(oid, 'app', 'CREATE') OR has_database_privilege(oid, current_database(), 'TEMP')
          OR EXISTS (SELECT 1 FROM pg_class WHERE relowner = pg_roles.oid)
          OR EXISTS (SELECT 1 FROM pg_auth_members WHERE member = pg_roles.oid))""",
    "no view or function goes around": """
        SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace
        AND (c.relkind = 'm' OR (c.relkind = 'v' AND NOT coalesce(c.reloptions::text LIKE '%security_invoker=%t%', false)))
        UNION ALL
        SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace IN ('app'::regnamespace, 'ops'::regnamespace)
        AND p.prosecdef""",
    "nobody may truncate": f"""
        SELECT c.oid::regclass::text FROM pg_class c WHERE {TABLES} AND (
          has_table_privilege('udi_{{program}}_app', c.oid, 'TRUNCATE')
          OR has_table_privilege('udi_{{program}}_worker', c.oid, 'TRUNCATE')
          OR has_table_privilege('udi_{{program}}_public', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))""",
}
PLANTED = {
    "row-level security is forced": "ALTER TABLE app.planted NO FORCE ROW LEVEL SECURITY",
    "a policy names the territory for reading and writing": "DROP POLICY tenant_isolation ON app.planted",
    "every policy is bound to the territory": "CREATE POLICY wide ON app.planted FOR SELECT USING (true)",
    "foreign keys carry the territory": (
        "CREATE TABLE app.planted2 (tenant_id uuid, id uuid PRIMARY KEY, up uuid REFERENCES app.planted2 (id))"
    ),
    "unique keys begin with the territory": "CREATE UNIQUE INDEX ON app.planted (word)",
    "roles are low": "GRANT CREATE ON SCHEMA app TO udi_{program}_app",
    "no view or function goes around": "CREATE VIEW app.planted_view AS SELECT * FROM app.planted",
    "nobody may truncate": "GRANT TRUNCATE ON app.planted TO udi_{program}_app",
}
PLATFORM_TABLES = {"territory", "outline_layer", "outline_unit"}


@pytest.fixture(params=PROGRAMS)
async def owner(
    settings: Settings, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[asyncpg.Connection, str]]:
    dsn = settings.dsn(request.param, "owner").replace("+asyncpg", "")
    connection = await asyncpg.connect(dsn)
    yield connection, request.param
    await connection.close()


@pytest.mark.parametrize("check", CHECKS)
async def test_the_database_isolates_territories(
    owner: tuple[asyncpg.Connection, str], check: str
) -> None:
    connection, program = owner

    rows = await connection.fetch(CHECKS[check].replace("{program}", program))

    assert [row[0] for row in rows] == []


@pytest.mark.parametrize("check", CHECKS)
async def test_the_check_sees_a_planted_fault(
    owner: tuple[asyncpg.Connection, str], check: str
) -> None:
    connection, program = owner
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(
            "CREATE TABLE app.planted (tenant_id uuid, id uuid, word text, PRIMARY KEY (tenant_id, id));"
            "ALTER TABLE app.planted ENABLE ROW LEVEL SECURITY; ALTER TABLE app.planted FORCE ROW LEVEL SECURITY;"
            "CREATE POLICY tenant_isolation ON app.planted"
            " USING (tenant_id = app.current_tenant()) WITH CHECK (tenant_id = app.current_tenant())"
        )
        query = CHECKS[check].replace("{program}", program)
        before = await connection.fetch(query)
        await connection.execute(PLANTED[check].replace("{program}", program))

        assert len(await connection.fetch(query)) > len(before)
    finally:
        await transaction.rollback()


UNCONFINED = """
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname IN ('space_id', 'dataset_id', 'version_id', 'upload_id')
    AND (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive
      AND p.polroles @> ARRAY['udi_node_app'::regrole::oid]) < 4"""


async def test_what_belongs_to_a_space_of_the_node_is_kept_to_it(
    settings: Settings,
) -> None:
    connection = await asyncpg.connect(
        settings.dsn("node", "owner").replace("+asyncpg", "")
    )
    transaction = connection.transaction()
    await transaction.start()
    try:
        assert [row[0] for row in await connection.fetch(UNCONFINED)] == []
        await connection.execute(
            "CREATE TABLE app.planted (tenant_id uuid, space_id uuid, PRIMARY KEY (tenant_id, space_id))"
        )
        assert [row[0] for row in await connection.fetch(UNCONFINED)] == ["planted"]
    finally:
        await transaction.rollback()
        await connection.close()


async def test_only_the_register_and_outlines_belong_to_no_territory(
    owner: tuple[asyncpg.Connection, str],
) -> None:
    connection, _ = owner

    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'platform'::regnamespace AND relkind = 'r'"
    )

    assert {row[0] for row in rows} == PLATFORM_TABLES
