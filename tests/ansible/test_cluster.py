"""Seven machines made by the play: each in turn loses its power under load, and no answer is lost for long.

`udi test --cluster` runs it: about half an hour, and a table of what each loss cost.
"""

import asyncio
import hashlib
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.ansible.cluster import HOSTS, Fleet, boot_fleet
from tests.ansible.load import PUBLISHER, Pusher, log_in
from tests.ansible.machine import require_tool
from tests.ansible.pulse import AttemptError, Loss, Pulse, Pulses, Pulsing, table
from tests.node.producer import TABLE, Producer

pytestmark = pytest.mark.thorough
MEMBERS = (
    PUBLISHER,
    "responsable@kerlevan.example",
    "equipe@armorine.example",
    "habitante@armorine.example",
)
CALM = 8.0
WATCHED = 50.0
MOST = {"write": 30.0, "page": 15.0, "download": 15.0, "login": 15.0}
MOST_WITHOUT_DATABASE = 30.0
"""A login writes its session: it cannot be back before the database is."""


@dataclass
class Evidence:
    """What was acknowledged by the portal, and what each loss cost."""

    reports: list[str] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@pytest.fixture(scope="module")
def evidence(request: pytest.FixtureRequest) -> Iterator[Evidence]:
    """Figures of this run, shown at its end."""
    figures = Evidence()
    yield figures
    if not figures.seconds:
        return
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        summary = ", ".join(
            f"{stage} {seconds:.0f} s" for stage, seconds in figures.seconds.items()
        )
        sys.__stderr__.write(f"\nseven machines: {summary}\n{table(figures.losses)}\n")


@pytest.fixture(scope="module")
def fleet(
    tmp_path_factory: pytest.TempPathFactory, evidence: Evidence
) -> Iterator[Fleet]:
    """The installation, deployed once."""
    require_tool()
    with ExitStack() as stack:
        began = time.monotonic()
        booted_fleet = boot_fleet(tmp_path_factory.mktemp("cluster"), stack)
        evidence.seconds["boot"] = time.monotonic() - began
        run = booted_fleet.play()
        evidence.seconds["bare machines to territory"] = run.seconds
        assert run.counts["failed"] == 0
        yield booted_fleet


def test_a_second_run_changes_nothing(fleet: Fleet, evidence: Evidence) -> None:
    run = fleet.play()
    evidence.seconds["second run"] = run.seconds

    assert run.counts == {"changed": 0, "failed": 0}, run.changes


async def test_a_file_published_on_one_machine_is_found_and_downloaded_through_any(
    fleet: Fleet,
) -> None:
    async with fleet.visitor(fleet.names.node, patience=60) as publisher:
        await log_in(
            publisher,
            fleet.node(),
            PUBLISHER,
            fleet.secret(f"account_{fleet.names.slug}_{PUBLISHER}"),
        )
        record = await find_record(publisher, await Producer(publisher).publish())
        address = record["available_formats"][0]["connector"]["url"]
        content = {(await publisher.get(address)).content for _ in range(8)}
        page = await publisher.get(f"{fleet.portal()}/data?q=associations")

    assert {hashlib.sha256(part).hexdigest() for part in content} == {
        hashlib.sha256(TABLE).hexdigest()
    }
    assert page.status_code == 200


@pytest.mark.parametrize(
    "victim", [host for host in HOSTS if not host.startswith("db")]
)
async def test_a_machine_of_the_programs_loses_its_power(
    fleet: Fleet, evidence: Evidence, victim: str
) -> None:
    loss = await lose(fleet, evidence, victim, victim)

    assert loss.lost == 0
    assert {kind: gap for kind, gap in loss.gaps.items() if gap > MOST[kind]} == {}


@pytest.mark.parametrize("role", ["leads", "follows", "follows too"])
async def test_a_machine_of_the_database_loses_its_power(
    fleet: Fleet, evidence: Evidence, role: str
) -> None:
    leader = await asyncio.to_thread(fleet.leader)
    followers = [host for host in ("db1", "db2", "db3") if host != leader]
    victim = {"leads": leader, "follows": followers[0], "follows too": followers[1]}[
        role
    ]

    loss = await lose(fleet, evidence, victim, f"{victim}, which {role}")

    if role == "leads":
        allowed = {**MOST, "login": MOST_WITHOUT_DATABASE}
    else:
        allowed = MOST
    assert loss.lost == 0
    assert {kind: gap for kind, gap in loss.gaps.items() if gap > allowed[kind]} == {}


