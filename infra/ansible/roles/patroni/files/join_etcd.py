# ruff: noqa: INP001 - a script that the play sends to a machine as a file
"""Have the etcd that runs take one machine in, for one that is lost: `join_etcd.py FOLDER JSON`.

The JSON names the machines of the inventory with the addresses of their etcd (`machines`), and those whose etcd holds
nothing (`absent`). Says CHANGED when a member went or came.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

Member = dict[str, Any]


def list_departures(
    members: list[Member], machines: dict[str, str], absent: list[str]
) -> list[Member]:
    """Return the members to remove: of no machine of the inventory, or of one that has lost its disk since it was started."""
    empty = {machines[name] for name in absent}
    departures = []
    for member in members:
        address = member["peerURLs"][0]
        is_lost = address in empty and member.get("name")
        if is_lost or address not in machines.values():
            departures.append(member)
    return departures


def list_arrivals(
    members: list[Member], machines: dict[str, str], absent: list[str]
) -> list[str]:
    """Return the machines to add: those whose etcd holds nothing, and that no remaining member announces."""
    announced = {member["peerURLs"][0] for member in members}
    return [name for name in absent if machines[name] not in announced]


def call_etcd(folder: Path, *arguments: str) -> str:
    """Return what the etcd of this machine answers."""
    environment = {
        **os.environ,
        "ETCDCTL_API": "3",
        "ETCDCTL_ENDPOINTS": "https://127.0.0.1:2379",
        "ETCDCTL_CACERT": str(folder / "machines.crt"),
        "ETCDCTL_CERT": str(folder / "machine.crt"),
        "ETCDCTL_KEY": str(folder / "machine.key"),
    }
    done = subprocess.run(  # noqa: S603 - a program of the machine, with members of etcd's own list
        ["etcdctl", *arguments],  # noqa: S607 - in the path of root, wherever Debian has it
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"etcdctl {arguments[0]} {arguments[1]}: {done.stderr.strip()}")
    return done.stdout


def main(folder: Path, machines: dict[str, str], absent: list[str]) -> None:
    """Remove, then add."""
    if len(absent) > 1:
        sys.exit(
            f"{' and '.join(absent)} hold nothing: one machine alone cannot agree on replacing them. Restore the cluster."
        )
    members = json.loads(call_etcd(folder, "member", "list", "-w", "json"))["members"]
    departures = list_departures(members, machines, absent)
    if len(departures) > 1:
        addresses = " and ".join(member["peerURLs"][0] for member in departures)
        sys.exit(
            f"etcd has members at {addresses}, and the inventory no such address: give each machine that is left the address that it has there."
        )
    for member in departures:
        call_etcd(folder, "member", "remove", f"{member['ID']:x}")
    remaining = [member for member in members if member not in departures]
    arrivals = list_arrivals(remaining, machines, absent)
    for name in arrivals:
        call_etcd(folder, "member", "add", name, f"--peer-urls={machines[name]}")
    sys.stdout.write("CHANGED\n" if departures or arrivals else "unchanged\n")


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    main(Path(sys.argv[1]), given["machines"], given["absent"])
