import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.cluster import free_ports
from tests.local_servers import PostgresProcess, start_postgres
from udi.cli.local import postgres
from udi.cli.local.account import service_account
from udi.cli.local.cluster import ROLES, prepare_cluster, prepare_database
from udi.cli.local.errors import LocalError

pytestmark = pytest.mark.programs

PASSWORDS = {
    f"udi_{program}_{role}": f"it's {program} {role}"
    for program in ("portal", "node")
    for role in ROLES
}
PASSWORDS["udi_keycloak"] = "keycloak"


def _cluster(folder: Path, *, system: bool = True) -> postgres.Cluster:
    account = service_account()
    binaries = postgres.find_binaries(
        folder, account, data=folder / "data", system=system
    )
    return postgres.Cluster(
        binaries, folder / "data", free_ports(1), "it's secret", account, durable=False
    )


@pytest.fixture(scope="module")
def running() -> Iterator[PostgresProcess]:
    """A server that these tests look at."""
    with tempfile.TemporaryDirectory(prefix="udi-local-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = start_postgres(_cluster(folder), folder / "log")
        yield server
        server.stop()


@pytest.fixture(scope="module")
async def prepared(running: PostgresProcess) -> PostgresProcess:
    """The same with our roles and databases, made and made again."""
    for _ in range(2):
        await prepare_cluster(
            running.dsn, {"portal": "udi_portal", "node": "udi_node"}, PASSWORDS
        )
    return running


@pytest.mark.parametrize(
    "system",
    [
        pytest.param(True, id="system"),
        pytest.param(False, id="package", marks=pytest.mark.thorough),
    ],
)
async def test_a_cluster_starts_stops_and_keeps_its_data(
    open_folder: Path, *, system: bool
) -> None:
    for turn in ("first", "second"):
        server = start_postgres(
            _cluster(open_folder, system=system), open_folder / "log"
        )
        connection = await asyncpg.connect(server.dsn)
        if turn == "first":
            await connection.execute(
                "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('été')"
            )
        assert await connection.fetchval("SELECT upper(word) FROM kept") == "ÉTÉ"
        owner = psutil.Process(server.process.pid).uids().real
        await connection.close()
        server.stop()
        assert owner != 0
        assert not psutil.pid_exists(server.process.pid)


def test_the_password_is_asked_and_left_nowhere(
    running: PostgresProcess,
) -> None:
    rules = (running.cluster.data / "pg_hba.conf").read_text().splitlines()
    assert {
        line.split()[-1] for line in rules if line and not line.startswith("#")
    } == {"scram-sha-256"}
    assert not (running.cluster.data.parent / ".initial").exists()
    assert "secret" not in " ".join(running.cluster.command())


async def test_roles_are_low_and_databases_closed_to_everybody_else(
    prepared: PostgresProcess,
) -> None:
    admin = await asyncpg.connect(prepared.dsn)
    high = await admin.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'udi_%' AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)"
    )
    temporary = await admin.fetchval(
        "SELECT has_database_privilege('udi_portal_app', 'udi_portal', 'TEMP')"
    )
    await admin.close()
    assert high == []
    assert temporary is False
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _as(prepared, "udi_node_app", "udi_portal")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host="127.0.0.1",
            port=prepared.cluster.port,
            user="udi_portal_app",
            password="wrong",
            database="udi_portal",
        )


async def test_the_owner_makes_schemas_and_the_application_may_not(
    prepared: PostgresProcess,
) -> None:
    owner = await _as(prepared, "udi_portal_owner", "udi_portal")
    await owner.execute(
        "CREATE SCHEMA app; CREATE EXTENSION unaccent; CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gin"
    )
    await owner.close()
    app = await _as(prepared, "udi_portal_app", "udi_portal")
    for statement in (
        "CREATE SCHEMA mine",
        "CREATE TABLE public.mine ()",
        "CREATE TEMP TABLE mine ()",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(statement)
    await app.close()


async def test_another_database_takes_the_same_roles(
    prepared: PostgresProcess,
) -> None:
    await prepare_database(
        prepared.dsn, "portal gw0", owner="udi_portal_owner", users=["udi_portal_app"]
    )

    app = await _as(prepared, "udi_portal_app", "portal gw0")
    await app.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _as(prepared, "udi_portal_public", "portal gw0")


async def _as(running: PostgresProcess, role: str, database: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        host="127.0.0.1",
        port=running.cluster.port,
        user=role,
        password=PASSWORDS[role],
        database=database,
    )


def test_a_taken_port_is_explained_and_nothing_is_left(
    running: PostgresProcess, open_folder: Path
) -> None:
    other = postgres.Cluster(
        running.cluster.binaries,
        open_folder / "other",
        running.cluster.port,
        "x",
        running.cluster.account,
        durable=False,
    )

    with pytest.raises(LocalError, match="Starting PostgreSQL failed: it said «"):
        start_postgres(other, open_folder / "other.log")

    assert not (open_folder / "other/postmaster.pid").exists()


def test_data_of_a_version_that_is_gone_are_not_touched(open_folder: Path) -> None:
    (open_folder / "data").mkdir()
    (open_folder / "data/PG_VERSION").write_text("9\n")

    with pytest.raises(
        LocalError, match="was made by PostgreSQL 9, which this machine no longer has"
    ):
        _cluster(open_folder)


@pytest.mark.thorough
def test_a_server_that_outlived_its_supervisor_is_ended(open_folder: Path) -> None:
    orphan = start_postgres(_cluster(open_folder), open_folder / "log")

    postgres.clear_stale(orphan.cluster.data)

    assert orphan.process.wait(60) == 0
    assert not (orphan.cluster.data / "postmaster.pid").exists()


def test_the_pid_file_of_somebody_else_is_dropped_and_he_lives(
    open_folder: Path,
) -> None:
    (open_folder / "data").mkdir()
    (open_folder / "data/postmaster.pid").write_text("1\n")

    postgres.clear_stale(open_folder / "data")

    assert not (open_folder / "data/postmaster.pid").exists()
    assert psutil.pid_exists(1)
