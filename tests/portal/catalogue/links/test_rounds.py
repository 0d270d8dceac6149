"""Rounds of a real worker at real machines: which addresses are looked at, how often, by whom."""

import asyncio
from datetime import timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from tests.kit.test_schedules import forget
from tests.portal.catalogue.corpus import Catalogue, open_catalogue
from tests.portal.catalogue.links.conftest import Machine, Watcher, hangs_up, says
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.http import OutgoingClient
from udi.kit.tenancy import Territory
from udi.portal.catalogue.links import leases, probe, visits
from udi.portal.catalogue.links.probe import LinkCheck, LinkCheckResult
from udi.portal.catalogue.links.rounds import LinkChecker
from udi.portal.catalogue.links.visits import A_VISIT, SILENCES, find_due_links
from udi.portal.catalogue.worker import list_schedules
from udi.portal.work import work
from udi.ui.site import Site


async def test_an_address_is_looked_at_once_whatever_the_number_of_datasets(
    watcher: Watcher, machine: Machine
) -> None:
    machine.answers["/file.csv"] = says(200, b"12345678")
    await watcher.publish(machine.url())
    await watcher.publish(machine.url(), number=2)

    looks = [
        await watcher.rounds.check_territory(watcher.catalogue.territory)
        for _ in range(2)
    ]

    link = await watcher.link(machine.url())
    assert looks == [1, 0]
    assert len(machine.requests) == 1
    assert (link.state, link.answer, link.size, link.host) == (
        "reachable",
        "200",
        8,
        machine.origin.split("//")[1],
    )
    assert timedelta(hours=23) < link.next_at - now() <= timedelta(days=1)


@pytest.mark.thorough
async def test_files_of_the_territorys_own_node_are_left_out(
    watcher: Watcher, machine: Machine
) -> None:
    node_origin = watcher.catalogue.territory.links["node"]
    await watcher.publish(f"{node_origin}/files/a.csv", machine.url())

    async with watcher.catalogue.database.session(
        watcher.tenant, role="worker"
    ) as session:
        await watcher.rounds._update_inventory(session, watcher.catalogue.territory)

    assert set(await watcher.links()) == {machine.url()}


async def test_one_failure_is_told_to_nobody_and_two_are(
    watcher: Watcher, machine: Machine
) -> None:
    machine.answers["/file.csv"] = says(200)
    await watcher.publish(machine.url())
    await watcher.look()
    states = []
    for answer in (says(500), says(200), says(500), says(500), says(200)):
        machine.answers["/file.csv"] = answer
        await watcher.look()
        link = await watcher.link(machine.url())
        states.append((str(link.state), link.public_status["state"], link.failures))

    assert states == [
        ("reachable", "reachable", 1),
        ("reachable", "reachable", 0),
        ("reachable", "reachable", 1),
        ("unreachable", "unreachable", 2),
        ("reachable", "reachable", 0),
    ]


async def test_a_machine_is_left_in_peace_as_long_as_it_asks(
    watcher: Watcher, machine: Machine
) -> None:
    paths = [f"/{number}.csv" for number in range(4)]
    machine.answers |= dict.fromkeys(paths, says(503, retry_after="3600"))
    await watcher.publish(*(machine.url(path) for path in paths))

    looks = [
        await watcher.rounds.check_territory(watcher.catalogue.territory)
        for _ in range(3)
    ]

    assert looks == [1, 0, 0]
    assert len(machine.requests) == 1
    links = sorted((await watcher.links()).values(), key=lambda link: link.failures)
    assert [link.failures for link in links] == [0, 0, 0, 1]
    assert links[-1].next_at - now() > timedelta(minutes=59)
    async with watcher.catalogue.database.platform_session(role="worker") as session:
        until = await session.scalar(
            text("SELECT until FROM ops.link_turn WHERE name = :name"),
            {"name": links[0].host},
        )
    assert until is not None
    assert until - now() > timedelta(minutes=59)


@pytest.mark.thorough
async def test_a_machine_that_keeps_silent_is_not_asked_for_each_of_its_files(
    watcher: Watcher, machine: Machine
) -> None:
    paths = [f"/{number}.csv" for number in range(SILENCES + 4)]
    machine.answers |= dict.fromkeys(paths, hangs_up)
    await watcher.publish(*(machine.url(path) for path in paths))

    assert await watcher.look() == len(paths)
    assert len({path for _, _, path, _ in machine.requests}) == SILENCES
    assert [link.failures for link in (await watcher.links()).values()] == [1] * len(
        paths
    )


