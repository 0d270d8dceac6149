"""Whether days follow one another regularly, and how often: nothing is said where it is not clear."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise

GAPS = {
    "daily": (1, 1),
    "weekly": (6, 8),
    "monthly": (26, 35),
    "quarterly": (84, 98),
    "yearly": (350, 380),
}
"""Days from one day to the next, from and to, by the answer of the form that they mean."""
FEWEST_GAPS = 2
SAME_SHARE = 0.9
"""Of the gaps, how many must be of one kind."""


def find_regularity(days: Iterable[date]) -> str:
    """How often some days follow one another, empty where that is not clear; three different days at least."""
    counts: dict[int, int] = {}
    for first, second in pairwise(sorted(set(days))):
        gap = (second - first).days
        counts[gap] = counts.get(gap, 0) + 1
    return classify_gaps(counts)


def classify_gaps(counts: Mapping[int, int]) -> str:
    """The kind of nearly all gaps, in days, by how many there are of each; empty where there is none."""
    total = sum(counts.values())
    if total < FEWEST_GAPS:
        return ""
    for name, (least, most) in GAPS.items():
        inside = sum(count for gap, count in counts.items() if least <= gap <= most)
        if inside >= SAME_SHARE * total:
            return name
    return ""
