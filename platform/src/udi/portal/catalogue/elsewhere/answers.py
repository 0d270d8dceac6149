"""What was found elsewhere, in one shape wherever it comes from; every answer leads to its own portal."""

from dataclasses import dataclass, field

from udi.portal.catalogue.search.criteria import CHOSEN, FILTERS, Criteria

ANSWERS_SHOWN = 3
"""Answers shown of each place: the rest is there."""
OWN = ("territory", "producer")
"""Filters whose values mean something in one territory or one installation only."""


@dataclass(frozen=True)
class FederatedDataset:
    """A dataset somewhere else."""

    title: str
    url: str
    producer: str


@dataclass(frozen=True)
class FederatedResult:
    """Somewhere that was asked: how much it has, its first answers, the address of all of them.

    `silent` says why there are none: it did not answer in time (`away`), or does not share (`closed`).
    """

    name: str
    url: str
    total: int = 0
    answers: list[FederatedDataset] = field(default_factory=list)
    silent: str = ""


def portable_criteria(criteria: Criteria) -> Criteria:
    """The question as others understand it: words and the filters that mean the same everywhere, from the first page."""
    shared_filters = {
        name: getattr(criteria, name) for name in FILTERS if name not in OWN
    }
    return Criteria(
        text=criteria.text, exact=criteria.exact, size=ANSWERS_SHOWN, **shared_filters
    )


def has_search_terms(criteria: Criteria) -> bool:
    """Whether there is a question at all: the whole catalogue of everybody is none."""
    shared_criteria = portable_criteria(criteria)
    return bool(
        shared_criteria.text
        or any(getattr(shared_criteria, name) for name in (*CHOSEN, "period", "bbox"))
    )
