"""The table of organisations."""

from datetime import datetime

from sqlalchemy import Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import Owned
from udi.portal.schema import PortalTable


class Organisation(Owned, PortalTable):
    """A legal person; its identifier is given by the territory's files or by the node that knows it."""

    __tablename__ = "organisation"
    __table_args__ = (UniqueConstraint("tenant_id", "slug"),)

    slug: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    summary: Mapped[dict[str, str]]
    email: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    producer: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
