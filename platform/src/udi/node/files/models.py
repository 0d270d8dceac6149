"""The tables of files, of the keys that seal them, of the archives that spaces take away, and of what was erased."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, tenant_foreign_key
from udi.node.schema import NodeTable


class FileAccess(StrEnum):
    """Who may read a file: its producer only, everyone, whoever has an agreement with its producer, nobody any more.

    A published one that nobody looked at yet is `waiting`, and `held` once something in it could harm: its producer
    reads the first, nobody the second.
    """

    DRAFT = "draft"
    WAITING = "waiting"
    HELD = "held"
    OPEN = "open"
    RESTRICTED = "restricted"
    WITHDRAWN = "withdrawn"


WITHHELD_ACCESS = frozenset({FileAccess.WAITING, FileAccess.HELD})
"""Published, and not for others."""
SERVED_ACCESS = frozenset({FileAccess.OPEN, FileAccess.RESTRICTED})
"""Published and looked at: given to everyone, or to whoever may have it."""


class ArchiveState(StrEnum):
    """Where the archive of a space stands: `expired` once its file is deleted."""

    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


class StoredFile(TenantColumns, NodeTable):
    """One file as it was dropped: it never changes, another version is another file.

    `part_id` is the part of the dataset whose file it is; None for the main file.
    """

    __tablename__ = "stored_file"
    __table_args__ = (
        tenant_foreign_key("space_id", "space"),
        Index("ix_stored_file_dataset", "tenant_id", "dataset_id", "created_at"),
        Index("ix_stored_file_space", "tenant_id", "space_id"),
    )

    space_id: Mapped[UUID]
    dataset_id: Mapped[UUID]
    part_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    charset: Mapped[str] = mapped_column(Text, server_default="")
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    access: Mapped[str] = mapped_column(Text, server_default=FileAccess.DRAFT)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    @property
    def key(self) -> str:
        """Where its bytes are in the object store."""
        return object_key(self.tenant_id, self.space_id, self.dataset_id, self.id)

    def derived_key(self, suffix: str) -> str:
        """Where what was made of it is: `table.parquet` beside the file itself."""
        return f"{self.key}.{suffix}"

    @property
    def path(self) -> str:
        """Its own address on the node."""
        return f"/files/{self.id}/{quote(self.name)}"


class UploadState(StrEnum):
    """How far a file on its way in has come; docs/explanation/uploads.md says what may happen at each."""

    RECEIVING = "receiving"
    ASSEMBLING = "assembling"
    STORED = "stored"
    DONE = "done"
    FAILED = "failed"


OPEN_STATES = (UploadState.RECEIVING, UploadState.ASSEMBLING, UploadState.STORED)


class Upload(TenantColumns, NodeTable):
    """A file on its way in: sent by a person or a script, or fetched from an address.

    `file_id` is the id that the stored file will have, `part_id` the part of the dataset whose file it becomes. `received` counts bytes that are safe, `assembled` those already
    copied into one object. `lock_holder` is the request or job at work on it, until `locked_until`. `received` and `length`
    are in bytes; `length` is None until the sender says it.
    """

    __tablename__ = "upload"
    __table_args__ = (
        tenant_foreign_key("space_id", "space"),
        UniqueConstraint(
            "tenant_id", "space_id", "idempotency_key", name="uq_upload_idempotency_key"
        ),
        Index("ix_upload_space", "tenant_id", "space_id", "state"),
        Index("ix_upload_media", "tenant_id", "space_id", "media_id"),
    )

    space_id: Mapped[UUID]
    dataset_id: Mapped[UUID]
    part_id: Mapped[UUID | None]
    file_id: Mapped[UUID]
    replaces: Mapped[bool]
    person_id: Mapped[UUID | None]
    key_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text, server_default="")
    length: Mapped[int | None] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, server_default="0")
    assembled: Mapped[int] = mapped_column(BigInteger, server_default="0")
    state: Mapped[str] = mapped_column(Text, server_default=UploadState.RECEIVING)
    error: Mapped[str] = mapped_column(Text, server_default="")
    remedy: Mapped[str] = mapped_column(Text, server_default="")
    announced: Mapped[str] = mapped_column(Text, server_default="")
    sha256: Mapped[str] = mapped_column(Text, server_default="")
    publish: Mapped[bool] = mapped_column(server_default="false")
    expectation: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What its script expects of the file, as the version of it will keep it."""
    idempotency_key: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text, server_default="")
    media_id: Mapped[UUID | None]
    awaits_record: Mapped[bool] = mapped_column(server_default="false")
    lock_holder: Mapped[UUID | None]
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    moved_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    @property
    def key(self) -> str:
        """Where the whole file will be in the object store."""
        return object_key(self.tenant_id, self.space_id, self.dataset_id, self.file_id)

    def part_key(self, part: UUID) -> str:
        """Where one of its parts is."""
        return (
            f"{object_key(self.tenant_id, self.space_id, self.dataset_id, part)}.part"
        )


