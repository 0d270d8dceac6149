"""The programs are taken away from a machine of the play and brought back: the data were there all the time."""

import pytest

from tests.ansible.conftest import Deployment
from tests.ansible.machine import Machine, ansible
from tests.ansible.test_machine_recovers import count_events

pytestmark = pytest.mark.thorough


async def test_uninstall_leaves_the_data_and_the_play_brings_all_back(
    deployment: Deployment, machine: Machine
) -> None:
    before = count_events(machine)
    confirmed = f"uninstall_confirmed={deployment.names.installation}"
    done = ansible(
        "ansible-playbook", "-i", machine.inventory, "-e", confirmed, "uninstall.yml"
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    left = machine.run("systemctl list-units --all --plain --no-legend 'udi-*'")
    assert left == ""
    machine.run("test ! -e /opt/udi && test -s /etc/udi/secrets/portal_app_password")
    assert count_events(machine) == before

    assert machine.play().counts["failed"] == 0

    assert count_events(machine) >= before
    async with deployment.visitor(deployment.names.portal) as visitor:
        assert (await visitor.get("/data")).status_code == 200
