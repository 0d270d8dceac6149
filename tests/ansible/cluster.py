"""Seven machines that the play makes one installation, and an S3 service beside them; any may lose its power."""

import asyncio
import hashlib
import json
import secrets
import shlex
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
from tests.ansible.gateway import find_gateway
from tests.ansible.machine import (
    PLAY,
    TOOL,
    Machine,
    Run,
    ToMachine,
    ansible,
    booted,
    build_wheel,
)

NETWORK = "10.99.0"
SHARED = 30
FIRST = 31
HOSTS = ("db1", "db2", "db3", "app1", "app2", "node1", "node2")
STORE = "store"
STORE_NAME = "s3.cluster.test"
GROUPS = {
    "db": ("db1", "db2", "db3"),
    "identity": ("app1", "app2"),
    "portal": ("app1", "app2"),
    "node": ("node1", "node2"),
    "proxy": ("node1", "node2"),
}
FILES = "udi-files"
BACKUPS = "udi-backups"
S3_PORT = 7070
S3_UNIT = """[Unit]
After=network-online.target
[Service]
EnvironmentFile=/etc/versitygw.env
ExecStart=/usr/local/bin/versitygw --quiet --port {address}:{port} --cert /etc/s3/certificate.pem --key /etc/s3/key.pem posix /srv/s3
Restart=always
[Install]
WantedBy=multi-user.target
"""
READY = {
    "identity": ["http://{address}:8005/health/ready"],
    "portal": ["http://{address}:8000/ready", "http://{address}:8010/ready"],
    "node": ["http://{address}:8001/ready", "http://{address}:8011/ready"],
}
PATIENCE = 5.0
PLAY_PATIENCE = 3600.0


def address_of(host: str) -> str:
    """Address of a machine, by its rank."""
    return f"{NETWORK}.{FIRST + (*HOSTS, STORE).index(host)}"


def machine_name(host: str) -> str:
    """Name under which a machine is booted."""
    return f"udc{1 + (*HOSTS, STORE).index(host)}"


