"""An installation of its own for backups: PostgreSQL that archives, files, secrets, a plan; writers that never stop."""

import asyncio
import getpass
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests import commands
from tests.cluster import write_secrets
from tests.commands import Commands
from udi.cli.backup.processes import READS_ALL
from udi.cli.local.cluster import prepare_cluster
from udi.node.files.models import object_key
from udi.settings import Settings

ROOT = Path(__file__).parents[2]
BINARIES = Path("/usr/lib/postgresql/15/bin")
"""The newest that Debian 12's pgBackRest knows."""
PASSPHRASE = "correct-horse-battery-staple"
LARGEST = 40_000
MEMORY = Path("/dev/shm")
ROOM = 3_000_000_000
RUN_AGAIN = {("backup", verb) for verb in ("create", "list", "verify")}
"""What root does as PostgreSQL's account."""
TAKE_ACCOUNT = [
    "setpriv",
    "--reuid",
    "postgres",
    "--regid",
    "postgres",
    "--init-groups",
    *READS_ALL,
    "--",
]
BY_ACCOUNT = Commands(TAKE_ACCOUNT if os.geteuid() == 0 else [])
CREATE = (
    "CREATE TABLE IF NOT EXISTS public.written (id bigserial PRIMARY KEY, said text)"
)


def require_programs() -> None:
    """Skip, with the reason, where a real backup cannot be made."""
    missing = [
        name for name in ("pgbackrest", "restic", "setpriv") if not shutil.which(name)
    ]
    if missing:
        pytest.skip(
            f"needs {', '.join(missing)} (Debian: apt install pgbackrest restic util-linux)"
        )
    if not BINARIES.is_dir():
        pytest.skip(
            f"needs PostgreSQL 15 (looked in {BINARIES}): pgBackRest 2.45 knows no later one"
        )


def make_scratch() -> Path:
    """A folder that other accounts may enter; in memory where there is room, since pgBackRest waits for the disk at each file."""
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    folder = Path(
        tempfile.mkdtemp(prefix="udi-backup-", dir=MEMORY if in_memory else None)
    )
    folder.chmod(0o755)
    return folder


