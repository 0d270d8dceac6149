"""Backing up a producer's own node: its database, files, keys and what it was told, in one encrypted restic repository."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from udi import __version__
from udi.cli.backup.plan import PASSPHRASE
from udi.cli.local import state
from udi.cli.local.errors import LocalError
from udi.cli.local.steps import Terminal
from udi.cli.own import running
from udi.cli.own.database_copy import copy_out, make_private
from udi.cli.own.folder import FILE, OwnNode
from udi.cli.own.saved import ADDRESS, FOLDER, MANIFEST, PART, SAVING, Saved, find_restic, note, restic_at
from udi.kit.backups import Noted
from udi.kit.clock import now

KEPT = 14


def prepare(own: OwnNode, address: str) -> bool:
    """Begin the repository of a node, and draw the passphrase that opens it; whether it was missing.

    Raises:
        LocalError: the address is none, or another passphrase opened what is there.
    """
    state.make_secrets(own.settings.secrets_folder, (PASSPHRASE,))
    restic = restic_at(own, address)
    begun = restic.exists()
    if not begun:
        restic.begin()
    path = own.folder / FOLDER / ADDRESS
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{restic.repository.address}\n")
    return not begun


def create(own: OwnNode) -> Saved:
    """Back a node up, running or not: the database first, then the files that it names, in one snapshot.

    Raises:
        LocalError: no repository was begun, or something stopped on the way; there is no half backup.
    """
    began, restic, holds_files = time.monotonic(), find_restic(own), _holds_files(own)
    restic.release()
    target = own.folder / SAVING
    shutil.rmtree(target, ignore_errors=True)
    try:
        with _with_database(own):
            make_private(target)
            copied = asyncio.run(copy_out(own, target))
        label, moment = f"{now():%Y%m%dT%H%M%SZ}", now()
        saved = Saved(
            label=label,
            release=__version__,
            made_at=moment,
            seconds=0,
            node=own.joined.node.slug,
            holds_files=holds_files,
            copied=copied,
        )
        (target / MANIFEST).write_text(saved.model_dump_json())
        held = [name for name in (FILE, "secrets", "objects", SAVING) if (own.folder / name).exists()]
        restic.save(own.folder, PART, label, held)
    finally:
        shutil.rmtree(target, ignore_errors=True)
    saved = saved.model_copy(update={"seconds": round(time.monotonic() - began, 1)})
    note(own, created=Noted(label=label, at=moment, seconds=saved.seconds))
    restic.forget([each["id"] for each in restic.snapshots(PART)[:-KEPT]])
    return saved


def _holds_files(own: OwnNode) -> bool:
    place = own.settings.object_store_url
    if "://" in place:
        return False
    if Path(place).resolve() != (own.folder / "objects").resolve():
        cause = f"The files of the node are in {place}, not in its folder"
        raise LocalError(cause, "leave UDI_OBJECT_STORE empty, or back that folder up by other means")
    return True


@contextmanager
def _with_database(own: OwnNode) -> Iterator[None]:
    """Its database answers: that of the node that runs, or started for this."""
    if state.is_running(own.settings):
        yield
        return
    steps = Terminal(Console(stderr=True))
    with running.held(own.folder, own.port) as service, running.prepared(own, service, steps):
        yield
