"""The play given a wheel without a checksum: the signature of its release is verified before a machine is touched."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ansible.excerpt import find_refusals
from tests.ansible.machine import PLAY
from tests.depth import thorough
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

Tamper = Callable[[SignedRelease], None]
UNTOUCHED = "untouched"
ANNOUNCED = "another_was_announced"
"""A machine given the checksum that the wheel must have, which it has not."""
UNSIGNED = "No key that"
WHEEL_CHANGED = "is not the udi-1.2.0-py3-none-any.whl of the signed release"
REQUIREMENTS_CHANGED = "is not the run.txt of the signed release"


def change_both(release: SignedRelease) -> None:
    """Change what is installed and what it leans on: the play names each."""
    change_wheel(release)
    change_requirements(release)


CAUSES: dict[Tamper, str] = {
    change_both: f"{WHEEL_CHANGED}.*{REQUIREMENTS_CHANGED}",
    sign_by_another_key: UNSIGNED,
}
"""What is done to a release, and the reason for which the play refuses it."""
FURTHER_CAUSES: dict[Tamper, str] = {
    change_wheel: WHEEL_CHANGED,
    change_requirements: REQUIREMENTS_CHANGED,
    change_all: UNSIGNED,
    let_key_expire: UNSIGNED,
    sign_for_something_else: UNSIGNED,
    remove("SHA256SUMS.sig"): "must stand SHA256SUMS and SHA256SUMS.sig",
}
"""One of both files; what the same line refuses for a reason of ssh-keygen's own, or could not read: `udi upgrade` is asked
the same in each run.
"""


def copy_release(release: SignedRelease, folder: Path) -> SignedRelease:
    """The same release elsewhere; the keys stay."""
    shutil.copytree(release.folder, folder / release.folder.name)
    shutil.copy(release.signers, folder)
    copied_folder = folder / release.folder.name
    return replace(
        release,
        folder=copied_folder,
        wheel=copied_folder / release.wheel.name,
        signers=folder / release.signers.name,
    )


def list_host(release: SignedRelease) -> dict[str, str]:
    """The variables of a machine that is given a release, with a checkout of the release's own dependencies."""
    checkout = release.folder.parent / "checkout"
    (checkout / "requirements").mkdir(parents=True)
    shutil.copy(release.folder / "run.txt", checkout / "requirements/run.txt")
    return {
        "installation_checkout": str(checkout),
        "installation_ready_wheel": str(release.wheel),
        "installation_release_signers": str(release.signers),
    }


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Why one play refuses each of the releases, all given to machines of their own; nothing for one that passes."""
    folder = tmp_path_factory.mktemp("releases")
    release = make_release(folder / "made")
    tampers: dict[str, Tamper] = {
        tamper.__name__: tamper
        for tamper in (*CAUSES, *(FURTHER_CAUSES if thorough() else ()))
    }
    hosts = {}
    for name in (UNTOUCHED, ANNOUNCED, *tampers):
        copied_release = copy_release(release, folder / name)
        if name in tampers:
            tampers[name](copied_release)
        hosts[name] = list_host(copied_release)
    hosts[ANNOUNCED]["installation_ready_wheel_sha256"] = "0" * 64
    task = {"ansible.builtin.import_tasks": str(PLAY / "tasks/wheel.yml")}
    return find_refusals(folder, hosts, task)


CASES = [
    pytest.param(tamper.__name__, cause, id=tamper.__name__, marks=marks)
    for causes, marks in ((CAUSES, ()), (FURTHER_CAUSES, (pytest.mark.thorough,)))
    for tamper, cause in causes.items()
]


def test_a_wheel_of_a_signed_release_needs_no_checksum(
    refusals: dict[str, str],
) -> None:
    assert refusals[UNTOUCHED] == ""


def test_a_wheel_that_is_not_the_announced_one_is_refused(
    refusals: dict[str, str],
) -> None:
    assert "not the one whose sha256" in refusals[ANNOUNCED]


@pytest.mark.parametrize(("name", "cause"), CASES)
def test_a_release_that_was_touched_is_refused(
    refusals: dict[str, str], name: str, cause: str
) -> None:
    assert re.search(cause, refusals[name])
