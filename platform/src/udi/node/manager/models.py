"""What clients of RUDI keep in a node's catalogue beside its datasets."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, tenant_foreign_key
from udi.node.schema import NodeTable


class ObjectKind(StrEnum):
    """RUDI's names of these objects, as they stand in addresses."""

    ORGANISATION = "organizations"
    CONTACT = "contacts"
    MEDIA = "media"


class CatalogueObject(TenantColumns, NodeTable):
    """An organisation, a contact or a media as a client wrote it; `dataset_id` is set once a record holds the media."""

    __tablename__ = "catalogue_object"
    __table_args__ = (
        tenant_foreign_key("space_id", "space"),
        UniqueConstraint(
            "tenant_id",
            "space_id",
            "kind",
            "object_id",
            name="uq_catalogue_object_object",
        ),
    )

    space_id: Mapped[UUID]
    object_id: Mapped[UUID]
    dataset_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
