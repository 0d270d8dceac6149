"""What a site asks of programs that read it (robots.txt, RFC 9309), its rules read and matched by protego.

A catalogue is read because its publisher asked for it: rules for all programs keep us from nothing at the address that was
registered, where the catalogue of that portal is looked for, and on the pages that follow, which CKAN closes to search engines as
it comes; rules that name us always hold.
"""

import re
from dataclasses import dataclass

from protego import Protego

OURS = "udi"
EVERYBODY = "*"
MOST_LINES = 5000
LONGEST_DELAY = 10.0
AGENT = re.compile(r"\s*user-agent\s*:\s*([a-z_*-]*)", re.IGNORECASE)
RULE = re.compile(r"\s*(dis|al|crawl)", re.IGNORECASE)


@dataclass(frozen=True)
class Robots:
    """What one site asks of us."""

    named: Protego | None = None
    general: Protego | None = None

    @property
    def delay(self) -> float:
        """Seconds between two requests, at most ten."""
        rules = self.named or self.general
        if rules is None:
            return 0
        return min(rules.crawl_delay(EVERYBODY) or 0, LONGEST_DELAY)

    def allows(self, address: str, *, invited: bool) -> bool:
        """Whether an address may be read; `invited`: it is that of the catalogue that was registered, or a page that follows it."""
        if self.named is not None:
            return self.named.can_fetch(address, EVERYBODY)
        return (
            invited
            or self.general is None
            or self.general.can_fetch(address, EVERYBODY)
        )


def parse_robots(text: str) -> Robots:
    """The groups that are about us and about everybody; what is not understood is passed over."""
    lines = text.lstrip("\ufeff").splitlines()[:MOST_LINES]
    return Robots(_parse_group(lines, OURS), _parse_group(lines, EVERYBODY))


def _parse_group(lines: list[str], agent: str) -> Protego | None:
    """The rules for one program; None where no line names it.

    protego gives each rule to each program of its group, which takes minutes where a file of 250 kB names ten thousand
    programs for a thousand rules: it is handed one group, as if it were everybody's.
    """
    rules = list[str]()
    named = False
    applies = False
    begun = False
    for line in lines:
        match = AGENT.match(line)
        if match:
            applies = (applies and not begun) or match[1].lower() == agent
            named = named or applies
            begun = False
            continue
        begun = begun or RULE.match(line) is not None
        if applies:
            rules.append(line)
    if not named:
        return None
    return Protego.parse("\n".join([f"User-agent: {EVERYBODY}", *rules]))
