"""A machine whose way out is cut, installed from the folder that another machine made, to a portal that answers."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ansible import operator_folder
from tests.ansible.conftest import Timings
from tests.ansible.machine import (
    ROOT,
    TOOL,
    Machine,
    address_of_this_run,
    ansible,
    booted,
    require_tool,
)
from tests.ansible.systems import SYSTEMS

pytestmark = pytest.mark.thorough
SYSTEM = "Debian 12"
PATIENCE = 1800
NO_WAY_OUT = """
set -e
sed -i /^Gateway=/d /etc/systemd/network/10-host0.network
ip route del default
: >/etc/resolv.conf
: >/etc/pip.conf
ip route
"""
"""Only what is beside it on the bridge is reached from here on, and nothing has a name."""
SOURCES = "cd /etc/apt; sha256sum sources.list sources.list.d/* /etc/pip.conf"
REGISTRIES = """
for command in \\
  'apt-get update -q -o APT::Update::Error-Mode=any -o Acquire::http::Timeout=5 -o Acquire::Retries=0' \\
  'curl --silent --max-time 5 https://pypi.org/simple/' \\
  'curl --silent --max-time 5 https://repo1.maven.org/maven2/'
do $command >/dev/null 2>&1 && echo "$command"; done; true
"""
"""Names what can be reached."""


@pytest.fixture(scope="module")
def bundle(
    tmp_path_factory: pytest.TempPathFactory, timings: Timings
) -> Iterator[dict[str, str]]:
    """The variables that the play says at its end, having made the folder on a machine of the same system."""
    require_tool()
    tool = SYSTEMS[SYSTEM].find_tool(TOOL)
    before = timings.system
    timings.system = SYSTEM
    folder = tmp_path_factory.mktemp("bundle")
    name, address = address_of_this_run()
    with booted(f"{name}c", address, tool) as host:
        line = " ".join(f"{key}={value!r}" for key, value in host.items())
        (folder / "connected.ini").write_text(f"[connected]\nconnected {line}\n")
        started = time.monotonic()
        done = ansible(
            "ansible-playbook",
            *("-i", folder / "connected.ini"),
            *("-e", f"bundle_folder={folder / 'made'}", "bundle.yml"),
            patience=PATIENCE,
        )
        timings["bundle made"] = time.monotonic() - started
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    lines = [line.strip(' ",') for line in done.stdout.splitlines()]
    yield dict(
        line.split(": ", 1) for line in lines if line.startswith("installation_bundle")
    )
    timings.system = before


async def test_a_machine_without_a_way_out_is_installed_and_its_portal_answers(
    bundle: dict[str, str], tmp_path: Path, timings: Timings
) -> None:
    names = operator_folder.generate(tmp_path, "baie")
    operator_folder.settle(
        tmp_path,
        installation_checkout=str(ROOT),
        installation_territories_folder=str(tmp_path / "tenants"),
        **bundle,
    )
    name, address = address_of_this_run()
    with booted(name, address, SYSTEMS[SYSTEM].find_tool(TOOL)) as host:
        machine = Machine(name, address, operator_folder.point(tmp_path, host))
        routes = machine.run(NO_WAY_OUT)
        reached = machine.run(REGISTRIES)
        sources = machine.run(SOURCES)
        run = machine.play()
        timings["machine without internet to territory"] = run.seconds
        again = machine.play()
        timings["the same again"] = again.seconds
        authority = tmp_path / "authority.pem"
        authority.write_text(machine.run("cat /etc/udi/tls/authority.pem"))
        async with machine.visitor(names.portal, authority) as visitor:
            home = await visitor.get("/")
            node = await visitor.get(f"https://{names.node}/")
        routes_after = machine.run("ip route")
        sources_after = machine.run(SOURCES)

    assert "default" not in routes + routes_after
    assert reached == ""
    assert set(bundle) == {"installation_bundle", "installation_bundle_sha256"}
    assert [home.status_code, node.status_code] == [200, 200]
    assert "Pays de baie" in home.text
    assert sources_after == sources
    assert (run.counts["failed"], again.counts) == (0, {"changed": 0, "failed": 0}), (
        again.changes
    )
