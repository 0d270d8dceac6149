"""A release as its publisher offers it, signed by a key of OpenSSH, and what somebody may do to it on its way."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cli.test_upgrade import make_wheel, sha256
from tests.rules.test_release import PUBLISHER, run_git
from udi.cli.upgrade.release_files import ReleaseFiles, read_signed

RELEASE = "udi-release"
Command = list[str | Path]


def make_key(folder: Path, name: str) -> Path:
    """A key of OpenSSH without a passphrase; its public half is beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / name
    command: Command = [
        "ssh-keygen",
        "-q",
        "-t",
        "ed25519",
        "-N",
        "",
        "-C",
        name,
        "-f",
        key,
    ]
    subprocess.run(command, check=True)
    return key


def name_publisher(checkout: Path, *signers: Path) -> None:
    """Fill in who publishes a checkout, and whose keys sign its releases, in all files that name them."""
    text = "".join(f'{name} = "{value}"\n' for name, value in PUBLISHER.items())
    for key in signers:
        public = key.with_suffix(".pub").read_text().strip()
        text += f'[[signers]]\nname = "{key.name}"\nkey = "{public}"\nvalid_before = 2999-01-01\n'
    (checkout / "publisher.toml").write_text(text)
    command = [sys.executable, ".ci/publisher.py", "--write"]
    subprocess.run(command, cwd=checkout, check=True)


def commit_release(checkout: Path, version: str) -> None:
    """Commit all of a checkout, and tag it as a version."""
    run_git(checkout, "add", "--all")
    run_git(checkout, "commit", "--quiet", "--message", f"release {version}")
    run_git(checkout, "tag", f"v{version}")


def run_release(
    checkout: Path,
    version: str,
    *images: Path,
    key: Path | None = None,
    before: Sequence[str | Path] = (),
) -> subprocess.CompletedProcess[str]:
    """Make the files of a version that is tagged, in `dist/VERSION` of its checkout, by `.ci/release`."""
    environment = {**os.environ, "PYTHON": sys.executable}
    if key:
        environment["UDI_RELEASE_KEY"] = str(key)
    return subprocess.run(
        [*before, checkout / ".ci/release", version, *images],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def name_signer(key: Path, *options: str, namespace: str = RELEASE) -> str:
    """The line of a key in a file of allowed signers."""
    public = key.with_suffix(".pub").read_text()
    restrictions = ",".join((f'namespaces="{namespace}"', *options))
    return f"publisher {restrictions} {public}"


def sign(sums: Path, key: Path, namespace: str = RELEASE) -> None:
    """Write the signature of a file beside it."""
    Path(f"{sums}.sig").unlink(missing_ok=True)
    command: Command = [
        "ssh-keygen",
        "-q",
        "-Y",
        "sign",
        "-n",
        namespace,
        "-f",
        key,
        sums,
    ]
    subprocess.run(command, check=True)


def write_sums(folder: Path, *names: str) -> Path:
    sums = folder / "SHA256SUMS"
    sums.write_text("".join(f"{sha256(folder / name)}  {name}\n" for name in names))
    return sums


@dataclass(frozen=True)
class SignedRelease:
    """A folder of a release, signed by `key`, which `signers` names."""

    folder: Path
    wheel: Path
    key: Path
    other_key: Path
    signers: Path

    def read(self, path: Path | None = None) -> ReleaseFiles:
        return read_signed(path or self.folder, self.signers, None, None)

    def sign_again(self, *names: str) -> None:
        sign(write_sums(self.folder, *names), self.key)


def make_release(folder: Path) -> SignedRelease:
    """The folder of a release as its publisher offers it: a wheel, a dependency's pin, checksums and signature."""
    files = folder / "udi-1.2.0"
    wheel = make_wheel(files)
    dependency = make_wheel(folder / "house", name="leaned_on", version="3.1")
    (files / "run.txt").write_text(
        f"leaned_on==3.1 --hash=sha256:{sha256(dependency)}\n"
    )
    key = make_key(folder / "keys", "release")
    signers = folder / "allowed_signers"
    signers.write_text(f"# A comment.\n\n{name_signer(key)}")
    sign(write_sums(files, wheel.name, "run.txt"), key)
    other_key = make_key(folder / "keys", "other")
    return SignedRelease(files, wheel, key, other_key, signers)


def change_wheel(release: SignedRelease) -> None:
    with release.wheel.open("ab") as content:
        content.write(b"\n")


def change_requirements(release: SignedRelease) -> None:
    (release.folder / "run.txt").write_text("")


def change_all(release: SignedRelease) -> None:
    """Another wheel, and checksums that name it."""
    change_wheel(release)
    write_sums(release.folder, release.wheel.name, "run.txt")


def put_signature_of_another_release(release: SignedRelease) -> None:
    content = (release.folder / "SHA256SUMS").read_bytes()
    release.sign_again("run.txt")
    (release.folder / "SHA256SUMS").write_bytes(content)


def sign_by_another_key(release: SignedRelease) -> None:
    sign(release.folder / "SHA256SUMS", release.other_key)


def let_key_expire(release: SignedRelease) -> None:
    release.signers.write_text(name_signer(release.key, 'valid-before="20200101Z"'))


def let_key_begin_later(release: SignedRelease) -> None:
    release.signers.write_text(name_signer(release.key, 'valid-after="29990101Z"'))


def sign_for_something_else(release: SignedRelease) -> None:
    """By the right key, which the list of signers names for anything."""
    public = release.key.with_suffix(".pub").read_text()
    release.signers.write_text(f"publisher {public}")
    sign(release.folder / "SHA256SUMS", release.key, namespace="file")


def allow_something_else(release: SignedRelease) -> None:
    release.signers.write_text(name_signer(release.key, namespace="git"))


def rename_wheel(release: SignedRelease) -> None:
    release.wheel.rename(release.folder / "udi-1.2.1-py3-none-any.whl")


def sign_without_wheel(release: SignedRelease) -> None:
    release.sign_again("run.txt")


def sign_without_requirements(release: SignedRelease) -> None:
    release.sign_again(release.wheel.name)


def garble_signature(release: SignedRelease) -> None:
    (release.folder / "SHA256SUMS.sig").write_bytes(b"\xff not a signature")


def garble_letters(release: SignedRelease) -> None:
    """As a mail or an editor may do, which leaves the first and the last line."""
    signature = release.folder / "SHA256SUMS.sig"
    signature.write_text(signature.read_text().replace("U1NIU0lH", "é1NIU0lH"))


def truncate_signature(release: SignedRelease) -> None:
    signature = release.folder / "SHA256SUMS.sig"
    first_line, _, rest = signature.read_text().partition("\n")
    signature.write_text(f"{first_line}\n{rest[:8]}\n-----END SSH SIGNATURE-----\n")


def remove(name: str) -> Callable[[SignedRelease], None]:
    def apply(release: SignedRelease) -> None:
        (release.folder / name).unlink()

    apply.__name__ = f"remove_{name}"
    return apply


def name_nobody(release: SignedRelease) -> None:
    release.signers.write_text("# Nobody signs yet.\n")
