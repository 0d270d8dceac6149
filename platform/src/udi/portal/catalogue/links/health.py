"""How an address stands, from what each look saw of it: nothing here reads a clock, a database or a network.

A single look that fails notifies nobody: it only brings the next one forward.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from udi.portal.catalogue.models import LinkState

USUAL = timedelta(days=1)
SELDOM = timedelta(days=7)
AFTER_FAILURES = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
    *[timedelta(days=1)] * 3,
    *(timedelta(days=days) for days in (2, 4, 7)),
)
"""How long after each failure in a row the next look comes; then as after the last."""
BELIEVED = 2
"""Failures in a row before anybody is notified."""
REACHABLE_STATES = frozenset({LinkState.REACHABLE, LinkState.MOVED})
MISSING = frozenset({LinkState.GONE, LinkState.UNREACHABLE})


@dataclass(frozen=True)
class LinkHealth:
    """Where an address stands; `since` when it is in this state, `failing_since` the first of the failures in a row."""

    state: LinkState = LinkState.UNCHECKED
    since: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    last_reachable: datetime | None = None


def assess_health(
    standing: LinkHealth,
    observed_state: LinkState | None,
    moment: datetime,
    wait: timedelta = timedelta(),
) -> tuple[LinkHealth, timedelta]:
    """The standing after a look, and how long to wait for the next one.

    `seen` is None where the machine only asks to come back later; UNCHECKED where the address may not be reached from
    here. `wait` is what the machine asked for.
    """
    if observed_state is None:
        return standing, _bound_delay(AFTER_FAILURES[0], wait)
    if observed_state == LinkState.UNCHECKED or observed_state in REACHABLE_STATES:
        since = standing.since if observed_state == standing.state else moment
        is_reachable = observed_state in REACHABLE_STATES
        last = moment if is_reachable else standing.last_reachable
        return LinkHealth(observed_state, since, last_reachable=last), _bound_delay(
            USUAL if is_reachable else SELDOM, wait
        )
    failures = standing.failures + 1
    first = standing.failing_since or moment
    after = replace(standing, failures=failures, failing_since=first)
    if failures >= BELIEVED:
        after = replace(after, state=observed_state, since=first)
    delay = AFTER_FAILURES[min(failures, len(AFTER_FAILURES)) - 1]
    if observed_state == LinkState.REFUSED and failures >= BELIEVED:
        delay = USUAL
    return after, _bound_delay(delay, wait)


def _bound_delay(delay: timedelta, wait: timedelta) -> timedelta:
    """Later where the machine asks for it, but not for ever."""
    return max(delay, min(wait, SELDOM))
