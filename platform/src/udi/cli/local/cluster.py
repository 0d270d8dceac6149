"""Roles and databases of a cluster: few and low, nothing granted to everybody. Safe to run again.

Whoever makes them is a superuser, or a role that may create roles and databases, as a service gives it.
"""

from collections.abc import Mapping, Sequence

import asyncpg

from udi.settings import ProgramName, Role

ROLES: tuple[Role, ...] = ("owner", "app", "public", "worker")
ROLE_OPTIONS = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
NEW_ROLE_OPTIONS = "LOGIN"
"""What is not superuser may say no more; the rest of `ROLE_OPTIONS` is what a new role has."""
KEYCLOAK = "udi_keycloak"
"""The name of Keycloak's database and of its only role."""
IS_SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"


async def prepare_cluster(
    dsn: str, databases: Mapping[ProgramName, str], passwords: Mapping[str, str]
) -> None:
    """Make the roles and the databases of the programs, and those of Keycloak if it has a password.

    `passwords` is keyed by role name (`udi_portal_app`, `udi_keycloak`).
    """
    await prepare_roles(dsn, list(databases), passwords)
    for program, name in databases.items():
        await prepare_database(
            dsn, name, owner=f"udi_{program}_owner", users=list_roles(program)
        )
    if KEYCLOAK in passwords:
        await prepare_database(dsn, KEYCLOAK, owner=KEYCLOAK, users=[KEYCLOAK])


def list_roles(program: ProgramName) -> list[str]:
    """The names of a program's roles; the first owns its database."""
    return [f"udi_{program}_{role}" for role in ROLES]


async def prepare_roles(
    dsn: str, programs: Sequence[ProgramName], passwords: Mapping[str, str]
) -> None:
    """Make each role, with its password, whatever it was before; roles belong to the whole cluster.

    Whoever is no superuser becomes a member of the owners: PostgreSQL gives a database to no other role.
    """
    names = [name for program in programs for name in list_roles(program)]
    names += [KEYCLOAK] if KEYCLOAK in passwords else []
    connection = await asyncpg.connect(dsn)
    try:
        is_superuser = await connection.fetchval(IS_SUPERUSER)
        options = ROLE_OPTIONS if is_superuser else NEW_ROLE_OPTIONS
        for name in names:
            role_exists = await connection.fetchval(
                "SELECT true FROM pg_roles WHERE rolname = $1", name
            )
            verb = "ALTER" if role_exists else "CREATE"
            template = f"{verb} ROLE %I {options} PASSWORD %L"
            await connection.execute(
                await connection.fetchval(
                    "SELECT format($1, $2::text, $3::text)",
                    template,
                    name,
                    passwords[name],
                )
            )
            if not is_superuser and owns_database(name):
                await connection.execute(grant_owner(name))
    finally:
        await connection.close()


async def prepare_database(
    dsn: str, name: str, *, owner: str, users: Sequence[str]
) -> None:
    """Make one database that only its roles may enter, without temporary tables for them."""
    connection = await asyncpg.connect(dsn)
    try:
        if not await connection.fetchval(
            "SELECT true FROM pg_database WHERE datname = $1", name
        ):
            await connection.execute(create_database(name, owner))
        for statement in restrict_database(name, owner, users):
            await connection.execute(statement)
    finally:
        await connection.close()
    inside = await asyncpg.connect(dsn, database=name)
    try:
        for statement in restrict_schema(owner, users):
            await inside.execute(statement)
    finally:
        await inside.close()


def owns_database(role: str) -> bool:
    """Whether a role owns a database."""
    return role == KEYCLOAK or role.endswith("_owner")


def grant_owner(owner: str) -> str:
    """Have whoever runs this be a member of the owner of a database."""
    return f"GRANT {quote_name(owner)} TO CURRENT_USER"


def create_database(name: str, owner: str) -> str:
    """Create a database that nobody touched yet."""
    return (
        f"CREATE DATABASE {quote_name(name)} OWNER {quote_name(owner)}"
        " TEMPLATE template0 ENCODING 'UTF8'"
    )


def restrict_database(name: str, owner: str, users: Sequence[str]) -> list[str]:
    """Let only some roles enter a database."""
    quoted = quote_name(name)
    return [
        f"ALTER DATABASE {quoted} OWNER TO {quote_name(owner)}",
        f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {quoted} TO {', '.join(map(quote_name, users))}",
    ]


def restrict_schema(owner: str, users: Sequence[str]) -> list[str]:
    """Inside a database: let only its roles look into the schema `public`, and the owner create there."""
    return [
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {', '.join(map(quote_name, users))}",
        f"GRANT CREATE ON SCHEMA public TO {quote_name(owner)}",
    ]


def quote_name(name: str) -> str:
    """A name as SQL takes it, whatever it is made of."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def quote_text(text: str) -> str:
    """A string as SQL takes it; one without a backslash."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
