"""The database of a cluster that is restored on one of its machines, while Patroni stands still on all of them."""

import asyncio
import shutil
import time

import asyncpg

from udi.cli.backup.context import BackupContext
from udi.cli.backup.plan import BackupPlan, account_of
from udi.cli.backup.processes import run_program
from udi.cli.backup.server import ServerControl, takes_writes
from udi.cli.local.errors import LocalError
from udi.kit.postgresql import make_superuser_address

UNIT = "udi-patroni.service"
SUPERUSER_SECRET = "patroni_superuser_password"  # noqa: S105 - the name of a file
REPLICATION_SECRET = "patroni_replication_password"  # noqa: S105 - the name of a file
KNOWS_REPLICATION = (
    "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'udi_replication')"
)
ACCOUNTS = {"postgres": SUPERUSER_SECRET, "udi_replication": REPLICATION_SECRET}
SETTINGS = """archive_mode = on
archive_command = 'pgbackrest --stanza={stanza} archive-push %p'
password_encryption = 'scram-sha-256'
"""
UNLOGGED = """
SET log_statement = none;
SET log_min_error_statement = panic;
SET log_min_duration_statement = -1;
SET log_min_duration_sample = -1;
SET log_transaction_sample_rate = 0;
"""
"""No password reaches the log, were all statements or slow ones written there."""
LEADS_WITHIN = 120
"""Seconds until this machine leads and the inner proxy has found it."""
POLL = 0.5


def refuse_running_cluster() -> None:
    """Refuse to put back files below a PostgreSQL that Patroni runs.

    Raises:
        LocalError: Patroni runs on this machine.
    """
    done = run_program(["systemctl", "is-active", "--quiet", UNIT])
    if done.returncode == 0:
        raise LocalError(
            "Patroni runs on this machine",
            "restore a cluster by the play `restore.yml`, which stops it on its three machines",
        )


def write_missing_settings(plan: BackupPlan) -> None:
    """Give files that were backed up on a machine alone, whose settings are elsewhere, those that Patroni starts from."""
    texts = {
        "postgresql.conf": SETTINGS.format(stanza=plan.stanza),
        "pg_hba.conf": "local all postgres peer map=operators\n",
        "pg_ident.conf": "operators postgres postgres\noperators root postgres\n",
    }
    account = account_of(plan)
    for name, text in texts.items():
        path = plan.server.data / name
        if not path.exists():
            path.write_text(text)
            shutil.chown(path, account.pw_uid, account.pw_gid)
            path.chmod(0o600)


def hand_over(machine: BackupContext, control: ServerControl) -> None:
    """Give the restored database to Patroni, with the passwords that this cluster has, and wait until it leads.

    Raises:
        LocalError: Patroni does not start, or this machine does not lead.
    """
    asyncio.run(_set_passwords(machine))
    control.stop()
    machine.progress.report("database: starting Patroni")
    done = run_program(["systemctl", "start", UNIT])
    if done.returncode:
        raise LocalError("Patroni does not start", f"read `journalctl -u {UNIT}`")
    address = make_superuser_address(machine.settings, SUPERUSER_SECRET)
    deadline = time.monotonic() + LEADS_WITHIN
    while not asyncio.run(takes_writes(address)):
        if time.monotonic() > deadline:
            raise LocalError(
                "The restored machine does not lead its cluster",
                f"read `journalctl -u {UNIT}` and `udi-patronictl list`",
            )
        time.sleep(POLL)


async def _set_passwords(machine: BackupContext) -> None:
    """A backup may be of a cluster that had others, or of a machine alone that had none."""
    connection = await asyncpg.connect(machine.plan.superuser, timeout=10)
    try:
        await connection.execute(UNLOGGED)
        if not await connection.fetchval(KNOWS_REPLICATION):
            await connection.execute("CREATE ROLE udi_replication LOGIN REPLICATION")
        for account, secret in ACCOUNTS.items():
            password = machine.settings.secret(secret)
            statement = await connection.fetchval(
                "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)",
                account,
                password,
            )
            await connection.execute(statement)
    finally:
        await connection.close()
