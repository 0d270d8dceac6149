"""Seven machines made by the play: each in turn loses its power under load, and no answer is lost for long.

`udi test --cluster` runs it: about half an hour, and a table of what each loss cost.
"""

import asyncio
import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from tests.ansible.cluster import HOSTS, Fleet, boot_fleet
from tests.ansible.load import PUBLISHER, log_in
from tests.ansible.loading import find_record, loading
from tests.ansible.machine import require_tool
from tests.ansible.pulse import Loss, measure, table
from tests.node.producer import TABLE, Producer

pytestmark = pytest.mark.thorough
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
    loss = measure(
        words, pulses, fell, until,
        rejoined=rejoined, acknowledged=len(evidence.reports) - before, lost=missing,
    )  # fmt: skip
    evidence.losses.append(loss)
    sys.stderr.write(
        f"{table([loss])}\n{ {kind: pulse.failed(fell, until).most_common(3) for kind, pulse in pulses.items()} }\n"
    )
    assert min(steady.values()) > 0, steady
    return loss
