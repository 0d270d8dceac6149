# ruff: noqa: INP001 - a script, run by its path
"""Prints the files of territories that a machine has otherwise: `compare.py FOLDER SLUG... <SUMS`, in JSON for `udi.deployment.files`.

`SUMS` are the lines of `sha256sum` on the machine, run in the folder of the territories. What is not text is shown by its
size and its checksum. Compared by Ansible file by file, a hundred territories took minutes, and it is only to be shown.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

TARGET = "/etc/udi/tenants"


def list_files(folder: Path) -> Iterator[Path]:
    """The files of a territory; what links lead to is of it too."""
    for place, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        yield from (Path(place, name) for name in sorted(names))


def show(content: bytes) -> str:
    """The text of a file, or what stands for one that is none."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        digest = hashlib.sha256(content).hexdigest()
        return f"{len(content)} bytes, sha256 {digest}\n"


def read_sums(lines: Iterator[str]) -> dict[str, str]:
    """The checksums that the machine told, by path below the folder of territories."""
    pairs = (line.rstrip("\n").partition("  ") for line in lines)
    return {name.removeprefix("./"): digest for digest, _, name in pairs}


def compare(
    folder: Path, slugs: list[str], sums: dict[str, str]
) -> Iterator[dict[str, str]]:
    """Each file that the machine has otherwise, or not at all."""
    for slug in sorted(slugs):
        for path in list_files(folder / slug):
            name = path.relative_to(folder).as_posix()
            content = path.read_bytes()
            if sums.get(name) != hashlib.sha256(content).hexdigest():
                yield {"path": f"{TARGET}/{name}", "content": show(content)}


if __name__ == "__main__":
    differing = compare(Path(sys.argv[1]), sys.argv[2:], read_sums(sys.stdin))
    json.dump(list(differing), sys.stdout)
