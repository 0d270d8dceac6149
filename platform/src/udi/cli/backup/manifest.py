"""What a backup holds: written last, so that a backup without a manifest does not exist."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from udi.cli.backup.restic import Restic
from udi.cli.local.errors import LocalError
from udi.kit.clock import now
from udi.node.files.encryption.sealed_format import sealed_size

NAME = "manifest.json"
FORMAT = 1


class TableChecksum(BaseModel):
    """What one table held: rows, and a sum of their contents that does not depend on their order."""

    rows: int
    sum: str


class StoredObject(BaseModel):
    """One published file or draft: where its bytes are, and what they must be.

    Without a `sha256` it is of a space with keys, and may be sealed: it then authenticates itself when it is opened.
    """

    key: str
    size: int
    sha256: str

    def has_size(self, size: int | None) -> bool:
        """Whether an object as long as this may be it; None is no object."""
        return size == self.size or (not self.sha256 and size == sealed_size(self.size))

    def has_sum(self, digest: str | None) -> bool:
        """Whether an object of this SHA-256 may be it; None is no object."""
        return digest is not None and self.sha256 in {"", digest}


class ObjectBackup(BaseModel):
    """The node's files: `held` in this backup, or `elsewhere`, in the S3 bucket that protects them by itself."""

    kind: Literal["held", "elsewhere"]
    where: str
    snapshot: str = ""
    count: int = 0
    size: int = 0
    removed_meanwhile: list[str] = []
    """Keys that the database named and that were deleted before their turn came."""


class Manifest(BaseModel):
    """One backup. `tables` is keyed by database, then by schema and table."""

    format: Annotated[int, Field(le=FORMAT)] = FORMAT
    label: str
    release: str
    started: datetime
    finished: datetime
    seconds: float
    kind: Literal["full", "incremental"]
    point: str
    """Name of the restore point in the log of transactions: restoring stops exactly there."""
    exact: bool
    """Whether rows were counted exactly at that point; otherwise some writer was always at work."""
    tables: dict[str, dict[str, TableChecksum]]
    revisions: dict[str, str]
    files: list[StoredObject]
    objects: ObjectBackup
    installation: str
    """The snapshot of settings, secrets and territories' files."""
    database_size: int
    stored_size: int
    """Bytes that this backup added to the repository."""

    @property
    def rows(self) -> int:
        """All rows of all databases."""
        return sum(
            table.rows for tables in self.tables.values() for table in tables.values()
        )

    @property
    def age(self) -> timedelta:
        """Since it ended."""
        return now() - self.finished


def list_manifests(
    restic: Restic, folder: Path, labels: set[str] | None = None
) -> list[Manifest]:
    """Every whole backup of a repository, oldest first; `folder` keeps what was read before.

    With `labels`, only those that the database's half still holds.

    Raises:
        LocalError: a manifest cannot be understood.
    """
    snapshots = [
        s
        for s in restic.snapshots("manifest")
        if labels is None or s["label"] in labels
    ]
    return sorted(
        (_read_manifest(restic, snapshot["id"], folder) for snapshot in snapshots),
        key=lambda manifest: manifest.finished,
    )


def _read_manifest(restic: Restic, snapshot: str, folder: Path) -> Manifest:
    cache_path = folder / f"{snapshot}.json"
    if cache_path.exists():
        text = cache_path.read_text()
    else:
        text = restic.read_text(snapshot, NAME)
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        cache_path.unlink(missing_ok=True)
        cause = f"The manifest in the snapshot {snapshot[:8]} cannot be understood by this release"
        raise LocalError(
            cause, "use the release that made it, or a later one"
        ) from error
    if not cache_path.exists() and folder.is_dir():
        save_manifest(cache_path, manifest)
    return manifest


def save_manifest(path: Path, manifest: Manifest) -> None:
    """Write a manifest for its owner only, whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(encode_manifest(manifest))
    partial.replace(path)


def encode_manifest(manifest: Manifest) -> str:
    """Its text."""
    return json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False)


def choose_manifest(
    manifests: list[Manifest], label: str | None, moment: datetime | None
) -> Manifest:
    """The backup of that label, else the newest one that ended before the moment, else the newest.

    Raises:
        LocalError: there is none.
    """
    fitting = [manifest for manifest in manifests if label in {None, manifest.label}]
    if moment is not None:
        fitting = [manifest for manifest in fitting if manifest.finished <= moment]
    if fitting:
        return fitting[-1]
    if not manifests:
        raise LocalError(
            "The repository holds no whole backup", "make one with `udi backup create`"
        )
    if label:
        criterion = f"of the label {label}"
    else:
        criterion = f"from before {moment:%Y-%m-%d %H:%M:%S %Z}"
    raise LocalError(
        f"The repository holds no backup {criterion}",
        "see what there is with `udi backup list`",
    )
