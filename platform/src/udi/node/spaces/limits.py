"""A space's share of the node, so that none starves another: requests a minute, uploads and heavy jobs at once.

The web workers of a program count together. The headers are those of the IETF's draft
«RateLimit header fields for HTTP», and of RFC 6585 for 429.
"""

import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.db import Database
from udi.kit.errors import TooManyRequestsError
from udi.kit.service_registry import ServiceKey
from udi.kit.shared_memory import SharedNumber, SharedSlots, SharedTable
from udi.kit.tenancy import Territory, space_context
from udi.node.spaces.models import Space, SpaceShare
from udi.settings import Settings
from udi.ui.dependencies import AnyRequest
from udi.ui.site import site_of

WINDOW = 60
KNOWN_FOR = 30.0
"""Seconds until a limit that the operator changed is read again."""
RETRY_UPLOAD = 30
LOOKS_PER_MINUTE = 10
PRECISION = 6
"""Decimals to which a budget that is read back is exact."""


@dataclass
class TokenBucket:
    """A budget that refills evenly: as much as a minute's worth can be spent at once."""

    limit: int
    left: float
    at: float

    def take(self, limit: int, moment: float) -> bool:
        """Spend one request, if there is one left."""
        if limit != self.limit:
            self.left = self.left * limit / self.limit
            self.limit = limit
        self.left = min(float(limit), self.left + (moment - self.at) * limit / WINDOW)
        self.at = moment
        if self.left < 1:
            return False
        self.left -= 1
        return True

    @property
    def retry_after(self) -> int:
        """Whole seconds until there is one request again."""
        return max(1, math.ceil((1 - self.left) * WINDOW / self.limit))

    @property
    def reset_after(self) -> int:
        """Whole seconds until the budget is whole again."""
        return math.ceil(self.whole_at - self.at)

    @property
    def whole_at(self) -> float:
        """The moment at which the budget is whole again."""
        return self.at + (self.limit - self.left) * WINDOW / self.limit


def restore_bucket(
    limit: int, moment: float, number: SharedNumber | None
) -> TokenBucket:
    """The budget that a web worker wrote; of nothing, a whole one. A limit that changed keeps what was spent of it."""
    missing = 0.0
    if number is not None:
        missing = max(number.until - moment, 0.0) * limit / WINDOW
    return TokenBucket(limit, round(limit - missing, PRECISION), moment)


