"""EcoIndex of a page: 0 to 100 and a letter, from its elements, its requests and what it weighs.

Formula, quantiles (of 500,000 pages of the HTTP Archive) and letters are those that the collective Conception
numérique responsable publishes: https://www.ecoindex.fr/en/how-it-works/ and the file of reference data at
https://github.com/cnumr/ecoindex_reference.
"""

from collections.abc import Sequence
from itertools import pairwise

ELEMENTS = (
    0, 47, 75, 159, 233, 298, 358, 417, 476, 537, 603, 674, 753, 843, 949, 1076, 1237, 1459, 1801, 2479, 594601,
)  # fmt: skip
REQUESTS = (
    0,
    2,
    15,
    25,
    34,
    42,
    49,
    56,
    63,
    70,
    78,
    86,
    95,
    105,
    117,
    130,
    147,
    170,
    205,
    281,
    3920,
)
KILOBYTES = (
    0, 1.37, 144.7, 319.53, 479.46, 631.97, 783.38, 937.91, 1098.62, 1265.47, 1448.32, 1648.27, 1876.08, 2142.06,
    2465.37, 2866.31, 3401.59, 4155.73, 5400.08, 8037.54, 223212.26,
)  # fmt: skip
ABOVE = {"A": 80, "B": 70, "C": 55, "D": 40, "E": 25, "F": 10}


def score(*, elements: int, requests: int, wire_bytes: int) -> float:
    """100 for an empty page, 0 for the heaviest known; elements inside drawings are not to be counted."""
    rank = (
        3 * _rank(ELEMENTS, elements)
        + 2 * _rank(REQUESTS, requests)
        + _rank(KILOBYTES, wire_bytes / 1000)
    )
    return round(100 - 5 * rank / 6, 1)


def grade(points: float) -> str:
    """A (above 80) to G."""
    return next((letter for letter, least in ABOVE.items() if points > least), "G")


def _rank(quantiles: Sequence[float], value: float) -> float:
    """Which twentieth of the pages this is in, with its place between both ends."""
    for number, (low, high) in enumerate(pairwise(quantiles)):
        if value < high:
            return number + (value - low) / (high - low)
    return len(quantiles) - 1
