"""One space's share of a process does not touch another's."""

import uuid

import httpx
import pytest

from tests.node.producer import SLUG, TABLE, Producer
from tests.node.scripts import Script, new_key
from tests.node.sending import Sender
from tests.service_overrides import ServiceOverrides
from udi.kit.db import Database
from udi.kit.errors import TooManyRequestsError
from udi.kit.tenancy import Territory
from udi.node.spaces.actions import apply_space, set_limits
from udi.node.spaces.limits import SPACE_LIMITER, SpaceLimiter, TokenBucket
from udi.node.spaces.models import Space
from udi.settings import Settings


@pytest.fixture
async def port(node_database: Database, demo: Territory) -> Space:
    """The space of another producer."""
    async with node_database.session(demo.id, role="owner") as session:
        return await apply_space(
            session,
            slug="port",
            organisation_id=uuid.uuid4(),
            name="Port",
            email="port@x.example",
        )


@pytest.fixture
async def tight(
    node_database: Database, demo: Territory, space: Space, settings: Settings
) -> SpaceLimiter:
    """Limits where the town hall has three requests a minute and one upload at once."""
    async with node_database.session(demo.id, role="worker") as session:
        await set_limits(session, SLUG, requests_per_minute=3, uploads_at_once=1)
    return SpaceLimiter(node_database, settings)


async def test_a_space_that_spent_its_budget_waits_and_another_does_not(
    tight: SpaceLimiter, demo: Territory, space: Space, port: Space
) -> None:
    left = [(await tight.spend(demo.id, space.id))["RateLimit"] for _ in range(3)]
    with pytest.raises(TooManyRequestsError) as refused:
        await tight.spend(demo.id, space.id)

    assert [header.split(";")[1] for header in left] == ["r=2", "r=1", "r=0"]
    assert refused.value.headers["RateLimit-Policy"] == '"space";q=3;w=60'
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 20
    for _ in range(100):
        await tight.spend(demo.id, port.id)


def test_a_budget_refills_evenly_and_never_past_a_minutes_worth() -> None:
    bucket = TokenBucket(60, 60.0, 0.0)
    assert sum(bucket.take(60, 0.0) for _ in range(100)) == 60
    assert bucket.retry_after == 1
    assert sum(bucket.take(60, 10.0) for _ in range(100)) == 10
    assert sum(bucket.take(60, 10_000.0) for _ in range(100)) == 60
    assert sum(bucket.take(6, 10_010.0) for _ in range(100)) == 1


async def test_a_reader_sees_the_budget_and_is_told_when_to_come_back(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    tight: SpaceLimiter,
    services: ServiceOverrides,
) -> None:
    address = f"/datasets/{await producer.publish()}/file"
    services[SPACE_LIMITER] = tight

    answers = [await passer_by.get(address) for _ in range(4)]
    machine = await passer_by.get(address, headers={"Accept": "application/json"})

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"space";q=3;w=60'
    assert "Attendez" in answers[3].text
    assert int(answers[3].headers["retry-after"]) >= 1
    assert (machine.status_code, machine.json()["type"]) == (
        429,
        "/problems/too-many-requests",
    )
    assert (await producer.client.get(f"/spaces/{SLUG}")).status_code == 200


async def test_uploads_past_a_spaces_places_are_refused_and_places_come_back(
    tight: SpaceLimiter, demo: Territory, space: Space, port: Space
) -> None:
    async with tight.hold_upload_slot(demo.id, space.id):
        with pytest.raises(TooManyRequestsError) as refused:
            async with tight.hold_upload_slot(demo.id, space.id):
                pass
        async with (
            tight.hold_upload_slot(demo.id, port.id),
            tight.hold_upload_slot(demo.id, port.id),
        ):
            pass
    async with tight.hold_upload_slot(demo.id, space.id):
        pass

    assert refused.value.headers == {"Retry-After": "30"}
    assert tight._uploads.held == 0


async def test_an_upload_that_finds_no_place_is_told_on_its_form(
    producer: Producer,
    tight: SpaceLimiter,
    demo: Territory,
    space: Space,
    services: ServiceOverrides,
) -> None:
    services[SPACE_LIMITER] = tight
    async with tight.hold_upload_slot(demo.id, space.id):
        refused = await producer.send()

    assert refused.status_code == 429
    assert "Attendez" in refused.text
    assert (await producer.send()).status_code == 303


async def test_parts_and_scripts_wait_for_a_place_and_lose_nothing(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient, tight: SpaceLimiter, demo: Territory,
    space: Space, services: ServiceOverrides,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    services[SPACE_LIMITER] = tight
    sender = Sender(producer.client)
    script = Script(passer_by, await new_key(manager))
    address = await sender.address(len(TABLE))
    async with tight.hold_upload_slot(demo.id, space.id):
        refused = [await sender.send(address, 0, TABLE), await script.put(dataset)]
        stands = await sender.offset(address)
    passed = [await sender.send(address, stands, TABLE), await script.put(dataset)]

    assert ([answer.status_code for answer in refused], stands) == ([429, 429], 0)
    assert all(answer.headers["retry-after"] == "30" for answer in refused)
    assert [answer.status_code for answer in passed] == [204, 201]


async def test_limits_are_the_installations_until_the_operator_sets_others(
    node_database: Database, demo: Territory, space: Space, settings: Settings
) -> None:
    before = await SpaceLimiter(node_database, settings).share(demo.id, space.id)
    async with node_database.session(demo.id, role="worker") as session:
        await set_limits(
            session, SLUG, requests_per_minute=5, jobs_at_once=7, quota_bytes=10
        )
        await set_limits(session, SLUG, requests_per_minute=0)
    async with node_database.session(demo.id) as session:
        changed = await session.get_one(Space, (demo.id, space.id))
    after = await SpaceLimiter(node_database, settings).share(demo.id, space.id)

    assert before.requests_per_minute == settings.space_requests_per_minute
    assert (after.requests_per_minute, after.jobs_at_once) == (
        settings.space_requests_per_minute,
        7,
    )
    assert changed.quota_bytes == 10
