"""The folder that a collector reads: one writer at a time, whole files alone, whose group may read them."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

import click

FOLDER_MODE = 0o750
FILE_MODE = 0o640
STANDARD_OUTPUT = Path("-")
LOCK = ".lock"
UNFINISHED = ".partial"


@asynccontextmanager
async def lock_folder(folder: Path) -> AsyncIterator[None]:
    """Hold the folder, which is made where there is none, until the end; another run waits for it."""
    make_readable_folder(folder)
    with (folder / LOCK).open("ab") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield


def make_readable_folder(folder: Path) -> None:
    """Make a folder that the group of the one around it may read, whatever the mask of the process."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True)
    _open_to_group(folder, FOLDER_MODE)


def list_whole_files(folder: Path, program: str) -> list[Path]:
    """Files of a program's lines, in the order of their names; none that is being written."""
    return sorted(folder.glob(f"{program}-*.jsonl"))


def remove_unfinished(folder: Path) -> None:
    """Remove what a run that was interrupted left; only while the folder is locked."""
    for file in folder.glob(f"*{UNFINISHED}"):
        file.unlink()


@contextmanager
def write_whole_file(file: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """Write a file that has its name once it is whole and on the disk; nothing stays of one that fails.

    With `mode`, it has that mode and its folder's group.
    """
    partial = file.with_name(f"{file.name}.{os.getpid()}{UNFINISHED}")
    try:
        with partial.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            _open_to_group(partial, mode)
        partial.rename(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _flush_folder(file.parent)


@contextmanager
def write_output(file: Path) -> Iterator[BinaryIO]:
    """Write a whole file; or «-», the standard output, or a device or pipe of this name, as it comes."""
    if file == STANDARD_OUTPUT or (file.exists() and not file.is_file()):
        with click.open_file(str(file), "wb") as stream:
            yield cast("BinaryIO", stream)
    else:
        with write_whole_file(file.resolve()) as whole_file:
            yield whole_file


def _open_to_group(path: Path, mode: int) -> None:
    """A service may have no right to change groups: its files are its own group's then."""
    group = path.parent.stat().st_gid
    if path.stat().st_gid != group:
        with suppress(PermissionError):
            os.chown(path, -1, group)
    path.chmod(mode)


def _flush_folder(folder: Path) -> None:
    """So that the new name outlives a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
