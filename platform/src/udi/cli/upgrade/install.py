"""A release beside the others: its environment, its dependencies and itself, each checked; complete or not at all."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from udi.cli.local.disk import require_free_space
from udi.cli.local.errors import LocalError
from udi.cli.upgrade.release_files import ReleaseFiles
from udi.cli.upgrade.releases import COMPLETE, InstalledReleases
from udi.cli.upgrade.wheel import Wheel, checksum

ROOM = 1_200_000_000
"""An environment takes 530 MB; its wheels and what pip keeps of them, as much again."""
BASE_PYTHON = Path(sys.base_prefix) / "bin/python3"
PIP = ("--quiet", "--disable-pip-version-check")
REQUIREMENTS = "requirements.txt"
LAST_LINES = 3


def install(
    releases: InstalledReleases,
    files: ReleaseFiles,
    *,
    lock: int,
    required_bytes: int = ROOM,
) -> bool:
    """Install the wheel of a release; whether there was something to do.

    Raises:
        LocalError: no room, or a step failed; nothing of it is left, and the other releases are as they were.
    """
    wheel = files.wheel
    folder = releases.path(wheel.release)
    if releases.is_complete(wheel.release):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    require_free_space(releases.folder, required_bytes, f"the release {wheel.release}")
    try:
        _copy_inputs(folder, files)
        for command in _install_commands(wheel, files.wheelhouse):
            _run(command, folder, lock)
        (folder / ".dependencies").touch()
        os.sync()
        (folder / COMPLETE).touch()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return True


def _copy_inputs(folder: Path, files: ReleaseFiles) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    wheel = files.wheel
    for source, name, sha256 in (
        (wheel.path, wheel.path.name, wheel.sha256),
        (files.requirements, REQUIREMENTS, files.requirements_sha256),
    ):
        try:
            shutil.copyfile(source, folder / name)
        except OSError as error:
            raise LocalError(
                f"{source} cannot be read ({error.strerror})",
                "copy it to this machine first",
            ) from error
        (folder / name).chmod(0o644)
        if checksum(folder / name) != sha256:
            raise LocalError(
                f"{source.name} changed while it was read", "run the same command again"
            )


def _install_commands(wheel: Wheel, wheelhouse: Path | None) -> list[list[str]]:
    if wheelhouse:
        offline = ["--no-index", "--find-links", str(wheelhouse.absolute())]
    else:
        offline = []
    pip = ["venv/bin/pip"]
    checked = [
        "--require-hashes",
        "--only-binary",
        ":all:",
        *offline,
        "-r",
        REQUIREMENTS,
    ]
    return [
        [str(BASE_PYTHON), "-m", "venv", "venv"],
        [*pip, "install", *PIP, *checked],
        [*pip, "install", *PIP, "--no-deps", "--no-index", wheel.path.name],
        [*pip, "check", "--disable-pip-version-check"],
    ]


def bare_environment() -> dict[str, str]:
    """Without what would lead another release's Python to this one's modules."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON")
    }


def _run(command: Sequence[str], folder: Path, lock: int) -> None:
    # An absolute path: pip writes it into the programs that it installs.
    absolute = [
        str(folder / command[0]) if command[0].startswith("venv/") else command[0],
        *command[1:],
    ]
    if absolute[1:] == ["-m", "venv", "venv"]:
        absolute[-1] = str(folder / "venv")
    done = subprocess.run(
        absolute,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        umask=0o022,
        pass_fds=(lock,),
        env=bare_environment(),
    )
    if done.returncode:
        excerpt = " ".join(
            (done.stderr or done.stdout).strip().splitlines()[-LAST_LINES:]
        ).rstrip(".")
        remedy = "put that right and run the same command again; nothing changed"
        raise LocalError(
            f"The release {folder.name} could not be installed ({excerpt})", remedy
        )
