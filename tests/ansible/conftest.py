"""One machine that the play made from a generated territory; shared by the files `test_machine*.py`, which run together."""

import hashlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.ansible import next_release, operator_folder
from tests.ansible.machine import (
    TOOL,
    Machine,
    address_of_this_run,
    booted,
    require_tool,
)
from tests.ansible.systems import SYSTEMS
from tests.signed_release import make_key

TERRITORY_DOMAIN = "pays.test"
"""Below which the proxy and the certificate of the machine have every name."""
MAILS = "/var/tmp/mails"
"""Folder of the machine where its relay keeps what it gets, a file each."""
RELAY = f"""
mkdir -p {MAILS}
cat >/var/tmp/relay.py <<'END'
import asyncio, itertools, pathlib

numbers = itertools.count()

async def receive(reader, writer):
    recipient = ""
    writer.write(b"220 relay\\r\\n")
    while line := await reader.readline():
        command = line.decode().strip()
        answer = "250 yes"
        if command.upper().startswith("RCPT TO:"):
            recipient = command[8:].strip().partition(">")[0].strip("<")
        if command.upper() == "DATA":
            writer.write(b"354 go on\\r\\n")
            mail = b""
            while (line := await reader.readline()) not in (b".\\r\\n", b""):
                mail += line.removeprefix(b".")
            pathlib.Path("{MAILS}", f"{{next(numbers):04}}-{{recipient}}.eml").write_bytes(mail)
        if command.upper() == "QUIT":
            break
        writer.write(f"{{answer}}\\r\\n".encode())
        await writer.drain()
    writer.close()

async def serve():
    server = await asyncio.start_server(receive, "127.0.0.1", 25, limit=2**24)
    await server.serve_forever()

asyncio.run(serve())
END
systemd-run --unit=relay python3 -W ignore /var/tmp/relay.py
"""
"""The relay of the machine: what is sent to it is a file each."""


class Timings(dict[str, float]):
    """Seconds by what took them, each with the system of the machine on which it was done."""

    system = ""

    def __setitem__(self, stage: str, seconds: float) -> None:
        super().__setitem__(f"{self.system}: {stage}", seconds)


@dataclass(frozen=True)
class Deployment:
    """A machine that was bare, the operator's folder that made it, and the authority that its visitors trust."""

    machine: Machine
    folder: Path
    authority: Path
    names: operator_folder.Names

    def portal(self) -> str:
        """Origin of the first territory's portal."""
        return f"https://{self.names.portal}"

    def node(self) -> str:
        """Origin of its hosted node."""
        return f"https://{self.names.node}"

    def password(self, username: str) -> str:
        """Password of a demonstration account of the first territory, as the machine drew it."""
        return self.secret(f"account_{self.names.slug}_{username}")

    def secret(self, name: str) -> str:
        """A secret of the installation, as the machine drew it."""
        return self.machine.run(f"cat '/etc/udi/secrets/{name}'").strip()

    def visitor(self, host: str, patience: float = 30) -> httpx.AsyncClient:
        """A client for one of the names of this machine."""
        return self.machine.visitor(host, self.authority, patience)

    @property
    def browser_flags(self) -> tuple[str, str]:
        """What leads a browser to this machine for every name, and to trust its authority and no other."""
        trusted = operator_folder.public_key_fingerprint(self.authority)
        return (
            f"--host-resolver-rules=MAP * {self.machine.address}",
            f"--ignore-certificate-errors-spki-list={trusted}",
        )


@pytest.fixture(scope="session")
def timings(request: pytest.FixtureRequest) -> Iterator[Timings]:
    """Seconds that each stage took, shown at the end."""
    seconds_by_stage = Timings()
    yield seconds_by_stage
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        summary = ", ".join(
            f"{stage} {seconds:.1f} s" for stage, seconds in seconds_by_stage.items()
        )
        sys.__stderr__.write(f"\nmachines: {summary}\n")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have all that is done on the machine of one system stand together, so that each is booted once."""
    places = [
        place
        for place, item in enumerate(items)
        if "deployment" in getattr(item, "fixturenames", ())
    ]
    names = list(SYSTEMS)
    by_system = sorted(
        (items[place] for place in places),
        key=lambda item: names.index(item.callspec.params["deployment"]),  # type: ignore[attr-defined] - `callspec` is of items with parameters
    )
    for place, item in zip(places, by_system, strict=True):
        items[place] = item


@pytest.fixture(scope="session")
def release_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key that signs the releases of the machine's publisher, made for this run."""
    return make_key(tmp_path_factory.mktemp("publisher"), "release")


@pytest.fixture(scope="session", params=SYSTEMS)
def deployment(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    release_key: Path,
    timings: Timings,
) -> Iterator[Deployment]:
    """The territory «baie», generated from its answers, deployed on a bare machine of a system by the play."""
    require_tool()
    system: str = request.param
    tool = SYSTEMS[system].find_tool(TOOL)
    timings.system = system
    folder = tmp_path_factory.mktemp("operator")
    names = operator_folder.generate(folder, "baie")
    wheel = next_release.build_signed_by(tmp_path_factory.mktemp("first"), release_key)
    operator_folder.settle(
        folder,
        installation_ready_wheel=str(wheel),
        installation_ready_wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        release_demo=True,
        release_second_factor=False,
        installation_territory_domain=TERRITORY_DOMAIN,
        installation_territories_folder=str(folder / "tenants"),
    )
    name, address = address_of_this_run()
    started = time.monotonic()
    with booted(name, address, tool) as host:
        timings["boot"] = time.monotonic() - started
        machine = Machine(name, address, operator_folder.point(folder, host), tool)
        machine.run(RELAY)
        run = machine.play()
        timings["bare machine to territory"] = run.seconds
        assert run.counts["failed"] == 0
        assert run.counts["changed"] > 20
        authority = folder / "authority.pem"
        authority.write_text(machine.run("cat /etc/udi/tls/authority.pem"))
        yield Deployment(machine, folder, authority, names)


@pytest.fixture(scope="session")
def machine(deployment: Deployment) -> Machine:
    """The deployed machine."""
    return deployment.machine


@pytest.fixture(scope="session")
def authority(deployment: Deployment) -> Path:
    """The certificate of the machine's own authority."""
    return deployment.authority
