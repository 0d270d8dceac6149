"""The signature of a release: of its SHA256SUMS, as `ssh-keygen -Y sign` writes it (SSHSIG), by a key of the publisher.

Whether a signature holds is said by `ssh-keygen` alone. What is read here of a signature that does not hold is for the
sentence that says why.
"""

import base64
import hashlib
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from udi.cli.local.errors import LocalError
from udi.kit.clock import now

SUMS = "SHA256SUMS"
SIGNATURE = f"{SUMS}.sig"
SIGNERS = Path(__file__).with_name("allowed_signers")
"""Who signs the next releases, as this release knows them: written by `.ci/publisher.py`."""
PRINCIPAL = "publisher"
NAMESPACE = "udi-release"
LENGTH_BYTES = 4
MAGIC = b"SSHSIG\x00\x00\x00\x01"
ARMOUR = re.compile(
    r"-----BEGIN SSH SIGNATURE-----(.*)-----END SSH SIGNATURE-----", re.DOTALL
)
LINE = re.compile(r"^([0-9a-f]{64})  (\S+)$", re.MULTILINE)
VALID = re.compile(r'valid-(after|before)="(\d{4})(\d{2})(\d{2})')
OTHERWISE = "or give --sha256 HEX, the checksum of the wheel that its publisher announces by another way"
FETCH_AGAIN = "fetch the release again from its publisher"


@dataclass(frozen=True)
class SignatureContent:
    """What a signature says of itself, unverified."""

    key: bytes
    namespace: str

    @property
    def fingerprint(self) -> str:
        """The key's, as OpenSSH prints it."""
        digest = base64.b64encode(hashlib.sha256(self.key).digest())
        return f"SHA256:{digest.decode().rstrip('=')}"


@dataclass(frozen=True)
class ReleaseSums:
    """Checksums of the files of a release, and the fingerprint of the key that signed them."""

    folder: Path
    sha256_by_name: dict[str, str]
    fingerprint: str

    def get_sha256(self, name: str) -> str:
        """The checksum of a file.

        Raises:
            LocalError: the release has no such file.
        """
        if name not in self.sha256_by_name:
            raise LocalError(
                f"{SUMS} of {self.folder} does not name {name}",
                f"{FETCH_AGAIN}: all its files are of one release",
            )
        return self.sha256_by_name[name]


def read_signed_sums(folder: Path, signers: Path) -> ReleaseSums:
    """The checksums of the release in a folder, signed by one of these signers.

    Raises:
        LocalError: nobody is named who signs, a file is absent, or the signature does not hold today.
    """
    if not list_signers(signers):
        raise LocalError(
            f"No signer of releases is named in {signers}",
            "give --sha256 HEX, the checksum of the wheel that its publisher announces, or --signers FILE",
        )
    for name in (SUMS, SIGNATURE):
        if not (folder / name).is_file():
            raise LocalError(
                f"There is no {name} in {folder}",
                f"bring it beside the wheel, as the release offers it, {OTHERWISE}",
            )
    content = (folder / SUMS).read_bytes()
    signature = folder / SIGNATURE
    if not is_signed(content, signature, signers):
        raise explain_refusal(signature, signers)
    described = read_signature(signature)
    return ReleaseSums(
        folder,
        {name: digest for digest, name in LINE.findall(content.decode())},
        described.fingerprint if described else "",
    )


def is_signed(content: bytes, signature: Path, signers: Path) -> bool:
    """Whether one of the signers signed these bytes as a release, with a key that is valid now.

    Raises:
        LocalError: this machine has no `ssh-keygen`.
    """
    command = ["ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-I", PRINCIPAL]
    files = ["-f", str(signers), "-s", str(signature)]
    try:
        done = subprocess.run(
            [*command, *files], input=content, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise LocalError(
            "This machine has no `ssh-keygen`, which verifies releases",
            "install it (`apt install openssh-client`)",
        ) from error
    return done.returncode == 0


def list_signers(signers: Path) -> list[str]:
    """The lines of a file of allowed signers (ssh-keygen(1)) that name one.

    Raises:
        LocalError: it cannot be read.
    """
    try:
        lines = signers.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(
            f"{signers} cannot be read as a list of signers",
            "give the file that the publisher announces",
        ) from error
    return [line for line in lines if line.strip() and not line.startswith("#")]


def explain_refusal(signature: Path, signers: Path) -> LocalError:
    """Why a signature does not hold, as far as it can be read."""
    content = read_signature(signature)
    if content is None:
        return LocalError(f"{signature} is not a signature", FETCH_AGAIN)
    if content.namespace != NAMESPACE:
        return LocalError(
            f"{signature} signs «{content.namespace}», not a release («{NAMESPACE}»)",
            FETCH_AGAIN,
        )
    key = base64.b64encode(content.key).decode()
    named = [line for line in list_signers(signers) if key in line.split()]
    if not named:
        return LocalError(
            f"{signature} is by a key ({content.fingerprint}) that the release which runs does not name",
            "upgrade first to the release that names it, which an older key signed; or ask the publisher",
        )
    days = {
        which: f"{year}-{month}-{day}"
        for which, year, month, day in VALID.findall(named[0])
    }
    if days and _is_outside(days):
        bounds = " and ".join(f"{which} {day}" for which, day in days.items())
        return LocalError(
            f"{signature} is by a key ({content.fingerprint}) that is valid {bounds} only",
            f"fetch a release that a newer key signed, {OTHERWISE}",
        )
    return LocalError(
        f"{SUMS} is not what its publisher signed: it was changed since, or is of another release",
        FETCH_AGAIN,
    )


def _is_outside(days: dict[str, str]) -> bool:
    today = f"{now():%Y-%m-%d}"
    return today < days.get("after", "") or today >= days.get("before", "9999")


def read_signature(signature: Path) -> SignatureContent | None:
    """Key and namespace of a signature (PROTOCOL.sshsig of OpenSSH); None when it has not that form."""
    try:
        armour = ARMOUR.search(signature.read_text())
        blob = base64.b64decode(armour.group(1)) if armour else b""
    except ValueError:  # no text, letters that are not of ASCII, or no base64
        return None
    if not blob.startswith(MAGIC):
        return None
    key, rest = _read_string(blob.removeprefix(MAGIC))
    namespace, _ = _read_string(rest)
    return SignatureContent(key, namespace.decode(errors="replace"))


def _read_string(data: bytes) -> tuple[bytes, bytes]:
    """A string of SSH's wire format, and what follows it."""
    end = LENGTH_BYTES + int.from_bytes(data[:LENGTH_BYTES], "big")
    return data[LENGTH_BYTES:end], data[end:]
