"""Clocks of the parts of one machine that are ten minutes off, ahead and behind.

Nothing that was acknowledged is lost or doubled, who reads goes on reading, `udi doctor` names the clock that differs, and
everything goes on by itself once it is right. The kernel's clock is the same for every machine here, so libfaketime gives
the parts another one. `UDI_TEST_CLOCK_SECONDS` says for how long.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
import pytest

from tests.ansible.conftest import Deployment
from tests.ansible.load import PUBLISHER, log_in
from tests.ansible.loading import MEMBERS, loading, reading
from tests.ansible.machine import Machine
from tests.ansible.pulse import Loss, Pulse, Pulses, Pulsing, measure, table
from tests.ansible.systems import SYSTEMS
from tests.node.producer import Producer

pytestmark = pytest.mark.thorough
OFF = 600
"""By how many seconds a clock is off."""
WRONG_SECONDS = float(os.environ.get("UDI_TEST_CLOCK_SECONDS", "45"))
CALM = 8.0
PATIENCE = 180.0
MOST = {"write": 30.0, "page": 15.0, "download": 30.0, "login": 30.0, "session": 15.0}
"""The longest silence of a kind that the wrong clock does not take away, in seconds."""
PARTS = {
    "portal": "udi-portal-*.service",
    "node": "udi-node-*.service",
    "PostgreSQL": "postgresql@*.service",
}
ENVIRONMENTS = {"PostgreSQL": "/etc/postgresql/*/main/environment"}
"""Where Debian's start of PostgreSQL takes the environment from, which is not that of its unit."""
FAKE = "LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketimeMT.so.1) FAKETIME_TIMESTAMP_FILE=/etc/trial-clock/{part}"
FAKE += " FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 FAKETIME_DISABLE_SHM=1 NO_FAKE_STAT=1"
"""Each part reads its clock in a file, once a second; the clock that nobody sets stays as it is."""
LAY = """
units=$(systemctl list-units --plain --no-legend '{units}' | cut -d ' ' -f 1)
for unit in $units; do
  mkdir -p /etc/systemd/system/$unit.d
  printf '[Service]\\nEnvironment=%s\\n' "{fake}" >/etc/systemd/system/$unit.d/trial-clock.conf
done
for file in {environments}; do
  for pair in {fake}; do echo "${{pair%%=*}} = '${{pair#*=}}'" >>$file; done
done
systemctl daemon-reload
systemctl restart $units
for unit in $units; do
  timeout 60 sh -c "until grep -q libfaketime /proc/\\$(systemctl show --property MainPID --value $unit)/maps; do sleep 0.2; done"
done
"""
SET_CLOCK = "timedatectl set-ntp true"
PUBLISHED = "SELECT id, state FROM app.dataset"
PUBLISHED_IDS = "SELECT id FROM app.dataset"


@dataclass(frozen=True)
class Trial:
    """Which parts have another time, by how much; and which kinds that takes away."""

    name: str
    parts: tuple[str, ...]
    seconds: int
    without: tuple[str, ...] = ()
    seat: str = "portal"
    """The part with whose clock the doctor is asked."""


TOKENS = ("write", "login")
"""What tokens of Keycloak are shown to the portal for."""
TRIALS = [
    Trial("portal 10 minutes ahead", ("portal",), OFF, TOKENS),
    Trial("node 10 minutes ahead", ("node",), OFF, seat="node"),
    Trial("PostgreSQL 10 minutes ahead", ("PostgreSQL",), OFF),
    Trial("Keycloak 10 minutes behind", tuple(PARTS), OFF, TOKENS),
    Trial("portal 10 minutes behind", ("portal",), -OFF, TOKENS),
    Trial("node 10 minutes behind", ("node",), -OFF, seat="node"),
    Trial("PostgreSQL 10 minutes behind", ("PostgreSQL",), -OFF),
    Trial("Keycloak 10 minutes ahead", tuple(PARTS), -OFF, TOKENS),
]
"""Those ahead come first: before its certificate was made, a machine trusts none. Keycloak, which takes no environment,
differs by all others having another time."""


@pytest.fixture(scope="module")
def losses(request: pytest.FixtureRequest) -> Iterator[list[Loss]]:
    """What each trial cost, shown at the end."""
    rows: list[Loss] = []
    yield rows
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stderr.write(f"\n{table(rows)}\n")


