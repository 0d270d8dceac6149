"""The time zones that a territory may have."""

from functools import cache
from zoneinfo import available_timezones


@cache
def list_zones() -> tuple[str, ...]:
    """Their names as the IANA writes them, in their order; read once in a process, since each reading opens six hundred files."""
    return tuple(
        sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
    )
