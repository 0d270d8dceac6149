"""Parts of a machine that are killed again and again, or away for ten minutes, while people read and nodes push.

Each trial ends with a row: the longest silence of each kind, and of the client that waited longest; no acknowledged
record is lost, and who only reads goes on. `UDI_TEST_TRIAL_SECONDS` gives other seconds than ten minutes.
"""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.ansible.conftest import Deployment
from tests.ansible.loading import loading
from tests.ansible.machine import Machine
from tests.ansible.pulse import Loss, Pulses, measure, table
from tests.ansible.systems import SYSTEMS

pytestmark = pytest.mark.thorough
AWAY = float(os.environ.get("UDI_TEST_TRIAL_SECONDS", "600"))
CALM = 8.0
EVERY = 20.0
PATIENCE = 120.0
MOST = {"write": 30.0, "page": 15.0, "download": 30.0, "login": 30.0}
"""The longest silence of a kind that the part which is away does not serve, in seconds."""
POSTGRESQL = "kill -KILL $(head -1 /var/lib/postgresql/*/main/postmaster.pid)"
NODE = "$(systemctl list-units --plain --no-legend 'udi-node-*' | cut -d ' ' -f 1)"


@dataclass(frozen=True)
class Trial:
    """What happens, for how long and how often; which kinds it takes away meanwhile."""

    name: str
    happens: str
    seconds: float
    ends: str = ""
    every: float = 0.0
    without: tuple[str, ...] = ()


TRIALS = [
    Trial("PostgreSQL killed", POSTGRESQL, 30),
    Trial("PostgreSQL killed every 20 s", POSTGRESQL, AWAY / 2, every=EVERY),
    Trial(
        "Keycloak away", "systemctl stop udi-keycloak", AWAY,
        ends="systemctl start udi-keycloak", without=("login",),
    ),
    Trial(
        "node away", f"echo {NODE} >/var/tmp/node-units; systemctl stop {NODE}", AWAY,
        ends="systemctl start $(cat /var/tmp/node-units)", without=("download",),
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def losses(request: pytest.FixtureRequest) -> Iterator[list[Loss]]:
    """What each trial cost, shown at the end."""
    rows: list[Loss] = []
    yield rows
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stderr.write(f"\n{table(rows)}\n")


@pytest.mark.parametrize("deployment", list(SYSTEMS)[:1], indirect=True)
@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
async def test_nothing_acknowledged_is_lost_and_reading_goes_on(
    deployment: Deployment, losses: list[Loss], trial: Trial
) -> None:
    loss = await endure(deployment, trial)

    losses.append(loss)
    sys.stderr.write(f"{table([loss])}\n")
    silent = {
        kind: gap
        for kind, gap in loss.worst_gaps.items()
        if gap > MOST[kind] and kind not in trial.without
    }
    assert loss.acknowledged > 0
    assert loss.lost == 0
    assert silent == {}


async def endure(deployment: Deployment, trial: Trial) -> Loss:
    """What a trial costs under load, until each kind succeeds again after its end."""
    machine = deployment.machine
    reports: list[str] = []
    async with loading(deployment, reports) as pulses:
        await asyncio.sleep(CALM)
        assert all(pulse.successes for pulse in pulses.values()), {
            kind: pulse.failures[:2] for kind, pulse in pulses.items()
        }
        since = time.monotonic()
        until = since + trial.seconds
        await asyncio.to_thread(machine.run, trial.happens)
        while time.monotonic() + trial.every < until and trial.every:
            await asyncio.sleep(trial.every)
            await asyncio.to_thread(machine.run, trial.happens)
        await asyncio.sleep(max(0, until - time.monotonic()))
        ended = time.monotonic()
        await asyncio.to_thread(machine.run, trial.ends or "true")
        back = await wait_for_all(pulses, ended)
        await asyncio.sleep(CALM)
        measured = time.monotonic()
    missing = await asyncio.to_thread(count_missing, machine, reports)
    return measure(
        trial.name, pulses, since, measured,
        rejoined=back, acknowledged=len(reports), lost=missing,
    )  # fmt: skip


async def wait_for_all(pulses: Pulses, since: float) -> float:
    """Until each kind succeeded with all that it began after a moment; how long that took, in seconds."""
    while silent := [
        kind
        for kind, pulse in pulses.items()
        if not any(began > since for began, _, _ in pulse.successes)
    ]:
        assert time.monotonic() < since + PATIENCE, silent
        await asyncio.sleep(0.2)
    return time.monotonic() - since


def count_missing(machine: Machine, reports: list[str]) -> int:
    """How many acknowledged reports the database of the portal does not have."""
    stored = machine.run(
        "psql -h /run/postgresql -U postgres -tAc 'SELECT id FROM app.report' udi_portal"
    )
    return len(set(reports) - set(stored.split()))