async def lose(fleet: Fleet, evidence: Evidence, victim: str, words: str) -> Loss:
    """Kill a machine under load, watch, switch it on again, wait until it serves, and count what is missing."""
    before = len(evidence.reports)
    async with loading(fleet, evidence.reports) as pulses:
        await asyncio.sleep(CALM)
        steady = {kind: len(pulse.successes) for kind, pulse in pulses.items()}
        fell = await asyncio.to_thread(fleet.kill, victim)
        await asyncio.sleep(WATCHED)
        until = time.monotonic()
        rejoined = await fleet.rejoin(victim)
        await asyncio.sleep(CALM)
    missing = await asyncio.to_thread(fleet.count_missing, evidence.reports)
    gaps = {kind: pulse.gap(fell, until) for kind, pulse in pulses.items()}
    failed = {kind: pulse.failed(fell, until).total() for kind, pulse in pulses.items()}
    loss = Loss(words, gaps, failed, rejoined, len(evidence.reports) - before, missing)
    evidence.losses.append(loss)
    sys.stderr.write(
        f"{table([loss])}\n{ {kind: pulse.failed(fell, until).most_common(3) for kind, pulse in pulses.items()} }\n"
    )
    assert min(steady.values()) > 0, steady
    return loss


@asynccontextmanager
async def loading(fleet: Fleet, reports: list[str]) -> AsyncIterator[Pulses]:
    """Records pushed, pages and files read, people who log in, for as long as the block lasts."""
    portal = fleet.portal()
    node = fleet.node()
    secret = {
        member: await asyncio.to_thread(
            fleet.secret, f"account_{fleet.names.slug}_{member}"
        )
        for member in MEMBERS
    }
    credential = await asyncio.to_thread(
        fleet.secret, f"node_credential_{fleet.names.slug}"
    )
    async with AsyncExitStack() as stack:
        publisher = await stack.enter_async_context(
            fleet.visitor(fleet.names.node, patience=60)
        )
        await log_in(publisher, node, PUBLISHER, secret[PUBLISHER])
        records = [
            await find_record(publisher, await Producer(publisher).publish())
            for _ in range(2)
        ]
        file = records[0]["available_formats"][0]["connector"]["url"]
        clients = [
            await stack.enter_async_context(fleet.visitor(fleet.names.portal))
            for _ in range(6)
        ]
        pushers = [
            Pusher(client, f"{fleet.names.slug}-node-hosted", credential, record)
            for client, record in zip(clients, records, strict=False)
        ]
        pulses = {
            "write": Pulse([writing(pusher, reports) for pusher in pushers], 10, 0.1),
            "page": Pulse(
                [reading(client, f"{portal}/data") for client in clients[2:4]], 5, 0.1
            ),
            "download": Pulse(
                [reading(client, file) for client in clients[4:6]], 5, 0.1
            ),
            "login": Pulse(
                [
                    logging_in(fleet, portal, member, secret[member])
                    for member in MEMBERS[1:]
                ],
                12,
                0.5,
            ),
        }
        async with Pulsing(pulses):
            yield pulses


def reading(client: httpx.AsyncClient, address: str) -> Any:
    """Somebody without an account reads something."""

    async def read() -> None:
        require(await client.get(address))

    return read


def writing(pusher: Pusher, reports: list[str]) -> Any:
    """A node pushes the next version of a record; what it is answered is noted."""

    async def write() -> None:
        answer = await pusher.push()
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            pusher.token = ""
        reports.append(str(require(answer).json()))

    return write


def logging_in(fleet: Fleet, portal: str, member: str, password: str) -> Any:
    """Somebody comes with no cookie, and logs in by the pages."""

    async def attempt() -> None:
        async with fleet.visitor(fleet.names.portal) as client:
            try:
                await log_in(client, portal, member, password)
            except AssertionError as error:
                msg = "not logged in"
                raise AttemptError(msg) from error
            require(await client.get(f"{portal}/my-space"))

    return attempt


def require(answer: httpx.Response) -> httpx.Response:
    """The answer, when it is the right one."""
    if answer.status_code != httpx.codes.OK:
        msg = f"{answer.status_code} at {answer.request.url.path}"
        raise AttemptError(msg)
    return answer


async def find_record(publisher: httpx.AsyncClient, dataset: str) -> dict[str, Any]:
    """The record of a dataset, once the portal accepted it."""
    until = time.monotonic() + 60
    while (
        answer := await publisher.get(f"/catalog/v1/resources/{dataset}")
    ).status_code != httpx.codes.OK:
        assert time.monotonic() < until, answer.text
        await asyncio.sleep(0.3)
    return dict(answer.json())
