"""Three machines with the database, as Patroni sees them."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ansible.machine import Machine, Run, ansible

JOURNAL = "journalctl -u udi-patroni -n 200 -o short-precise --no-pager; tail -n 60 /var/log/postgresql/*.log 2>/dev/null || true"


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
        """Seconds until it stands; where it does not, what each machine noted last."""
        began = time.monotonic()
        while not self.stands(machine_name):
            if time.monotonic() - began > patience:
                pytest.fail(f"{self.members(machine_name)}\n{self.read_journals()}")
            time.sleep(1)
        return time.monotonic() - began

    def read_journals(self) -> str:
        """What Patroni and PostgreSQL of each machine noted last."""
        journals = []
        for name, machine in self.machines.items():
            try:
                words = machine.run(JOURNAL)
            except AssertionError as error:  # it is not reached
                words = str(error)
            journals.append(f"{name}:\n{words}")
        return "\n".join(journals)
