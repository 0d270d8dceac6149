"""`udi database`: the two databases and Keycloak's, on a PostgreSQL that somebody else runs."""

import asyncio
from typing import Annotated

import asyncpg
import typer
from packaging.version import Version

from udi.cli import provision
from udi.cli.local.cluster import ROLES, prepare_cluster
from udi.cli.local.errors import LocalError
from udi.cli.upgrade.releases import list_complete_releases
from udi.cli.upgrade.wheel import version_of
from udi.kit import migrations
from udi.settings import ProgramName, Settings, get_settings

app = typer.Typer(
    help="The databases of portal, node and Keycloak.", no_args_is_help=True
)
PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
SOCKET = "postgresql://postgres@/postgres?host=/var/run/postgresql"
PATIENCE = 5


@app.command()
def prepare(
    dsn: Annotated[
        str,
        typer.Option(
            help="Address of a superuser's connection; by default the local socket."
        ),
    ] = SOCKET,
    superuser_secret: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Enter at UDI_DATABASE_HOST and its port, as the superuser «postgres» with the password of this secret:"
            " on several machines that leads to the one that writes.",
        ),
    ] = "",
) -> None:
    """Make roles and databases with the passwords of the secrets. May be repeated."""
    settings = get_settings()
    if superuser_secret:
        address = settings.superuser_dsn(superuser_secret)
    else:
        address = dsn
    try:
        before = asyncio.run(_can_connect(settings))
        asyncio.run(
            prepare_cluster(address, settings.database_names, _passwords(settings))
        )
    except (OSError, asyncpg.PostgresError) as error:
        cause = (
            f"PostgreSQL refuses the superuser's connection ({type(error).__name__})"
        )
        remedy = "check that it runs, and that this account may be «postgres» (pg_ident.conf)"
        if superuser_secret:
            remedy = f"check that it runs, and that «{superuser_secret}» is its superuser's password"
        raise LocalError(cause, remedy) from error
    print("unchanged" if before else "prepared")


@app.command()
def migrate(
    contract: Annotated[
        bool,
        typer.Option(
            "--contract",
            help="Also take away what no release that is kept here uses any more.",
        ),
    ] = False,
) -> None:
    """Bring both databases to the newest revision; draw the portal's signing key if there is none.

    Only additions, which the release before does not notice. What a later release does without is taken away with
    `--contract`, refused while this machine keeps a release that still uses it.
    """
    settings = get_settings()
    pending = [
        f"{program}: {revision}"
        for program in PROGRAMS
        for revision in migrations.pending(settings, program)
    ]
    if contract:
        pending += _list_contracting(settings)
    provision.migrate(settings, contract=contract)
    print("\n".join(pending) or "unchanged")


def _list_contracting(settings: Settings) -> list[str]:
    version_by_revision = {
        f"{program}: {revision}": Version(since)
        for program in PROGRAMS
        for revision, since in migrations.find_contracting(settings, program).items()
    }
    dependent_releases = [
        name
        for name in list_complete_releases()
        if any(
            (version_of(name) or since) < since
            for since in version_by_revision.values()
        )
    ]
    if dependent_releases:
        cause = f"{', '.join(dependent_releases)} still use what would be taken away"
        raise LocalError(
            cause,
            "delete them first (`udi upgrade --prune` keeps the last three), or wait",
        )
    return list(version_by_revision)


def _passwords(settings: Settings) -> dict[str, str]:
    passwords = {
        f"udi_{p}_{role}": settings.secret(f"{p}_{role}_password")
        for p in PROGRAMS
        for role in ROLES
    }
    return {**passwords, "udi_keycloak": settings.secret("keycloak_password")}


async def _can_connect(settings: Settings) -> bool:
    """Whether every role enters its database with its password."""
    databases = {
        f"udi_{program}": name for program, name in settings.database_names.items()
    }
    databases["udi_keycloak"] = "udi_keycloak"
    for role, password in _passwords(settings).items():
        name = next(
            name for prefix, name in databases.items() if role.startswith(prefix)
        )
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
