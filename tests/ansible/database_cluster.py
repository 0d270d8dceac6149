"""Three machines with the database, as Patroni sees them."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ansible.machine import Machine, Run, ansible


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

    def find(self, role: str, machine_name: str = "") -> str:
        """The first machine of a role, such as «Leader»."""
        return next(
            str(member["Member"])
            for member in self.members(machine_name)
            if member["Role"] == role
        )

    def roles(self, machine_name: str) -> dict[str, str]:
        """Who has each role now, of the machines that run."""
        return {
            str(member["Role"]): str(member["Member"])
            for member in self.members(machine_name)
            if member["State"] in {"running", "streaming"}
        }

    def wait(self, machine_name: str = "", patience: float = 90) -> float:
        """Seconds until it stands."""
        began = time.monotonic()
        while not self.stands(machine_name):
            assert time.monotonic() - began < patience, self.members(machine_name)
            time.sleep(1)
        return time.monotonic() - began
