"""The folders of `udi up`: what lasts (state), what can be fetched again (cache), and who is using them."""

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from udi.cli.local.account import SystemAccount, can_read, change_owner, find_account
from udi.cli.local.errors import LocalError
from udi.settings import Settings

PROGRAMS = ("portal", "node")
ROLES = ("owner", "app", "public", "worker")
SECRETS = (
    "postgres_password",
    "keycloak_password",
    "keycloak_admin_secret",
    "keycloak_members_secret",
    *(f"{program}_{role}_password" for program in PROGRAMS for role in ROLES),
    *(f"{program}_client_key" for program in PROGRAMS),
)
MARK = ".udi-state"
DATA = (
    "postgres",
    "keycloak",
    "secrets",
    "objects",
    "search",
    "tables",
    "exports",
    "metrics",
    "mail",
    "archives",
    "logs",
    "run",
)
PROGRAM_FOLDERS = (
    "secrets",
    "objects",
    "search",
    "tables",
    "exports",
    "metrics",
    "mail",
    "archives",
)
"""Folders of which portal, node and mailbox are the owners, and that nobody else enters."""


def prepare_folders(settings: Settings, account: SystemAccount | None) -> None:
    """Make the state and cache folders, and the secrets that are missing.

    Raises:
        LocalError: the unprivileged account cannot reach one of the folders.
    """
    for folder, name in ((settings.state, "UDI_STATE"), (settings.cache, "UDI_CACHE")):
        folder.mkdir(parents=True, exist_ok=True)
        if account:
            folder.chmod(0o755)
        if account and not can_read(account, folder):
            cause = f"The account «{account.name}» that runs PostgreSQL cannot reach {folder}"
            raise LocalError(cause, f"name a folder that everybody may enter in {name}")
    (settings.state / MARK).touch()
    for name in ("logs", "run", "mail"):
        (settings.state / name).mkdir(exist_ok=True)
    for name in ("logs", "mail"):
        (settings.state / name).chmod(0o700)
    make_secrets(settings.secrets_folder)


def give_to_programs(settings: Settings, account: SystemAccount | None) -> None:
    """Make the folders of portal, node and mailbox, closed to others; they belong to the account that runs these programs.

    Its name is kept, for what root's later commands write there (`return_to_programs`).
    """
    for name in PROGRAM_FOLDERS:
        folder = settings.state / name
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
        change_owner(folder, account)
    (settings.state / MARK).write_text(account.name if account else "")


def return_to_programs(settings: Settings) -> None:
    """Have what root wrote in the folders of the programs belong to their account, where `udi up` gave them to one."""
    mark = settings.state / MARK
    if mark.exists():
        account = find_account(mark.read_text().strip())
    else:
        account = None
    for name in PROGRAM_FOLDERS if account else ():
        if (settings.state / name).is_dir():
            change_owner(settings.state / name, account)


def make_secrets(folder: Path, names: tuple[str, ...] = SECRETS) -> None:
    """Write a random value, readable by the caller only, for each name that has none."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in names:
        path = folder / name
        if path.exists() and path.stat().st_size:
            continue
        partial = folder / f".{name}.{os.getpid()}"
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_hex(24) + "\n")
        partial.rename(path)


@contextmanager
def lock_state(settings: Settings) -> Iterator[bool]:
    """Hold the state folder until the end of the block; yields False if another `udi up` holds it."""
    run = settings.state / "run"
    run.mkdir(parents=True, exist_ok=True)
    with (run / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def is_running(settings: Settings) -> bool:
    """Whether an `udi up` holds the state folder now."""
    if not (settings.state / "run/lock").exists():
        return False
    with lock_state(settings) as free:
        return not free


@contextmanager
def lock_cache(cache: Path) -> Iterator[None]:
    """Wait for our turn to fill the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_status(settings: Settings, status: dict[str, Any]) -> None:
    """Leave the supervisor's knowledge where the other commands read it."""
    path = settings.state / "run/status.json"
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(status))
    partial.replace(path)


def wait_for_leftovers(settings: Settings, patience: float = 12) -> None:
    """Let the parts of a killed `udi up` finish stopping; their ports would be busy."""
    try:
        left = json.loads((settings.state / "run/status.json").read_text())["parts"]
    except (OSError, ValueError, KeyError):
        return
    pids = [part["pid"] for part in left if part["pid"]]
    deadline = time.monotonic() + patience
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)


def read_status(settings: Settings) -> dict[str, Any]:
    """What the running supervisor wrote; empty when nothing runs."""
    if not is_running(settings):
        return {}
    try:
        status: dict[str, Any] = json.loads(
            (settings.state / "run/status.json").read_text()
        )
    except (OSError, ValueError):
        return {}
    return status


def delete_data(settings: Settings) -> None:
    """Delete the data of the state folder, and the folder when nothing else is in it.

    Raises:
        LocalError: the folder was not made by `udi up`.
    """
    if not (settings.state / MARK).exists():
        raise LocalError(
            f"{settings.state} was not made by `udi up`",
            "check UDI_STATE; nothing was deleted",
        )
    for name in DATA:
        shutil.rmtree(settings.state / name, ignore_errors=True)
    (settings.state / MARK).unlink()
    if not any(settings.state.iterdir()):
        settings.state.rmdir()
