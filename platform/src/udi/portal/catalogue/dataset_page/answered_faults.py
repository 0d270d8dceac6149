"""What was wrong with a dataset and was answered, on its page: a higher domain says it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from udi.kit.service_registry import ServiceKey
from udi.portal.catalogue.related_rows import RelatedRows

MOST = 3


@dataclass(frozen=True)
class AnsweredFault:
    """A fault that somebody reported: of what kind, what its producer answered and, of a correction, in which version."""

    kind: str
    state: str
    version: str
    submitted_at: datetime
    answered_at: datetime


ANSWERED_FAULTS = ServiceKey[RelatedRows[Sequence[AnsweredFault]]](
    "answered faults of a dataset", "fault_reports"
)
"""The last ones, `MOST` at most."""
