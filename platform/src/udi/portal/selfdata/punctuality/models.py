"""The tables of public figures on requests about one's own data, and of those for the territory's team."""

from datetime import date
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantKey
from udi.portal.schema import PortalTable
from udi.portal.selfdata.models import organisation_key


class PunctualityFigure(PortalTable):
    """How punctually a producer answers, as everybody reads it: the sum of whole groups (`cohorts`)."""

    __tablename__ = "punctuality_figure"
    __table_args__ = (organisation_key(),)

    tenant_id: Mapped[TenantKey]
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    received: Mapped[int]
    """Requests whose outcome is known: on time, extended and late together."""
    on_time: Mapped[int]
    extended: Mapped[int]
    """Answered in time once it was extended."""
    late: Mapped[int]
    published_on: Mapped[date]


class SubjectRequestFigure(PortalTable):
    """How many requests stand where, for the team: rounded down to five, and not there below."""

    __tablename__ = "subject_request_figure"

    tenant_id: Mapped[TenantKey]
    right: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text, primary_key=True)
    is_late: Mapped[bool] = mapped_column(primary_key=True)
    number: Mapped[int]


class LateProducer(PortalTable):
    """A producer that lets five people or more wait beyond the legal day, for the team; of whom, nobody reads."""

    __tablename__ = "late_producer"
    __table_args__ = (organisation_key(),)

    tenant_id: Mapped[TenantKey]
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[date]
