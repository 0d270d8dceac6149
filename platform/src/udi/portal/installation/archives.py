"""What the page of a territory says of a whole archive that was requested: how far it is, then where it lies and until when."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from udi.kit.clock import now
from udi.portal.installation.models import OperatorAct, OperatorRequest, RequestState

ARCHIVE_RETENTION = timedelta(days=7)
"""How long an archive stays on the machine."""
FILES = re.compile(r"files: (\d+), (\d+) MB")
STEPS = {
    "rows of the databases": "Reading the databases",
    "catalogue for others": "Writing the catalogue",
    "organisations and accounts": "Reading organisations and accounts",
}
"""Steps of an export, and their messages."""
FILES_STEP = "%(count)s files copied, %(megabytes)s MB"


@dataclass(frozen=True)
class FinishedArchive:
    """An archive on the machine; `fingerprint` is that of the key that signed it."""

    path: str
    size: int
    files: int
    fingerprint: str
    expires_at: datetime
    deleted_at: datetime | None
    """None while it lies there, as far as is known."""

    @property
    def is_overdue(self) -> bool:
        """Whether its time is over and nobody deleted it."""
        return self.deleted_at is None and self.expires_at <= now()


def read_progress(request: OperatorRequest) -> tuple[str, Mapping[str, str]] | None:
    """How far an archive is: a message and its values; None of anything else, or before its first step."""
    if request.act != OperatorAct.ARCHIVE or request.state != RequestState.REQUESTED:
        return None
    if match := FILES.fullmatch(request.outcome):
        return FILES_STEP, {"count": match[1], "megabytes": match[2]}
    if request.outcome in STEPS:
        return STEPS[request.outcome], {}
    return None


def find_archive(request: OperatorRequest) -> FinishedArchive | None:
    """The archive that a request gave; None of anything else."""
    details = request.details
    if request.act != OperatorAct.ARCHIVE or "archive" not in details:
        return None
    finished_at = request.finished_at or request.requested_at
    deleted_at = details.get("deleted_at")
    return FinishedArchive(
        details["archive"],
        details["bytes"],
        details["files"],
        details["fingerprint"],
        finished_at + ARCHIVE_RETENTION,
        datetime.fromisoformat(deleted_at) if deleted_at else None,
    )