async def test_two_workers_never_ask_one_machine_at_once(
    watcher: Watcher,
    machine: Machine,
    other: Territory,
    portal_database: Database,
    portal_site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither for one territory nor for two that link to the same machine; and a second passes between two requests."""
    elsewhere = await open_catalogue(portal_database, other)
    theirs = Watcher(elsewhere, portal_site, LinkChecker(portal_site))
    monkeypatch.setattr(probe, "PAUSE", 0.3)
    for number in range(3):
        machine.answers |= {
            f"/{number}.csv": says(200),
            f"/their-{number}.csv": says(200),
        }
    await watcher.publish(*(machine.url(f"/{number}.csv") for number in range(3)))
    await theirs.publish(*(machine.url(f"/their-{number}.csv") for number in range(3)))
    workers = [
        watcher.rounds,
        LinkChecker(portal_site),
        theirs.rounds,
        LinkChecker(portal_site),
    ]
    places = [watcher.catalogue.territory] * 2 + [other] * 2

    looks = await asyncio.gather(
        *(
            worker.check_territory(place)
            for worker, place in zip(workers, places, strict=True)
        )
    )

    assert sorted(looks) == [0, 0, 0, 3]
    begun = [moment for moment, _, _, _ in machine.requests]
    assert len(begun) == 3
    assert all(
        later - ended >= 0.25
        for later, ended in zip(begun[1:], machine.ended, strict=False)
    )


async def test_a_worker_that_died_holds_a_machine_up_for_a_while_only(
    watcher: Watcher, machine: Machine
) -> None:
    machine.answers["/file.csv"] = says(200)
    await watcher.publish(machine.url())
    host = machine.origin.split("//")[1]
    async with watcher.catalogue.database.platform_session(role="worker") as session:
        assert await leases.claim_lease(session, host, timedelta(minutes=5))
        assert not await leases.claim_lease(session, host, timedelta(minutes=5))

    before = await watcher.rounds.check_territory(watcher.catalogue.territory)
    async with watcher.catalogue.database.platform_session(role="worker") as session:
        await leases.extend_lease(session, host, timedelta(seconds=-1))

    assert (
        before,
        await watcher.rounds.check_territory(watcher.catalogue.territory),
    ) == (0, 1)


async def test_looks_are_bounded_and_those_that_failed_are_among_the_first(
    watcher: Watcher,
) -> None:
    urls = [f"http://m{number % 4}.localhost:1/{number}" for number in range(100)]
    await watcher.publish(*urls)
    async with watcher.catalogue.database.session(
        watcher.tenant, role="worker"
    ) as session:
        await watcher.rounds._update_inventory(session, watcher.catalogue.territory)
        await session.execute(
            text(
                "UPDATE app.link SET failures = 1, next_at = now() - interval '1 minute' WHERE url LIKE '%/9_'"
            )
        )
        await session.execute(
            text(
                "UPDATE app.link SET next_at = now() - interval '1 hour' WHERE failures = 0"
            )
        )
        failing = set(
            (
                await session.scalars(
                    text("SELECT id FROM app.link WHERE failures = 1")
                )
            ).all()
        )
        due = await find_due_links(session, 10)
        many = await find_due_links(session, 1000)

    due_links = [link for ids in due.values() for link in ids]
    assert len(due_links) == len(set(due_links)) == 10
    assert len(failing & set(due_links)) == 5
    assert all(len(ids) <= A_VISIT for ids in many.values())
    assert sum(len(ids) for ids in many.values()) == 4 * A_VISIT


@pytest.mark.thorough
async def test_a_territory_whose_turn_comes_seldom_looks_at_more_of_one_machine(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    await watcher.publish(*[f"http://one.localhost:1/{n}" for n in range(70)])
    each_look_takes_five = count(0, 5)
    clock = SimpleNamespace(time=lambda: next(each_look_takes_five))
    loop = SimpleNamespace(get_running_loop=lambda: clock)
    monkeypatch.setattr(visits, "asyncio", loop)
    monkeypatch.setattr(visits, "SILENCES", 0)

    looks = await watcher.rounds.check_territory(watcher.catalogue.territory, turns=3)

    assert looks == 3 * A_VISIT


@pytest.mark.thorough
async def test_an_address_that_nothing_links_to_any_more_is_forgotten(
    watcher: Watcher, machine: Machine
) -> None:
    machine.answers |= dict.fromkeys(("/a", "/b", "/shared"), says(200))
    record = await watcher.publish(machine.url("/a"), machine.url("/shared"))
    await watcher.publish(machine.url("/b"), machine.url("/shared"), number=2)
    await watcher.look()
    before = set(await watcher.links())

    await watcher.catalogue.withdraw(record)
    after = set(await watcher.links())
    replaced = await watcher.publish(machine.url("/c"), number=3)
    await watcher.look()
    await watcher.publish(machine.url("/d"), number=3, global_id=str(replaced.id))
    await LinkChecker(watcher.site).check_territory(watcher.catalogue.territory)

    assert before == {machine.url(path) for path in ("/a", "/b", "/shared")}
    assert after == before - {machine.url("/a")}
    assert set(await watcher.links()) == after | {machine.url("/d")}


@pytest.mark.thorough
async def test_one_strange_address_holds_up_no_other(
    watcher: Watcher, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.answers["/file.csv"] = says(200)
    await watcher.publish(machine.url("/strange"), machine.url())
    original_probe = probe.probe_link

    async def stumble(
        outgoing: OutgoingClient, target: LinkCheck, origin: str
    ) -> LinkCheckResult:
        if target.url.endswith("strange"):
            raise RecursionError
        return await original_probe(outgoing, target, origin)

    monkeypatch.setattr(visits, "probe_link", stumble)
    await watcher.look()

    links = await watcher.links()
    assert str(links[machine.url("/strange")].state) == "unchecked"
    assert links[machine.url("/strange")].next_at > now()
    assert links[machine.url()].public_status["state"] == "reachable"


@pytest.mark.thorough
async def test_what_is_described_between_two_rounds_comes_in(
    watcher: Watcher, machine: Machine
) -> None:
    await watcher.publish(machine.url("/a"))
    await watcher.look()
    await watcher.publish(machine.url("/b"), number=2)
    await watcher.look()

    assert set(await watcher.links()) == {machine.url("/a"), machine.url("/b")}


async def test_an_address_of_any_length_and_script_is_kept(watcher: Watcher) -> None:
    long = "http://long.localhost:1/" + "é" * 1900
    await watcher.publish(
        long, "HTTP://Named.localhost:1/é?x=1#y", "https://données.example:444"
    )
    async with watcher.catalogue.database.session(
        watcher.tenant, role="worker"
    ) as session:
        await watcher.rounds._update_inventory(session, watcher.catalogue.territory)

    hosts = {link.host for link in (await watcher.links()).values()}
    assert hosts == {"long.localhost:1", "named.localhost:1", "données.example:444"}


async def test_another_territory_sees_no_address(
    watcher: Watcher, machine: Machine, elsewhere: Catalogue
) -> None:
    await watcher.publish(machine.url())
    await watcher.look()

    async with elsewhere.database.session(
        elsewhere.territory.id, role="worker"
    ) as session:
        assert await session.scalar(text("SELECT count(*) FROM app.link")) == 0


@pytest.mark.parametrize(("looks", "names"), [(0, []), (1, ["check_links"])])
def test_an_installation_that_looks_at_nothing_schedules_no_look(
    portal_site: Site, monkeypatch: pytest.MonkeyPatch, looks: int, names: list[str]
) -> None:
    limited = portal_site.settings.model_copy(update={"link_looks_per_hour": looks})
    monkeypatch.setattr(portal_site, "settings", limited)

    assert [schedule.name for schedule in list_schedules(portal_site)] == names


async def test_the_portals_worker_looks_by_itself(
    watcher: Watcher, machine: Machine
) -> None:
    machine.answers["/file.csv"] = says(200)
    await watcher.publish(machine.url())
    await watcher.free()

    await forget(watcher.catalogue.database)
    working = asyncio.create_task(work(watcher.site.settings))
    try:
        async with asyncio.timeout(120):
            while (  # noqa: ASYNC110 - the worker says nothing to wait for
                not (link := (await watcher.links()).get(machine.url()))
                or not link.public_status
            ):
                await asyncio.sleep(0.1)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    assert link.public_status["state"] == "reachable"
    assert len(machine.requests) == 1
