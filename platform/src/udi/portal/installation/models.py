"""Figures of territories, and what operators ask for: rows of the installation itself, which no territory sees."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey
from udi.portal.schema import PortalTable


class FiguresRow(PortalTable):
    """The figures of one territory as they were gathered last; `tenant_id` is the installation's."""

    __tablename__ = "installation_figures"

    tenant_id: Mapped[TenantKey]
    territory_id: Mapped[UUID] = mapped_column(primary_key=True)
    figures: Mapped[dict[str, Any]]
    """A `GatheredFigures`."""
    gathered_at: Mapped[datetime]


class InstallationUnit(StrEnum):
    """What notes that it is at work."""

    ARCHIVER = "archiver"


class InstallationHeartbeat(PortalTable):
    """When a unit of the installation was at work last; `tenant_id` is the installation's."""

    __tablename__ = "installation_heartbeat"

    tenant_id: Mapped[TenantKey]
    unit: Mapped[str] = mapped_column(Text, primary_key=True)
    seen_at: Mapped[datetime]


class OperatorAct(StrEnum):
    """What an operator may ask for."""

    SUSPEND = "suspend"
    RESUME = "resume"
    SYNC = "sync"
    RETRY = "retry"
    LIMITS = "limits"
    GATHER = "gather"
    FILES = "files"
    ARCHIVE = "archive"
    LOGIN = "login"
    START = "start"


class RequestState(StrEnum):
    """How far a request of an operator is."""

    REQUESTED = "requested"
    DONE = "done"
    FAILED = "failed"


class OperatorRequest(TenantColumns, PortalTable):
    """What an operator asked for a territory, for the worker of the installation to do; `tenant_id` is the installation's."""

    __tablename__ = "operator_request"
    __table_args__ = (
        Index(None, "tenant_id", "territory_id", "requested_at"),
        Index(
            "ix_operator_request_waiting",
            "tenant_id",
            "requested_at",
            postgresql_where=text("state = 'requested'"),
        ),
    )

    territory_id: Mapped[UUID]
    act: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]]
    """Of limits: the slug of the producer, and each limit that changes. Of a login: the table (`provider`, `directory`), the
    name, and the entry as it is to be, None where it goes. Of a start: a `NewTerritory`, and how it went. Of an
    archive: where it lies, its size, the fingerprint of the key that signed it, and when it was deleted."""
    requested_by: Mapped[UUID]
    requested_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    state: Mapped[str] = mapped_column(Text, server_default=RequestState.REQUESTED)
    outcome: Mapped[str] = mapped_column(Text, server_default="")
    """What became of it, or why it failed, in a sentence; of a start or an archive that is under way, its stage."""
    finished_at: Mapped[datetime | None]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """What it gave to download: the files of the territory, as ZIP."""
