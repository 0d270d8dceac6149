"""The database of one machine becomes three in place, one of them is lost for good and replaced, and all are restored.

About an hour on two processors; a table at the end says what each cost who read and wrote meanwhile.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.ansible.loading import loading
from tests.ansible.machine import require_tool
from tests.ansible.pulse import Loss, table
from tests.ansible.small_cluster import (
    CALM,
    HOSTS,
    MAIN,
    SmallCluster,
    boot_small_cluster,
)

pytestmark = pytest.mark.thorough
MOST = {"write": 60.0, "page": 30.0, "download": 30.0, "login": 90.0}
"""The longest silence of a kind, of the client that waits longest, in seconds."""
GONE = "DELETE FROM app.report"


@pytest.fixture(scope="module")
def losses(request: pytest.FixtureRequest) -> Iterator[list[Loss]]:
    """What each step cost, shown at the end."""
    rows: list[Loss] = []
    yield rows
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stderr.write(f"\n{table(rows)}\n")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCluster]:
    """The installation on one machine, with a backup."""
    require_tool()
    with ExitStack() as stack:
        small = boot_small_cluster(tmp_path_factory.mktemp("small"), stack)
        small.play()
        yield small


def backup(cluster: SmallCluster, host: str, command: str) -> Any:
    """What `udi backup` answers to a program."""
    return json.loads(cluster.machines[host].run(f"udi backup {command} --json"))


async def apply_under_load(cluster: SmallCluster, words: str) -> Loss:
    """Run the play while people read, write and log in; what that cost."""
    reports: list[str] = []
    async with loading(cluster, reports) as pulses:
        await asyncio.sleep(CALM)
        assert all(pulse.successes for pulse in pulses.values()), {
            kind: pulse.failures[:2] for kind, pulse in pulses.items()
        }
        since = time.monotonic()
        run = await asyncio.to_thread(cluster.play)
        loss = await cluster.weigh(words, pulses, since, reports)
    sys.stderr.write(f"{words}: play of {run.seconds:.0f} s\n{table([loss])}\n")
    return loss


def silences(loss: Loss) -> dict[str, float]:
    """The kinds that were silent for longer than they may be."""
    return {kind: gap for kind, gap in loss.worst_gaps.items() if gap > MOST[kind]}


async def test_one_machine_becomes_three_in_place(
    cluster: SmallCluster, losses: list[Loss]
) -> None:
    backup(cluster, MAIN, "create")
    before = cluster.query("SELECT count(*) FROM app.dataset")
    cluster.databases = HOSTS[:3]

    loss = await apply_under_load(cluster, "one machine becomes three")
    cluster.wait()

    losses.append(loss)
    assert loss.acknowledged > 0
    assert loss.lost == 0
    assert silences(loss) == {}
    assert int(cluster.query("SELECT count(*) FROM app.dataset")) >= int(before)
    again = cluster.play()
    assert again.counts == {"changed": 0, "failed": 0}, again.changes


async def test_a_cluster_is_restored_to_a_moment_since_it_was_one_machine(
    cluster: SmallCluster,
) -> None:
    """From the backup that the machine alone made: what was archived since has no hole."""
    label = backup(cluster, cluster.leader(), "list")[0]["label"]
    stored = cluster.query("SELECT count(*) FROM app.report")
    moment = cluster.query(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS')"
    ).strip()
    await asyncio.sleep(1)
    cluster.query(f"{GONE}; SELECT pg_switch_wal()")

    run = cluster.play(
        "-e", f"restore_confirmed={cluster.names.installation}",
        "-e", f"restore_label={label}",
        "-e", f"restore_to_time={moment}",
        play="restore.yml",
    )  # fmt: skip

    sys.stderr.write(f"cluster restored in {run.seconds:.0f} s\n")
    cluster.wait()
    assert cluster.query("SELECT count(*) FROM app.report") == stored
    made = backup(cluster, cluster.leader(), "create")
    assert backup(cluster, cluster.leader(), "verify")["label"] == made["label"]
    async with cluster.visitor(cluster.names.portal, patience=60) as visitor:
        assert (await visitor.get("/data")).status_code == 200


@pytest.mark.parametrize("name", ["of the same name", "of another name"])
async def test_a_machine_that_is_lost_for_good_is_replaced(
    cluster: SmallCluster, losses: list[Loss], name: str
) -> None:
    lost = next(host for host in cluster.databases[1:] if host != cluster.leader())
    await asyncio.to_thread(cluster.lose, lost)
    if name == "of the same name":
        await asyncio.to_thread(cluster.boot_anew, lost)
    else:
        [other] = set(HOSTS) - set(cluster.databases)
        cluster.databases = tuple(
            other if host == lost else host for host in cluster.databases
        )

    loss = await apply_under_load(cluster, f"a machine replaced by one {name}")
    cluster.wait()

    losses.append(loss)
    assert loss.lost == 0
    assert silences(loss) == {}
    again = cluster.play()
    assert again.counts == {"changed": 0, "failed": 0}, again.changes
