"""One encrypted place with two halves: `database` by pgBackRest, `files` by restic; a folder, or a prefix of an S3 bucket."""

from dataclasses import dataclass
from pathlib import Path

from udi.cli.backup.plan import PASSPHRASE, S3_KEY, S3_SECRET, BackupPlan
from udi.cli.local.errors import LocalError
from udi.settings import Settings

SHORTEST = 16
"""Letters of a passphrase; fewer could be guessed by whoever holds a copy."""


@dataclass(frozen=True)
class BackupRepository:
    """Where it is and what opens it. Its text shows no secret."""

    address: str
    passphrase: "Secret"
    plan: BackupPlan
    key: "Secret"
    secret: "Secret"

    @property
    def in_s3(self) -> bool:
        return self.address.startswith("s3://")

    @property
    def bucket(self) -> str:
        return self.address.removeprefix("s3://").partition("/")[0]

    @property
    def prefix(self) -> str:
        """Path below the bucket, without slashes around it."""
        return self.address.removeprefix("s3://").partition("/")[2].strip("/")

    @property
    def files(self) -> str:
        """Address of restic's half, as restic takes it."""
        if not self.in_s3:
            return str(Path(self.address) / "files")
        return f"s3:https://{self.plan.store.endpoint}/{self.bucket}/{'/'.join(filter(None, (self.prefix, 'files')))}"

    @property
    def environment(self) -> dict[str, str]:
        """What opens restic's half."""
        opened = {
            "RESTIC_REPOSITORY": self.files,
            "RESTIC_PASSWORD": self.passphrase.value,
        }
        if self.in_s3:
            opened |= {
                "AWS_ACCESS_KEY_ID": self.key.value,
                "AWS_SECRET_ACCESS_KEY": self.secret.value,
            }
            opened |= {"AWS_DEFAULT_REGION": self.plan.store.region}
        return opened

    def options(self) -> dict[str, str]:
        """What opens pgBackRest's half."""
        opened = {
            "repo1-cipher-type": "aes-256-cbc",
            "repo1-cipher-pass": self.passphrase.value,
        }
        if not self.in_s3:
            return {**opened, "repo1-path": str(Path(self.address) / "database")}
        host, _, port = self.plan.store.endpoint.partition(":")
        return {
            **opened,
            "repo1-type": "s3",
            "repo1-path": "/" + "/".join(filter(None, (self.prefix, "database"))),
            "repo1-s3-bucket": self.bucket,
            "repo1-s3-endpoint": host,
            "repo1-s3-region": self.plan.store.region,
            "repo1-s3-uri-style": self.plan.store.style,
            "repo1-s3-key": self.key.value,
            "repo1-s3-key-secret": self.secret.value,
            "repo1-storage-ca-file": self.plan.store.authority,
            **({"repo1-storage-port": port} if port else {}),
        }


class Secret:
    """A text that no message, log or traceback shows."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "Secret()"


def own_repository(settings: Settings, plan: BackupPlan) -> BackupRepository:
    """The repository that the plan names, opened by this machine's secrets."""
    return other_repository(
        settings, plan, plan.repository, settings.secret(PASSPHRASE)
    )


def other_repository(
    settings: Settings, plan: BackupPlan, address: str, passphrase: str
) -> BackupRepository:
    """A repository elsewhere: a mounted or copied folder, or another bucket.

    Raises:
        LocalError: the address is neither an absolute folder nor a bucket, or the passphrase is too short.
    """
    if not address.startswith(("s3://", "/")):
        raise LocalError(
            f"«{address}» is no repository",
            "give an absolute folder, or s3://bucket/prefix",
        )
    if len(passphrase) < SHORTEST:
        raise LocalError(
            f"A passphrase of {len(passphrase)} letters protects nothing",
            f"give one of {SHORTEST} or more",
        )
    in_s3 = address.startswith("s3://")
    key, secret = (
        settings.secret(name) if in_s3 else "" for name in (S3_KEY, S3_SECRET)
    )
    return BackupRepository(
        address.rstrip("/"), Secret(passphrase), plan, Secret(key), Secret(secret)
    )
