# ruff: noqa: INP001 - a script, run by its path
"""Packs the folders of territories into one archive: `pack.py ARCHIVE FOLDER SLUG...`, the same bytes from the same files.

A file each over SSH took hours for a thousand territories. The archive is sent each time; the machine tells of a change, and
writes, only where a file is not the same. What links lead to is packed as files and folders: a link would lead nowhere there.
"""

import sys
import tarfile
from pathlib import Path

MOMENT = 315_532_800
"""Seconds of a day long ago: the times of files on the controller say nothing of what is in them."""


def level(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """What is on every machine the same: owner, rights, time."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mtime = MOMENT
    member.mode = 0o755 if member.isdir() else 0o644
    return member


def main(archive: Path, folder: Path, slugs: list[str]) -> None:
    """Write the archive."""
    with tarfile.open(
        archive, "w", format=tarfile.PAX_FORMAT, dereference=True
    ) as packed:
        for slug in sorted(slugs):
            packed.add(folder / slug, arcname=slug, filter=level)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
