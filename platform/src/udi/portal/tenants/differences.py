"""What differs between two versions of a territory's files."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from typing import Literal

from udi.portal.tenants.files import TenantFiles

MOST_LINES = 2000
"""Lines of one file's difference; the rest is left out, and counted."""


@dataclass(frozen=True)
class FileDifference:
    """A file that is not the same; `lines` are a unified difference, none for what is no text."""

    path: str
    change: Literal["added", "removed", "changed"]
    lines: tuple[str, ...] = ()
    omitted: int = 0

    def __str__(self) -> str:
        body = "".join(f"{line}\n" for line in self.lines)
        if not self.lines:
            body = f"{self.path}: {self.change}\n"
        if self.omitted:
            body += f"… {self.omitted} more lines\n"
        return body


def list_differences(before: TenantFiles, after: TenantFiles) -> list[FileDifference]:
    """What `after` has otherwise than `before`, by path."""
    return [
        _compare(path, before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def _compare(path: str, before: bytes | None, after: bytes | None) -> FileDifference:
    change: Literal["added", "removed", "changed"] = "changed"
    if before is None:
        change = "added"
    elif after is None:
        change = "removed"
    lines = list(_list_lines(path, before or b"", after or b""))
    return FileDifference(
        path, change, tuple(lines[:MOST_LINES]), max(0, len(lines) - MOST_LINES)
    )


def _list_lines(path: str, before: bytes, after: bytes) -> Iterator[str]:
    if b"\0" in before + after:
        return
    try:
        old = before.decode().splitlines()
        new = after.decode().splitlines()
    except UnicodeDecodeError:
        return
    yield from unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="")
