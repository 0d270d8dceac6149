"""What services say of themselves, asked for when somebody opens their page and kept for an hour; a failure for a minute."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.kit.service_registry import ServiceKey
from udi.portal.catalogue.map_services import MapService, MapServiceKind
from udi.portal.nodes.map_services.capabilities import (
    capabilities_url,
    read_description,
)
from udi.portal.nodes.map_services.layers import (
    MapObstacle,
    MapServiceError,
    ServiceDescription,
)

LARGEST = 8 * 1024**2
"""Bytes of a description."""
PATIENCE = 10.0
KEPT_SECONDS = 3600.0
FAILURE_SECONDS = 60.0
MOST_KEPT = 64
AT_ONCE = 2
LOGIN_STATUSES = frozenset({401, 403, 407})
OK = 200


@dataclass(frozen=True)
class KeptDescription:
    """A description, or why there is none, until a moment of the clock."""

    answer: ServiceDescription | MapObstacle
    until: float


class MapServiceReader:
    """Reads descriptions with the client of sources: addresses are checked before a byte leaves."""

    def __init__(
        self, client: OutgoingClient, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._client = client
        self._clock = clock
        self._entries = OrderedDict[tuple[str, str], KeptDescription]()
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def read(self, service: MapService, origin: str) -> ServiceDescription:
        """What a service says of itself, to a page of this origin.

        Raises:
            MapServiceError: it says nothing that can be shown.
        """
        key = (capabilities_url(service), origin)
        entry = self._entries.get(key)
        if entry is None or entry.until < self._clock():
            async with self._gate:
                entry = await self._ask(service, *key)
            self._entries[key] = entry
        self._entries.move_to_end(key)
        while len(self._entries) > MOST_KEPT:
            self._entries.popitem(last=False)
        if isinstance(entry.answer, MapObstacle):
            raise MapServiceError(entry.answer)
        return entry.answer

    async def _ask(self, service: MapService, url: str, origin: str) -> KeptDescription:
        try:
            answer = await self._fetch(service, url, origin)
        except MapServiceError as error:
            return KeptDescription(error.obstacle, self._clock() + FAILURE_SECONDS)
        return KeptDescription(answer, self._clock() + KEPT_SECONDS)

    async def _fetch(
        self, service: MapService, url: str, origin: str
    ) -> ServiceDescription:
        is_json = service.kind is MapServiceKind.FEATURES
        accepted = "application/json" if is_json else "application/xml, text/xml"
        headers = {"Origin": origin, "Accept": accepted}
        try:
            answer = await self._client.request(
                "GET", url, headers=headers, limit=LARGEST, patience=PATIENCE
            )
        except (OutgoingError, RefusedAddressError) as error:
            raise MapServiceError(MapObstacle.UNREACHABLE) from error
        if answer.status_code in LOGIN_STATUSES:
            raise MapServiceError(MapObstacle.LOGIN)
        if answer.status_code != OK:
            raise MapServiceError(MapObstacle.FAILED)
        description = await asyncio.to_thread(read_description, service, answer.content)
        readers = answer.headers.get("access-control-allow-origin", "")
        return replace(description, readers=readers)


MAP_SERVICES = ServiceKey[MapServiceReader]("services of maps", "nodes")
