"""Groups in which requests are counted in public, so that nobody can tell from figures what became of one of them.

A group is whole or not there: it has at least five requests, a multiple of five, of at least five people. Two
publications therefore differ by none or by at least five requests, of which nobody knows which was which: exchanging what
became of two of them changes no figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from udi.portal.selfdata.requests.outcomes import PunctualityOutcome

SMALLEST = 5


@dataclass(frozen=True)
class DecidedRequest:
    """A request whose outcome is known and that no figure counts yet."""

    id: UUID
    asker: str
    """One text for each person: of five requests of one person, that person would learn nothing new, and of four of them
    everything about the fifth.
    """
    outcome: PunctualityOutcome


def form_cohort(waiting: Sequence[DecidedRequest]) -> Sequence[DecidedRequest]:
    """Those that may be published now, the first ones that wait; none while they are too few, or of too few people."""
    size = len(waiting) // SMALLEST * SMALLEST
    while size:
        cohort = waiting[:size]
        if len({request.asker for request in cohort}) >= SMALLEST:
            return cohort
        size -= SMALLEST
    return ()


def count_outcomes(cohort: Sequence[DecidedRequest]) -> dict[PunctualityOutcome, int]:
    """How many of each outcome."""
    return {
        outcome: sum(request.outcome is outcome for request in cohort)
        for outcome in PunctualityOutcome
    }
