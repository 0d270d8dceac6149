"""A PostgreSQL that others run: TLS alone, no superuser; made, migrated and looked at by what it allows."""

import asyncio
import shlex
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from tests import cluster
from tests.cli.conftest import Run
from tests.cli.test_remedies import find_commands
from tests.kit.certificates import issue
from tests.local_servers import start_postgres
from tests.services import skipped_without
from udi.cli import database
from udi.cli.checks.backup import check_backup
from udi.cli.checks.databases import check_databases, check_encryption
from udi.cli.finding import Finding
from udi.cli.local.account import change_owner, service_account
from udi.cli.local.keycloak import make_keycloak
from udi.cli.local.postgres import Cluster, find_binaries
from udi.kit.db import Database
from udi.settings import Settings
from udi.ui.backups import measure_backups
from udi.ui.site import Site

HOST = "localhost"
ADMIN = "service_admin"
PASSWORD = "of-the-service"
ONLY_TLS = "hostssl all all 127.0.0.1/32 scram-sha-256\n"
MADE = """
SELECT format('DROP DATABASE %I', datname) FROM pg_database WHERE datname LIKE 'udi_%'
UNION ALL SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname LIKE 'udi_%'
"""


@dataclass(frozen=True)
class Service:
    """A server, its authority, and what its customers know."""

    port: int
    superuser: str
    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def address(self) -> str:
        """Of the role that may create roles and databases, without its password."""
        options = f"sslmode=verify-full&sslrootcert={self.authority}"
        return f"postgresql://{ADMIN}@{HOST}:{self.port}/postgres?{options}"

    async def change(self, *statements: str) -> None:
        """Do as its superuser what its customers cannot."""
        connection = await asyncpg.connect(self.superuser)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    async def clear(self) -> None:
        """Take away what a test made."""
        connection = await asyncpg.connect(self.superuser)
        for (statement,) in await connection.fetch(MADE):
            await connection.execute(statement)
        await connection.close()


@pytest.fixture(scope="module")
def server(run_folder: Path) -> Iterator[Service]:
    """PostgreSQL that takes no connection without TLS, and whose certificate has one name."""
    folder = run_folder / f"service-{uuid4().hex}"
    folder.mkdir(mode=0o755)
    account = service_account()
    with skipped_without():
        binaries = find_binaries(Settings().cache, account)
    change_owner(folder, account)
    place = Cluster(
        binaries,
        folder / "data",
        cluster.free_ports(1),
        PASSWORD,
        account,
        durable=False,
    )
    place.create()
    certificate, key, _ = issue(folder, HOST)
    key.chmod(0o600)
    change_owner(folder, account)
    (place.data / "pg_hba.conf").write_text(ONLY_TLS)
    with (place.data / "postgresql.conf").open("a") as settings:
        settings.write(
            f"ssl = on\nssl_cert_file = '{certificate}'\nssl_key_file = '{key}'\n"
        )
    running = start_postgres(place, folder / "log")
    yield Service(place.port, place.dsn, folder)
    running.stop()


@pytest.fixture
async def service(
    server: Service, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Service]:
    """The server with a role as managed services give one, and nothing made yet."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    await server.change(
        f"DROP ROLE IF EXISTS {ADMIN}",
        f"CREATE ROLE {ADMIN} LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'",
    )
    yield server
    await server.clear()


@pytest.fixture
def elsewhere(
    service: Service, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Settings of an installation whose databases are there."""
    new_settings = settings.model_copy(
        update={
            "database_host": HOST,
            "database_port": service.port,
            "database_sslmode": "verify-full",
            "database_ca": service.authority,
            "database_names": {"portal": "udi_portal", "node": "udi_node"},
        }
    )
    monkeypatch.setattr(database, "get_settings", lambda: new_settings)
    return new_settings


def select_faults(findings: list[Finding]) -> dict[str, str]:
    return {
        finding.name: finding.message
        for finding in findings
        if finding.severity == "fault"
    }


async def test_a_role_that_is_no_superuser_makes_roles_and_databases(
    elsewhere: Settings, service: Service, run: Run
) -> None:
    prepare = ("database", "prepare", "--dsn", service.address)
    refused = await run("database", "check")
    outputs = [(await run(*prepare)).output.strip() for _ in range(2)]
    checked = await run("database", "check")
    unmigrated = [f for f in await check_databases(elsewhere) if f.part == "migrations"]

    assert "udi database sql" in str(refused.exception)
    assert outputs == ["prepared", "unchanged"]
    assert checked.output.strip() == "Each role enters its database."
    assert {f.severity for f in unmigrated} == {"fault"}


@pytest.mark.thorough
async def test_a_role_that_is_no_superuser_makes_all_that_an_installation_needs(
    elsewhere: Settings, service: Service, run: Run
) -> None:
    await run("database", "prepare", "--dsn", service.address)
    unmigrated = [f for f in await check_databases(elsewhere) if f.part == "migrations"]
    [migrate] = {
        command for finding in unmigrated for command in find_commands(finding.remedy)
    }
    await run(*shlex.split(migrate)[1:])
    findings = await check_databases(elsewhere)

    assert select_faults(findings) == {}
    assert {"encryption", "version", "udi_node_worker"} <= {f.name for f in findings}
    assert {f.severity for f in findings if f.name == "encryption"} == {"ok"}


