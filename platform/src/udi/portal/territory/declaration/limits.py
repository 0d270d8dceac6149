"""What bounds the reading of another portal while somebody waits for it."""

import asyncio

from udi.kit.rates import RateLimiter
from udi.kit.service_registry import ServiceKey

AT_ONCE = 2
PER_HOUR = 30


class DeclarationLimits:
    """What bounds it in one web worker: how many readings at once, and how many a person may make in an hour."""

    def __init__(self) -> None:
        self.turn = asyncio.Semaphore(AT_ONCE)
        self.rates = RateLimiter("declarations", limit=PER_HOUR, seconds=3600)


DECLARATION_LIMITS = ServiceKey[DeclarationLimits]("declaration limits", "territory")
