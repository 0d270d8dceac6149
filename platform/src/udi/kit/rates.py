"""How many requests one reader may make in a while, said in the headers of each answer (RateLimit, IETF draft)."""

import ipaddress
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from udi.kit.errors import TooManyRequestsError
from udi.kit.shared_memory import SharedNumber, SharedTable

NETWORK = 64
PARTS = 20
"""Parts of one file that count as one request."""


@dataclass
class RateLimiter:
    """Fixed windows, counted by all web workers of a program together; a reader whom nobody remembers begins anew.

    `policy` is the limit's name in the headers.
    """

    policy: str
    limit: int = 600
    seconds: int = 60
    clock: Callable[[], float] = time.monotonic
    _used: SharedTable = field(default_factory=SharedTable)

    def count_request(self, reader: str, cost: int = 1) -> dict[str, str]:
        """Count a request; the headers that say what is left.

        Raises:
            TooManyRequestsError: nothing is left until the window ends.
        """
        now = self.clock()
        ends_at = (now // self.seconds + 1) * self.seconds
        left_seconds = self.seconds - int(now % self.seconds)
        with self._used.lock():
            number = self._used.read(reader)
            used = cost
            if number is not None and number.until == ends_at:
                used += int(number.value)
            is_allowed = used <= self.limit
            if is_allowed:
                self._used.write(reader, SharedNumber(used, ends_at))
        headers = self._headers(max(self.limit - used, 0), left_seconds)
        if not is_allowed:
            raise TooManyRequestsError(
                "Too many requests.",
                remedy="Try again in %(seconds)s seconds.",
                values={"seconds": left_seconds},
                headers={**headers, "Retry-After": str(left_seconds)},
            )
        return headers

    def is_counted_part(self, reader: str, whole: str) -> bool:
        """Whether a part of a file that is taken by parts counts as a request: the first does, then each twentieth."""
        key = f"{reader} {whole}"
        ends_at = (self.clock() // self.seconds + 1) * self.seconds
        with self._used.lock():
            number = self._used.read(key)
            parts = 1
            if number is not None and number.until == ends_at:
                parts += int(number.value)
            self._used.write(key, SharedNumber(parts, ends_at))
        return parts % PARTS == 1

    def _headers(self, left: int, seconds: int) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.limit};w={self.seconds}',
            "RateLimit": f'"{self.policy}";r={left};t={seconds}',
        }


@dataclass
class TimeLimiter:
    """Seconds of work that one reader may have, which come back evenly; counted by all web workers of a program together.

    What began is finished, even where it takes more than was left: the reader then waits until that has come back.
    `limit` is how many seconds of work there are in each window of `seconds`.
    """

    policy: str
    limit: float
    seconds: int = 60
    clock: Callable[[], float] = time.monotonic
    _spent: SharedTable = field(default_factory=SharedTable)

    def seconds_until_free(self, reader: str) -> int:
        """Whole seconds until this reader has something left; 0: they have."""
        with self._spent.lock():
            number = self._spent.read(reader)
        if number is None:
            return 0
        wait = number.until - self.clock() - self.seconds
        if wait < 0:
            return 0
        return math.floor(wait) + 1

    def spend(self, reader: str, worked: float) -> None:
        """Count seconds of work; `until` is the moment at which all of it has come back."""
        moment = self.clock()
        with self._spent.lock():
            number = self._spent.read(reader)
            begins = moment if number is None else max(number.until, moment)
            until = begins + worked * self.seconds / self.limit
            self._spent.write(reader, SharedNumber(0, until))

    def write_headers(self, wait: int) -> dict[str, str]:
        """The headers of a refusal (RateLimit, IETF draft; RFC 6585)."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.limit:g};w={self.seconds}',
            "RateLimit": f'"{self.policy}";r=0;t={wait}',
            "Retry-After": str(wait),
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
