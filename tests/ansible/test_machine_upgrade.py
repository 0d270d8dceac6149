"""From one release to the next on a deployed machine, and back, while visitors, members and machines go on asking."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ansible import next_release, operator_folder
from tests.ansible.conftest import Deployment, Timings
from tests.ansible.load import Tally, under_load
from tests.ansible.machine import Machine
from tests.cli.test_upgrade import sha256
from tests.signed_release import make_key, name_signer, sign

FLOOR = 10_000
UNITS = 8
"""Two web units and a worker of portal and node, the worker of the installation, and what makes archives."""
KILLED = {
    "while it installs": "test -d {releases}/{name}/venv/lib && sleep 4",
    "between its migrations and its switch": "grep -q ^migrate: {log}",
    "between two restarts": "grep -q '^restart udi-portal-web-8000' {log}",
    "before its workers": "grep -q '^restart udi-node-web-8011' {log}",
}
BEGUN = """
rm -f {log}; {command} >{log} 2>&1 & process=$!
tries=0
until {condition}; do
  tries=$((tries + 1)); [ $tries -lt 6000 ] || break
  kill -0 $process 2>/dev/null || break
  sleep 0.05
done
kill -9 $process; wait $process; echo "ended $?"
"""


pytestmark = pytest.mark.thorough


@dataclass(frozen=True)
class Brought:
    """The folder of a signed release, on the machine, and its wheel."""

    machine: Machine
    folder: str
    wheel: Path

    @property
    def release(self) -> str:
        """The name of the folder that it is installed in."""
        return f"{self.wheel.name.split('-')[1]}-{sha256(self.wheel)[:12]}"

    @property
    def command(self) -> str:
        """What the operator types."""
        return f"udi upgrade {self.folder}/ --without-backup"


def bring(machine: Machine, files: Path) -> Brought:
    """Copy the files of a release to the machine."""
    folder = f"/var/tmp/udi-{files.name}"
    machine.run(f"mkdir -p {folder}")
    for source in files.iterdir():
        machine.write(f"{folder}/{source.name}", source.read_bytes())
    [wheel] = files.glob("*.whl")
    return Brought(machine, folder, wheel)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, release_key: Path) -> Path:
    """The signed files of the release after this one."""
    return next_release.make_next(tmp_path_factory.mktemp("next"), release_key)


@pytest.fixture(scope="module")
def brought(deployment: Deployment, files: Path) -> Iterator[Brought]:
    """The same, on the machine; what the inventory pins is brought back at the end by the play, and is what runs."""
    machine = deployment.machine
    pinned = current(machine)
    yield bring(machine, files)
    if running(machine) != {pinned}:
        assert machine.play().counts["failed"] == 0
    assert running(machine) == {pinned}


def current(machine: Machine) -> str:
    """The release that starts when a unit starts."""
    return Path(machine.run("readlink /opt/udi/current").strip()).name


def running(machine: Machine) -> set[str]:
    """Releases that the units of portal, node and installation run now."""
    listed = json.loads(machine.run("udi upgrade --list --json"))
    assert sum(release["units"] for release in listed) == UNITS
    return {release["release"] for release in listed if release["units"]}


async def versions(deployment: Deployment) -> set[str]:
    """What both units of both programs say of themselves, through the proxy."""
    releases = set()
    for host in (deployment.names.portal, deployment.names.node):
        async with deployment.visitor(host) as visitor:
            for _ in range(8):
                releases.add(
                    (await visitor.get("/health"))
                    .json()
                    .get("release", "the one before")
                )
    return releases


async def upgrade(machine: Machine, command: str) -> dict[str, Any]:
    """Run it, and read what it did."""
    report: dict[str, Any] = json.loads(
        await asyncio.to_thread(machine.run, f"{command} --json")
    )
    return report


def tell(
    capsys: pytest.CaptureFixture[str],
    timings: Timings,
    name: str,
    tally: Tally,
    report: dict[str, Any],
) -> None:
    """Keep seconds, and show the figures."""
    timings[name] = report["seconds"]
    with capsys.disabled():
        sys.stderr.write(f"\n{name}: {report['seconds']} s; {tally}\n")
    assert tally.refused == []


def test_a_release_that_its_publisher_did_not_sign_is_refused(
    deployment: Deployment, brought: Brought, tmp_path: Path
) -> None:
    machine = deployment.machine
    before = current(machine)
    other = tmp_path / brought.folder.rpartition("/")[2]
    shutil.copytree(brought.wheel.parent, other)
    sign(other / "SHA256SUMS", make_key(tmp_path, "other"))
    machine.run(f"cp -r {brought.folder} /var/tmp/other")
    machine.write(
        "/var/tmp/other/SHA256SUMS.sig", (other / "SHA256SUMS.sig").read_bytes()
    )

    by_another = machine.run(
        "udi upgrade /var/tmp/other/ --without-backup 2>&1; echo status $?"
    )
    machine.run(
        f"cp {brought.folder}/SHA256SUMS.sig /var/tmp/other/; echo >>/var/tmp/other/run.txt"
    )
    changed = machine.run(
        "udi upgrade /var/tmp/other/ --without-backup 2>&1; echo status $?"
    )

    assert "does not name" in by_another
    assert "is not the one of the release" in changed
    assert {text.split()[-1] for text in (by_another, changed)} == {"1"}
    assert current(machine) == before
    assert (
        machine.run(
            f"test -e /opt/udi/releases/{brought.release} || echo absent"
        ).strip()
        == "absent"
    )


async def test_no_request_fails_while_a_release_takes_over(
    deployment: Deployment,
    brought: Brought,
    timings: Timings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pinned = current(deployment.machine)
    async with under_load(deployment) as tally:
        report = await upgrade(deployment.machine, brought.command)
        while tally.total < FLOOR:
            assert await versions(deployment) == {next_release.VERSION}
            await asyncio.sleep(1)

    tell(capsys, timings, "upgrade under load", tally, report)
    assert tally.total >= FLOOR
    assert (report["outcome"], report["from"], report["release"]) == (
        "upgraded",
        pinned,
        brought.release,
    )
    assert running(deployment.machine) == {brought.release}
    assert "motto" in next(
        step["outcome"] for step in report["steps"] if step["step"] == "migrate"
    )
    assert [step["step"] for step in report["steps"] if "keycloak" in step["step"]] == [
        "keycloak"
    ]


async def test_the_same_command_again_changes_nothing(
    deployment: Deployment, brought: Brought
) -> None:
    report = await upgrade(deployment.machine, brought.command)

    assert report["outcome"] == "unchanged"
    assert [
        step["step"] for step in report["steps"] if step["step"].startswith("restart")
    ] == []


async def test_the_program_before_runs_on_the_new_schema_and_no_request_fails(
    deployment: Deployment,
    brought: Brought,
    timings: Timings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    machine = deployment.machine
    async with under_load(deployment, clients=1) as tally:
        report = await upgrade(machine, "udi upgrade --back")
        assert await versions(deployment) == {"the one before"}

    tell(capsys, timings, "back under load", tally, report)
    assert (report["outcome"], report["from"]) == ("went back", brought.release)
    assert running(machine) == {report["release"]}
    column = (
        "SELECT count(*) FROM information_schema.columns WHERE column_name = 'motto'"
    )
    assert machine.run(f'psql -U postgres -At -c "{column}" udi_portal').strip() == "1"


@pytest.mark.parametrize("moment", KILLED)
async def test_killed_at_any_moment_it_answers_and_the_same_command_finishes(
    deployment: Deployment, brought: Brought, moment: str
) -> None:
    machine = deployment.machine
    if current(machine) == brought.release:
        machine.run("udi upgrade --back")
    if moment == "while it installs":
        machine.run(f"rm -rf /opt/udi/releases/{brought.release}")
    placeholders = {
        "releases": "/opt/udi/releases",
        "name": brought.release,
        "log": "/var/tmp/killed.log",
    }
    script = BEGUN.format(
        command=brought.command,
        condition=KILLED[moment].format(**placeholders),
        log=placeholders["log"],
    )

    async with answering(deployment) as answers:
        ended = await asyncio.to_thread(machine.run, script)
        assert ended.strip().splitlines()[-1] == "ended 137", machine.run(
            "cat /var/tmp/killed.log"
        )
        report = await upgrade(machine, brought.command)

    assert report["outcome"] == "upgraded"
    assert running(machine) == {brought.release}
    assert await versions(deployment) == {next_release.VERSION}
    assert len(answers) > 10
    assert set(answers) == {200}


@asynccontextmanager
async def answering(deployment: Deployment) -> AsyncIterator[list[int]]:
    """The statuses of a page of each program, asked for again and again."""
    answers: list[int] = []
    stop = asyncio.Event()

    async def ask(host: str) -> None:
        async with deployment.visitor(host) as visitor:
            while not stop.is_set():
                answers.append((await visitor.get("/")).status_code)
                await asyncio.sleep(0.1)

    tasks = [
        asyncio.create_task(ask(host))
        for host in (deployment.names.portal, deployment.names.node)
    ]
    try:
        yield answers
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def test_a_release_that_does_not_start_leaves_the_one_before_in_place(
    deployment: Deployment, brought: Brought, release_key: Path, tmp_path: Path
) -> None:
    machine = deployment.machine
    before = current(machine)
    broken = bring(
        machine,
        next_release.make_next(tmp_path, release_key, broken=True, version="99.0.1"),
    )

    async with answering(deployment) as answers:
        output = await asyncio.to_thread(
            machine.run, f"{broken.command} 2>&1; echo status $?"
        )

    assert output.strip().endswith("status 1")
    assert re.search(
        rf"udi-node-web-\d+ does not start.*{before} runs again", output
    ), output
    assert current(machine) == before
    assert running(machine) == {before}
    assert set(answers) == {200}


def test_the_play_that_pins_the_new_release_has_nothing_left_to_do(
    deployment: Deployment, brought: Brought, release_key: Path, tmp_path: Path
) -> None:
    machine = deployment.machine
    folder = deployment.folder
    assert running(machine) == {brought.release}
    variables = folder / operator_folder.VARIABLES
    pinned = variables.read_text()
    signers = tmp_path / "allowed_signers"
    signers.write_text(name_signer(release_key))
    operator_folder.settle(
        folder,
        installation_ready_wheel=str(brought.wheel),
        installation_ready_wheel_sha256="",
        installation_release_signers=str(signers),
    )
    try:
        run = machine.play()
    finally:
        variables.write_text(pinned)

    assert run.counts == {"changed": 0, "failed": 0}
    assert running(machine) == {brought.release}
