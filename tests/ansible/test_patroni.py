"""Three machines with the database: the one that leads loses its power under load, and nothing acknowledged is lost."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ansible.machine import TOOL, Machine, Run, ansible, booted, require_tool

pytestmark = pytest.mark.programs

CLIENT = Path(__file__).with_name("cluster_client.py")
GROUND = {
    "name": "Ground",
    "hosts": "db",
    "become": True,
    "roles": ["secrets"],
    "tasks": [
        {
            "name": "Harden",
            "ansible.builtin.include_role": {
                "name": "release",
                "tasks_from": "hardening",
            },
        },
        {
            "name": "Bring the client",
            "ansible.builtin.copy": {
                "src": str(CLIENT),
                "dest": "/var/tmp/",
                "mode": "0644",
            },
        },
    ],
}
DATABASE = {
    "name": "Database",
    "hosts": "db",
    "become": True,
    "gather_facts": False,
    "roles": ["inner_proxy", "patroni"],
}
LOAD = 75.0
BEFORE = 10.0
DARK = 40.0
MOST_WRITE_GAP = 30.0
MOST_READ_GAP = 6.0


@dataclass
class Cluster:
    """Three machines, and the play of the roles that make their database."""

    machines: dict[str, Machine]
    play: Path

    def apply(self) -> Run:
        """Run the play, without what needs the program."""
        began = time.monotonic()
        inventory = next(iter(self.machines.values())).inventory
        done = ansible(
            "ansible-playbook", "-i", inventory, "--skip-tags", "prepare", self.play
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return Run(done.stdout, time.monotonic() - began)

    def members(self, machine_name: str = "") -> list[dict[str, Any]]:
        """The machines as Patroni sees them, from one that lives."""
        if machine_name:
            machine = self.machines[machine_name]
        else:
            machine = next(iter(self.machines.values()))
        members: list[dict[str, Any]] = json.loads(
            machine.run("udi-patronictl list --format json")
        )
        return members

    def stands(self, machine_name: str = "") -> bool:
        """Whether one leads and two follow it without delay, one of them at each commit."""
        roles = sorted(
            (member["Role"], member["State"])
            for member in self.members(machine_name)
            if not member.get("Lag in MB")
        )
        return roles == [
            ("Leader", "running"),
            ("Replica", "streaming"),
            ("Sync Standby", "streaming"),
        ]

    def wait(self, machine_name: str = "", patience: float = 90) -> float:
        """Seconds until it stands."""
        began = time.monotonic()
        while not self.stands(machine_name):
            assert time.monotonic() - began < patience, self.members(machine_name)
            time.sleep(1)
        return time.monotonic() - began


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three machines with the play run once."""
    require_tool()
    folder = tmp_path_factory.mktemp("cluster")
    inventory = folder / "hosts.yml"
    play = folder / "play.yml"
    names = {
        f"udc{os.getpid() % 1000}{letter}": _address(rank)
        for rank, letter in enumerate("abc")
    }
    with ExitStack() as machines:
        hosts = {
            name: machines.enter_context(booted(name, address))
            for name, address in names.items()
        }
        groups = {
            group: {"hosts": dict.fromkeys(hosts)}
            for group in ("db", "identity", "portal", "node", "proxy")
        }
        variables = {
            "installation_host": "udi.test",
            "installation_territories": ["demo"],
        }
        inventory.write_text(
            yaml.safe_dump(
                {"all": {"hosts": hosts, "children": groups, "vars": variables}}
            )
        )
        play.write_text(yaml.safe_dump([GROUND, DATABASE]))
        cluster = Cluster(
            {
                name: Machine(name, address, inventory)
                for name, address in names.items()
            },
            play,
        )
        cluster.apply()
        cluster.wait()
        yield cluster


def _address(rank: int) -> str:
    return f"10.99.0.{150 + os.getpid() % 30 * 3 + rank}"


@pytest.mark.thorough
def test_a_second_run_changes_nothing(cluster: Cluster) -> None:
    assert cluster.apply().counts == {"changed": 0, "failed": 0}