@pytest.fixture
async def clocks(deployment: Deployment) -> Machine:
    """The machine, each part of which has a clock that a file sets."""
    machine = deployment.machine
    if "trial-clock" in machine.run("ls /etc"):
        return machine
    machine.run(
        "DEBIAN_FRONTEND=noninteractive apt-get install -qq libfaketime >/dev/null && mkdir /etc/trial-clock"
    )
    for part, units in PARTS.items():
        set_clock(machine, part, 0)
        fake = FAKE.format(part=part)
        environments = ENVIRONMENTS.get(part, "")
        machine.run(
            f"set -e{LAY.format(units=units, fake=fake, environments=environments)}"
        )
    portal = deployment.portal()
    async with deployment.visitor(deployment.names.portal) as visitor:
        for address in (f"{portal}/data", deployment.node(), f"{portal}/login"):
            await wait_for_page(visitor, address)
    return machine


async def wait_for_page(visitor: httpx.AsyncClient, address: str) -> None:
    """Until a page is there, of the programs or of Keycloak, which were all started again."""
    until = time.monotonic() + PATIENCE
    status = 0
    while status != httpx.codes.OK:
        assert time.monotonic() < until, (address, status)
        await asyncio.sleep(0.5)
        with suppress(httpx.HTTPError):
            status = (await visitor.get(address, follow_redirects=True)).status_code


def set_clock(machine: Machine, part: str, seconds: int) -> None:
    """Have the clock of a part differ from the machine's; at once, as when somebody sets it."""
    path = f"/etc/trial-clock/{part}"
    machine.run(f"echo {seconds:+} >{path}.new && mv {path}.new {path}")


@dataclass
class Publications:
    """Datasets that a producer publishes at the node, one after the other, each with a title of its own."""

    trial: str
    acknowledged: dict[str, str] = field(default_factory=dict)
    """Title by id."""
    refused: Counter[str] = field(default_factory=Counter)

    async def go_on(self, producer: Producer, stop: asyncio.Event) -> None:
        """Publish until told to stop."""
        number = 0
        while not stop.is_set():
            number += 1
            title = f"{self.trial} n° {number}"
            try:
                dataset = await producer.publish(title=title)
            except (AssertionError, httpx.HTTPError, LookupError) as error:
                self.refused[type(error).__name__] += 1
            else:
                self.acknowledged[dataset] = title
            await asyncio.sleep(1)


@asynccontextmanager
async def publishing(deployment: Deployment, trial: str) -> AsyncIterator[Publications]:
    """A producer who logged in before publishes for as long as the block lasts."""
    publications = Publications(trial)
    stop = asyncio.Event()
    password = await asyncio.to_thread(deployment.password, PUBLISHER)
    async with deployment.visitor(deployment.names.node) as client:
        await log_in(client, deployment.node(), PUBLISHER, password)
        going_on = asyncio.create_task(publications.go_on(Producer(client), stop))
        try:
            yield publications
        finally:
            stop.set()
            await going_on


@asynccontextmanager
async def reading_logged_in(deployment: Deployment) -> AsyncIterator[Pulses]:
    """Two people who logged in before read a page of their own."""
    portal = deployment.portal()
    passwords = [
        await asyncio.to_thread(deployment.password, name) for name in MEMBERS[1:3]
    ]
    async with (
        deployment.visitor(deployment.names.portal) as first,
        deployment.visitor(deployment.names.portal) as second,
    ):
        clients = [first, second]
        for client, name, password in zip(
            clients, MEMBERS[1:3], passwords, strict=True
        ):
            await log_in(client, portal, name, password)
        pulse = Pulse(
            [reading(client, f"{portal}/my-space") for client in clients], 5, 0.2
        )
        async with Pulsing({"session": pulse}) as pulses:
            yield pulses


@pytest.mark.parametrize("deployment", list(SYSTEMS)[:1], indirect=True)
@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
async def test_nothing_is_lost_or_doubled_while_a_clock_is_off(
    deployment: Deployment, clocks: Machine, losses: list[Loss], trial: Trial
) -> None:
    outcome = await endure(deployment, clocks, trial)

    loss = outcome.loss
    losses.append(loss)
    sys.stderr.write(f"{outcome}\n{table([loss])}\n")
    silent = {
        kind: gap
        for kind, gap in loss.worst_gaps.items()
        if gap > MOST[kind] and kind not in trial.without
    }
    assert loss.acknowledged > 0
    assert loss.lost == 0
    assert len(outcome.publications.acknowledged) > 5
    assert outcome.unsettled == {}
    assert outcome.absent == set()
    assert outcome.doubled == set()
    assert silent == {}
    assert all(SET_CLOCK in finding["remedy"] for finding in outcome.named)
    severities = {finding["severity"] for finding in outcome.named}
    assert "fault" in severities


