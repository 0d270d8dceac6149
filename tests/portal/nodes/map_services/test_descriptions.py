"""Descriptions are asked for once for all who wait, within ten seconds of everything, by few at once."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.portal.nodes.elsewhere import Catalogue as Elsewhere
from tests.portal.nodes.elsewhere import serve
from tests.portal.nodes.map_services import documents
from udi.kit.http import OutgoingClient
from udi.portal.catalogue.maps.map_services import MapService, MapServiceKind
from udi.portal.nodes.map_services.descriptions import (
    AT_ONCE,
    MOST_WAITING,
    MapServiceReader,
)
from udi.portal.nodes.map_services.layers import (
    MapObstacle,
    MapServiceError,
    ServiceDescription,
)

READER = "https://armor.example"
SOON = 1.0
"""Seconds of patience, where it is to end."""
PATIENT = 60.0
"""The same where it is not, on a machine that does much else."""


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Until it is set, a held service does not answer."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def maps(released: threading.Event) -> Iterator[Elsewhere]:
    """A server of maps of somebody else's, whose services at `/held…` answer when they are released."""

    def answer(
        path: str, _words: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes] | None:
        if path.startswith("/held"):
            released.wait()
            return 200, {}, documents.WMS_130
        return None

    with serve("maps.localhost") as site:
        site.live = answer
        site.put("/wms", documents.WMS_130)
        yield site
        released.set()


@pytest.fixture
async def client() -> AsyncIterator[OutgoingClient]:
    """The client of sources."""
    client = OutgoingClient(["*.localhost:*"])
    yield client
    await client.close()


@pytest.fixture
async def reader(client: OutgoingClient) -> AsyncIterator[MapServiceReader]:
    reader = MapServiceReader(client, patience=PATIENT, turn_patience=PATIENT)
    yield reader
    await reader.close()


@pytest.fixture
async def impatient_reader(client: OutgoingClient) -> AsyncIterator[MapServiceReader]:
    """A reader who waits a second for everything, half of it for its turn."""
    reader = MapServiceReader(client, patience=SOON, turn_patience=SOON / 2)
    yield reader
    await reader.close()


def service_at(maps: Elsewhere, path: str) -> MapService:
    return MapService(MapServiceKind.WMS, f"{maps.origin}{path}")


async def obstacle_of(
    reader: MapServiceReader, service: MapService
) -> MapObstacle | None:
    """What stands in the way of a service, if anything does."""
    try:
        await reader.read(service, READER)
    except MapServiceError as error:
        return error.obstacle
    return None


async def begin(
    reader: MapServiceReader, service: MapService
) -> asyncio.Task[ServiceDescription]:
    """A reading that waits."""
    task = asyncio.create_task(reader.read(service, READER))
    await asyncio.sleep(0)
    return task


async def test_a_service_is_asked_once_for_all_who_wait_for_it(
    reader: MapServiceReader, maps: Elsewhere, released: threading.Event
) -> None:
    service = service_at(maps, "/held")
    impatient = await begin(reader, service)
    others = [await begin(reader, service) for _ in range(5)]

    impatient.cancel()
    released.set()
    answers = await asyncio.gather(*others)

    assert {len(answer.layers) for answer in answers} == {2}
    assert len(maps.requests) == 1


async def test_a_service_that_trickles_is_given_up_though_each_step_is_quick(
    impatient_reader: MapServiceReader, maps: Elsewhere
) -> None:
    maps.put("/slow", documents.WMS_130 + b" " * 60_000)
    maps.pause = SOON / 10

    obstacle = await obstacle_of(impatient_reader, service_at(maps, "/slow"))
    again = await obstacle_of(impatient_reader, service_at(maps, "/slow"))

    assert (obstacle, again) == (MapObstacle.UNREACHABLE, MapObstacle.UNREACHABLE)
    assert len(maps.requests) == 1


@pytest.mark.thorough
async def test_a_turn_that_does_not_come_is_not_held_against_the_service(
    client: OutgoingClient, maps: Elsewhere, released: threading.Event
) -> None:
    reader = MapServiceReader(client, patience=PATIENT, turn_patience=SOON / 2)
    slow_readings = [
        await begin(reader, service_at(maps, f"/held{rank}")) for rank in range(AT_ONCE)
    ]

    obstacle = await obstacle_of(reader, service_at(maps, "/wms"))
    released.set()
    await asyncio.gather(*slow_readings)
    later = await obstacle_of(reader, service_at(maps, "/wms"))
    await reader.close()

    assert (obstacle, later) == (MapObstacle.BUSY, None)


async def test_no_more_people_wait_than_may_and_what_is_kept_is_still_shown(
    reader: MapServiceReader, maps: Elsewhere, released: threading.Event
) -> None:
    await reader.read(service_at(maps, "/wms"), READER)
    waiting = [
        await begin(reader, service_at(maps, "/held")) for _ in range(MOST_WAITING)
    ]

    refused = await obstacle_of(reader, service_at(maps, "/held"))
    accepted = await obstacle_of(reader, service_at(maps, "/wms"))
    released.set()
    answers = await asyncio.gather(*waiting)
    later = await obstacle_of(reader, service_at(maps, "/held"))

    assert (refused, accepted, later) == (MapObstacle.BUSY, None, None)
    assert len(answers) == MOST_WAITING
    assert len(maps.requests) == 2


@pytest.mark.thorough
async def test_a_description_that_fills_the_memory_of_its_reader_is_unreadable(
    reader: MapServiceReader, maps: Elsewhere
) -> None:
    many = b",".join([b'{"a":0}'] * 1_000_000)
    maps.put("/collections", b'{"collections": [{"id": "a"}], "others": [%s]}' % many)
    service = MapService(MapServiceKind.FEATURES, f"{maps.origin}/collections")

    obstacle = await obstacle_of(reader, service)

    assert obstacle is MapObstacle.UNREADABLE


@pytest.mark.thorough
async def test_what_is_kept_has_a_bound_for_all_services_together(
    client: OutgoingClient, reader: MapServiceReader, maps: Elsewhere
) -> None:
    maps.put("/other", documents.WMS_130)
    services = [service_at(maps, path) for path in ("/wms", "/other")]
    size = (await reader.read(services[0], READER)).characters
    small_reader = MapServiceReader(
        client, patience=PATIENT, most_characters=size * 3 // 2
    )
    maps.requests.clear()

    for service in (services[0], services[1], services[1], services[0]):
        await small_reader.read(service, READER)
    await small_reader.close()

    assert [path.partition("?")[0] for path in maps.requests] == [
        "/wms",
        "/other",
        "/wms",
    ]
