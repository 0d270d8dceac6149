"""Everything that can be wrong in a catalogue of others: what, why, and the edit that mends it, as msgids for gettext."""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from udi.protocol.faults import SHOWN_FIELD, Gettext, in_english, shorten


class Level(StrEnum):
    """What a fault leads to: the record is refused, the producer is warned, we mended it, or it is no dataset."""

    REFUSED = "refused"
    WARNED = "warned"
    MENDED = "mended"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong at `field` of a record (as the source names it, empty for the whole).

    `message` and `remedy` are msgids in English with `%(name)s` places for `values`; `values["value"]` is what was read.
    """

    code: str
    level: Level
    field: str
    message: str
    remedy: str
    values: dict[str, str | int] = dataclasses.field(default_factory=dict, hash=False)

    def say(self, gettext: Gettext = in_english) -> tuple[str, str]:
        """Message and remedy in the language of `gettext`, English without it."""
        return gettext(self.message) % self.values, gettext(self.remedy) % self.values


@dataclass(frozen=True)
class Kind:
    """A fault before anyone knows where: `at` places it and fills its words."""

    code: str
    level: Level
    message: str
    remedy: str

    def at(self, where: str = "", **values: str | int) -> Fault:
        shown = {name: each if isinstance(each, int) else shorten(each) for name, each in values.items()}
        return Fault(self.code, self.level, shorten(where, SHOWN_FIELD), self.message, self.remedy, shown)
