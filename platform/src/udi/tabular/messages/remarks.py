"""Words about a file for the person who dropped it: an English sentence and what fills it, translated where it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Remark:
    """A sentence with `%(name)s` places; `values` never hold a cell of the file."""

    message: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class PlaceError:
    """What is wrong with the place of one row: `line` is its `__line`, `column` the one it was read from."""

    line: int
    column: str
    remark: Remark


class UnreadableGeoFileError(Exception):
    """A file that cannot be read, with the reason for the person."""

    def __init__(
        self, message: str, values: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message, dict(values or {}))

    @property
    def remark(self) -> Remark:
        return Remark(*self.args)

    def __str__(self) -> str:
        return str(self.args[0])
