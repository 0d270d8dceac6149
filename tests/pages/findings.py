"""What a walk of every page finds, criterion by criterion: what the declarations of the package are written from."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.pages.criteria import CRITERIA, SUBJECTS, broken_by, shipped_scripts, unheard
from tests.pages.modes import MODES
from tests.pages.together import menu_of, other_menus, same_titles, title_of
from tests.rules.pages import Page
from udi.ui.declarations import FILE, CriterionState, clear_cache


@dataclass(frozen=True)
class Fault:
    """What a check found wrong; `tags` are those of axe's rule."""

    check: str
    message: str
    tags: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.check}: {self.message}"


@dataclass
class Findings:
    """Filled page by page; whole when every page was visited in every language."""

    visited: set[tuple[str, str]] = field(default_factory=set)
    broken: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Names of pages by criterion."""
    present: set[str] = field(default_factory=set)
    """Criteria whose subject is on some page."""
    pages: list[tuple[str, str, Page]] = field(default_factory=list)
    """Sound pages that stand for themselves: visitor, language, document."""
    searches: bool = False
    parts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """What the pages that bore every mode are built of, by language."""

    def meet_parts(self, language: str, parts: set[str]) -> bool:
        """Whether one of these parts was on no page before."""
        has_new = not parts <= self.parts[language]
        self.parts[language] |= parts
        return has_new

    def note(self, name: str, language: str, faults: Iterable[Fault]) -> None:
        """A page was visited."""
        self.visited.add((name, language))
        for fault in faults:
            for number in broken_by(fault.check, fault.tags):
                self.broken[number].add(name)

    def keep(self, who: str, language: str, page: Page, present: Iterable[str]) -> None:
        """What later pages are compared with, and what the page holds."""
        self.present |= {
            number for number, selector in SUBJECTS.items() if selector in set(present)
        }
        self.searches |= any(form.get("role") == "search" for form in page.all("form"))
        if "/embed/" not in page.url:
            self.pages.append((who, language, page))

    def across(self) -> list[Fault]:
        """What is wrong with pages as a whole: titles that say the same, menus that move, one way only to find a page."""
        titles = defaultdict[Any, dict[str, str]](dict)
        menus = defaultdict[Any, dict[str, tuple[str, ...]]](dict)
        for who, language, page in self.pages:
            titles[urlsplit(page.url).netloc, language][_address(page)] = title_of(page)
            menus[who, language][page.url] = menu_of(page)
        faults = [
            Fault("titles", message)
            for site_titles in titles.values()
            for message in same_titles(site_titles)
        ]
        faults += [
            Fault("menus", message)
            for visitor_menus in menus.values()
            for message in other_menus(visitor_menus)
        ]
        if not self.searches or not any(
            menu for visitor_menus in menus.values() for menu in visitor_menus.values()
        ):
            faults.append(Fault("ways", "there are not two ways to find a page"))
        return faults

    def states(self) -> dict[str, CriterionState]:
        """Each criterion as these findings leave it."""
        absent = unheard(shipped_scripts()) | (set(SUBJECTS) - self.present)
        states = {}
        for number, criterion in CRITERIA.items():
            if self.broken.get(number):
                states[number] = CriterionState.BROKEN
            elif number in absent:
                states[number] = CriterionState.ABSENT
            elif criterion.whole:
                states[number] = CriterionState.MET
            else:
                states[number] = (
                    CriterionState.CHECKED
                    if criterion.checks
                    else CriterionState.UNSEEN
                )
        return states

    def as_dict(self, axe: str) -> dict[str, Any]:
        """As the declaration keeps it; `axe` is the version of axe-core."""
        return {
            "pages": len({name for name, _ in self.visited}),
            "languages": sorted({language for _, language in self.visited}),
            "modes": list(MODES),
            "axe": axe,
            "criteria": {number: str(state) for number, state in self.states().items()},
            "broken": {
                number: sorted(names)
                for number, names in sorted(self.broken.items())
                if names
            },
        }


def _address(page: Page) -> str:
    """One for all that is the same page: another question, another address that leads to it."""
    canonical = [
        link.get("href", "")
        for link in page.all("link")
        if link.get("rel") == "canonical"
    ]
    return urlsplit((canonical or [page.url])[0]).path


def write_part(name: str, part: Mapping[str, Any]) -> None:
    """Renew one part of the declarations that the package carries."""
    if FILE.exists():
        parts = json.loads(FILE.read_text(encoding="utf-8"))
    else:
        parts = {}
    FILE.write_text(
        json.dumps(parts | {name: part}, indent=1, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    clear_cache()
