"""One question about every territory, asked by few statements: a transaction each is too much for what recurs each minute.

Row-level security stays as it is: the database goes through the territories and says each to itself before it asks.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, bindparam, literal, or_, select, text

from udi.kit.db import Database
from udi.settings import Role

AnySelect = Select[*tuple[Any, ...]]
"""A query of any columns."""
AT_ONCE = 200
"""Territories of one statement: a page, and whoever reads metrics, waits some seconds for one, not more."""
LIST = text(
    "SELECT id FROM platform.territory WHERE state IN ('active', 'read_only') ORDER BY id"
)
READ = text(
    "SELECT tenant_id, content FROM ops.read_territories(:statement, :territories)"
).bindparams(bindparam("territories", type_=ARRAY(Uuid())))
FUNCTION = """
CREATE FUNCTION ops.read_territories(statement text, territories uuid[])
RETURNS TABLE (tenant_id uuid, content jsonb)
LANGUAGE plpgsql AS $$
DECLARE territory uuid;
BEGIN
  FOREACH territory IN ARRAY territories LOOP
    PERFORM set_config('app.tenant', territory::text, true);
    RETURN QUERY EXECUTE 'SELECT $1, to_jsonb(found) FROM (' || statement || ') AS found' USING territory;
  END LOOP;
  PERFORM set_config('app.tenant', '', true);
END $$
"""
"""Asks with the rights of whoever calls it. For migrations."""


async def read_territories(
    database: Database, query: AnySelect, *, role: Role = "app"
) -> Mapping[UUID, Sequence[Mapping[str, Any]]]:
    """What a query finds in each territory whose pages are read, by its columns, as JSON has them; one that has nothing is not there."""
    statement = query.compile(
        dialect=database.engine(role).dialect, compile_kwargs={"literal_binds": True}
    )
    contents: dict[UUID, list[Mapping[str, Any]]] = {}
    async with database.platform_session(role=role) as session:
        territories = (await session.scalars(LIST)).all()
        for start in range(0, len(territories), AT_ONCE):
            some = territories[start : start + AT_ONCE]
            values = {"statement": str(statement), "territories": some}
            for tenant, content in await session.execute(READ, values):
                contents.setdefault(tenant, []).append(content)
    return contents


async def find_territories(database: Database, *queries: AnySelect) -> set[UUID]:
    """The territories in which one of the queries finds something, with the rights of the worker."""
    any_of_them = select(literal(1).label("found")).where(
        or_(*(query.exists() for query in queries))
    )
    return set(await read_territories(database, any_of_them, role="worker"))
