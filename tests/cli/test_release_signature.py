"""A release that `udi upgrade` takes without a checksum: signed by a key that the release which runs names, and whole."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.cli.test_upgrade import make_wheel, sha256
from tests.signed_release import (
    Command,
    SignedRelease,
    allow_something_else,
    change_all,
    change_requirements,
    change_wheel,
    garble_letters,
    garble_signature,
    let_key_begin_later,
    let_key_expire,
    make_release,
    name_nobody,
    put_signature_of_another_release,
    remove,
    rename_wheel,
    sign_by_another_key,
    sign_for_something_else,
    sign_without_requirements,
    sign_without_wheel,
    truncate_signature,
)
from udi.cli.local.errors import LocalError
from udi.cli.main import build_app
from udi.cli.upgrade import command
from udi.cli.upgrade.checks import describe_origin
from udi.cli.upgrade.install import install
from udi.cli.upgrade.release_files import read_announced, read_signed
from udi.cli.upgrade.releases import InstalledReleases
from udi.cli.upgrade.signature import SIGNERS, list_signers

pytestmark = pytest.mark.programs

RUN = "from udi.cli.main import main; main()"


@pytest.fixture
def release(tmp_path: Path) -> SignedRelease:
    """A signed release."""
    return make_release(tmp_path)


@pytest.mark.usefixtures("copied_environments")
def test_a_signed_release_is_taken_by_its_folder_or_its_wheel_and_installed(
    release: SignedRelease, tmp_path: Path
) -> None:
    (release.folder / "udi-9.9.9-py3-none-any.whl").write_text("of nobody")
    (tmp_path / "opt/releases").mkdir(parents=True)
    releases = InstalledReleases(tmp_path / "opt")

    files = read_signed(release.folder, release.signers, None, tmp_path / "house")

    printed = subprocess.run(
        ["ssh-keygen", "-l", "-f", release.key],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert files.fingerprint == printed.split()[1]
    assert f"is signed by {files.fingerprint}" in describe_origin(files).message
    assert files.wheel.path == release.wheel
    assert release.read(release.wheel).wheel == files.wheel
    with releases.lock() as lock:
        assert install(releases, files, lock=lock, required_bytes=1)
    assert releases.is_complete(files.wheel.release)


@pytest.mark.parametrize(
    ("tamper", "cause"),
    [
        (change_wheel, r"\.whl is not the one of the release"),
        (change_requirements, r"run\.txt is not the one of the release"),
        (change_all, "is not what its publisher signed"),
        (put_signature_of_another_release, "is not what its publisher signed"),
        (sign_by_another_key, r"by a key \(SHA256:\S+\) that .* does not name"),
        (let_key_expire, r"by a key \(SHA256:\S+\) that is valid before 2020-01-01"),
        (let_key_begin_later, "that is valid after 2999-01-01"),
        (sign_for_something_else, "signs «file», not a release"),
        (allow_something_else, "is not what its publisher signed"),
        (rename_wheel, r"1\.2\.0.*cannot be read"),
        (sign_without_wheel, "names 0 wheels"),
        (sign_without_requirements, r"does not name run\.txt"),
        (garble_signature, "is not a signature"),
        (garble_letters, "is not a signature"),
        (truncate_signature, "is not a signature"),
        (remove("SHA256SUMS"), r"There is no SHA256SUMS in"),
        (remove("SHA256SUMS.sig"), r"There is no SHA256SUMS\.sig in"),
        (remove("run.txt"), r"run\.txt cannot be read"),
        (name_nobody, "No signer of releases is named"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_release_that_was_touched_is_refused_with_what_is_wrong(
    release: SignedRelease, tamper: Callable[[SignedRelease], None], cause: str
) -> None:
    assert release.read().wheel.path == release.wheel

    tamper(release)

    with pytest.raises(LocalError, match=f"{cause}.*: .*(fetch|bring|give|copy|ask)"):
        release.read()


def test_a_wheel_that_the_signed_checksums_do_not_name_is_refused(
    release: SignedRelease,
) -> None:
    other = make_wheel(release.folder, version="1.3.0")

    with pytest.raises(LocalError, match=r"does not name udi-1\.3\.0"):
        release.read(other)
    with pytest.raises(LocalError, match="There is no release at"):
        release.read(release.folder / "absent")


def test_other_dependencies_than_the_release_has_are_refused(
    release: SignedRelease, tmp_path: Path
) -> None:
    other = tmp_path / "run.txt"
    other.write_text("leaned_on==3.2\n")

    with pytest.raises(LocalError, match=r"has another checksum of run\.txt"):
        read_signed(release.folder, release.signers, other, None)


@pytest.mark.parametrize("name", ["wheel", "requirements"])
def test_what_changes_after_it_was_verified_is_not_installed(
    release: SignedRelease, tmp_path: Path, name: str
) -> None:
    (tmp_path / "opt/releases").mkdir(parents=True)
    releases = InstalledReleases(tmp_path / "opt")
    files = read_signed(release.folder, release.signers, None, tmp_path / "house")
    changed = {"wheel": release.wheel, "requirements": files.requirements}[name]
    with changed.open("ab") as content:
        content.write(b"\n")

    with (
        releases.lock() as lock,
        pytest.raises(LocalError, match=f"{changed.name} changed while it was read"),
    ):
        install(releases, files, lock=lock, required_bytes=1)
    assert releases.list_installed() == []


def test_without_the_program_that_verifies_nothing_is_taken(
    release: SignedRelease, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(
        LocalError, match=r"no `ssh-keygen`.*apt install openssh-client"
    ):
        release.read()


def test_a_file_of_signers_that_is_not_there_is_said(release: SignedRelease) -> None:
    with pytest.raises(LocalError, match="cannot be read as a list of signers"):
        read_signed(release.folder, release.folder / "absent", None, None)


def test_a_wheel_with_its_announced_checksum_needs_no_signature(
    release: SignedRelease,
) -> None:
    (release.folder / "SHA256SUMS.sig").unlink()

    files = read_announced(
        release.wheel, sha256(release.wheel), release.folder / "run.txt", None
    )

    assert "no signature was looked at" in describe_origin(files).message
    assert files.requirements_sha256 == sha256(release.folder / "run.txt")


def test_a_wheel_with_its_announced_checksum_takes_no_other_dependencies_than_its_own(
    tmp_path: Path,
) -> None:
    wheel = make_wheel(tmp_path, pins="leaned_on==3.1\n")
    dependencies = tmp_path / "run.txt"
    dependencies.write_text("leaned_on==3.1\n")
    assert read_announced(wheel, sha256(wheel), dependencies, None).wheel.path == wheel

    dependencies.write_text("leaned_on==6.6.6\n")

    with pytest.raises(LocalError, match=r"run\.txt is not the list .*: fetch"):
        read_announced(wheel, sha256(wheel), dependencies, None)


def test_the_signers_of_this_checkout_can_be_read() -> None:
    assert SIGNERS.read_text().startswith("# Who signs releases")
    assert [
        line for line in list_signers(SIGNERS) if not line.startswith("publisher ")
    ] == []


def test_the_command_takes_nothing_that_was_not_signed_or_announced_whole(
    release: SignedRelease, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = InstalledReleases(tmp_path / "opt")
    monkeypatch.setattr(command, "find_releases", lambda: installed)

    def call(*arguments: str | Path) -> Result:
        words = ["upgrade", *map(str, arguments)]
        return CliRunner().invoke(build_app("upgrade"), words)

    change_requirements(release)
    changed = call(release.folder, "--signers", release.signers)
    incomplete = call(release.wheel, "--sha256", sha256(release.wheel))

    assert isinstance(changed.exception, LocalError)
    assert "run.txt is not the one of the release" in str(changed.exception)
    assert incomplete.exit_code == 2
    assert "--requirements" in incomplete.output


@pytest.mark.thorough
def test_the_command_refuses_what_the_release_that_runs_does_not_trust(
    release: SignedRelease, tmp_path: Path
) -> None:
    venv = tmp_path / "opt/releases/1.0.0-aaaaaaaaaaaa/venv"
    making: Command = [sys.executable, "-m", "venv", "--without-pip", venv]
    subprocess.run(making, check=True)
    change_requirements(release)

    changed = type_upgrade(venv, release.folder, "--signers", release.signers)
    announced = ("--sha256", sha256(release.wheel))
    incomplete = type_upgrade(venv, release.wheel, *announced)

    assert changed.returncode == 1
    assert "run.txt is not the one of the release" in changed.stderr
    assert "Traceback" not in changed.stderr
    assert incomplete.returncode == 2
    assert "--requirements" in incomplete.stderr


def type_upgrade(
    venv: Path, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    """`udi upgrade` of a release whose Python is this one, with nothing else of an installation."""
    modules = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(
        [venv / "bin/python", "-c", RUN, "upgrade", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": modules, "COLUMNS": "200"},
        cwd=venv,
        capture_output=True,
        text=True,
        check=False,
    )