@dataclass
class Fleet:
    """The machines, the operator's folder that made them, and the names under which they answer."""

    folder: Path
    names: operator_folder.Names
    machines: dict[str, Machine] = field(default_factory=dict)

    @property
    def inventory(self) -> Path:
        return self.folder / operator_folder.HOSTS

    @property
    def keeper(self) -> Machine:
        """The machine that holds every secret."""
        return self.machines[GROUPS["db"][0]]

    def portal(self) -> str:
        """Origin of the territory's portal."""
        return f"https://{self.names.portal}"

    def node(self) -> str:
        """Origin of its hosted node."""
        return f"https://{self.names.node}"

    def secret(self, name: str) -> str:
        """A secret of the installation."""
        return self.keeper.run(f"cat '/etc/udi/secrets/{name}'").strip()

    def visitor(self, host: str, patience: float = PATIENCE) -> httpx.AsyncClient:
        """A client for a name of the installation, which leads to the shared address whoever carries it."""
        context = ssl.create_default_context(cafile=str(self.folder / "authority.pem"))
        headers = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "fr"}
        return httpx.AsyncClient(
            transport=ToMachine(f"{NETWORK}.{SHARED}", context),
            base_url=f"https://{host}",
            headers=headers,
            timeout=httpx.Timeout(patience, connect=2),
        )

    def play(self) -> Run:
        """Run the whole play on all machines."""
        began = time.monotonic()
        done = ansible(
            "ansible-playbook", "-i", self.inventory, "site.yml", patience=PLAY_PATIENCE
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        authority = self.machines[GROUPS["proxy"][0]].run(
            "cat /etc/udi/tls/authority.pem"
        )
        (self.folder / "authority.pem").write_text(authority)
        return Run(done.stdout, time.monotonic() - began)

    def kill(self, host: str) -> float:
        """Cut the power of a machine; the moment it fell."""
        began = time.monotonic()
        subprocess.run(
            [TOOL, "kill", machine_name(host)],
            check=True,
            capture_output=True,
            timeout=60,
        )
        return began

    async def rejoin(self, host: str, patience: float = 180) -> float:
        """Switch a machine on again, touch nothing, and wait until it serves; how long that took."""
        began = time.monotonic()
        command = [TOOL, "start", machine_name(host)]
        await asyncio.to_thread(
            subprocess.run, command, check=True, capture_output=True, timeout=120
        )
        while not await self.serves(host):
            assert time.monotonic() - began < patience, f"{host} did not rejoin"
            await asyncio.sleep(1)
        return time.monotonic() - began

    async def serves(self, host: str) -> bool:
        """Whether a machine does all that its groups do, asked at its own address."""
        if host in GROUPS["db"]:
            members = await asyncio.to_thread(self._members)
            return any(
                member["Member"] == host and member["State"] in {"running", "streaming"}
                for member in members
            )
        places = [
            place
            for group, hosts in GROUPS.items()
            if host in hosts
            for place in READY.get(group, [])
        ]
        async with httpx.AsyncClient(
            timeout=PATIENCE, headers={"Host": "localhost"}
        ) as client:
            return all(
                [
                    await _answers(client, place.format(address=address_of(host)))
                    for place in places
                ]
            )

    def leader(self) -> str:
        """The machine whose database leads."""
        return next(
            str(member["Member"])
            for member in self._members()
            if member["Role"] == "Leader"
        )

    def count_missing(self, reports: list[str]) -> int:
        """How many acknowledged reports no longer exist in the database that leads."""
        query = "SELECT id FROM app.report"
        leader = self.machines[self.leader()]
        stored_reports = set(
            leader.run(f"su postgres -c 'psql -Atqc \"{query}\" udi_portal'").split()
        )
        return len(set(reports) - stored_reports)

    def _members(self) -> list[dict[str, Any]]:
        """The machines of the database as they see each other, told by the first that answers."""
        for host in GROUPS["db"]:
            command = [
                TOOL,
                "exec",
                machine_name(host),
                "--",
                "udi-patronictl",
                "list",
                "--format",
                "json",
            ]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode == 0:
                return list(json.loads(done.stdout))
        msg = "no machine of the database answers"
        raise AssertionError(msg)


async def _answers(client: httpx.AsyncClient, place: str) -> bool:
    try:
        return (await client.get(place)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def boot_fleet(folder: Path, stack: ExitStack) -> Fleet:
    """Boot the machines and their S3 service, and write the inventory that names them; the play is not run yet."""
    program = find_gateway()
    names = operator_folder.generate(folder, "baie")
    hosts = {}
    for host in (*HOSTS, STORE):
        hosts[host] = stack.enter_context(booted(machine_name(host), address_of(host)))
    fleet = Fleet(folder, names)
    fleet.machines = {
        host: Machine(machine_name(host), address_of(host), fleet.inventory)
        for host in hosts
    }
    keys = lay_store(folder, fleet.machines, STORE, program)
    wheel = build_wheel(folder)
    operator_folder.settle(
        folder,
        installation_ready_wheel=str(wheel),
        installation_ready_wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        installation_territories_folder=str(folder / "tenants"),
        release_demo=True,
        release_second_factor=False,
        reverse_proxy_shared_address=f"{NETWORK}.{SHARED}",
        release_object_store=f"s3://{FILES}",
        release_object_store_endpoint=f"https://{STORE_NAME}:{S3_PORT}",
        secrets_s3_access_key_id=keys[0],
        secrets_s3_secret_access_key=keys[1],
        backup_repository=f"s3://{BACKUPS}/here",
        backup_s3_endpoint=f"{STORE_NAME}:{S3_PORT}",
        backup_s3_key=keys[0],
        backup_s3_secret=keys[1],
    )
    groups = {
        group: {"hosts": dict.fromkeys(members)} for group, members in GROUPS.items()
    }
    inventory_hosts = {host: hosts[host] for host in HOSTS}
    fleet.inventory.write_text(
        yaml.safe_dump({"all": {"hosts": inventory_hosts, "children": groups}})
    )
    return fleet


def lay_store(
    folder: Path, machines: dict[str, Machine], host: str, program: Path
) -> tuple[str, str]:
    """An S3 service with a certificate of an authority that all machines trust; its key."""
    key = secrets.token_hex(10)
    word = secrets.token_hex(20)
    tls = folder / "s3"
    tls.mkdir()
    issue = PLAY / "roles/reverse_proxy/files/issue_certificate.sh"
    subprocess.run(["sh", issue, tls, STORE_NAME], check=True, capture_output=True)
    store = machines[host]
    for machine in machines.values():
        trust_store(folder, machine, store.address)
    _put(store, program, "/usr/local/bin/versitygw")
    store.run(
        f"mkdir -p /etc/s3 /srv/s3/{FILES} /srv/s3/{BACKUPS}; chmod 755 /usr/local/bin/versitygw"
    )
    for name in ("certificate.pem", "key.pem"):
        _put(store, tls / name, f"/etc/s3/{name}")
    unit = S3_UNIT.format(address=store.address, port=S3_PORT)
    store.run(
        f"printf 'ROOT_ACCESS_KEY={key}\\nROOT_SECRET_KEY={word}\\n' >/etc/versitygw.env"
    )
    store.run(f"printf %s {shlex.quote(unit)} >/etc/systemd/system/versitygw.service")
    store.run("systemctl daemon-reload && systemctl enable --now versitygw 2>/dev/null")
    return key, word


def trust_store(folder: Path, machine: Machine, address: str) -> None:
    """Have a machine know the S3 service by its name and trust its authority."""
    authority = folder / "s3/authority.pem"
    _put(machine, authority, "/usr/local/share/ca-certificates/s3.crt")
    machine.run(
        f"echo '{address} {STORE_NAME}' >>/etc/hosts && update-ca-certificates >/dev/null 2>&1"
    )


def _put(machine: Machine, source: Path, target: str) -> None:
    with source.open("rb") as content:
        command = [TOOL, "exec", machine.name, "--", "sh", "-c", f"cat >{target}"]
        subprocess.run(command, stdin=content, check=True)
