"""`udi database`: the two databases and Keycloak's, on a PostgreSQL that somebody else runs."""

import asyncio
from typing import Annotated

import asyncpg
import typer

from udi.cli import provision
from udi.cli.local.cluster import ROLES, prepare_cluster
from udi.cli.local.errors import LocalError
from udi.kit import migrations
from udi.settings import ProgramName, Settings, get_settings

app = typer.Typer(help="The databases of portal, node and Keycloak.", no_args_is_help=True)
PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
SOCKET = "postgresql://postgres@/postgres?host=/var/run/postgresql"
PATIENCE = 5


@app.command()
def prepare(
    dsn: Annotated[
        str, typer.Option(help="Address of a superuser's connection; by default the local socket.")
    ] = SOCKET,
) -> None:
    """Make roles and databases with the passwords of the secrets. May be repeated."""
    settings = get_settings()
    try:
        before = asyncio.run(_may_enter(settings))
        asyncio.run(prepare_cluster(dsn, settings.database_names, _passwords(settings)))
    except (OSError, asyncpg.PostgresError) as error:
        cause = f"PostgreSQL refuses the superuser's connection ({type(error).__name__})"
        raise LocalError(
            cause, "check that it runs, and that this account may be «postgres» (pg_ident.conf)"
        ) from error
    print("unchanged" if before else "prepared")


@app.command()
def migrate() -> None:
    """Bring both databases to the newest revision; draw the portal's signing key if there is none."""
    settings = get_settings()
    pending = [f"{program}: {revision}" for program in PROGRAMS for revision in migrations.pending(settings, program)]
    provision.migrate(settings)
    print("\n".join(pending) or "unchanged")


def _passwords(settings: Settings) -> dict[str, str]:
    passwords = {f"udi_{p}_{role}": settings.secret(f"{p}_{role}_password") for p in PROGRAMS for role in ROLES}
    return {**passwords, "udi_keycloak": settings.secret("keycloak_password")}


async def _may_enter(settings: Settings) -> bool:
    """Whether every role enters its database with its password."""
    databases = {f"udi_{program}": name for program, name in settings.database_names.items()}
    databases["udi_keycloak"] = "udi_keycloak"
    for role, password in _passwords(settings).items():
        name = next(name for prefix, name in databases.items() if role.startswith(prefix))
        try:
            connection = await asyncpg.connect(
                host=settings.database_host,
                port=settings.database_port or settings.port(4),
                user=role,
                password=password,
                database=name,
                timeout=PATIENCE,
            )
        except asyncpg.PostgresError:
            return False
        await connection.close()
    return True
