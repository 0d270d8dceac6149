"""The state of the service: measured as its users see it, told from the disk, also while the database is away."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from litestar import Litestar

from tests.depth import by_depth
from tests.kit.relay import Relay
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import set_state
from udi.portal import app as portal
from udi.portal.site import build_site
from udi.portal.tenants.models import Tenant
from udi.portal.territory.status.measures import measure_service
from udi.portal.territory.status.record import (
    DAYS,
    PartState,
    ServicePart,
    StatusRecord,
    add_measure,
    read_record,
    write_record,
)
from udi.portal.territory.status.territories import (
    choose_turn,
    forget_others,
    keep_measure,
    list_measured,
    read_territory,
)
from udi.settings import Settings
from udi.ui.login import cookie_name
from udi.ui.site import Site

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALL_UP = dict.fromkeys(ServicePart, PartState.UP)


@pytest.fixture(autouse=True)
def no_file_left(settings: Settings) -> Iterator[None]:
    """What other tests know nothing of."""
    yield
    (settings.state / "status/status.json").unlink(missing_ok=True)
    shutil.rmtree(settings.state / "status/territories", ignore_errors=True)


def measure(
    *moments: datetime, record: StatusRecord | None = None, **states: PartState
) -> StatusRecord:
    """A record after some measures in which all was well but for some parts."""
    current = record or StatusRecord()
    outcomes = {
        **ALL_UP,
        **{ServicePart(part): state for part, state in states.items()},
    }
    for moment in moments:
        current = add_measure(current, outcomes, moment, None)
    return current


def test_minutes_are_counted_by_day_and_part() -> None:
    record = measure(NOON, NOON + MINUTE)
    record = measure(
        NOON + 2 * MINUTE, NOON + 3 * MINUTE, record=record, mail=PartState.DOWN
    )

    mail = record.days["mail"][date(2026, 11, 30)]
    assert (mail.measured, mail.well, mail.lost) == (4, 2, 2)
    assert record.share_of(ServicePart.MAIL) == 0.5
    assert record.share_of(ServicePart.LOGIN) == 1
    assert record.state_of(ServicePart.MAIL, NOON + 4 * MINUTE) is PartState.DOWN


def test_what_was_measured_long_ago_says_nothing_of_now() -> None:
    record = measure(NOON)

    assert record.state_of(ServicePart.NODE, NOON + 5 * MINUTE) is PartState.UP
    assert record.state_of(ServicePart.NODE, NOON + 6 * MINUTE) is PartState.UNKNOWN
    assert StatusRecord().state_of(ServicePart.NODE, NOON) is PartState.UNKNOWN
    assert StatusRecord().share_of(ServicePart.NODE) is None


def test_days_older_than_ninety_are_forgotten() -> None:
    record = StatusRecord()
    for passed in range(DAYS + 5):
        record = measure(NOON + timedelta(days=passed), record=record)

    days = record.list_days()
    assert len(days) == DAYS
    assert days[0] == (NOON + timedelta(days=DAYS + 4)).date()


def test_minutes_that_nobody_measured_are_lost_but_for_a_restart() -> None:
    evening = datetime(2026, 11, 30, 23, 58, tzinfo=UTC)
    record = measure(evening, evening + 3 * MINUTE)
    before = record.days["pages"]
    record = measure(evening + 13 * MINUTE, record=measure(evening))

    assert [count.lost for count in before.values()] == [0, 0]
    lost = {day.day: count.lost for day, count in record.days["pages"].items()}
    assert lost == {30: 1, 1: 11}


def test_a_record_is_read_as_it_was_written_and_a_broken_one_is_none(
    settings: Settings, tmp_path: Path
) -> None:
    apart = settings.model_copy(update={"state": tmp_path})
    record = add_measure(StatusRecord(), ALL_UP, NOON, NOON - MINUTE)
    write_record(apart, record)
    written = read_record(apart)
    (tmp_path / "status/status.json").write_text("{")

    assert written == record
    assert read_record(apart) == StatusRecord()


async def test_a_measure_looks_at_every_part(portal_site: Site) -> None:
    """In the tests no program listens at its public address, no relay and no Keycloak runs, and no index is made."""
    await measure_service(portal_site)

    record = read_record(portal_site.settings)
    assert record.measured_at is not None
    assert set(record.states) == set(ServicePart)
    assert record.states["pages"] == record.states["mail"] == PartState.DOWN


async def test_a_measure_writes_nothing_over_a_record_that_cannot_be_read(
    portal_site: Site,
) -> None:
    path = portal_site.settings.state / "status/status.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{")

    with pytest.raises(msgspec.DecodeError):
        await measure_service(portal_site)

    assert path.read_text() == "{"


async def test_a_measure_counts_on_while_the_database_is_away(
    settings: Settings,
) -> None:
    write_record(settings, measure(now() - MINUTE))
    async with Relay(settings.database_port or 0).listening() as relay:
        site = build_site(settings.model_copy(update={"database_port": relay.port}))
        await site.registry.list()
        relay.disconnect()
        await measure_service(site)
        await asyncio.gather(site.outgoing.close(), site.database.close())

    record = read_record(settings)
    assert record.states["jobs"] is PartState.DOWN
    [jobs] = record.days["jobs"].values()
    assert (jobs.measured, jobs.well) == (2, 1)


async def test_each_territory_is_measured_apart(
    portal_app: Litestar, portal_site: Site, settings: Settings, demo: Territory
) -> None:
    moment = now()
    write_record(settings, measure(moment))
    own_states = {ServicePart.PAGES: PartState.DOWN}
    keep_measure(settings, demo.slug, own_states, moment, 1)
    async with browse(portal_app, demo) as visitor:
        local = (await visitor.get("/status.json")).json()
    async with browse(portal_app, None) as visitor:
        installation = (await visitor.get("/status.json")).json()
    await measure_service(portal_site)

    states = [
        {part["part"]: part["state"] for part in document["parts"]}
        for document in (local, installation)
    ]
    assert [state["pages"] for state in states] == ["down", "up"]
    assert [state["node"] for state in states] == ["up", "up"]
    measured = read_territory(settings, demo.slug)
    assert set(measured.states) == {"pages", "node"}
    [count] = measured.days["pages"].values()
    assert (count.measured, count.well) == (2, 0)


@by_depth("content", ["{", '{"days": 3}'], by_default=[0])
async def test_a_damaged_file_of_one_territory_stops_no_measure(
    content: str, portal_site: Site, settings: Settings, demo: Territory
) -> None:
    keep_measure(settings, demo.slug, ALL_UP, NOON, 1)
    path = settings.state / f"status/territories/{demo.slug}.json"
    path.write_text(content)

    await measure_service(portal_site)

    record = read_record(settings)
    assert record.states["pages"] == PartState.DOWN, "it counts for the installation"
    assert record.measured_at is not None
    assert path.read_text() == content, "it is not written over"


async def test_a_suspended_territory_keeps_its_measures(
    settings: Settings, demo: Territory, portal_database: Database
) -> None:
    site = build_site(settings)
    keep_measure(settings, demo.slug, ALL_UP, NOON, 1)
    try:
        async with portal_database.platform_session(role="owner") as session:
            await set_state(session, Tenant, demo.slug, "suspended")
        await measure_service(site)
    finally:
        async with portal_database.platform_session(role="owner") as session:
            await set_state(session, Tenant, demo.slug, "active")
        await asyncio.gather(site.outgoing.close(), site.database.close())

    assert demo.slug in list_measured(settings)
    assert read_territory(settings, demo.slug).measured_at == NOON


def test_many_territories_take_turns_and_none_is_left_out(demo: Territory) -> None:
    many = [replace(demo, slug=f"t{number:03}") for number in range(95)]
    turns = [choose_turn(many, NOON + minute * MINUTE) for minute in range(3)]

    assert {every for _, every in turns} == {3}
    assert max(len(turn) for turn, _ in turns) <= 40
    assert sorted(place.slug for turn, _ in turns for place in turn) == [
        territory.slug for territory in many
    ]
    assert choose_turn([demo], NOON) == ([demo], 1)


def test_a_measure_in_turns_stands_for_the_minutes_between() -> None:
    record = StatusRecord()
    for minute in (0, 3, 6):
        record = add_measure(record, ALL_UP, NOON + minute * MINUTE, None, 3)

    [count] = record.days["pages"].values()
    assert (count.measured, count.well) == (9, 9)
    assert record.state_of(ServicePart.PAGES, NOON + 13 * MINUTE) is PartState.UP
    assert record.state_of(ServicePart.PAGES, NOON + 14 * MINUTE) is PartState.UNKNOWN


def test_a_territory_that_is_gone_leaves_no_file(
    settings: Settings, tmp_path: Path, demo: Territory
) -> None:
    apart = settings.model_copy(update={"state": tmp_path})
    for slug in (demo.slug, "gone"):
        keep_measure(apart, slug, ALL_UP, NOON, 1)
    before = list_measured(apart)
    forget_others(apart, [demo])

    assert before == sorted([demo.slug, "gone"])
    assert list_measured(apart) == [demo.slug]


@by_depth(
    ("language", "words"),
    [("en", "Does not work"), ("fr", "Ne fonctionne pas")],
    by_default=[0],
)
async def test_everybody_reads_how_each_part_stands(
    portal_app: Litestar, settings: Settings, demo: Territory, language: str, words: str
) -> None:
    moment = now()
    record = measure(moment - MINUTE, moment, login=PartState.DOWN)
    write_record(settings, record)
    async with browse(portal_app, demo) as visitor:
        page = await visitor.get("/status", headers={"Accept-Language": language})

    assert page.status_code == 200
    assert page.text.count(words) == 1
    assert 'href="/status.json"' in page.text


async def test_programs_read_the_same_as_json(
    portal_app: Litestar, settings: Settings, demo: Territory
) -> None:
    moment = now()
    write_record(settings, measure(moment, search=PartState.DOWN))
    async with browse(portal_app, demo) as visitor:
        document = (await visitor.get("/status.json")).json()

    states = {part["part"]: part["state"] for part in document["parts"]}
    assert states == {**dict.fromkeys(ServicePart, "up"), "search": "down"}
    assert document["writing"] == "up"
    assert document["restore_drill"] is None
    [day] = document["parts"][0]["days"]
    assert (day["measured"], day["well"]) == (1, 1)


async def test_the_installation_tells_it_at_its_own_host(
    portal_app: Litestar, settings: Settings
) -> None:
    transport = httpx.ASGITransport(app=portal_app)
    address = f"http://{settings.installation_host}"
    async with httpx.AsyncClient(transport=transport, base_url=address) as client:
        page = await client.get("/status")
        document = await client.get("/status.json")

    assert (page.status_code, document.status_code) == (200, 200)
    assert document.json()["measured_at"] is None


@by_depth("cookie", ["", "of-somebody-who-is-logged-in"], by_default=[1])
async def test_it_is_told_while_the_database_is_away(
    settings: Settings, demo: Territory, cookie: str
) -> None:
    headers = {"Accept-Language": "en"}
    if cookie:
        headers["Cookie"] = f"{cookie_name(demo.origin)}={cookie}"
    write_record(settings, measure(now()))
    async with Relay(settings.database_port or 0).listening() as relay:
        site = build_site(settings.model_copy(update={"database_port": relay.port}))
        app = portal.create(site)
        async with browse(app, demo) as visitor:
            before = await visitor.get("/status")
            relay.disconnect()
            page = await visitor.get("/status", headers=headers)
            document = await visitor.get("/status.json", headers=headers)
        await asyncio.gather(site.outgoing.close(), site.database.close())

    assert before.status_code == page.status_code == document.status_code == 200
    assert "the database does not answer" in page.text
    assert "the database does not answer" not in before.text
    assert document.json()["writing"] == "down"
    assert document.json()["parts"][0]["state"] == "up"
