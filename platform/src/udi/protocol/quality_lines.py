"""The five bars of quality as pages show them, in the reader's language."""

from collections.abc import Callable
from dataclasses import dataclass

from udi.protocol.quality import Quality
from udi.protocol.quality_wording import ACTS, BAR_NAMES, LEVEL_NAMES
from udi.ui.locale import localise


@dataclass(frozen=True)
class QualityLine:
    """A bar with its words; `act` says what would raise it, `address` where (empty: nowhere here)."""

    name: str
    level: str
    percentage: int
    act: str = ""
    address: str = ""


def list_quality_lines(
    quality: Quality, language: str, address_of: Callable[[str], str] | None
) -> list[QualityLine]:
    """The lines of a reader, who is told acts where `address_of` gives the address of the form by criterion."""
    lines = []
    for result in quality.bars:
        criterion = result.next_criterion
        is_told = criterion and address_of is not None
        lines.append(
            QualityLine(
                localise(BAR_NAMES[result.bar], language),
                localise(LEVEL_NAMES[result.level], language),
                result.percentage,
                localise(ACTS[criterion], language) if is_told else "",
                address_of(criterion) if address_of and criterion else "",
            )
        )
    return lines
