"""Everything that can be wrong in a catalogue of others: what, why, and the edit that mends it, as msgids for gettext."""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from udi.protocol.faults import LONGEST_FIELD, Gettext, in_english, shorten


class FaultLevel(StrEnum):
    """What a fault leads to: the record is refused, the producer is warned, we mended it, or it is no dataset."""

    REFUSED = "refused"
    WARNED = "warned"
    MENDED = "mended"
    IGNORED = "ignored"


@dataclass(frozen=True)
class HarvestFault:
    """One thing that is wrong at `field` of a record (as the source names it, empty for the whole).

    `message` and `remedy` are msgids in English with `%(name)s` places for `values`; `values["value"]` is what was read.
    """

    code: str
    level: FaultLevel
    field: str
    message: str
    remedy: str
    values: dict[str, str | int] = dataclasses.field(default_factory=dict, hash=False)

    def translate(self, gettext: Gettext = in_english) -> tuple[str, str]:
        """Message and remedy in the language of `gettext`, English without it."""
        return gettext(self.message) % self.values, gettext(self.remedy) % self.values


@dataclass(frozen=True)
class FaultKind:
    """A fault before anyone knows where: `at` places it and fills its words."""

    code: str
    level: FaultLevel
    message: str
    remedy: str

    def at(self, where: str = "", **values: str | int) -> HarvestFault:
        short_values = {
            name: value if isinstance(value, int) else shorten(value)
            for name, value in values.items()
        }
        return HarvestFault(
            self.code,
            self.level,
            shorten(where, LONGEST_FIELD),
            self.message,
            self.remedy,
            short_values,
        )
