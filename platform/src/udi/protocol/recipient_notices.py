"""That data were corrected, erased or restricted, for those who read them (GDPR art. 19), as a node tells the portal.

An agreement, a dataset, a version and a day: no request, no row, no word of anybody.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

PATH = "/kalim/v1/recipient-notices"
MOST_NOTICES = 500


class DataChange(StrEnum):
    """What became of data about people in a dataset."""

    CORRECTED = "corrected"
    ERASED = "erased"
    RESTRICTED = "restricted"


class RecipientNoticeReport(Struct, frozen=True, kw_only=True):
    """One notice, for the project of one agreement."""

    id: UUID
    agreement: UUID
    dataset: UUID
    version: Annotated[int, Meta(ge=0, le=1_000_000)]
    """The newest that was published on that day: it and those before may hold what changed. 0: none was."""
    change: DataChange
    noticed_on: date


class RecipientNoticeReports(Struct, frozen=True, kw_only=True):
    """Notices that are not acknowledged yet; what was told before may be told again."""

    notices: Annotated[list[RecipientNoticeReport], Meta(max_length=MOST_NOTICES)]


class RecipientNoticeState(StrEnum):
    """What the portal knows of a notice."""

    WAITING = "waiting"
    """The project has it, and has not acknowledged."""
    ACKNOWLEDGED = "acknowledged"
    UNKNOWN = "unknown"
    """The portal has no such agreement of this node: nobody is told."""


class RecipientNoticeAnswer(Struct, frozen=True, kw_only=True):
    """Where each notice stands."""

    notices: Mapping[UUID, RecipientNoticeState]
