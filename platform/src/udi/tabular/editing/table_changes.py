"""A table whose rows can be changed, whatever its format, and what is changed of it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_ROWS = 5_000
LARGEST = 4 * 1024**2
"""Bytes of a file whose rows are changed."""


class UneditableTableError(Exception):
    """The rows of a file cannot be changed here; `code` is a key of `UNEDITABLE`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class TableChanges:
    """Rows with other values by their place, from 0; places of rows that go; rows that come after the last one."""

    changed: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    removed: frozenset[int] = frozenset()
    added: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class EditableTable(ABC):
    """The names of its columns; its rows, with the line or the number of each in the file."""

    names: tuple[str, ...]
    lines: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]

    def find_obstacle(self) -> str:
        """Why none of its rows can be changed, a key of `UNEDITABLE`; empty when nothing is in the way."""
        return ""

    @abstractmethod
    def find_unwritable(self, value: str) -> str:
        """The first letter that the file cannot hold; empty when there is none."""

    @abstractmethod
    def write(self, changes: TableChanges) -> bytes:
        """The file with these changes, and no other.

        Raises:
            UneditableTableError: it cannot be written so.
        """
