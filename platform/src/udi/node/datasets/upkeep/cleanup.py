"""Copies of data that nobody uses any more, removed from this machine by its worker: what is erased is nowhere a day later."""

import asyncio
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from udi.kit.schedules import Schedule

FOLDER = re.compile(r"udi-(prepare|take|treat)-.+")
FILE = re.compile(r"udi-[a-z0-9_]{8}")
"""Where files are looked at, named by those who make them."""
OLD = timedelta(days=1)


def schedule_cleanup(*removals: Callable[[], None]) -> Schedule:
    """Do each of these in a thread, once an hour on each machine."""

    async def clean_up() -> None:
        errors = []
        for remove in removals:
            try:
                await asyncio.to_thread(remove)
            except OSError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    return Schedule("remove_old_copies", "47 * * * *", clean_up, per_machine=True)


def remove_leftovers() -> None:
    """Remove what killed processes of this account left in the temporary folder, once it is a day old."""
    for path in Path(tempfile.gettempdir()).iterdir():
        with suppress(FileNotFoundError):
            about = path.lstat()
            old = (
                time.time() - about.st_mtime > OLD.total_seconds()
                and about.st_uid == os.getuid()
            )
            if old and FOLDER.fullmatch(path.name) and stat.S_ISDIR(about.st_mode):
                shutil.rmtree(path, ignore_errors=True)
            elif old and FILE.fullmatch(path.name) and stat.S_ISREG(about.st_mode):
                path.unlink()
