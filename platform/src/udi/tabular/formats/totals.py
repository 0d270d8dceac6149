"""Lines of totals: sums of the rows, which are no rows themselves."""

import re
from collections.abc import Sequence

from udi.tabular.columns.value_patterns import fold, is_number

TOTAL = re.compile(
    r"(?:sous[- ]?tota(?:l|ux)|sub-?totals?|tota(?:l|ux|le|li|les|ls)|grand total|ensemble|gesamt(?:summe)?|summe|suma"
    r"|somma)"
    r"(?: (?:general|generale|generaux|global|cumule|annuel|ht|ttc)| (?:de|du|des|of|per|par|pour|for)\b.*| t?[0-9].*"
    r"|(?: ?[(:].*))?"
    r"|somme (?:totale|generale|globale|cumulee|annuelle|(?:de|du|des|par)\b.*)"
)
"""A total, in small letters without accents: `Sous-total T1`, `Total général`, yet not a company named `Total Energies`.

`Somme` alone is a department of France."""


def is_total(cells: Sequence[str]) -> bool:
    """Whether a record begins with the word of a total, and gives a number."""
    filled = [text for cell in cells if (text := cell.strip())]
    if len(filled) < 2 or not TOTAL.fullmatch(" ".join(fold(filled[0]).split())):  # noqa: PLR2004 - the word and its sum
        return False
    return any(map(is_number, filled[1:]))
