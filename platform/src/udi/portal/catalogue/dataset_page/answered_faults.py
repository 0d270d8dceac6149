"""What was wrong with a dataset and was answered, on its page: a higher domain says it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.service_registry import ServiceKey
from udi.ui.dependencies import AnyRequest
from udi.ui.site import site_of

MOST = 3


@dataclass(frozen=True)
class AnsweredFault:
    """A fault that somebody reported: of what kind, what its producer answered and, of a correction, in which version."""

    kind: str
    state: str
    version: str
    submitted_at: datetime
    answered_at: datetime


FindAnsweredFaults = Callable[
    [AsyncSession, UUID, int], Awaitable[Sequence[AnsweredFault]]
]
FIND_ANSWERED_FAULTS = ServiceKey[FindAnsweredFaults](
    "answered faults of a dataset", "fault_reports"
)


async def list_answered_faults(
    request: AnyRequest, session: AsyncSession, dataset: UUID
) -> Sequence[AnsweredFault]:
    """The last ones; nothing where no domain says it."""
    find = site_of(request).services.find(FIND_ANSWERED_FAULTS)
    if find:
        return await find(session, dataset, MOST)
    return []
