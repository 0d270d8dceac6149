"""Formats of tables that packages beside ours read (`udi.readers`)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol

from udi.kit.entry_points import list_entry_points

GROUP = "udi.readers"


class TableReader(Protocol):
    """Reads the table of a file."""

    def __call__(self, path: Path) -> Iterable[list[str]]:
        """The cells of each record as text, lazily, from the start; the names of columns are found as in a CSV.

        Raises:
            ValueError: the file is not of this format after all, or is broken.
        """


@dataclass(frozen=True)
class TableFormat:
    """A format of tables, under the name of its entry point."""

    media_type: str
    label: str
    """The short word shown to people."""
    reader: str
    """A `TableReader`, as «module:function»: imported where a file is read, behind walls."""
    recognises: Callable[[bytes, str], bool]
    """Whether a file is of this format, by its first 4,096 bytes and its name."""

    def load_reader(self) -> TableReader:
        """The function that reads."""
        module, _, function = self.reader.partition(":")
        reader: TableReader = getattr(import_module(module), function)
        return reader


@cache
def list_table_formats() -> dict[str, TableFormat]:
    """The formats of other packages, by name."""
    return {point.name: point.load() for point in list_entry_points(GROUP)}


def find_table_format(head: bytes, name: str) -> TableFormat | None:
    """The first that recognises a file, if any."""
    return next(
        (
            table_format
            for table_format in list_table_formats().values()
            if table_format.recognises(head, name)
        ),
        None,
    )
