"""The files of one machine's folder go into S3 by the play: copied while the node runs, then while it is stopped.

The copy itself, into a real store, is shown by `tests/node/test_copy_files.py`.
"""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ansible.machine import PLAY, ansible

pytestmark = pytest.mark.programs

TASKS = PLAY / "roles/node/tasks/move_files.yml"
UDI = "/usr/local/sbin/udi"
SYSTEMD = "ansible.builtin.systemd_service"
UNITS = ["udi-node-web-1", "udi-node-worker"]


def read_tasks(udi: Path, journal: Path) -> Any:
    """The tasks of the play, with a command of the test for `udi` and a line of a file for a unit that is stopped."""
    text = TASKS.read_text()
    assert UDI in text
    tasks = yaml.safe_load(text.replace(UDI, str(udi)))
    for task in tasks:
        if SYSTEMD in task:
            assert task.pop(SYSTEMD) == {"name": "{{ unit }}", "state": "stopped"}
            task["ansible.builtin.shell"] = f"echo stop {{{{ unit }}}} >>{journal}"
    return tasks


def apply(
    tmp_path: Path, status: int
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run the tasks on this computer; a `udi` that ends with this status. What it did, in order."""
    journal = tmp_path / "journal"
    journal.touch()
    udi = tmp_path / "udi"
    udi.write_text(f'#!/bin/sh\necho "udi $*" >>{journal}\nexit {status}\n')
    udi.chmod(0o755)
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"node_former_files": str(tmp_path / "objects"), "node_units": UNITS},
        "tasks": read_tasks(udi, journal),
    }
    path = tmp_path / "play.yml"
    path.write_text(yaml.safe_dump([play]))
    done = ansible("ansible-playbook", "-i", "localhost,", path)
    return done, journal.read_text().splitlines()


def test_files_are_copied_before_the_node_is_stopped_and_once_more_then(
    tmp_path: Path,
) -> None:
    (tmp_path / "objects").mkdir()

    done, acts = apply(tmp_path, 0)

    assert done.returncode == 0, done.stdout
    copy = f"udi node copy-files {tmp_path / 'objects'}"
    stops = [f"stop {unit}" for unit in UNITS]
    assert acts == [copy, *stops, f"{copy} --set-aside"]


@pytest.mark.thorough
def test_a_copy_that_fails_leaves_the_node_running(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()

    done, acts = apply(tmp_path, 1)

    assert done.returncode != 0
    assert acts == [f"udi node copy-files {tmp_path / 'objects'}"]


@pytest.mark.thorough
def test_where_no_folder_is_nothing_is_copied_or_stopped(tmp_path: Path) -> None:
    done, acts = apply(tmp_path, 0)

    assert done.returncode == 0, done.stdout
    assert acts == []
