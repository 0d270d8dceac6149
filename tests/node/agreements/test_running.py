"""A reading stops when its agreement does: what is sent after that is bounded, in bytes and in time; nothing is hidden."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from tests.node.agreements.granting import IN_PART, Grant, Granting
from tests.node.lasting import asker as asker
from tests.node.lasting import at_node as at_node
from tests.node.lasting import browse as browse
from tests.node.lasting import demo as demo
from tests.node.lasting import machine as machine
from tests.node.lasting import make_person as make_person
from tests.node.lasting import meters as meters
from tests.node.lasting import portal as portal
from tests.node.lasting import producer as producer
from tests.node.lasting import publisher as publisher
from tests.node.lasting import space as space
from tests.node.producer import Producer
from tests.service_overrides import ServiceOverrides
from udi.kit import clock
from udi.kit.tenancy import Territory
from udi.node.agreements import gate as gates
from udi.node.agreements import queries
from udi.node.agreements.gate import BYTES, SECONDS, AgreementGate, AgreementReading
from udi.node.agreements.models import AgreementUse, HeldCredential
from udi.node.files.restricted import GATE, AgreementEndedError
from udi.protocol.agreement import AgreementValidity
from udi.ui.site import Site

PIECE = 256 * 1024
PIECES = 400
"""A hundred mebibytes."""


@dataclass
class Watch:
    """A clock that stands still unless it is told."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Stage:
    """One agreement, and the readings that it lets through."""

    gate: AgreementGate
    watch: Watch
    territory: Territory
    portal: Granting
    machine: httpx.AsyncClient
    grant: Grant

    async def begin(self) -> AgreementReading:
        """A reading of the file, all of whose bytes are granted."""
        agreed = await self.gate.authorize_person(self.territory, self.grant.id, "file")
        await agreed.give(PIECE * PIECES)
        return agreed

    async def take(
        self,
        agreed: AgreementReading,
        *,
        stop_after: int,
        stop: Callable[[], Any],
        seconds_a_piece: float = 0.0,
    ) -> int:
        """Read to the end, however it comes; how many bytes came after `stop` was called, behind the piece `stop_after`."""
        piece_count = after = 0
        try:
            async for piece in agreed.counted(pieces()):
                piece_count += 1
                after += len(piece) if piece_count > stop_after else 0
                self.watch.seconds += seconds_a_piece
                if piece_count == stop_after:
                    await stop()
        except AgreementEndedError:
            return after
        assert piece_count == PIECES
        return after

    async def revoke(self) -> None:
        await self.portal.push(
            self.machine,
            self.grant.change(state=AgreementValidity.REVOKED, reason="Trop."),
        )

    async def uses(self) -> list[AgreementUse]:
        await self.gate.close()
        async with self.gate.session(self.territory.id) as session:
            query = select(AgreementUse).where(
                AgreementUse.agreement_id == self.grant.id
            )
            return list(await session.scalars(query.order_by(AgreementUse.happened_at)))


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(PIECES):
        yield bytes(PIECE)


@pytest.fixture
async def stage(
    node_site: Site, at_node: Territory, portal: Granting, machine: httpx.AsyncClient, meters: str, services: ServiceOverrides
) -> Stage:  # fmt: skip
    watch = Watch()
    node_gate = services[GATE]
    gate = AgreementGate(node_gate.database, node_gate.freshness, watch)
    grant = portal.grant(meters)
    assert (await portal.push(machine, grant)).status_code == 200
    return Stage(gate, watch, at_node, portal, machine, grant)


async def test_a_fast_reading_stops_within_so_many_bytes(stage: Stage) -> None:
    after = await stage.take(await stage.begin(), stop_after=50, stop=stage.revoke)

    [use] = await stage.uses()
    assert 0 < after <= BYTES
    assert (use.outcome, use.bytes) == ("stopped", 50 * PIECE + after)
    assert use.ended_at is not None


