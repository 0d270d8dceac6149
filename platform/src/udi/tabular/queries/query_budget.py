"""The time that the queries of one reader may take together, whichever tables they are of."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from udi.kit.errors import TooManyRequestsError
from udi.kit.rates import TimeLimiter

QUERY_TIME = "query-time"
"""The name of the limit, in headers and as the code of the refusal."""


@dataclass(frozen=True)
class QueryBudget:
    """What one reader has; `is_known`: they showed who they are, so that no login would give them more."""

    limiter: TimeLimiter
    reader: str
    is_known: bool = False

    def require(self) -> None:
        """Look whether anything is left.

        Raises:
            TooManyRequestsError: nothing is; it says when there will be, and what gives more.
        """
        wait = self.limiter.seconds_until_free(self.reader)
        if not wait:
            return
        if self.is_known:
            remedy = "Wait %(seconds)s seconds, or download the whole table and query it yourself."
        else:
            remedy = "Wait %(seconds)s seconds, or log in: people who are logged in, programs with their token and projects with their key have five times as much. Or download the whole table and query it yourself."
        error = TooManyRequestsError(
            "Your queries took all the time that one reader has for them.",
            remedy=remedy,
            values={"seconds": wait},
            headers=self.limiter.write_headers(wait),
        )
        error.code = QUERY_TIME
        raise error

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Count the time of the block, however it ends.

        Raises:
            TooManyRequestsError: nothing is left, since what was asked before took it.
        """
        self.require()
        began = time.monotonic()
        try:
            yield
        finally:
            self.limiter.spend(self.reader, time.monotonic() - began)
