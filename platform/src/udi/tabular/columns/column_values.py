"""What the values of a column say together."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from udi.tabular.columns.value_patterns import NULLS, cached_pattern, fold
from udi.tabular.messages.notes import Note

ENOUGH = 50
TOLERATED = 0.02


@dataclass
class ColumnValues:
    """The values of a column that say something, with how often each is met."""

    name: str
    counts: Counter[str]
    notes: list[Note] = field(default_factory=list)
    comma: bool = False
    """Whether the cells are separated by commas."""
    mark: str | None = None
    """The decimal mark of the other columns, when they tell."""

    @property
    def hint(self) -> str:
        return plain_name(self.name)

    def fits(self, pattern: str) -> bool:
        """Whether the values are written so, but for a few among many."""
        matches = cached_pattern(pattern).fullmatch
        return self.tolerates(value for value in self.counts if not matches(value))

    def tolerates(self, misfits: Iterable[str]) -> bool:
        """Whether so few values among so many may be mistakes."""
        misfit_values = list(misfits)
        count = sum(self.counts[value] for value in misfit_values)
        total = self.counts.total()
        if misfit_values and (total < ENOUGH or count > TOLERATED * total):
            return False
        if misfit_values:
            self.add_note("misfits", count=str(count), value=misfit_values[0][:80])
        return True

    def add_note(self, code: str, **values: str) -> None:
        """Note something, once."""
        if not any(note.code == code for note in self.notes):
            self.notes.append(Note(code, self.name, values))


def plain_name(name: str) -> str:
    """A name in small letters, words apart: `codeInsee` and `Code INSEE` alike."""
    apart = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Ü])", "_", name)
    return re.sub(r"[^0-9a-z%]+", "_", fold(apart)).strip("_")


def non_null_values(values: Iterable[str]) -> Counter[str]:
    """The values that say something, without the spaces around them, with how often each is met."""
    stripped = Counter(value.strip() for value in values)
    return Counter(
        {
            value: count
            for value, count in stripped.items()
            if value.lower() not in NULLS
        }
    )
