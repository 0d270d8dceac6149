"""Tables of the producers' spaces."""

from uuid import UUID

from sqlalchemy import BigInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import Owned
from udi.node.schema import NodeTable


class Space(Owned, NodeTable):
    """The place of one organisation; `slug` is the organisation's."""

    __tablename__ = "space"
    __table_args__ = (UniqueConstraint("tenant_id", "slug", name="uq_space_slug"),)

    slug: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    quota_bytes: Mapped[int] = mapped_column(BigInteger)