@dataclass
class SpaceLimiter:
    """The shares of the spaces, and how much of theirs each one spent, in all web workers of the program."""

    database: Database
    settings: Settings
    _shares: dict[UUID, tuple[float, dict[UUID, SpaceShare]]] = field(
        default_factory=dict
    )
    _budgets: SharedTable = field(default_factory=SharedTable)
    _uploads: SharedSlots = field(default_factory=SharedSlots)

    async def share(self, tenant: UUID, space: UUID) -> SpaceShare:
        """The share of a space, at most half a minute old."""
        read_at, shares = self._shares.get(tenant, (-math.inf, {}))
        if time.monotonic() - read_at > KNOWN_FOR:
            shares = await self._load_shares(tenant)
            self._shares[tenant] = (time.monotonic(), shares)
        return shares.get(space) or SpaceShare.of(self.settings)

    async def _load_shares(self, tenant: UUID) -> dict[UUID, SpaceShare]:
        is_limited = Space.requests_per_minute.is_not(None) | Space.jobs_at_once.is_not(
            None
        )
        with space_context(None):
            async with self.database.session(tenant) as session:
                query = select(Space).where(
                    is_limited | Space.uploads_at_once.is_not(None)
                )
                return {
                    space.id: SpaceShare.of(self.settings, space)
                    for space in await session.scalars(query)
                }

    async def spend(self, tenant: UUID, space: UUID) -> dict[str, str]:
        """Spend one request of the space's budget; the headers that say what is left.

        Raises:
            TooManyRequestsError: nothing is left; it says when there will be.
        """
        limit = (await self.share(tenant, space)).requests_per_minute
        bucket, is_allowed = self._take(f"{tenant}/{space}", limit)
        headers = {
            "RateLimit-Policy": f'"space";q={limit};w={WINDOW}',
            "RateLimit": f'"space";r={int(bucket.left)};t={bucket.reset_after}',
        }
        if is_allowed:
            return headers
        raise TooManyRequestsError(
            "The data of this producer are receiving too many requests at the moment.",
            remedy="Wait %(seconds)s seconds, then continue more slowly; the whole file is at its own address.",
            values={"seconds": bucket.retry_after},
            headers={**headers, "Retry-After": str(bucket.retry_after)},
        )

    def spend_look(self, tenant: UUID, dataset: UUID) -> None:
        """Spend one look of those that people and scripts may ask of the source of a dataset.

        Raises:
            TooManyRequestsError: nothing is left; it says when there will be.
        """
        bucket, is_allowed = self._take(f"look/{tenant}/{dataset}", LOOKS_PER_MINUTE)
        if not is_allowed:
            raise TooManyRequestsError(
                "This source is checked too often.",
                remedy="Wait %(seconds)s seconds, then try again.",
                values={"seconds": bucket.retry_after},
                headers={"Retry-After": str(bucket.retry_after)},
            )

    def _take(self, name: str, limit: int) -> tuple[TokenBucket, bool]:
        """Spend one of a budget that all web workers share, and whether there was one."""
        moment = time.monotonic()
        with self._budgets.lock():
            bucket = restore_bucket(limit, moment, self._budgets.read(name))
            is_allowed = bucket.take(limit, moment)
            self._budgets.write(name, SharedNumber(0, bucket.whole_at))
        return bucket, is_allowed

    @asynccontextmanager
    async def hold_upload_slot(self, tenant: UUID, space: UUID) -> AsyncIterator[None]:
        """Hold one of the space's places for files on their way in.

        Raises:
            TooManyRequestsError: all are taken.
        """
        most = (await self.share(tenant, space)).uploads_at_once
        slot = self._uploads.take(f"{tenant}/{space}", most)
        if slot is None:
            raise TooManyRequestsError(
                "Too many files are coming into this space at once.",
                remedy="Wait until one of them has arrived, then send yours again.",
                headers={"Retry-After": str(RETRY_UPLOAD)},
            )
        try:
            yield
        finally:
            self._uploads.release(slot)


SPACE_LIMITER = ServiceKey[SpaceLimiter]("space limiter", "spaces")


async def enforce_rate_limit(request: AnyRequest, space_id: UUID) -> dict[str, str]:
    """Spend one request of a space's budget, for what gives its data to anybody; headers for the answer.

    Raises:
        TooManyRequestsError: nothing is left (429).
    """
    territory: Territory = request.scope["state"]["territory"]
    return await limits_of(request).spend(territory.id, space_id)


def enforce_look_limit(
    request: AnyRequest, territory: Territory, dataset_id: UUID
) -> None:
    """Spend one look at the source of a dataset.

    Raises:
        TooManyRequestsError: nothing is left (429).
    """
    limits_of(request).spend_look(territory.id, dataset_id)


async def body_of(request: AnyRequest, space_id: UUID) -> AsyncGenerator[bytes]:
    """The body of a request that brings a file, in one of the space's places for files on their way in.

    Raises:
        TooManyRequestsError: all are taken (429), before the first byte.
    """
    territory: Territory = request.scope["state"]["territory"]
    async with limits_of(request).hold_upload_slot(territory.id, space_id):
        async for piece in request.stream():
            yield piece


def limits_of(request: AnyRequest) -> SpaceLimiter:
    """The limits of this program."""
    return site_of(request).services[SPACE_LIMITER]


async def enqueue_heavy_job(
    session: AsyncSession,
    space_id: UUID,
    name: str,
    payload: Mapping[str, Any],
    *,
    delay: timedelta | None = None,
) -> None:
    """Queue a job in the turn of its space, as many at once as it may have: a thousand of one keep nobody else's waiting."""
    space = await session.get(Space, (session.info["tenant"], space_id))
    at_once = SpaceShare.of(session.info["settings"], space).jobs_at_once
    await jobs.enqueue(
        session, name, payload, delay=delay, share=space_id, at_once=at_once
    )