async def test_a_reading_that_was_stopped_is_a_last_reading(stage: Stage) -> None:
    await stage.take(await stage.begin(), stop_after=10, stop=stage.revoke)

    [use] = await stage.uses()
    async with stage.gate.session(stage.territory.id) as session:
        credential = select(HeldCredential.id).where(
            HeldCredential.agreement_id == stage.grant.id
        )
        credential_id = (await session.scalars(credential)).one()
        change = update(AgreementUse).where(AgreementUse.id == use.id)
        await session.execute(change.values(credential_id=credential_id))
        last_uses = await queries.list_last_uses(session, None)
    assert use.outcome == "stopped"
    assert last_uses[credential_id] == use.happened_at


async def test_a_slow_reading_stops_within_so_many_seconds(stage: Stage) -> None:
    after = await stage.take(
        await stage.begin(), stop_after=50, stop=stage.revoke, seconds_a_piece=0.5
    )

    assert after <= PIECE * SECONDS / 0.5


@pytest.mark.parametrize(
    "change",
    [
        {"state": AgreementValidity.SUSPENDED},
        {"state": AgreementValidity.GIVEN_UP},
        {"credentials": ()},
    ],
)
async def test_whatever_ends_an_agreement_stops_its_readings(
    stage: Stage, change: dict[str, Any]
) -> None:
    agreed = await stage.gate.authorize_person(stage.territory, stage.grant.id, "file")
    agreed.attempt = gates.ReadingAttempt(
        agreed.attempt.dataset_id, "file", stage.grant.standing.credentials[0].sha256
    )

    async def end() -> None:
        await stage.portal.push(stage.machine, stage.grant.change(**change))

    assert await stage.take(agreed, stop_after=10, stop=end) <= BYTES