@dataclass
class Installation:
    """Everything below one folder; `repository` may be another installation's.

    With `has_account` somebody backs it up who has PostgreSQL's account already, else root, who takes it.
    """

    folder: Path
    repository: Path
    port: int
    has_account: bool = False

    @property
    def account(self) -> str:
        if os.geteuid() == 0:
            return "postgres"
        return getpass.getuser()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def objects(self) -> Path:
        return self.folder / "objects"

    @property
    def environment(self) -> dict[str, str]:
        """What the command reads."""
        folder = self.folder
        return {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith("UDI_")
            },
            "PYTHONPATH": str(ROOT / "platform/src"),
            "UDI_STATE": str(folder / "state"),
            "UDI_SECRETS": str(folder / "etc/secrets"),
            "UDI_TENANTS": str(folder / "etc/tenants"),
            "UDI_OBJECT_STORE": str(self.objects),
            "UDI_BACKUP_PLAN": str(folder / "etc/backup.toml"),
            "UDI_BACKUP_STATE": str(folder / "backup"),
            "UDI_DATABASE_PORT": str(self.port),
        }

    @property
    def settings(self) -> Settings:
        folder = self.folder
        return Settings(
            state=folder / "state", secrets=folder / "etc/secrets", tenants=folder / "etc/tenants", database_port=self.port,
            object_store=str(self.objects), backup_plan=folder / "etc/backup.toml", backup_state=folder / "backup",
        )  # fmt: skip

    def lay(self, *, migrated: bool = True) -> None:
        """Secrets, territories, plan, an empty cluster that archives, and our databases in it, which may have no schema."""
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o755)
        for name in ("etc/tenants/baie", "objects", "socket", "state"):
            (self.folder / name).mkdir(parents=True)
        write_secrets(self.folder / "etc/secrets")
        (self.folder / "etc/secrets/backup_passphrase").write_text(PASSPHRASE)
        (self.folder / "etc/tenants/baie/tenant.toml").write_text(
            f'name = "{self.folder.name}"\n'
        )
        self.write_plan()
        for name in ("socket", "."):
            shutil.chown(self.folder / name, self.account)
        self._as_account(
            BINARIES / "initdb",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "-D",
            self.data,
            "--no-sync",
        )
        self._configure()
        self.start()
        self.prepare(migrated=migrated)

    def write_plan(self, *, clustered: bool = False, **changed: Any) -> None:
        """The plan, as the role writes it."""
        top: dict[str, Any] = {
            "repository": str(self.repository),
            "configuration": str(self.folder / "pgbackrest.conf"),
        }
        top |= {"installation": str(self.folder / "etc"), "processes": 1, **changed}
        server: dict[str, Any] = {
            "data": str(self.data),
            "binaries": str(BINARIES),
            "socket": str(self.folder / "socket"),
        }
        server |= {"port": self.port, "account": self.account, "clustered": clustered}
        lines = [f"{name} = {json.dumps(value)}" for name, value in top.items()]
        lines += [
            "[server]",
            *(f"{name} = {json.dumps(value)}" for name, value in server.items()),
        ]
        (self.folder / "etc/backup.toml").write_text("\n".join(lines) + "\n")

    def _configure(self) -> None:
        """As on a machine: what is restored elsewhere says nothing of where it was."""
        push = 'pgbackrest --config="$(dirname "$PWD")/pgbackrest.conf" --stanza=udi archive-push %p'
        lines = {
            "listen_addresses": "127.0.0.1", "archive_mode": "on", "archive_command": push, "fsync": "off", "shared_buffers": "32MB", "jit": "off",
        }  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in lines.items())

    def _as_account(self, *command: str | Path) -> None:
        switch = [
            "setpriv",
            "--reuid",
            self.account,
            "--regid",
            self.account,
            "--init-groups",
            "--",
        ]
        switched = [*(switch if os.geteuid() == 0 else []), *map(str, command)]
        subprocess.run(switched, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def start(self) -> None:
        """Start PostgreSQL."""
        where: list[str | Path] = ["-D", self.data, "-l", self.folder / "server.log"]
        where += ["-o", f"-p {self.port} -k {self.folder / 'socket'}"]
        (self.folder / "server.log").touch()
        shutil.chown(self.folder / "server.log", self.account)
        self._as_account(BINARIES / "pg_ctl", *where, "-w", "start")

    def stop(self) -> None:
        """Stop it at once; nothing is kept of these tests."""
        if (self.data / "postmaster.pid").exists():
            self._as_account(
                BINARIES / "pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop"
            )

    def prepare(self, *, migrated: bool) -> None:
        """Roles and databases; schemas too."""
        settings = self.settings
        passwords = {
            f"udi_{program}_{role}": settings.secret(f"{program}_{role}_password")
            for program in ("portal", "node")
            for role in ("owner", "app", "public", "worker")
        }
        passwords["udi_keycloak"] = settings.secret("keycloak_password")
        asyncio.run(
            prepare_cluster(self.dsn("postgres"), settings.database_names, passwords)
        )
        if migrated:
            assert self.udi("database", "migrate").returncode == 0

    def dsn(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def udi(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """A command as an operator gives it."""
        return self._by(*arguments).run(*arguments, environment=self.environment)

    def _by(self, *arguments: str | Path) -> Commands:
        """Who gives a command: where root would run it again as the account, which imports all twice, the account itself."""
        if self.has_account and arguments[:2] in RUN_AGAIN:
            return BY_ACCOUNT
        return commands.shared

    def must(self, *arguments: str | Path) -> Any:
        """The JSON that a backup command answers."""
        done = self.udi("backup", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def interrupt(self, *arguments: str | Path, after: str) -> None:
        """Begin a command and kill it, without warning, once it said a word."""
        command = ("backup", *arguments)
        lines = list[str]()
        operator = self._by(*command)
        with operator.start(
            *command, environment=self.environment, stdout=subprocess.DEVNULL
        ) as process:
            assert process.stderr
            for line in process.stderr:
                lines.append(line)
                if after in line:
                    time.sleep(0.3)
                    process.kill()
                    break
        assert process.returncode == -9, "".join(lines)

    def query(self, database: str, sql: str, *values: Any) -> Any:
        """One value."""

        async def ask() -> Any:
            connection = await asyncpg.connect(self.dsn(database))
            try:
                return await connection.fetchval(sql, *values)
            finally:
                await connection.close()

        return asyncio.run(ask())


@dataclass
class Load:
    """Writers that go on until told: rows of both databases, files with their rows."""

    at: Installation
    written: int = 0
    _stopped: bool = False
    _task: Any = None
    _going: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self) -> None:
        """Start, and return once each has written."""
        for database in ("udi_node", "udi_keycloak"):
            await asyncio.to_thread(self.at.query, database, CREATE)
        self._task = asyncio.gather(*(self._write(rank) for rank in range(3)))
        await asyncio.wait_for(self._going.wait(), 60)

    async def end(self) -> None:
        """Stop, and say what failed."""
        self._stopped = True
        await self._task

    async def _write(self, rank: int) -> None:
        connection = await asyncpg.connect(
            self.at.dsn("udi_node" if rank else "udi_keycloak")
        )
        await connection.execute("SET session_replication_role = replica")
        try:
            while not self._stopped:
                await connection.execute(
                    "INSERT INTO public.written (said) VALUES (repeat(md5(random()::text), 20))"
                )
                if rank == 1:
                    await self._publish(connection)
                self.written += 1
                if self.written > 20:
                    self._going.set()
                await asyncio.sleep(0.02)
        finally:
            await connection.close()

    async def _publish(self, connection: Any) -> None:
        tenant, space, dataset, file = (uuid.uuid4() for _ in range(4))
        content = os.urandom(1000 + self.written * 7 % LARGEST)
        path = self.at.objects / object_key(tenant, space, dataset, file)
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        await connection.execute(
            "INSERT INTO app.stored_file (tenant_id, id, space_id, dataset_id, name, media_type, size, sha256)"
            " VALUES ($1, $2, $3, $4, 'table.csv', 'text/csv', $5, $6)",
            tenant, file, space, dataset, len(content), hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
