"""What the last walk of every page found: the facts of the declarations of accessibility and of eco-design.

`udi test --declarations` writes them anew; they ship with the package.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "declarations.json"
HALF = 0.5


class CriterionState(StrEnum):
    """How a criterion of the RGAA stands."""

    MET = "met"
    """Of form alone, and no program found a page that breaks it."""
    BROKEN = "broken"
    ABSENT = "absent"
    """It does not apply: no page has what it is about."""
    CHECKED = "checked"
    """No program found a page that breaks it; a person has still to judge of the meaning."""
    UNSEEN = "unseen"
    """No program can tell, and no person has looked."""


class Conformity(StrEnum):
    """The three states of the French law (arrêté of 20 September 2019)."""

    TOTAL = "total"
    PARTIAL = "partial"
    NONE = "none"


@dataclass(frozen=True)
class AccessibilityReport:
    """What was found, on how many pages, with what."""

    day: date
    pages: int
    languages: tuple[str, ...]
    modes: tuple[str, ...]
    axe: str
    criteria: Mapping[str, CriterionState]
    broken: Mapping[str, list[str]]

    @property
    def counts(self) -> Counter[CriterionState]:
        """How many criteria are in each state."""
        return Counter(self.criteria.values())

    @property
    def themes(self) -> dict[int, Counter[CriterionState]]:
        """The same, theme by theme."""
        counts_by_theme: dict[int, Counter[CriterionState]] = {}
        for number, state in self.criteria.items():
            counts_by_theme.setdefault(int(number.partition(".")[0]), Counter())[
                state
            ] += 1
        return dict(sorted(counts_by_theme.items()))

    @property
    def conformity(self) -> Conformity:
        """Total with every criterion that applies kept, partial from half of them; none while a person has not looked at all."""
        counts = self.counts
        applying = len(self.criteria) - counts[CriterionState.ABSENT]
        if (
            counts[CriterionState.CHECKED]
            or counts[CriterionState.UNSEEN]
            or not applying
        ):
            return Conformity.NONE
        share = counts[CriterionState.MET] / applying
        if share == 1:
            return Conformity.TOTAL
        if share >= HALF:
            return Conformity.PARTIAL
        return Conformity.NONE


def read_accessibility(part: Mapping[str, Any]) -> AccessibilityReport:
    """From the part of the file that says so."""
    return AccessibilityReport(
        day=date.fromisoformat(part["date"]),
        pages=part["pages"],
        languages=tuple(part["languages"]),
        modes=tuple(part["modes"]),
        axe=part["axe"],
        criteria={
            number: CriterionState(state) for number, state in part["criteria"].items()
        },
        broken=part["broken"],
    )


@dataclass(frozen=True)
class PageBudget:
    """What a visit of any page may cost, and the EcoIndex that every page has."""

    first_bytes: int = 60_000
    first_requests: int = 8
    next_bytes: int = 30_000
    grade: str = "A"


@dataclass(frozen=True)
class PageCost:
    """The heaviest of the pages of one kind."""

    pages: int
    first_bytes: int
    first_requests: int
    next_bytes: int
    next_requests: int
    elements: int
    score: float
    grade: str


@dataclass(frozen=True)
class EcodesignReport:
    """What visits cost, kind by kind."""

    day: date
    browser: str
    kinds: Mapping[str, PageCost]


@cache
def weights() -> EcodesignReport | None:
    """What this release weighs; None where nobody weighed it."""
    part = _read_file().get("weights")
    if part is None:
        return None
    kinds = {kind: PageCost(**cost) for kind, cost in part["kinds"].items()}
    return EcodesignReport(date.fromisoformat(part["date"]), part["browser"], kinds)


@cache
def accessibility() -> AccessibilityReport | None:
    """What this release found of itself; None where its pages were not walked."""
    part = _read_file().get("accessibility")
    if part:
        return read_accessibility(part)
    return None


def conformity() -> Conformity:
    """The state that every page says; none is what the law says of a service without results."""
    declaration = accessibility()
    if declaration:
        return declaration.conformity
    return Conformity.NONE


def clear_cache() -> None:
    """Read the file again when it is next asked for: it was written anew."""
    for read in (weights, accessibility, _read_file):
        read.cache_clear()


@cache
def _read_file() -> dict[str, Any]:
    document: dict[str, Any] = (
        json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    )
    return document
