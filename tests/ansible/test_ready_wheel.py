"""The play given a wheel without a checksum: the signature of its release is verified before a machine is touched."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.ansible.machine import PLAY, ansible
from tests.signed_release import (
    SignedRelease,
    change_all,
    change_requirements,
    change_wheel,
    let_key_expire,
    make_release,
    remove,
    sign_by_another_key,
    sign_for_something_else,
)

pytestmark = pytest.mark.programs

EXAMPLE = PLAY / "inventory/example/hosts.ini"


@pytest.fixture
def release(tmp_path: Path) -> SignedRelease:
    """A signed release."""
    return make_release(tmp_path)


def verify(release: SignedRelease) -> subprocess.CompletedProcess[str]:
    """What the play says of the wheel; the checkout has the dependencies of the release."""
    play = {
        "hosts": "db",
        "connection": "local",
        "gather_facts": False,
        "roles": ["installation"],
        "tasks": [{"ansible.builtin.import_tasks": str(PLAY / "tasks/wheel.yml")}],
    }
    checkout = release.folder.parent / "checkout"
    (checkout / "requirements").mkdir(parents=True)
    shutil.copy(release.folder / "run.txt", checkout / "requirements/run.txt")
    (checkout / "play.yml").write_text(yaml.safe_dump([play]))
    variables = {
        "installation_checkout": str(checkout),
        "installation_ready_wheel": str(release.wheel),
        "installation_release_signers": str(release.signers),
        "ansible_python_interpreter": sys.executable,
    }
    return ansible(
        "ansible-playbook",
        "-i",
        EXAMPLE,
        "-e",
        json.dumps(variables),
        checkout / "play.yml",
    )


def test_a_wheel_of_a_signed_release_needs_no_checksum(release: SignedRelease) -> None:
    done = verify(release)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("tamper", "cause"),
    [
        (change_wheel, "is not the udi-1.2.0-py3-none-any.whl of the signed release"),
        (change_requirements, "is not the run.txt of the signed release"),
        (change_all, "No key that"),
        (sign_by_another_key, "No key that"),
        (let_key_expire, "No key that"),
        (sign_for_something_else, "No key that"),
        (remove("SHA256SUMS.sig"), "must stand SHA256SUMS and SHA256SUMS.sig"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_release_that_was_touched_is_refused(
    release: SignedRelease, tamper: Callable[[SignedRelease], None], cause: str
) -> None:
    tamper(release)

    done = verify(release)

    assert done.returncode != 0
    assert cause in " ".join(done.stdout.split())
