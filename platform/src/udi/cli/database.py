"""`udi database`: the two databases and Keycloak's, on a PostgreSQL that somebody else runs."""

import asyncio
import ssl
from typing import Annotated

import asyncpg
import typer
from packaging.version import Version

from udi.cli import schemas
from udi.cli.local.cluster import KEYCLOAK, ROLES, prepare_cluster
from udi.cli.local.cluster_script import write_script
from udi.cli.local.errors import LocalError
from udi.cli.upgrade.releases import list_complete_releases
from udi.cli.upgrade.wheel import version_of
from udi.kit import migrations
from udi.kit.postgresql import find_encryption, find_port, make_superuser_address
from udi.settings import ProgramName, Settings, get_settings

app = typer.Typer(
    help="The databases of portal, node and Keycloak.", no_args_is_help=True
)
PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
SOCKET = "postgresql://postgres@/postgres?host=/var/run/postgresql"
PATIENCE = 5
LACKS_RIGHTS = (
    "enter as a role that may create roles and databases (CREATEROLE, CREATEDB), or give"
    " what `udi database sql` prints to whoever runs PostgreSQL"
)
OTHER_CERTIFICATE = "give the name that its certificate has (UDI_DATABASE_HOST) and the file of its authority (UDI_DATABASE_CA)"
UNREACHABLE = "check UDI_DATABASE_HOST, UDI_DATABASE_PORT, and that it lets this machine in and offers TLS"
GIVE_SCRIPT = "have whoever runs PostgreSQL run what `udi database sql` prints"


@app.command()
def prepare(
    dsn: Annotated[
        str,
        typer.Option(
            help="Address of the connection of a superuser, or of a role that may create roles and databases;"
            " by default the local socket."
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
        address = make_superuser_address(settings, superuser_secret)
    else:
        address = dsn
    try:
        refusal = asyncio.run(_find_refusal(settings))
        asyncio.run(
            prepare_cluster(address, settings.database_names, _passwords(settings))
        )
    except ssl.SSLError as error:
        raise _disbelieve(settings, error) from error
    except asyncpg.InsufficientPrivilegeError as error:
        cause = f"PostgreSQL refuses what this role wants to do: {str(error).partition(chr(10))[0]}"
        raise LocalError(cause, LACKS_RIGHTS) from error
    except (OSError, asyncpg.PostgresError) as error:
        cause = (
            f"PostgreSQL refuses the superuser's connection ({type(error).__name__})"
        )
        remedy = "check that it runs, and that this account may be «postgres» (pg_ident.conf)"
        if superuser_secret:
            remedy = f"check that it runs, and that «{superuser_secret}» is its superuser's password"
        raise LocalError(cause, remedy) from error
    print("prepared" if refusal else "unchanged")


@app.command()
def sql() -> None:
    """Print the roles and databases as a script for psql, for whoever runs PostgreSQL; it holds no password. Changes nothing."""
    settings = get_settings()
    print(write_script(settings.database_names, _passwords(settings)))


@app.command()
def check() -> None:
    """Say whether each role enters its database with its password. Changes nothing."""
    settings = get_settings()
    where = f"{settings.database_host}:{find_port(settings)}"
    try:
        refusal = asyncio.run(_find_refusal(settings))
    except ssl.SSLError as error:
        raise _disbelieve(settings, error) from error
    except OSError as error:
        cause = f"PostgreSQL at {where} cannot be reached ({error})"
        raise LocalError(cause, UNREACHABLE) from error
    if refusal:
        raise LocalError(f"PostgreSQL at {where} refuses {refusal}", GIVE_SCRIPT)
    print("Each role enters its database.")


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
    schemas.migrate(settings, contract=contract)
    print("\n".join(pending) or "unchanged")


def _disbelieve(settings: Settings, error: ssl.SSLError) -> LocalError:
    where = f"{settings.database_host}:{find_port(settings)}"
    cause = f"The certificate of PostgreSQL at {where} is refused ({error})"
    return LocalError(cause, OTHER_CERTIFICATE)


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
    return {**passwords, KEYCLOAK: settings.secret("keycloak_password")}


async def _find_refusal(settings: Settings) -> str:
    """The first role that cannot enter its database with its password, and why; empty: each can."""
    databases = {
        f"udi_{program}": name for program, name in settings.database_names.items()
    }
    databases[KEYCLOAK] = KEYCLOAK
    for role, password in _passwords(settings).items():
        name = next(
            name for prefix, name in databases.items() if role.startswith(prefix)
        )
        try:
            connection = await asyncpg.connect(
                host=settings.database_host,
                port=find_port(settings),
                user=role,
                password=password,
                database=name,
                ssl=find_encryption(settings),
                timeout=PATIENCE,
            )
        except asyncpg.PostgresError as error:
            return f"{role} ({error})"
        await connection.close()
    return ""
