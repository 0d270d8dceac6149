"""An installation on one machine, and the machines that its database grows to; an S3 service beside them."""

import asyncio
import hashlib
import json
import ssl
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.ansible import operator_folder
from tests.ansible.cluster import (
    BACKUPS,
    FILES,
    S3_PORT,
    STORE_NAME,
    lay_store,
    trust_store,
)
from tests.ansible.gateway import find_gateway
from tests.ansible.machine import (
    TOOL,
    Machine,
    Run,
    ToMachine,
    ansible,
    boot,
    booted,
    build_wheel,
)
from tests.ansible.pulse import Loss, Pulses, measure

MAIN = "udm1"
HOSTS = (MAIN, "udm2", "udm3", "udm4")
STORE = "udm5"
FIRST = 41
PLAY_PATIENCE = 3600.0
CALM = 8.0


def address_of(host: str) -> str:
    """Address of a machine, by its rank."""
    return f"10.99.0.{FIRST + (*HOSTS, STORE).index(host)}"


@dataclass
class SmallCluster:
    """One machine does everything; `databases` names those of the group db, which it is the first of."""

    folder: Path
    names: operator_folder.Names
    databases: tuple[str, ...] = (MAIN,)
    machines: dict[str, Machine] = field(default_factory=dict)
    ways: dict[str, dict[str, str]] = field(default_factory=dict)
    """How Ansible reaches each machine."""

    @property
    def inventory(self) -> Path:
        return self.folder / operator_folder.HOSTS

    def portal(self) -> str:
        """Origin of the territory's portal."""
        return f"https://{self.names.portal}"

    def node(self) -> str:
        """Origin of its hosted node."""
        return f"https://{self.names.node}"

    def secret(self, name: str) -> str:
        """A secret of the installation."""
        return self.machines[MAIN].run(f"cat '/etc/udi/secrets/{name}'").strip()

    def visitor(self, host: str, patience: float = 5.0) -> httpx.AsyncClient:
        """A client for a name of the installation."""
        context = ssl.create_default_context(cafile=str(self.folder / "authority.pem"))
        headers = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "fr"}
        return httpx.AsyncClient(
            transport=ToMachine(address_of(MAIN), context),
            base_url=f"https://{host}",
            headers=headers,
            timeout=httpx.Timeout(patience, connect=2),
        )

    def play(self, *arguments: str, play: str = "site.yml") -> Run:
        """Run a play on the machines that the installation has now."""
        groups = {
            group: {"hosts": {MAIN: None}}
            for group in ("identity", "portal", "node", "proxy")
        }
        groups["db"] = {"hosts": dict.fromkeys(self.databases)}
        hosts = {host: self.ways[host] for host in self.databases}
        self.inventory.write_text(
            yaml.safe_dump({"all": {"hosts": hosts, "children": groups}})
        )
        began = time.monotonic()
        done = ansible(
            "ansible-playbook", "-i", self.inventory, *arguments, play,
            patience=PLAY_PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        authority = self.machines[MAIN].run("cat /etc/udi/tls/authority.pem")
        (self.folder / "authority.pem").write_text(authority)
        return Run(done.stdout, time.monotonic() - began)

    def lose(self, host: str) -> None:
        """Cut the power of a machine."""
        subprocess.run([TOOL, "kill", host], check=True, capture_output=True)

    def boot_anew(self, host: str) -> None:
        """Boot a bare machine of the same name and address as one that lost its power, whose disk is gone."""
        subprocess.run([TOOL, "stop", host], check=True, capture_output=True)
        self.ways[host] = boot(host, address_of(host))
        trust_store(self.folder, self.machines[host], self.machines[STORE].address)

    def members(self) -> list[dict[str, Any]]:
        """The machines of the database as the first that answers sees them."""
        for host in self.databases:
            done = subprocess.run(
                [TOOL, "exec", host, "--", "udi-patronictl", "list", "--format", "json"],
                check=False, capture_output=True, text=True,
            )  # fmt: skip
            if done.returncode == 0:
                return list(json.loads(done.stdout))
        msg = "no machine of the database answers"
        raise AssertionError(msg)

    def leader(self) -> str:
        """The machine whose database leads."""
        return next(
            str(member["Member"])
            for member in self.members()
            if member["Role"] == "Leader"
        )

    def stands(self) -> bool:
        """Whether one leads and all others follow it without delay."""
        members = self.members()
        states = sorted(
            (member["Role"], member["State"])
            for member in members
            if not member.get("Lag in MB")
        )
        return {member["Member"] for member in members} == set(
            self.databases
        ) and states == [
            ("Leader", "running"),
            ("Replica", "streaming"),
            ("Sync Standby", "streaming"),
        ]

    def wait(self, patience: float = 120) -> float:
        """Seconds until it stands."""
        began = time.monotonic()
        while not self.stands():
            assert time.monotonic() - began < patience, self.members()
            time.sleep(1)
        return time.monotonic() - began

    def query(self, statement: str, database: str = "udi_portal") -> str:
        """What the database that leads answers."""
        host = self.leader() if len(self.databases) > 1 else MAIN
        return self.machines[host].run(
            f'psql -h /run/postgresql -U postgres -tAc "{statement}" {database}'
        )

    def count_missing(self, reports: list[str]) -> int:
        """How many acknowledged reports the database that leads does not have."""
        acknowledged = set(reports)
        stored = self.query("SELECT id FROM app.report").split()
        return len(acknowledged - set(stored))

    async def weigh(
        self, words: str, pulses: Pulses, since: float, reports: list[str]
    ) -> Loss:
        """What happened since a moment cost, once each kind succeeds again and some calm has passed."""
        ended = time.monotonic()
        while not all(
            any(began > ended for began, _, _ in pulse.successes)
            for pulse in pulses.values()
        ):
            assert time.monotonic() < ended + PLAY_PATIENCE, words
            await asyncio.sleep(0.2)
        back = time.monotonic() - ended
        await asyncio.sleep(CALM)
        missing = await asyncio.to_thread(self.count_missing, reports)
        return measure(
            words, pulses, since, time.monotonic(),
            rejoined=back, acknowledged=len(reports), lost=missing,
        )  # fmt: skip


def boot_small_cluster(folder: Path, stack: ExitStack) -> SmallCluster:
    """Boot the machines and write the operator's folder; the play is not run yet."""
    program = find_gateway()
    cluster = SmallCluster(folder, operator_folder.generate(folder, "baie"))
    for host in (*HOSTS, STORE):
        cluster.ways[host] = stack.enter_context(booted(host, address_of(host)))
        cluster.machines[host] = Machine(host, address_of(host), cluster.inventory)
    key, word = lay_store(folder, cluster.machines, STORE, program)
    wheel = build_wheel(folder)
    operator_folder.settle(
        folder,
        installation_ready_wheel=str(wheel),
        installation_ready_wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        installation_territories_folder=str(folder / "tenants"),
        release_demo=True,
        release_second_factor=False,
        release_object_store=f"s3://{FILES}",
        release_object_store_endpoint=f"https://{STORE_NAME}:{S3_PORT}",
        secrets_s3_access_key_id=key,
        secrets_s3_secret_access_key=word,
        backup_repository=f"s3://{BACKUPS}/here",
        backup_s3_endpoint=f"{STORE_NAME}:{S3_PORT}",
        backup_s3_key=key,
        backup_s3_secret=word,
    )
    return cluster
