"""What the values of a column say together."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from udi.node.tables.notes import Note
from udi.node.tables.values import NULLS, compiled, fold

ENOUGH, TOLERATED = 50, 0.02


@dataclass
class Values:
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

    def fit(self, pattern: str) -> bool:
        """Whether the values are written so, but for a few among many."""
        matches = compiled(pattern).fullmatch
        return self.tolerate(value for value in self.counts if not matches(value))

    def tolerate(self, misfits: Iterable[str]) -> bool:
        """Whether so few values among so many may be mistakes."""
        wrong = list(misfits)
        count, total = sum(self.counts[value] for value in wrong), self.counts.total()
        if wrong and (total < ENOUGH or count > TOLERATED * total):
            return False
        if wrong:
            self.say("misfits", count=str(count), value=wrong[0][:80])
        return True

    def say(self, code: str, **values: str) -> None:
        """Note something, once."""
        if not any(note.code == code for note in self.notes):
            self.notes.append(Note(code, self.name, values))


def plain_name(name: str) -> str:
    """A name in small letters, words apart: `codeInsee` and `Code INSEE` alike."""
    apart = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Ü])", "_", name)
    return re.sub(r"[^0-9a-z%]+", "_", fold(apart)).strip("_")


def said_values(values: Iterable[str]) -> Counter[str]:
    """The values that say something, without the spaces around them, with how often each is met."""
    stripped = Counter(value.strip() for value in values)
    return Counter({value: count for value, count in stripped.items() if value.lower() not in NULLS})
