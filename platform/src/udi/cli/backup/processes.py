"""Running pgBackRest, restic and PostgreSQL's programs: as the right account, and never longer than ourselves."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from udi.cli.backup.plan import BackupPlan, account_of
from udi.cli.local.errors import LocalError

ACCOUNT_VARIABLE = "UDI_BACKUP_AS"
READS_ALL = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
READS_OWN = ["--inh-caps", "-all", "--ambient-caps", "-all"]
LOCK = "lock"


class Progress:
    """Says on the error stream what is being done, with the seconds since the beginning."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return round(time.monotonic() - self._started, 1)

    def report(self, words: str) -> None:
        """One line."""
        print(f"{self.seconds:7.1f} s  {words}", file=sys.stderr, flush=True)


def become_account(plan: BackupPlan) -> None:
    """When root, run this very command again as PostgreSQL's account, which may then read every file but write its own only."""
    account = account_of(plan)
    if os.geteuid() == account.pw_uid or ACCOUNT_VARIABLE in os.environ:
        return
    arguments = [
        "--reuid",
        account.pw_name,
        "--regid",
        str(account.pw_gid),
        "--init-groups",
        *READS_ALL,
    ]
    command = [
        _find_program("setpriv"),
        *arguments,
        "--",
        sys.executable,
        "-P",
        "-m",
        "udi",
        *sys.argv[1:],
    ]
    sys.stdout.flush()
    os.execve(  # noqa: S606 - no shell is wanted
        command[0],
        command,
        {**os.environ, ACCOUNT_VARIABLE: account.pw_name, "HOME": "/nonexistent"},
    )


def wrap_command(
    command: Sequence[str | Path], *, account: str = "", reads_all: bool = False
) -> list[str]:
    """The command, ended when we end; as an account when we are root and one is named."""
    switch: list[str] = []
    if account and os.geteuid() == 0:
        switch = ["--reuid", account, "--regid", account, "--init-groups"]
    limits = [] if reads_all else READS_OWN
    return [
        _find_program("setpriv"),
        "--pdeathsig",
        "TERM",
        *switch,
        *limits,
        "--",
        *map(str, command),
    ]


def run_program(
    command: Sequence[str | Path],
    *,
    account: str = "",
    reads_all: bool = False,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    entry: bytes | None = None,
) -> subprocess.CompletedProcess[str]:
    """What a program answered; its status is the caller's to judge."""
    done = subprocess.run(
        wrap_command(command, account=account, reads_all=reads_all),
        env={**bare_environment(), **(environment or {})},
        cwd=folder or "/",
        input=entry,
        capture_output=True,
        check=False,
    )
    outputs = (
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )
    return subprocess.CompletedProcess(done.args, done.returncode, *outputs)


def bare_environment() -> dict[str, str]:
    """What our programs need of the environment; nothing of ours reaches them."""
    inherited_variables = {
        name: os.environ[name]
        for name in ("SSL_CERT_FILE", "TMPDIR")
        if name in os.environ
    }
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
        **inherited_variables,
    }


def require_programs(*names: str) -> None:
    """Refuse where a program is not installed.

    Raises:
        LocalError: it is not.
    """
    for name in names:
        _find_program(name)


def _find_program(name: str) -> str:
    path = shutil.which(name, path=bare_environment()["PATH"])
    if not path:
        package = {"setpriv": "util-linux"}.get(name, name)
        raise LocalError(
            f"The program {name} is not on this machine",
            f"install it (Debian: apt install {package})",
        )
    return path


@contextmanager
def hold_lock(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """One backup, drill or restore at a time: whoever comes second waits, and says so."""
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(
                "another backup, drill or restore runs on this machine: waiting until it ends"
            )
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
