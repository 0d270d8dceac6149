"""What bounds the reading of a first page while somebody waits for it."""

import asyncio
from collections.abc import Sequence

from udi.kit.rates import RateLimiter
from udi.kit.service_registry import ServiceKey

AT_ONCE = 2
PER_HOUR = 30


class TrialLimits:
    """What bounds them in one web worker: how many at once, how many a person may make in an hour, and which private hosts."""

    def __init__(self, private_hosts: Sequence[str] = ()) -> None:
        self.private_hosts = private_hosts
        self.turn = asyncio.Semaphore(AT_ONCE)
        self.rates = RateLimiter("trials", limit=PER_HOUR, seconds=3600)


TRIAL_LIMITS = ServiceKey[TrialLimits]("trial limits", "nodes")
