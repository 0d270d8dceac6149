"""What a suggestion is made of: a thing, and the reasons why it is suggested."""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from udi.portal.projects.suggestions.profile import Need

MOST_REASONS = 3


class SuggestionKind(StrEnum):
    """What the thing is good for."""

    HAS = "has"
    NEEDS = "needs"
    HELPS = "helps"


class SuggestionTarget(StrEnum):
    """What is suggested."""

    DATASET = "dataset"
    REQUEST = "request"
    PROJECT = "project"
    CALL = "call"
    INTEREST = "interest"
    """Somebody who let themselves be found: what they declared is its identifier."""


class ReasonSource(StrEnum):
    """Beside what it was put."""

    PROJECT = "project"
    REQUEST = "request"
    LOOKS_FOR = "interest"
    HAS = "has"
    DATASET = "dataset"
    OFFERS = "offers"
    SEEKS = "seeks"
    THEME = "theme"


@dataclass(frozen=True)
class SuggestionReason:
    """One reason: beside what (with its name and address, where it has any), and what both have in common."""

    source: ReasonSource
    title: str = ""
    path: str = ""
    language: str = ""
    words: tuple[str, ...] = ()
    theme: str = ""
    support: tuple[str, ...] = ()
    confidential: bool = False


@dataclass(frozen=True)
class Suggestion:
    """A thing that may be of use, the strongest reasons first."""

    kind: SuggestionKind
    thing: SuggestionTarget
    id: UUID
    title: str
    path: str
    why: tuple[SuggestionReason, ...]
    weight: float
    language: str = ""
    by: str = ""
    """Its producer, or who leads it."""
    theme: str = ""
    mark: str = ""

    def merge_with(self, other: "Suggestion") -> "Suggestion":
        """The same thing, for the reasons of both; that it is of a theme goes without saying where there is a better one."""
        best, least = (self, other) if self.weight >= other.weight else (other, self)
        why = dict.fromkeys([*best.why, *least.why])
        better = [
            reason for reason in why if reason.source is not ReasonSource.THEME
        ] or list(why)
        return replace(
            best,
            why=tuple(better[:MOST_REASONS]),
            weight=best.weight + least.weight / 10,
        )


def make_reason(
    need: Need,
    words: tuple[str, ...] = (),
    theme: str = "",
    support: tuple[str, ...] = (),
) -> SuggestionReason:
    """A reason that names one's own project, request or interest."""
    if support and need.source == ReasonSource.LOOKS_FOR:
        source = ReasonSource.SEEKS
    else:
        source = ReasonSource(need.source)
    return SuggestionReason(
        source,
        need.title,
        need.path,
        need.language,
        words,
        theme,
        support,
        need.confidential,
    )