@pytest.mark.thorough
def test_the_power_of_the_leader_is_cut_and_nothing_acknowledged_is_lost(
    cluster: Cluster, record_property: Any
) -> None:
    leader = next(
        member["Member"] for member in cluster.members() if member["Role"] == "Leader"
    )
    other = next(name for name in cluster.machines if name != leader)
    command = f"/opt/udi/patroni/*/bin/python /var/tmp/cluster_client.py {LOAD}"
    load = subprocess.Popen(
        [TOOL, "exec", other, "--", "sh", "-c", command],
        stdout=subprocess.PIPE,
        text=True,
    )
    time.sleep(BEFORE)
    subprocess.run([TOOL, "kill", leader], check=True, capture_output=True)
    time.sleep(DARK)
    subprocess.run([TOOL, "start", leader], check=True, capture_output=True)
    rejoined = cluster.wait(other)
    output, _ = load.communicate(timeout=LOAD + 60)
    figures = json.loads(output)
    record_property("cluster", {**figures, "rejoined": round(rejoined, 1)})
    sys.stdout.write(f"{output.strip()} rejoined {rejoined:.1f} s\n")

    assert figures["acknowledged"] > 500
    assert figures["lost"] == 0
    assert figures["write_gap"] < MOST_WRITE_GAP
    assert figures["read_gap"] < MOST_READ_GAP
    assert (
        next(
            member["Member"]
            for member in cluster.members(other)
            if member["Role"] == "Leader"
        )
        != leader
    )


@pytest.mark.thorough
def test_only_a_machine_of_the_database_may_change_who_leads(cluster: Cluster) -> None:
    leader = next(member for member in cluster.members() if member["Role"] == "Leader")
    api = f"https://{leader['Host']}:8008"
    certificate_options = (
        "--cert /etc/udi/patroni/machine.crt --key /etc/udi/patroni/machine.key"
    )
    ask = f"curl -sk -o /dev/null -w '%{{http_code}}' -X PATCH -d '{{}}' {api}/config"
    machine = cluster.machines[leader["Member"]]

    assert machine.run(ask) == "403"
    assert machine.run(f"{ask} {certificate_options}") == "200"
    assert (
        machine.run(f"curl -sk -o /dev/null -w '%{{http_code}}' {api}/primary") == "200"
    )


@pytest.mark.thorough
def test_no_password_travels_in_clear(cluster: Cluster) -> None:
    leader = next(member for member in cluster.members() if member["Role"] == "Leader")
    enter = f"PGPASSWORD=$(cat /etc/udi/secrets/patroni_superuser_password) PGCONNECT_TIMEOUT=5 psql -h {leader['Host']}"
    machine = cluster.machines[leader["Member"]]

    assert (
        machine.run(f"PGSSLMODE=require {enter} -U postgres -Atc 'SELECT 1'").strip()
        == "1"
    )
    assert "no encryption" in machine.run(
        f"PGSSLMODE=disable {enter} -U postgres -Atc 'SELECT 1' 2>&1 || true"
    )


@pytest.mark.parametrize("count", [2, 4])
def test_a_number_of_machines_that_cannot_agree_is_refused_with_the_reason(
    tmp_path: Path, count: int
) -> None:
    hosts = {f"db{number}": {"ansible_connection": "local"} for number in range(count)}
    groups = {
        group: {"hosts": dict.fromkeys(hosts)}
        for group in ("db", "identity", "portal", "node", "proxy")
    }
    variables = {"installation_host": "udi.test", "installation_territories": ["demo"]}
    inventory = tmp_path / "hosts.yml"
    play = tmp_path / "play.yml"
    inventory.write_text(
        yaml.safe_dump({"all": {"hosts": hosts, "children": groups, "vars": variables}})
    )
    play.write_text(
        yaml.safe_dump(
            [
                {
                    "name": "Database",
                    "hosts": "db",
                    "gather_facts": False,
                    "roles": ["patroni"],
                }
            ]
        )
    )

    done = ansible("ansible-playbook", "-i", inventory, play)

    assert done.returncode != 0
    assert "three machines in the group db" in done.stdout
