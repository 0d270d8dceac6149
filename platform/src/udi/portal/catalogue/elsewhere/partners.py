"""Other portals, asked by their API in the moment: two seconds each, all at once, and left alone for a while when silent.

A portal agrees by saying `"shared": true` in its answer; one that does not is not shown. Its answers are text and
addresses of its own, and nothing else of what it sends is used.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.kit.service_registry import ServiceKey
from udi.portal.catalogue.elsewhere.answers import (
    ANSWERS_SHOWN,
    FederatedDataset,
    FederatedResult,
    portable_criteria,
)
from udi.portal.catalogue.search.criteria import Criteria
from udi.ui.locale import localise

PATIENCE = 2.0
MOST_BYTES = 256 * 1024
MOST_FAILURES = 3
REST = 60.0
"""After so many silences in a row, a portal is not asked for so many seconds."""
AWAY = "away"
CLOSED = "closed"
OK = 200


class PartnerProducer(BaseModel):
    """Who publishes it."""

    name: str = Field(default="", max_length=300)


class PartnerDataset(BaseModel):
    """A dataset, as far as it is used."""

    title: str = Field(max_length=500)
    page: str = Field(max_length=2000)
    producer: PartnerProducer = PartnerProducer()


class PartnerResponse(BaseModel):
    """An answer of `/api/v1/datasets`, as far as it is used."""

    total: int = Field(ge=0)
    shared: bool = False
    territory: dict[str, str] = {}
    items: list[PartnerDataset] = []


@dataclass
class Partners:
    """The other portals of one web worker, with how often each was silent of late."""

    outgoing: OutgoingClient
    _failures: dict[str, int] = field(default_factory=dict)
    _rests_until: dict[str, float] = field(default_factory=dict)

    async def search(
        self, origins: Sequence[str], criteria: Criteria, language: str
    ) -> list[FederatedResult]:
        """Ask them all the same question; each has its place in the answer, in their order."""
        await self.outgoing.prepare()
        return await asyncio.gather(
            *(
                self._search_portal(origin, portable_criteria(criteria), language)
                for origin in origins
            )
        )

    async def _search_portal(
        self, origin: str, shared_criteria: Criteria, language: str
    ) -> FederatedResult:
        name = origin.partition("://")[2]
        url = shared_criteria.with_changes(size=Criteria().size).address(
            f"{origin}/data"
        )
        if time.monotonic() < self._rests_until.get(origin, 0.0):
            return FederatedResult(name, url, silent=AWAY)
        try:
            async with asyncio.timeout(PATIENCE):
                search_result = await self._fetch_answer(
                    shared_criteria.address(f"{origin}/api/v1/datasets")
                )
        except (TimeoutError, OutgoingError, RefusedAddressError, ValueError):
            self._record_failure(origin)
            return FederatedResult(name, url, silent=AWAY)
        self._failures.pop(origin, None)
        if not search_result.shared:
            return FederatedResult(name, url, silent=CLOSED)
        answers = [
            FederatedDataset(item.title, item.page, item.producer.name)
            for item in search_result.items[:ANSWERS_SHOWN]
            if item.page.startswith(f"{origin}/")
        ]
        return FederatedResult(
            localise(search_result.territory, language) or name,
            url,
            search_result.total,
            answers,
        )

    async def _fetch_answer(self, url: str) -> PartnerResponse:
        answer = await self.outgoing.request(
            "GET",
            url,
            headers={"Accept": "application/json"},
            limit=MOST_BYTES,
            patience=PATIENCE,
        )
        if answer.status_code != OK:
            raise OutgoingError("It answered otherwise.", status=answer.status_code)
        try:
            payload: Any = json.loads(answer.content)
            return PartnerResponse.model_validate(payload)
        except (ValidationError, RecursionError) as error:
            raise ValueError("It is no answer of a catalogue.") from error

    def _record_failure(self, origin: str) -> None:
        self._failures[origin] = self._failures.get(origin, 0) + 1
        if self._failures[origin] >= MOST_FAILURES:
            self._rests_until[origin] = time.monotonic() + REST
            del self._failures[origin]


PARTNERS = ServiceKey[Partners]("partner portals", "catalogue")
