"""The table of notices."""

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns
from udi.portal.schema import PortalTable


class Notice(TenantColumns, PortalTable):
    """A notice; everybody reads it once it is published."""

    __tablename__ = "notice"

    title: Mapped[str] = mapped_column(Text)
    published: Mapped[bool]
