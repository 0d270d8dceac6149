"""Who runs the parts of an installation: the caller, or an unprivileged account when the caller is root."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from udi.cli.local.errors import LocalError

NAME = "udi"
FALLBACKS = ("postgres", "nobody")


@dataclass(frozen=True)
class SystemAccount:
    """A system account that owns nothing outside its folders."""

    name: str
    uid: int
    gid: int


def service_account() -> SystemAccount | None:
    """The account for the parts that must not be root; None when the caller is not root (they run as the caller).

    Raises:
        LocalError: root has no unprivileged account to give.
    """
    if os.geteuid() != 0:
        return None
    account = (
        find_account(NAME)
        or _create_account()
        or next(filter(None, map(find_account, FALLBACKS)), None)
    )
    if account is None:
        cause = f"PostgreSQL refuses to run as root and the account «{NAME}» cannot be created"
        raise LocalError(cause, "create it, or run this command as an ordinary user")
    return account


def find_account(name: str) -> SystemAccount | None:
    """The account of this name; None where there is none, or it has root's rights."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    if entry.pw_uid:
        return SystemAccount(name, entry.pw_uid, entry.pw_gid)
    return None


def _create_account() -> SystemAccount | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not useradd:
        return None
    command = [
        useradd,
        "--system",
        "--user-group",
        "--no-create-home",
        "--home-dir",
        "/nonexistent",
    ]
    subprocess.run(
        [*command, "--shell", "/usr/sbin/nologin", NAME],
        check=False,
        capture_output=True,
    )
    return find_account(NAME)


def can_read(account: SystemAccount | None, path: Path) -> bool:
    """Whether the account reaches this file or folder through the rights of «others» or its own."""
    if account is None:
        return os.access(path, os.R_OK)
    path = path.resolve()
    if not path.exists():
        return False
    needed = [
        (path, 5 if path.is_dir() or os.access(path, os.X_OK) else 4),
        *((parent, 1) for parent in path.parents),
    ]
    return all(_rights(account, item.stat()) & bits == bits for item, bits in needed)


def _rights(account: SystemAccount, status: os.stat_result) -> int:
    if status.st_uid == account.uid:
        return status.st_mode >> 6 & 7
    if status.st_gid == account.gid:
        return status.st_mode >> 3 & 7
    return status.st_mode & 7


def change_owner(path: Path, account: SystemAccount | None) -> None:
    """Make a folder (created if absent) and all it holds belong to the account."""
    path.mkdir(parents=True, exist_ok=True)
    if account is None:
        return
    for item in (path, *path.rglob("*")):
        os.chown(item, account.uid, account.gid, follow_symlinks=False)


def make_readable(path: Path) -> None:
    """Let everybody read a folder made by the caller, whatever the caller's umask."""
    for item in (path, *path.rglob("*")):
        if item.is_symlink():
            continue
        executable = item.is_dir() or item.stat().st_mode & stat.S_IXUSR
        item.chmod(0o755 if executable else 0o644)


def ensure_readable_copy(
    source: Path, probe: str, copy: Path, account: SystemAccount | None
) -> Path:
    """A folder of programs where the account can read it: itself, or its `copy`, made once.

    `probe` is a file inside, whose rights stand for the others'.
    """
    if can_read(account, source / probe):
        return source
    if copy.is_dir():
        return copy
    partial = copy.with_name(f".{copy.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        shutil.copytree(source, partial, symlinks=True)
        make_readable(partial)
        partial.rename(copy)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return copy