async def test_the_script_makes_the_same_and_gives_no_password_away(
    elsewhere: Settings, service: Service, run: Run
) -> None:
    script = (await run("database", "sql")).output
    for _ in range(2):
        done = await asyncio.to_thread(
            subprocess.run,
            [_find_psql(), "-q", service.address],
            input=script,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    assert (await run("database", "check")).exit_code == 0
    assert [
        path.name
        for path in elsewhere.secrets_folder.glob("*_password")
        if path.read_text().strip() in script
    ] == []
    unchanged = await run("database", "prepare", "--dsn", service.address)
    assert unchanged.output.strip() == "unchanged"


def _find_psql() -> str:
    program = shutil.which("psql")
    if program is None:
        pytest.skip("needs psql (Debian: apt install postgresql-client)")
    return program


async def test_a_role_without_the_right_is_told_what_it_needs(
    elsewhere: Settings, service: Service, run: Run
) -> None:
    await service.change(f"ALTER ROLE {ADMIN} NOCREATEDB NOCREATEROLE")

    refused = await run("database", "prepare", "--dsn", service.address)

    assert refused.exit_code == 1
    assert "permission denied" in str(refused.exception)
    assert "CREATEROLE, CREATEDB" in str(refused.exception)


@pytest.mark.parametrize("other", ["name", "authority"])
async def test_a_server_that_does_not_prove_its_name_is_not_believed(
    elsewhere: Settings,
    run: Run,
    tmp_path: Path,
    other: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changes = {
        "name": {"database_host": "127.0.0.1"},
        "authority": {"database_ca": issue(tmp_path, HOST)[2]},
    }
    mistaken = elsewhere.model_copy(update=changes[other])
    monkeypatch.setattr(database, "get_settings", lambda: mistaken)

    refused = await run("database", "check")
    findings = await check_databases(mistaken)

    assert "UDI_DATABASE_CA" in str(refused.exception)
    of_roles = [finding for finding in findings if finding.name.startswith("udi_")]
    assert {finding.severity for finding in of_roles} == {"fault"}
    assert all("certificate" in finding.message for finding in of_roles)
    assert all("UDI_DATABASE_CA" in finding.remedy for finding in of_roles)


async def test_a_role_that_passes_over_row_level_security_is_a_fault(
    elsewhere: Settings, service: Service, run: Run
) -> None:
    await run("database", "prepare", "--dsn", service.address)
    await service.change(
        "ALTER ROLE udi_portal_app BYPASSRLS",
        "GRANT udi_node_owner TO udi_node_public",
    )

    passing = [f for f in await check_databases(elsewhere) if "row-level" in f.message]
    await service.change(*(s for f in passing for s in find_commands(f.remedy)))
    mended = select_faults(await check_databases(elsewhere))

    assert {f.name for f in passing} == {"udi_portal_app", "udi_node_public"}
    assert [words for words in mended.values() if "row-level" in words] == []


def test_a_server_that_nothing_verifies_is_a_warning(settings: Settings) -> None:
    trusting = settings.model_copy(update={"database_host": "pg.example.org"})

    [finding] = check_encryption(trusting)

    assert (finding.name, finding.severity) == ("encryption", "warning")
    assert "verify-full" in finding.remedy
    assert check_encryption(settings) == []


async def test_pages_speak_over_tls_with_what_was_made(
    elsewhere: Settings, service: Service, run: Run
) -> None:
    await run("database", "prepare", "--dsn", service.address)
    pages = Database(elsewhere, "portal", pages=True)
    try:
        async with pages.platform_session(role="public") as session:
            encrypted = await session.scalar(
                text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            )
    finally:
        await pages.close()

    assert encrypted is True


def test_keycloak_verifies_the_same_certificate(elsewhere: Settings) -> None:
    keycloak = make_keycloak(elsewhere, java=Path("java"), distribution=Path("kc"))
    url = keycloak.environment()["KC_DB_URL"]

    assert url.startswith(f"jdbc:postgresql://{HOST}:{elsewhere.database_port}/")
    assert f"sslmode=verify-full&sslrootcert={elsewhere.database_ca}" in url
    assert "connectTimeout=3" in url


async def test_backups_of_databases_that_others_run_are_left_to_them(
    settings: Settings, portal_site: Site, tmp_path: Path
) -> None:
    theirs = settings.model_copy(
        update={
            "database_host": "pg.example.org",
            "backup_plan": tmp_path / "backup.toml",
            "object_store": str(tmp_path / "objects"),
        }
    )

    [finding] = await check_backup(theirs)
    [metric] = await measure_backups(replace(portal_site, settings=theirs))

    assert finding.severity == "ok"
    assert "pg.example.org" in finding.message
    assert f"{tmp_path} and {tmp_path / 'objects'}" in finding.message
    assert metric.name == "udi_backup_elsewhere"
