"""Starting and stopping a PostgreSQL: the machine's own, or a throw-away one for the drill."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from udi.cli.backup.plan import DatabaseServer
from udi.cli.backup.processes import run_program
from udi.cli.local.errors import LocalError

RECOVERED_WITHIN = 6 * 3600
"""Seconds; a long log of transactions takes long to read again, and progress is said meanwhile."""
GONE_FOR = 4
"""Seconds without a process after which it is held to have stopped: it takes a moment to write that it started."""
POLL = 0.2
ALONE = "-c listen_addresses='' -c synchronous_standby_names='' -c hot_standby=off"
"""Of a machine of a cluster that is restored before Patroni runs it: nobody enters, no commit waits for another machine,
and the parameters of the machine that was backed up need not be known."""
DRILL_CONFIGURATION = """listen_addresses = ''
port = {port}
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
hba_file = '{data}/drill_hba.conf'
ident_file = '{data}/drill_ident.conf'
archive_mode = off
hot_standby = off
autovacuum = off
fsync = off
shared_buffers = 64MB
max_connections = 20
huge_pages = off
jit = off
"""


@dataclass(frozen=True)
class ServerControl:
    """One server, by its unit or by `pg_ctl`."""

    server: DatabaseServer
    log: Path

    @property
    def superuser(self) -> str:
        """Address of the superuser's connection."""
        return f"postgresql://postgres@/postgres?host={self.server.socket}&port={self.server.port}"

    def start(self) -> None:
        """Start it; recovery may go on after.

        Raises:
            LocalError: it does not start.
        """
        if self.server.unit:
            done = run_program(["systemctl", "start", self.server.unit])
        else:
            where: list[str | Path] = ["-D", self.server.data, "-l", self.log]
            place = f"-p {self.server.port} -k {self.server.socket}"
            if self.server.clustered:
                place = f"{place} {ALONE}"
            done = run_program(
                [self._pg_ctl, *where, "-o", place, "-W", "start"],
                account=self.server.account,
            )
        if done.returncode:
            raise self._start_error()

    def stop(self) -> None:
        """Stop it, and wait until it is; one that does not run is no error."""
        if self.server.unit:
            run_program(["systemctl", "stop", self.server.unit])
        else:
            run_program(
                [self._pg_ctl, "-D", self.server.data, "-m", "fast", "-w", "stop"],
                account=self.server.account,
            )

    def wait_until_writable(self, say: Callable[[str], None]) -> None:
        """Until it has recovered and takes writes.

        Raises:
            LocalError: it stopped: a piece of the log of transactions is missing or was changed.
        """
        began = reported_at = last_running_at = time.monotonic()
        while not asyncio.run(takes_writes(self.superuser)):
            if self._is_running():
                last_running_at = time.monotonic()
            if (
                time.monotonic() - last_running_at > GONE_FOR
                or time.monotonic() - began > RECOVERED_WITHIN
            ):
                raise self._start_error()
            if time.monotonic() - reported_at > 10:  # noqa: PLR2004 - seconds between two lines of progress
                reported_at = time.monotonic()
                say("database: reading the log of transactions again")
            time.sleep(POLL)

    def _is_running(self) -> bool:
        command: list[str | Path] = [self._pg_ctl, "-D", self.server.data, "status"]
        if run_program(command, account=self.server.account).returncode == 0:
            return True
        return bool(self.server.unit) and run_program(
            ["systemctl", "is-active", self.server.unit]
        ).stdout.startswith("activ")

    @property
    def _pg_ctl(self) -> Path:
        return self.server.binaries / "pg_ctl"

    def _start_error(self) -> LocalError:
        if self.log.exists():
            lines = self.log.read_text(errors="replace").splitlines()
        else:
            lines = []
        fatal = [
            line.partition("FATAL:")[2].strip()
            for line in lines
            if "FATAL:" in line and "starting up" not in line
        ]
        if self.server.unit:
            where = f"journalctl -u {self.server.unit}"
        else:
            where = str(self.log)
        cause = (
            f"PostgreSQL did not come up again ({fatal[-1] if fatal else 'it stopped'})"
        )
        return LocalError(
            cause,
            f"read {where}, then run the same command again, or choose another backup",
        )


async def takes_writes(superuser: str) -> bool:
    """Whether the PostgreSQL at an address answers and has recovered."""
    try:
        connection = await asyncpg.connect(superuser, timeout=5)
    except (OSError, asyncpg.PostgresError):
        return False
    try:
        return not await connection.fetchval("SELECT pg_is_in_recovery()")
    finally:
        await connection.close()


def write_drill_configuration(server: DatabaseServer) -> None:
    """Give a restored folder the configuration of a server that nobody but its own account reaches."""
    files = {
        "postgresql.conf": DRILL_CONFIGURATION.format(
            port=server.port, socket=server.socket, data=server.data
        ),
        "drill_hba.conf": "local all postgres trust\n",
        "drill_ident.conf": "",
    }
    for name, text in files.items():
        (server.data / name).write_text(text)
