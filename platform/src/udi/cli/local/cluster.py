"""Roles and databases of a cluster: few and low, nothing granted to everybody. Safe to run again."""

from collections.abc import Mapping, Sequence

import asyncpg

from udi.settings import ProgramName, Role

ROLES: tuple[Role, ...] = ("owner", "app", "public", "worker")
ROLE_OPTIONS = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


async def prepare_cluster(
    dsn: str, databases: Mapping[ProgramName, str], passwords: Mapping[str, str]
) -> None:
    """Make the roles and the databases of the programs, and those of Keycloak if it has a password.

    `passwords` is keyed by role name (`udi_portal_app`, `udi_keycloak`).
    """
    await prepare_roles(dsn, list(databases), passwords)
    for program, name in databases.items():
        await prepare_database(
            dsn,
            name,
            owner=f"udi_{program}_owner",
            users=[f"udi_{program}_{r}" for r in ROLES],
        )
    if "udi_keycloak" in passwords:
        await prepare_database(
            dsn, "udi_keycloak", owner="udi_keycloak", users=["udi_keycloak"]
        )


async def prepare_roles(
    dsn: str, programs: Sequence[ProgramName], passwords: Mapping[str, str]
) -> None:
    """Make each role, with its password, whatever it was before; roles belong to the whole cluster."""
    names = [f"udi_{program}_{role}" for program in programs for role in ROLES]
    names += ["udi_keycloak"] if "udi_keycloak" in passwords else []
    connection = await asyncpg.connect(dsn)
    try:
        for name in names:
            role_exists = await connection.fetchval(
                "SELECT true FROM pg_roles WHERE rolname = $1", name
            )
            verb = "ALTER" if role_exists else "CREATE"
            template = f"{verb} ROLE %I {ROLE_OPTIONS} PASSWORD %L"
            await connection.execute(
                await connection.fetchval(
                    "SELECT format($1, $2::text, $3::text)",
                    template,
                    name,
                    passwords[name],
                )
            )
    finally:
        await connection.close()


async def prepare_database(
    dsn: str, name: str, *, owner: str, users: Sequence[str]
) -> None:
    """Make one database that only its roles may enter, without temporary tables for them."""
    connection = await asyncpg.connect(dsn)
    try:
        quoted, quoted_owner = await connection.fetchrow(
            "SELECT quote_ident($1), quote_ident($2)", name, owner
        )
        if not await connection.fetchval(
            "SELECT true FROM pg_database WHERE datname = $1", name
        ):
            await connection.execute(
                f"CREATE DATABASE {quoted} OWNER {quoted_owner} TEMPLATE template0 ENCODING 'UTF8'"
            )
        await connection.execute(f"ALTER DATABASE {quoted} OWNER TO {quoted_owner}")
        await connection.execute(f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC")
        listed = ", ".join(
            [
                await connection.fetchval("SELECT quote_ident($1)", user)
                for user in users
            ]
        )
        await connection.execute(f"GRANT CONNECT ON DATABASE {quoted} TO {listed}")
    finally:
        await connection.close()
    inside = await asyncpg.connect(dsn, database=name)
    try:
        await inside.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        await inside.execute(f"GRANT USAGE ON SCHEMA public TO {listed}")
        await inside.execute(f"GRANT CREATE ON SCHEMA public TO {quoted_owner}")
    finally:
        await inside.close()
