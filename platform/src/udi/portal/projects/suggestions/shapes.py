"""What a suggestion is made of: a thing, and the reasons why it is suggested."""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from udi.portal.projects.suggestions.own import Need

MOST_WHYS = 3


class Kind(StrEnum):
    """What the thing is good for."""

    HAS = "has"
    NEEDS = "needs"
    HELPS = "helps"


class Thing(StrEnum):
    """What is suggested."""

    DATASET = "dataset"
    REQUEST = "request"
    PROJECT = "project"
    CALL = "call"
    INTEREST = "interest"
    """Somebody who let themselves be found: what they declared is its identifier."""


class Source(StrEnum):
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
class Why:
    """One reason: beside what (with its name and address, where it has any), and what both have in common."""

    source: Source
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

    kind: Kind
    thing: Thing
    id: UUID
    title: str
    path: str
    why: tuple[Why, ...]
    weight: float
    language: str = ""
    by: str = ""
    """Its producer, or who leads it."""
    theme: str = ""
    mark: str = ""

    def joined(self, other: "Suggestion") -> "Suggestion":
        """The same thing, for the reasons of both; that it is of a theme goes without saying where there is a better one."""
        best, least = (self, other) if self.weight >= other.weight else (other, self)
        why = dict.fromkeys([*best.why, *least.why])
        better = [each for each in why if each.source is not Source.THEME] or list(why)
        return replace(best, why=tuple(better[:MOST_WHYS]), weight=best.weight + least.weight / 10)


def beside(need: Need, words: tuple[str, ...] = (), theme: str = "", support: tuple[str, ...] = ()) -> Why:
    """A reason that names one's own project, request or interest."""
    source = Source.SEEKS if support and need.source == Source.LOOKS_FOR else Source(need.source)
    return Why(source, need.title, need.path, need.language, words, theme, support, need.confidential)
