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


class State(StrEnum):
    """How a criterion of the RGAA stands."""

    KEPT = "kept"
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
class Accessibility:
    """What was found, on how many pages, with what."""

    day: date
    pages: int
    languages: tuple[str, ...]
    modes: tuple[str, ...]
    axe: str
    criteria: Mapping[str, State]
    broken: Mapping[str, list[str]]

    @property
    def counts(self) -> Counter[State]:
        """How many criteria are in each state."""
        return Counter(self.criteria.values())

    @property
    def themes(self) -> dict[int, Counter[State]]:
        """The same, theme by theme."""
        found: dict[int, Counter[State]] = {}
        for number, state in self.criteria.items():
            found.setdefault(int(number.partition(".")[0]), Counter())[state] += 1
        return dict(sorted(found.items()))

    @property
    def conformity(self) -> Conformity:
        """Total with every criterion that applies kept, partial from half of them; none while a person has not looked at all."""
        counts = self.counts
        applying = len(self.criteria) - counts[State.ABSENT]
        if counts[State.CHECKED] or counts[State.UNSEEN] or not applying:
            return Conformity.NONE
        share = counts[State.KEPT] / applying
        return Conformity.TOTAL if share == 1 else Conformity.PARTIAL if share >= HALF else Conformity.NONE


def read_accessibility(part: Mapping[str, Any]) -> Accessibility:
    """From the part of the file that says so."""
    return Accessibility(
        day=date.fromisoformat(part["date"]),
        pages=part["pages"],
        languages=tuple(part["languages"]),
        modes=tuple(part["modes"]),
        axe=part["axe"],
        criteria={number: State(state) for number, state in part["criteria"].items()},
        broken=part["broken"],
    )


@dataclass(frozen=True)
class Budget:
    """What a visit of any page may cost, and the EcoIndex that every page has."""

    first_bytes: int = 100_000
    first_requests: int = 8
    next_bytes: int = 30_000
    grade: str = "A"


@dataclass(frozen=True)
class Cost:
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
class Weights:
    """What visits cost, kind by kind."""

    day: date
    browser: str
    kinds: Mapping[str, Cost]


@cache
def weights() -> Weights | None:
    """What this release weighs; None where nobody weighed it."""
    part = _file().get("weights")
    if part is None:
        return None
    kinds = {kind: Cost(**cost) for kind, cost in part["kinds"].items()}
    return Weights(date.fromisoformat(part["date"]), part["browser"], kinds)


@cache
def accessibility() -> Accessibility | None:
    """What this release found of itself; None where its pages were not walked."""
    part = _file().get("accessibility")
    return read_accessibility(part) if part else None


def conformity() -> Conformity:
    """The state that every page says; none is what the law says of a service without results."""
    said = accessibility()
    return said.conformity if said else Conformity.NONE


def forget() -> None:
    """Read the file again when it is next asked for: it was written anew."""
    for read in (weights, accessibility, _file):
        read.cache_clear()


@cache
def _file() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return found
