"""What services say of themselves, asked for when somebody opens their page and kept for an hour; a failure for a minute.

Whoever waits for a service waits with all others who do, and no longer than `PATIENCE`. What it answers is read by a
child behind walls, with limits: it can fill nobody's memory but its own.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

import structlog

from udi.kit import child
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.kit.service_registry import ServiceKey
from udi.portal.catalogue.maps.map_services import MapService, MapServiceKind
from udi.portal.nodes.map_services.bounds import LONGEST_URL
from udi.portal.nodes.map_services.capabilities import (
    capabilities_url,
    try_description,
)
from udi.portal.nodes.map_services.layers import (
    MapObstacle,
    MapServiceError,
    ServiceDescription,
)

LARGEST = 8 * 1024**2
"""Bytes of a description."""
PATIENCE = 10.0
"""Seconds of everything: the turn, the answer of the service, and its reading."""
TURN_PATIENCE = 4.0
"""Seconds of it for the turn: what is left is enough for a service that answers."""
READER_MB = 384
"""Of address space, for the child that reads a description."""
KEPT_SECONDS = 3600.0
FAILURE_SECONDS = 60.0
MOST_KEPT = 64
MOST_KEPT_CHARACTERS = 16_000_000
AT_ONCE = 2
MOST_WAITING = 64
"""People who wait for descriptions, in one web worker."""
LOGIN_STATUSES = frozenset({401, 403, 407})
OK = 200


log = structlog.get_logger()


@dataclass(frozen=True)
class KeptDescription:
    """A description, or why there is none, until a moment of the clock."""

    answer: ServiceDescription | MapObstacle
    until: float
    characters: int = 0


class MapServiceReader:
    """Reads descriptions with the client of sources: addresses are checked before a byte leaves."""

    def __init__(
        self,
        client: OutgoingClient,
        *,
        clock: Callable[[], float] = monotonic,
        patience: float = PATIENCE,
        turn_patience: float = TURN_PATIENCE,
        most_waiting: int = MOST_WAITING,
        most_characters: int = MOST_KEPT_CHARACTERS,
    ) -> None:
        self._client = client
        self._clock = clock
        self._patience = patience
        self._turn_patience = turn_patience
        self._most_waiting = most_waiting
        self._most_characters = most_characters
        self._entries = OrderedDict[tuple[str, str], KeptDescription]()
        self._readings: dict[tuple[str, str], asyncio.Task[KeptDescription]] = {}
        self._waiting = 0
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def read(self, service: MapService, origin: str) -> ServiceDescription:
        """What a service says of itself, to a page of this origin.

        Raises:
            MapServiceError: it says nothing that can be shown.
        """
        key = (capabilities_url(service), origin)
        entry = self._entries.get(key)
        if entry is None or entry.until < self._clock():
            entry = await self._wait(service, key)
        else:
            self._entries.move_to_end(key)
        if isinstance(entry.answer, MapObstacle):
            raise MapServiceError(entry.answer)
        return entry.answer

    async def close(self) -> None:
        """Give up what is being read."""
        readings = list(self._readings.values())
        for reading in readings:
            reading.cancel()
        await asyncio.gather(*readings, return_exceptions=True)

    async def _wait(self, service: MapService, key: tuple[str, str]) -> KeptDescription:
        """The reading that is under way, else a new one; it goes on when whoever waits leaves."""
        if max(self._waiting, len(self._readings)) >= self._most_waiting:
            raise MapServiceError(MapObstacle.BUSY)
        reading = self._readings.get(key)
        if reading is None:
            reading = asyncio.create_task(self._ask(service, key))
            self._readings[key] = reading
            reading.add_done_callback(lambda _: self._readings.pop(key, None))
        self._waiting += 1
        try:
            return await asyncio.shield(reading)
        finally:
            self._waiting -= 1

    async def _ask(self, service: MapService, key: tuple[str, str]) -> KeptDescription:
        obstacle = MapObstacle.BUSY
        try:
            async with asyncio.timeout(self._patience):
                async with asyncio.timeout(self._turn_patience):
                    await self._gate.acquire()
                obstacle = MapObstacle.UNREACHABLE
                try:
                    answer = await self._fetch(service, *key)
                finally:
                    self._gate.release()
        except TimeoutError:
            return self._keep(key, obstacle)
        except MapServiceError as error:
            return self._keep(key, error.obstacle)
        return self._keep(key, answer)

    def _keep(
        self, key: tuple[str, str], answer: ServiceDescription | MapObstacle
    ) -> KeptDescription:
        if answer is MapObstacle.BUSY:
            return KeptDescription(answer, self._clock())
        if isinstance(answer, MapObstacle):
            entry = KeptDescription(answer, self._clock() + FAILURE_SECONDS)
        else:
            until = self._clock() + KEPT_SECONDS
            entry = KeptDescription(answer, until, answer.characters)
        self._entries[key] = entry
        self._entries.move_to_end(key)
        characters = sum(other.characters for other in self._entries.values())
        while len(self._entries) > MOST_KEPT or characters > self._most_characters:
            characters -= self._entries.popitem(last=False)[1].characters
        return entry

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
        description = await self._parse(service, answer.content)
        readers = answer.headers.get("access-control-allow-origin", "")
        return replace(description, readers=readers[:LONGEST_URL])

    async def _parse(self, service: MapService, body: bytes) -> ServiceDescription:
        try:
            result = await child.run(
                try_description,
                service,
                body,
                memory_mb=READER_MB,
                seconds=self._patience,
            )
        except child.ChildError as error:
            log.warning("description of a service not read", error=type(error).__name__)
            raise MapServiceError(MapObstacle.UNREADABLE) from error
        if result.description is None:
            raise MapServiceError(result.obstacle or MapObstacle.UNREADABLE)
        return result.description


MAP_SERVICES = ServiceKey[MapServiceReader]("services of maps", "nodes")
