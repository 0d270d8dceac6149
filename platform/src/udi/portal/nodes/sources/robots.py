"""What a site asks of programs that read it (robots.txt, RFC 9309).

A catalogue is read because its publisher asked for it: rules for all programs keep us from nothing at the address that was
registered, where the catalogue of that portal is looked for, and on the pages that follow, which CKAN closes to search engines as
it comes; rules that name us always hold.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

OURS = "udi"
EVERYBODY = "*"
MOST_LINES = 5000
LONGEST_DELAY = 10.0
NAME = re.compile(r"[a-z_*-]+")


@dataclass
class RobotsGroup:
    """The rules for some programs: (allowed, pattern)."""

    rules: list[tuple[bool, str]] = field(default_factory=list)
    delay: float = 0

    def allows(self, path: str) -> bool:
        """By the longest rule that matches; allowed where two are as long, or none matches."""
        met = [
            (len(pattern), allowed)
            for allowed, pattern in self.rules
            if _matches(pattern, path)
        ]
        if met:
            return max(met)[1]
        return True


@dataclass(frozen=True)
class Robots:
    """What one site asks of us."""

    named: RobotsGroup | None = None
    general: RobotsGroup | None = None

    @property
    def delay(self) -> float:
        """Seconds between two requests, at most ten."""
        group = self.named or self.general
        if group:
            return min(group.delay, LONGEST_DELAY)
        return 0

    def allows(self, address: str, *, invited: bool) -> bool:
        """Whether an address may be read; `invited`: it is that of the catalogue that was registered, or a page that follows it."""
        parts = urlsplit(address)
        path = unquote(parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if self.named is not None:
            return self.named.allows(path)
        return invited or self.general is None or self.general.allows(path)


def parse_robots(text: str) -> Robots:
    """The groups that are about us and about everybody; what is not understood is passed over."""
    groups: dict[str, RobotsGroup] = {}
    names: list[str] = []
    begun = False
    for line in text.lstrip("\ufeff").splitlines()[:MOST_LINES]:
        key, _, value = line.partition("#")[0].partition(":")
        key = key.strip().lower()
        value = value.strip()
        if key == "user-agent":
            names = [] if begun else names
            begun = False
            match = NAME.match(value.lower())
            names.append(match[0] if match else "")
            continue
        begun = begun or key in {"allow", "disallow", "crawl-delay"}
        for name in names:
            _add(groups.setdefault(name, RobotsGroup()), key, value)
    return Robots(groups.get(OURS), groups.get(EVERYBODY))


def _add(group: RobotsGroup, key: str, value: str) -> None:
    if key in {"allow", "disallow"} and value:
        group.rules.append((key == "allow", unquote(value)))
    elif key == "crawl-delay" and re.fullmatch(r"\d{1,4}(\.\d+)?", value):
        group.delay = float(value)


def _matches(pattern: str, path: str) -> bool:
    """`*` is anything and a final `$` the end; tried piece by piece, which no pattern makes slow."""
    anchored = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for piece in others[:-1] if anchored and others else others:
        position = path.find(piece, at)
        if position < 0:
            return False
        at = position + len(piece)
    if not anchored:
        return True
    if not others:
        return len(path) == at
    return path.endswith(others[-1]) and len(path) - len(others[-1]) >= at
