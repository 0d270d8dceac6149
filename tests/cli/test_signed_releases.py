"""Releases made by `.ci/release` with a key of their publisher, taken by `udi upgrade`, and one key after another."""

import base64
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import tomlkit

from tests.ansible.next_release import edit
from tests.cli.test_upgrade import make_wheel, sha256
from tests.rules.test_release import load, run_git
from tests.signed_release import (
    commit_release,
    make_key,
    name_publisher,
    run_release,
)
from udi import __version__
from udi.cli.local.errors import LocalError
from udi.cli.upgrade import checks
from udi.cli.upgrade.install import install
from udi.cli.upgrade.release_files import ReleaseFiles, read_signed
from udi.cli.upgrade.releases import InstalledReleases

pytestmark = pytest.mark.programs

ROOT = Path(__file__).parents[2]
RELEASE_PATHS = (
    *(":(glob)*", ".ci", "requirements", "templates", "infra/ansible"),
    *("infra/monitoring/alerts.yml", "platform/src/udi/__init__.py"),
    "platform/src/udi/cli/upgrade",
)
"""What a release is made of, and of the modules those that say its version and whom it trusts: none is run."""
IMAGE = f"sha256:{'0' * 64}  udi-portal:{{}} linux/amd64\n"


class Publisher:
    """A repository with few modules and one small dependency, whose releases are made by its own `.ci/release`."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "udi"
        self.house = folder / "house"
        self.version = __version__
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--", *RELEASE_PATHS],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        for name in listed.stdout.decode().split("\0"):
            if name and (ROOT / name).exists():
                (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.checkout / name)
        self._lean_on_little()
        run_git(self.checkout, "init", "--quiet", "--initial-branch", "main")

    def _lean_on_little(self) -> None:
        dependency = make_wheel(self.house, name="leaned_on", version="3.1")
        project = tomlkit.parse((self.checkout / "pyproject.toml").read_text())
        project["project"]["dependencies"] = ["leaned-on"]
        (self.checkout / "pyproject.toml").write_text(tomlkit.dumps(project))
        pin = f"leaned-on==3.1 --hash=sha256:{sha256(dependency)}\n"
        (self.checkout / "requirements/run.txt").write_text(pin)

    def tag(self, version: str, *signers: Path) -> None:
        """Commit a version whose publisher names the keys that sign, and tag it."""
        edit(self.checkout / "pyproject.toml", f'"{self.version}"', f'"{version}"')
        module = self.checkout / "platform/src/udi/__init__.py"
        edit(module, self.version, version)
        self.version = version
        name_publisher(self.checkout, *signers)
        commit_release(self.checkout, version)

    def release(
        self, *images: Path, key: Path | None = None, before: Sequence[str | Path] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Make the files of the version that was tagged last."""
        return run_release(self.checkout, self.version, *images, key=key, before=before)

    @property
    def folder(self) -> Path:
        """The files of that version."""
        return self.checkout / "dist" / self.version


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    """A publisher of its own."""
    return Publisher(tmp_path_factory.mktemp("publisher"))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The key that signs now, and the one that will."""
    folder = tmp_path_factory.mktemp("keys")
    return make_key(folder, "old"), make_key(folder, "new")


def try_upgrade(
    releases: InstalledReleases, publisher: Publisher, signers: Path
) -> ReleaseFiles:
    """Verify and install the newest release of the publisher, and switch to it."""
    files = read_signed(publisher.folder, signers, None, publisher.house)
    checks.refuse_faults([checks.check_versions(releases, files.wheel)])
    with releases.lock() as lock:
        install(releases, files, lock=lock, required_bytes=1)
    releases.switch(files.wheel.release)
    return files


def find_signers(releases: InstalledReleases) -> Path:
    """Whom the release that is current trusts."""
    [signers] = (
        (releases.folder / "current")
        .resolve()
        .glob("venv/lib/python*/site-packages/udi/cli/upgrade/allowed_signers")
    )
    return signers


@pytest.mark.thorough
def test_a_release_is_made_whole_and_signed(
    publisher: Publisher, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    key, other = keys
    images = tmp_path / "images.txt"
    images.write_text(IMAGE.format("1.5.0"))
    publisher.tag("1.5.0", key)
    source = publisher.checkout / "platform/src/udi/cli/upgrade/allowed_signers"
    signers = tmp_path / "allowed_signers"
    shutil.copy(source, signers)
    strangers = tmp_path / "strangers"
    strangers.write_text(
        signers.read_text().replace(read_public(key), read_public(other))
    )

    made = publisher.release(images, key=key)

    assert made.returncode == 0, made.stderr
    check_whole(publisher.folder, "1.5.0")
    wheel = read_signed(publisher.folder, signers, None, publisher.house).wheel
    assert wheel.release.startswith("1.5.0-")
    with pytest.raises(LocalError, match="does not name"):
        read_signed(publisher.folder, strangers, None, publisher.house)


def read_public(key: Path) -> str:
    """The public half of a key, without its comment."""
    return " ".join(key.with_suffix(".pub").read_text().split()[:2])


def check_whole(folder: Path, version: str) -> None:
    """All files of a release are there, and are those that were signed."""
    assert {path.name for path in folder.iterdir()} == {
        *(f"udi-{version}-py3-none-any.whl", f"udi-deployment-{version}.tar.gz"),
        *(f"udi-{version}.cdx.json", "run.txt", "notes.md", "images.txt"),
        *("SHA256SUMS", "SHA256SUMS.sig"),
    }
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(check, cwd=folder, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 6


@pytest.mark.thorough
@pytest.mark.usefixtures("copied_environments")
def test_a_new_key_is_named_by_a_release_that_the_old_key_signed(
    publisher: Publisher, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    old, new = keys
    (tmp_path / "opt/releases/1.0.0-aaaaaaaaaaaa").mkdir(parents=True)
    releases = InstalledReleases(tmp_path / "opt")
    releases.switch("1.0.0-aaaaaaaaaaaa")
    publisher.tag("1.0.0", old)
    first_signers = tmp_path / "allowed_signers"
    source = publisher.checkout / "platform/src/udi/cli/upgrade/allowed_signers"
    shutil.copy(source, first_signers)

    images = tmp_path / "images.txt"
    images.write_text(IMAGE.format("2.0.0"))
    publisher.tag("2.0.0", old, new)
    made = publisher.release(images, key=old)
    assert made.returncode == 0, made.stderr
    second = publisher.folder
    try_upgrade(releases, publisher, first_signers)
    second_signers = find_signers(releases)
    publisher.tag("3.0.0", new)
    agent = ("ssh-agent", "sh", "-c", 'ssh-add -q "$1" && shift && "$@"', "sh", new)
    public = tmp_path / "new.pub"
    shutil.copy(new.with_suffix(".pub"), public)
    made = publisher.release(key=public, before=agent)
    assert made.returncode == 0, made.stderr

    check_whole(second, "2.0.0")
    with pytest.raises(
        LocalError, match=r"does not name.*upgrade first to the release"
    ):
        try_upgrade(releases, publisher, first_signers)
    third = try_upgrade(releases, publisher, second_signers)
    assert releases.current() == third.wheel.release
    assert "old" not in find_signers(releases).read_text()
    older = read_signed(second, second_signers, None, None)
    assert checks.check_versions(releases, older.wheel).severity == "fault"


def test_no_release_is_called_whole_without_the_signature_of_a_key_that_it_names(
    publisher: Publisher, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    old, new = keys
    images = tmp_path / "images.txt"
    images.write_text(IMAGE.format("3.9.0"))
    publisher.tag("4.0.0", new)
    refusals = {
        "say with which key": publisher.release(),
        "not the list of the images": publisher.release(images, key=new),
        "does not name this key": publisher.release(key=old),
    }
    publisher.tag("4.0.1")
    refusals["names nobody who signs"] = publisher.release(key=new)

    assert [
        words
        for words, made in refusals.items()
        if made.returncode != 1 or words not in made.stderr
    ] == []
    left = [path.name for path in (publisher.checkout / "dist").iterdir()]
    assert [name for name in left if not name[0].isdigit()] == []
    assert [name for name in left if name.startswith("4")] == []


def test_a_signer_of_whom_something_is_wrong_is_refused_without_a_word_of_its_key() -> (
    None
):
    find_faults = load("publisher").find_signer_faults
    private = "-----BEGIN OPENSSH PRIVATE KEY-----"

    faults = find_faults(1, {"name": 'a "b"', "key": private, "valid_after": "now"})
    faults += find_faults(2, {"name": "a", "key": "ssh-ed25519 AAAA", "until": 1})

    assert [fault.split("`")[1] for fault in faults] == [
        *("name", "key", "valid_after"),
        *("key", "until"),
    ]
    assert private not in "".join(faults)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line[: line.rindex(" ") - 4],
        lambda line: line.replace("AAAA", "éAAA", 1),
        lambda line: line.replace("AAAAC", "AAAAD", 1),
        lambda line: f"sk-{line}",
    ],
    ids=["cut short", "other letters", "another length", "another type"],
)
def test_a_key_that_could_never_sign_is_refused_before_it_is_needed(
    tmp_path: Path, spoil: Callable[[str], str]
) -> None:
    find_faults = load("publisher").find_signer_faults
    line = make_key(tmp_path, "spare").with_suffix(".pub").read_text().strip()
    assert find_faults(1, {"name": "spare", "key": line}) == []

    [fault] = find_faults(1, {"name": "spare", "key": spoil(line)})

    assert "`key` of signer 1 must be" in fault


def test_a_key_that_is_on_a_security_key_may_sign() -> None:
    kind = "sk-ssh-ed25519@openssh.com"
    strings = (kind.encode(), bytes(32), b"ssh:")
    blob = b"".join(len(text).to_bytes(4, "big") + text for text in strings)

    assert load("publisher").is_public_key(f"{kind} {base64.b64encode(blob).decode()}")