async def test_the_end_date_stops_a_reading(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed = await stage.begin()
    later = stage.grant.agreement.ends_at + timedelta(seconds=1)

    async def pass_time() -> None:
        monkeypatch.setattr(gates, "now", lambda: later)

    assert await stage.take(agreed, stop_after=10, stop=pass_time) <= BYTES


@pytest.mark.thorough
async def test_an_agreement_that_holds_stops_nothing(stage: Stage) -> None:
    async def nothing() -> None:
        return

    byte_count = await stage.take(
        await stage.begin(), stop_after=0, stop=nothing, seconds_a_piece=1.0
    )

    [use] = await stage.uses()
    assert byte_count == PIECE * PIECES
    assert (use.outcome, use.bytes) == ("allowed", PIECE * PIECES)


async def test_the_pace_of_an_agreement_stops_no_reading_that_began(
    stage: Stage,
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Readings a minute are counted when they begin: another one, a minute later, does not end the first."""
    terms = type(IN_PART)(purposes=IN_PART.purposes, requests_a_minute=1)
    stage.grant = portal.grant(meters, terms)
    await portal.push(machine, stage.grant)
    agreed = await stage.begin()

    async def begin_another() -> None:
        minute = clock.now() + timedelta(minutes=1)
        for module in (gates, queries):
            monkeypatch.setattr(module, "now", lambda: minute)
        await stage.gate.authorize_person(stage.territory, stage.grant.id, "csv")

    assert (
        await stage.take(agreed, stop_after=10, stop=begin_another)
        == (PIECES - 10) * PIECE
    )


async def test_its_producer_sees_a_reading_that_goes_on(
    stage: Stage, producer: Producer, meters: str
) -> None:
    pages = []

    async def look() -> None:
        pages.append(await producer.page(f"/datasets/{meters}/agreements"))

    await stage.take(await stage.begin(), stop_after=50, stop=look)
    await stage.gate.close()
    pages.append(await producer.page(f"/datasets/{meters}/agreements"))

    assert "Lectures en cours" in pages[0]
    assert "Lectures en cours" not in pages[1]


async def test_its_producer_reads_that_it_was_stopped(
    stage: Stage,
    portal: Granting,
    machine: httpx.AsyncClient,
    producer: Producer,
    own_meters: str,
) -> None:
    stage.grant = portal.grant(own_meters)
    await portal.push(machine, stage.grant)
    await stage.take(await stage.begin(), stop_after=5, stop=stage.revoke)
    await stage.gate.close()

    page = await producer.page(f"/datasets/{own_meters}/agreements")

    assert "arrêtée" in page


HIDDEN_QUESTIONS = (
    "data/?note__contains=C", "data/?note__sort=asc", "data/?latitude__groupby", "data/?note__isnotnull",
    "data/?columns=note", "data/?columns=index,note", "data/?note=C", "data/?or=(index__exact.1,note__contains.C)",
    'data/?or=("note"__contains.C,index__exact.1)', "data/?index__groupby&note__max", "data/?note__max__sort=asc",
    "data/csv/?note__contains=C", "data/xlsx/?columns=note", "data/parquet/?note__isnull", "data/arrow/?note__isnull", "data/json/?note__sort=desc",
    "data/ndjson/?note__contains=C", "data/geojson/", "data/pmtiles/", "data/geojson/?index__less=3",
    "data/pmtiles/?columns=__id&index__less=3", "data/pmtiles/?columns=__id&note__isnull",
)  # fmt: skip
"""Each names a column, or the places, that `IN_PART` does not open."""
PLACES = ("", "/api", "/conformance", "/collections", "/collections/data", "/collections/data/items",
          "/collections/data/items?note=C", "/collections/data/items?note__contains=C", "/collections/data/items?q=pa", "/collections/data/items/2")  # fmt: skip


async def test_a_column_outside_the_agreement_is_refused_and_logged_everywhere(
    stage: Stage,
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    services: ServiceOverrides,
) -> None:
    stage.grant = portal.grant(meters, IN_PART)
    await portal.push(machine, stage.grant)
    paths = [f"/api/resources/{meters}/{question}" for question in HIDDEN_QUESTIONS]
    paths += [f"/ogc/{meters}{suffix}" for suffix in PLACES]
    stage.gate = services[GATE]

    answers = {
        path: await machine.get(path, headers=stage.grant.headers) for path in paths
    }

    refused = {
        path: (answer.status_code, answer.json().get("code"))
        for path, answer in answers.items()
    }
    assert refused == dict.fromkeys(paths, (403, "other_columns"))
    verdicts = [use.outcome for use in await stage.uses() for _ in range(use.times)]
    assert verdicts == ["other_columns"] * len(paths)


async def test_places_filtered_by_a_hidden_column_are_refused(
    stage: Stage, portal: Granting, machine: httpx.AsyncClient, meters: str
) -> None:
    """Where places are shown, and a column is not."""
    terms = type(IN_PART)(purposes=IN_PART.purposes, columns=("index", "geometry"))
    grant = portal.grant(meters, terms)
    await portal.push(machine, grant)

    tiles = f"/api/resources/{meters}/data/pmtiles/?columns=__id"
    hidden = (
        f"/ogc/{meters}/collections/data/items?note=C",
        f"/ogc/{meters}/collections/data/items?note__contains=C",
        f"/ogc/{meters}/collections/data/items?or=(note__contains.C,index__exact.1)",
        f"{tiles}&note__contains=C",
    )

    refused = [await machine.get(path, headers=grant.headers) for path in hidden]
    response = await machine.get(
        f"/ogc/{meters}/collections/data/items?index=1", headers=grant.headers
    )
    searched = await machine.get(
        f"/ogc/{meters}/collections/data/items?q=PA-0003", headers=grant.headers
    )
    drawn = await machine.get(f"{tiles}&index__less=3", headers=grant.headers)

    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [
        (403, "other_columns")
    ] * len(hidden)
    assert (response.status_code, drawn.status_code) == (200, 200)
    assert searched.json()["numberMatched"] == 0


async def test_a_column_that_is_nowhere_is_a_mistake_as_before(
    stage: Stage, portal: Granting, machine: httpx.AsyncClient, meters: str
) -> None:
    grant = portal.grant(meters, IN_PART)
    await portal.push(machine, grant)

    answer = await machine.get(
        f"/api/resources/{meters}/data/?nothing__contains=C", headers=grant.headers
    )

    assert answer.status_code == 422
    assert "note" not in answer.text
