"""The table of files."""

from datetime import datetime
from enum import StrEnum
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import Owned
from udi.node.schema import NodeTable


class Access(StrEnum):
    """Who may read a file: its producer only, everyone, nobody any more."""

    DRAFT = "draft"
    OPEN = "open"
    WITHDRAWN = "withdrawn"


class StoredFile(Owned, NodeTable):
    """One file as it was dropped: it never changes, another version is another file."""

    __tablename__ = "stored_file"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "space_id"], ["app.space.tenant_id", "app.space.id"]),
        Index("ix_stored_file_dataset", "tenant_id", "dataset_id", "created_at"),
        Index("ix_stored_file_space", "tenant_id", "space_id"),
    )

    space_id: Mapped[UUID]
    dataset_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    charset: Mapped[str] = mapped_column(Text, server_default="")
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    access: Mapped[str] = mapped_column(Text, server_default=Access.DRAFT)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    @property
    def key(self) -> str:
        """Where its bytes are in the object store."""
        return object_key(self.tenant_id, self.space_id, self.dataset_id, self.id)

    @property
    def path(self) -> str:
        """Its own address on the node."""
        return f"/files/{self.id}/{quote(self.name)}"


def object_key(tenant: UUID, space: UUID, dataset: UUID, file: UUID) -> str:
    """The key of an object, which says whose it is."""
    return f"{tenant}/{space}/{dataset}/{file}"
