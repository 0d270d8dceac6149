"""The tables of organisations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Text, UniqueConstraint, text
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


class FormerSlug(PortalTable):
    """A name by which addresses called an organisation before: it leads to the present one."""

    __tablename__ = "former_slug"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "organisation_id"],
            ["app.organisation.tenant_id", "app.organisation.id"],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "organisation_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("app.current_tenant()"))
    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    organisation_id: Mapped[UUID]