class UploadPart(TenantColumns, NodeTable):
    """Some bytes of an upload, from `start` on, in an object of their own until the whole file is one."""

    __tablename__ = "upload_part"
    __table_args__ = (
        tenant_foreign_key("upload_id", "upload"),
        UniqueConstraint(
            "tenant_id", "upload_id", "start", name="uq_upload_part_start"
        ),
    )

    upload_id: Mapped[UUID]
    start: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)


class SpaceKey(TenantColumns, NodeTable):
    """A key of a sealed space, wrapped by the key of the installation named `wrapped_by`; the newest seals new files."""

    __tablename__ = "space_key"
    __table_args__ = (
        tenant_foreign_key("space_id", "space"),
        Index("ix_space_key_space", "tenant_id", "space_id", "created_at"),
    )

    space_id: Mapped[UUID]
    wrapped_by: Mapped[str] = mapped_column(Text)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class SpaceArchive(TenantColumns, NodeTable):
    """All that a space holds in one file, made when asked for and kept for some days; it counts in no quota."""

    __tablename__ = "space_archive"
    __table_args__ = (
        tenant_foreign_key("space_id", "space"),
        Index("ix_space_archive_space", "tenant_id", "space_id", "requested_at"),
    )

    space_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(Text, server_default=ArchiveState.QUEUED)
    error: Mapped[str] = mapped_column(Text, server_default="")
    name: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger, server_default="0")
    sha256: Mapped[str] = mapped_column(Text, server_default="")
    requested_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    media_type = "application/zip"
    charset = ""
    access = FileAccess.DRAFT

    @property
    def created_at(self) -> datetime:
        """When its bytes were written."""
        return self.ready_at or self.requested_at

    @property
    def key(self) -> str:
        """Where it is in the object store."""
        return f"{self.tenant_id}/{self.space_id}/{ARCHIVES}/{self.id}"

    @property
    def path(self) -> str:
        """Its own address on the node, which opens with a signature only."""
        return f"/archives/{self.id}/{quote(self.name)}"


class ErasedDataset(TenantColumns, NodeTable):
    """What stays of a dataset that its producer erased: its id, that of its files, when, and how much was deleted."""

    __tablename__ = "erased_dataset"
    __table_args__ = (tenant_foreign_key("space_id", "space"),)

    space_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    published: Mapped[bool]
    files: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    requested_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    erased_at: Mapped[datetime | None]
    objects: Mapped[int] = mapped_column(server_default="0")
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")


class RemovedVersion(TenantColumns, NodeTable):
    """What stays of a version that was removed alone: the id of its file, its number, when it was public, and why.

    `part_id` is the part of the dataset whose file it was; None for the main file.
    """

    __tablename__ = "removed_version"
    __table_args__ = (
        tenant_foreign_key("space_id", "space"),
        Index("ix_removed_version_dataset", "tenant_id", "dataset_id", "number"),
    )

    space_id: Mapped[UUID]
    dataset_id: Mapped[UUID]
    part_id: Mapped[UUID | None]
    number: Mapped[int]
    published_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    requested_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    erased_at: Mapped[datetime | None]

    @property
    def key(self) -> str:
        """Where its bytes were in the object store."""
        return object_key(self.tenant_id, self.space_id, self.dataset_id, self.id)


ARCHIVES = "archives"
"""Stands where the id of a dataset stands in other keys."""


def object_key(tenant: UUID, space: UUID, dataset: UUID, file: UUID) -> str:
    """The key of an object, which says whose it is."""
    return f"{tenant}/{space}/{dataset}/{file}"
