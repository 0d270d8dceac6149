"""The PostgreSQL of a test run: one server, real roles, one pair of databases a worker copied from a migrated pair."""

import asyncio
import fcntl
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from tests.realms import apply_own_realm
from tests.reaper import RUN
from udi.cli.local.cluster import prepare_cluster, prepare_database
from udi.kit import keyring, keys
from udi.kit.migrations import upgrade
from udi.kit.sealed_columns import secret_name
from udi.settings import ProgramName, Settings

PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
ROLES = ("owner", "app", "public", "worker")


@contextmanager
def locked(folder: Path, name: str) -> Iterator[None]:
    """One worker of the run at a time."""
    with (folder / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def free_ports(count: int) -> int:
    """The first of `count` ports in a row that nobody listens on, and that nobody of this run was given before."""
    for first in range(21000 + os.getpid() % 500 * 20, 64000, 20):
        sockets = []
        try:
            for port in range(first, first + count):
                probe = socket.socket()
                sockets.append(probe)
                probe.bind(("127.0.0.1", port))
            (Path(os.environ[RUN]) / f"ports-{first}").touch(exist_ok=False)
        except OSError:
            continue
        else:
            return first
        finally:
            for probe in sockets:
                probe.close()
    msg = "no free ports"
    raise RuntimeError(msg)


def run_settings(run: Path, worker: str, *, base_port: int | None = None) -> Settings:
    """Settings of one worker: the run's server and Keycloak; its own databases, realm, folders and, if given, ports.

    Its secrets are a copy of the run's: what a test does to a file of them, another worker never sees.
    """
    facts = json.loads((run / "cluster.json").read_text())
    state = run / worker
    state.mkdir(exist_ok=True)
    folder = state / "secrets"
    if not folder.exists():
        shutil.copytree(run / "secrets", folder)
    return Settings(
        state=state,
        secrets=folder,
        base_port=base_port or facts["base_port"],
        identity_url=f"http://localhost:{facts['base_port'] + 2}",
        identity_realm=f"udi_{worker}",
        smtp_port=(base_port or facts["base_port"]) + 6,
        database_port=facts["port"],
        database_names={"portal": f"udi_portal_{worker}", "node": f"udi_node_{worker}"},
        private_hosts=["localhost:*", "*.localhost:*"],
        demo=True,
        query_seconds_per_minute=10**6,
    )


def write_secrets(folder: Path) -> None:
    """Passwords and keys of the run."""
    folder.mkdir(exist_ok=True)
    names = [f"{program}_{role}_password" for program in PROGRAMS for role in ROLES]
    names += ["portal_client_key", "node_client_key", "postgres_password"]
    names += ["keycloak_password", "keycloak_admin_secret", "keycloak_members_secret"]
    for name in names:
        (folder / name).write_text(secrets.token_urlsafe(24))
    (folder / "signing_keys").write_text(keys.new_secret())
    for name in (keyring.SECRET, *map(secret_name, PROGRAMS)):
        (folder / name).write_text(keyring.new_keyring())


def own_settings(run: Path, name: str) -> Settings:
    """Settings of another installation on the run's server and Keycloak: its own databases, keys, ports, mailbox and realm.

    What it applies at Keycloak, such as the addresses to which people come back, changes nothing of another's.
    """
    asyncio.run(
        copy_databases(json.loads((run / "cluster.json").read_text())["dsn"], name)
    )
    settings = run_settings(run, name, base_port=free_ports(8))
    folder = run / f"{name}-secrets"
    write_secrets(folder)
    for path in (
        *(run / "secrets").glob("*_password"),
        run / "secrets/keycloak_admin_secret",
    ):
        shutil.copy(path, folder)
    new_settings = settings.model_copy(
        update={
            "secrets": folder,
            "identity_realm": name,
            "smtp_port": settings.port(6),
        }
    )
    apply_own_realm(new_settings)
    return new_settings


async def prepare(superuser_dsn: str, settings: Settings) -> None:
    """Create the roles, and an empty database for each program, as `udi up` does."""
    passwords = {
        f"udi_{p}_{r}": settings.secret(f"{p}_{r}_password")
        for p in PROGRAMS
        for r in ROLES
    }
    passwords["udi_keycloak"] = settings.secret("keycloak_password")
    await prepare_cluster(superuser_dsn, settings.database_names, passwords)


async def copy_databases(superuser_dsn: str, worker: str) -> None:
    """Give one worker its own pair, copied from the migrated one."""
    for program in PROGRAMS:
        name = f"udi_{program}_{worker}"
        owner = f"udi_{program}_owner"
        connection = await asyncpg.connect(superuser_dsn)
        try:
            await connection.execute(
                f"CREATE DATABASE {name} TEMPLATE udi_{program}_template OWNER {owner}"
            )
        finally:
            await connection.close()
        await prepare_database(
            superuser_dsn,
            name,
            owner=owner,
            users=[f"udi_{program}_{role}" for role in ROLES],
        )


def migrate(run: Path) -> None:
    """Migrate the template pair in a process of its own, as an operator does."""
    code = (
        "import sys; from pathlib import Path; from tests.cluster import run_settings, upgrade;"
        "s = run_settings(Path(sys.argv[1]), 'template');"
        "[upgrade(s, p) for p in ('portal', 'node')]"
    )
    root = Path(__file__).resolve().parents[1]
    environment = {
        **os.environ,
        "PYTHONPATH": f"{root / 'platform/src'}{os.pathsep}{root}",
    }
    done = subprocess.run(
        [sys.executable, "-c", code, str(run)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)


__all__ = [
    "copy_databases",
    "free_ports",
    "locked",
    "migrate",
    "own_settings",
    "prepare",
    "run_settings",
    "upgrade",
    "write_secrets",
]
