"""How many requests one reader may make in a while, said in the headers of each answer (RateLimit, IETF draft)."""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from udi.kit.errors import TooManyRequestsError

MAX_READERS = 50_000
NETWORK = 64


@dataclass
class RateLimiter:
    """Fixed windows in the memory of one web worker; a reader whom nobody remembers begins anew.

    `policy` is the limit's name in the headers.
    """

    policy: str
    limit: int = 600
    seconds: int = 60
    clock: Callable[[], float] = time.monotonic
    _window: int = -1
    _used: dict[str, int] = field(default_factory=dict)

    def count_request(self, reader: str, cost: int = 1) -> dict[str, str]:
        """Count a request; the headers that say what is left.

        Raises:
            TooManyRequestsError: nothing is left until the window ends.
        """
        now = self.clock()
        window = int(now // self.seconds)
        left_seconds = self.seconds - int(now % self.seconds)
        if window != self._window or len(self._used) > MAX_READERS:
            self._window = window
            self._used = {}
        used = self._used.get(reader, 0) + cost
        headers = self._headers(max(self.limit - used, 0), left_seconds)
        if used > self.limit:
            raise TooManyRequestsError(
                "Too many requests.",
                remedy="Try again in %(seconds)s seconds.",
                values={"seconds": left_seconds},
                headers={**headers, "Retry-After": str(left_seconds)},
            )
        self._used[reader] = used
        return headers

    def _headers(self, left: int, seconds: int) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.limit};w={self.seconds}',
            "RateLimit": f'"{self.policy}";r={left};t={seconds}',
        }


@lru_cache(1000)
def network_of(address: str) -> str:
    """An address as it counts: of IPv6, the network that one household has."""
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return "unknown"
    if parsed.version == 6:  # noqa: PLR2004 - the protocol
        return str(ipaddress.ip_network((parsed, NETWORK), strict=False))
    return str(parsed)
