"""The tables of access: policies, requests with their threads and documents, agreements, and what nodes are told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKeyConstraint, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udi.portal.schema import PortalTable


def of_dataset() -> ForeignKeyConstraint:
    """The dataset of a row goes, the row goes."""
    return ForeignKeyConstraint(
        ["tenant_id", "dataset_id"], ["app.dataset.tenant_id", "app.dataset.id"], ondelete="CASCADE"
    )


class AccessPolicy(PortalTable):
    """What a producer says of one restricted dataset to everybody who will ask, and how its promise is kept.

    It is public, as a whole: a change of it makes what is said of the dataset anew.
    """

    __tablename__ = "access_policy"
    __table_args__ = (of_dataset(),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("app.current_tenant()"))
    dataset_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int]
    """Rises with each change; a request says which one was read."""
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """A `protocol.policy.Policy`."""
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID | None]
    received: Mapped[int] = mapped_column(default=0, server_default="0")
    """Requests, each once; `granted`, those that became an agreement."""
    granted: Mapped[int] = mapped_column(default=0, server_default="0")
    answer_days: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list, server_default="{}")
    """Within how many days, questions not counted, each of the last hundred first answers came."""