@dataclass
class Outcome:
    """What a wrong clock cost, and what became of what was published meanwhile."""

    loss: Loss
    publications: Publications
    named: list[dict[str, str]]
    """What the doctor found wrong with clocks while one was."""
    unsettled: dict[str, str]
    """Publications that the portal did not accept in time, with their states."""
    absent: set[str]
    """Publications that the portal does not show."""
    doubled: set[str]
    """Titles of publications that it shows twice."""
    settled: float
    """Seconds after the clock was right until all were accepted."""

    def __str__(self) -> str:
        return (
            f"{self.loss.trial}: {len(self.publications.acknowledged)} publications, refused {dict(self.publications.refused)}, "
            f"unsettled {self.unsettled}, absent {len(self.absent)}, doubled {len(self.doubled)}, all accepted after "
            f"{self.settled:.0f} s; the doctor: {[(finding['name'], finding['severity'], finding['message']) for finding in self.named]}"
        )


async def endure(deployment: Deployment, machine: Machine, trial: Trial) -> Outcome:
    """What a wrong clock costs under load, until each kind succeeds again once it is right."""
    reports: list[str] = []
    async with (
        reading_logged_in(deployment) as logged_in,
        loading(deployment, reports) as others,
        publishing(deployment, trial.name) as publications,
    ):
        pulses = others | logged_in
        await asyncio.sleep(CALM)
        assert all(pulse.successes for pulse in pulses.values()), {
            kind: pulse.failures[:2] for kind, pulse in pulses.items()
        }
        since = time.monotonic()
        for part in trial.parts:
            await asyncio.to_thread(set_clock, machine, part, trial.seconds)
        named = await asyncio.to_thread(ask_doctor, machine, trial.seat)
        await asyncio.sleep(max(0, since + WRONG_SECONDS - time.monotonic()))
        ended = time.monotonic()
        for part in trial.parts:
            await asyncio.to_thread(set_clock, machine, part, 0)
        back = await wait_for_all(pulses, ended)
        await asyncio.sleep(CALM)
        measured = time.monotonic()
    unsettled = await asyncio.to_thread(
        wait_until_settled, machine, publications, ended
    )
    settled = time.monotonic() - ended
    published_ids = query(machine, "udi_portal", PUBLISHED_IDS).split()
    titles = Counter(
        query(machine, "udi_portal", "SELECT title::text FROM app.dataset").splitlines()
    )
    loss = measure(
        trial.name, pulses, since, measured, rejoined=back, acknowledged=len(reports),
        lost=len(set(reports) - set(query(machine, "udi_portal", "SELECT id FROM app.report").split())),
    )  # fmt: skip
    return Outcome(
        loss,
        publications,
        named,
        unsettled,
        absent=set(publications.acknowledged) - set(published_ids),
        doubled={
            title
            for title, number in titles.items()
            if trial.name in title and number > 1
        },
        settled=settled,
    )


def ask_doctor(machine: Machine, part: str) -> list[dict[str, str]]:
    """What `udi doctor` says of clocks, on a machine that has the time of a part; but for what is well."""
    fake = FAKE.format(part=part)
    report = json.loads(machine.run(f"env {fake} udi doctor --json || true"))
    return [
        finding
        for finding in report["findings"]
        if finding["part"] == "clock" and finding["severity"] != "ok"
    ]


async def wait_for_all(pulses: Pulses, since: float) -> float:
    """Until each kind succeeded with all that it began after a moment; how long that took, in seconds."""
    while silent := [
        kind
        for kind, pulse in pulses.items()
        if not any(began > since for began, _, _ in pulse.successes)
    ]:
        assert time.monotonic() < since + PATIENCE, {
            kind: pulses[kind].failures[-2:] for kind in silent
        }
        await asyncio.sleep(0.2)
    return time.monotonic() - since


def wait_until_settled(
    machine: Machine, publications: Publications, since: float
) -> dict[str, str]:
    """The state of each publication that the portal has not accepted, once all are, or after a while."""
    while True:
        rows = query(machine, "udi_node", PUBLISHED).split()
        states = dict(row.split("|") for row in rows)
        unsettled = {
            dataset: states.get(dataset, "lost")
            for dataset in publications.acknowledged
            if states.get(dataset) != "published"
        }
        if not unsettled or time.monotonic() > since + PATIENCE:
            return unsettled
        time.sleep(1)


def query(machine: Machine, database: str, statement: str) -> str:
    """What a database of the machine answers."""
    return machine.run(
        f'psql -h /run/postgresql -U postgres -tAc "{statement}" {database}'
    )
