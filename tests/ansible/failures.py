"""What befalls one machine of three: its power is cut, its network is, its disk is slow. Each lasts as long as a block."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.ansible.database_cluster import Cluster
from tests.ansible.machine import TOOL

FLAP = 4.0
"""Shorter than a leader is believed."""
PATIENCE = 90.0
BOTH_WAYS = ("input", "output")
ANY = ("",)
ETCD_TRAFFIC = ("tcp dport 2380", "tcp sport 2380")
"""What the members of etcd say to each other."""


@contextmanager
def power_cut(_cluster: Cluster, victim: str) -> Iterator[None]:
    """The machine falls, and comes back on the same disk."""
    subprocess.run([TOOL, "kill", victim], check=True, capture_output=True)
    yield
    subprocess.run([TOOL, "start", victim], check=True, capture_output=True)


@contextmanager
def partition(
    cluster: Cluster,
    victim: str,
    *,
    matches: tuple[str, ...] = ANY,
    ways: tuple[str, ...] = BOTH_WAYS,
) -> Iterator[None]:
    """Nothing that matches passes between the machine and the two others; clients on both sides go on."""
    others = ", ".join(
        machine.address for name, machine in cluster.machines.items() if name != victim
    )
    ends = {"input": "saddr", "output": "daddr"}
    chains = []
    for way in ways:
        rules = "; ".join(
            f"ip {ends[way]} {{ {others} }} {match} drop" for match in matches
        )
        chains.append(f"chain {way} {{ type filter hook {way} priority 0; {rules}; }}")
    enter = ["nsenter", "--target", read_leader_pid(victim), "--net", "nft"]
    table = "table inet trial {\n" + "\n".join(chains) + "\n}\n"
    subprocess.run([*enter, "-f", "-"], input=table, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run([*enter, "delete table inet trial"], check=True)


@contextmanager
def flapping(cluster: Cluster, victim: str) -> Iterator[None]:
    """The machine is cut off and reached again every few seconds."""

    def flap(over: threading.Event) -> None:
        while not over.is_set():
            with partition(cluster, victim):
                over.wait(FLAP)
            over.wait(FLAP)

    with _meanwhile(flap):
        yield


@contextmanager
def leader_after_leader(cluster: Cluster, victim: str) -> Iterator[None]:
    """Whoever leads is cut off until another one does, which is cut off in turn once a follower confirms its commits."""

    def cut_leaders(over: threading.Event) -> None:
        leader = victim
        while not over.is_set():
            with partition(cluster, leader):
                leader = await_successor(cluster, leader, followed=True)

    with _meanwhile(cut_leaders):
        yield


@contextmanager
def unfollowed_leader(cluster: Cluster, victim: str) -> Iterator[None]:
    """Who leads is cut off until another one does, which is cut off at once: nobody else is known to have all rows."""
    with partition(cluster, victim):
        successor = await_successor(cluster, victim)
    with partition(cluster, successor):
        yield


def await_successor(cluster: Cluster, victim: str, *, followed: bool = False) -> str:
    """Who leads in the place of a machine; `followed`, once another one confirms its commits."""
    place = next(name for name in cluster.machines if name != victim)
    until = time.monotonic() + PATIENCE
    while True:
        roles = cluster.roles(place)
        leader = roles.get("Leader", victim)
        if leader != victim and (not followed or "Sync Standby" in roles):
            return leader
        assert time.monotonic() < until, "nobody leads"
        time.sleep(0.2)


@contextmanager
def _meanwhile(action: Callable[[threading.Event], None]) -> Iterator[None]:
    """Have something done in a thread until the block ends; what fails there fails here."""
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(action, over)
        try:
            yield
        finally:
            over.set()
        done.result()


@contextmanager
def slow_disk(_cluster: Cluster, victim: str, *, seconds: float) -> Iterator[None]:
    """Each fsync and fdatasync of PostgreSQL and etcd on the machine takes some seconds more."""
    processes = subprocess.run(
        ["pgrep", "--ns", read_leader_pid(victim), "--nslist", "pid", "postgres|etcd"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    calls = "fsync,fdatasync"
    tracer = subprocess.Popen(
        [
            "strace", "--follow-forks", "--output=/dev/null", f"--trace={calls}",
            f"--inject={calls}:delay_enter={int(seconds * 1e6)}",
            *(f"--attach={number}" for number in processes.stdout.split()),
        ],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
        assert tracer.poll() is None, "the disk was not slow"
    finally:
        tracer.terminate()
        tracer.wait(60)


def read_leader_pid(name: str) -> str:
    """The process of this computer that is the first of a machine."""
    home = Path(os.environ.get("FRESH_HOME", Path.home() / ".cache/fresh-machine"))
    return (home / f"m-{name}" / "leader").read_text().strip()
