"""What people do with the data, for the home: the open call, projects, requests for data. Read again every few seconds."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import is_unavailable
from udi.kit.service_registry import ServiceKey
from udi.portal.organisations.models import Organisation
from udi.portal.projects.calls.models import Call, CallDataset
from udi.portal.projects.calls.transitions import CallState
from udi.portal.projects.data_requests.queries import list_requests
from udi.portal.projects.listing import ProjectFilters, list_projects

log = structlog.get_logger()
MOST = 12
"""The most that a block shows."""
MAX_AGE = 10.0
"""Seconds after which it is read again."""


@dataclass(frozen=True)
class CallNotice:
    """The open call that closes first."""

    id: UUID
    titles: dict[str, str] = field(hash=False)
    summaries: dict[str, str] = field(hash=False)
    closes_at: datetime
    organiser: str
    """Name of the organisation; empty where the territory calls."""
    datasets: int


@dataclass(frozen=True)
class PictureNotice:
    """The small picture of a project."""

    id: UUID
    width: int
    height: int


@dataclass(frozen=True)
class ProjectNotice:
    """A project, as a card."""

    id: UUID
    titles: dict[str, str] = field(hash=False)
    organisation: str
    leader_name: str
    origin: str
    reported: bool
    state: str
    picture: PictureNotice | None


@dataclass(frozen=True)
class RequestNotice:
    """Data that somebody needs, and how many do."""

    id: UUID
    title: str
    language: str
    people: int
    submitted_at: datetime
    promised_on: date | None


@dataclass(frozen=True)
class CivicLife:
    """What a home may show of it; equal where nothing changed, and a part of the key of an answer that is kept."""

    call: CallNotice | None = None
    projects: tuple[ProjectNotice, ...] = ()
    requests: tuple[RequestNotice, ...] = ()


Read = Callable[[], Awaitable[CivicLife]]


class CivicLifeCache:
    """What was read last of each territory; served on while the database does not answer."""

    def __init__(self, max_age: float = MAX_AGE) -> None:
        self._max_age = max_age
        self._cached: dict[UUID, tuple[float, CivicLife]] = {}

    async def find(self, tenant: UUID, read: Read) -> CivicLife:
        """What is known of a territory, read again when it is too old."""
        read_at, known = self._cached.get(tenant, (float("-inf"), None))
        if known is not None and time.monotonic() - read_at <= self._max_age:
            return known
        try:
            life = await read()
        except Exception as error:
            if known is None or not is_unavailable(error):
                raise
            log.warning("database away, the home known is served")
            life = known
        self._cached[tenant] = (time.monotonic(), life)
        return life


CIVIC_LIFE = ServiceKey[CivicLifeCache]("civic life", "territory")


async def read_civic_life(session: AsyncSession) -> CivicLife:
    """What everybody sees of it now."""
    return CivicLife(
        await _find_open_call(session),
        await _list_projects(session),
        await _list_requests(session),
    )


async def _find_open_call(session: AsyncSession) -> CallNotice | None:
    organiser = (Organisation.tenant_id == Call.tenant_id) & (
        Organisation.id == Call.organisation_id
    )
    datasets = (
        select(func.count())
        .where(CallDataset.tenant_id == Call.tenant_id, CallDataset.call_id == Call.id)
        .scalar_subquery()
    )
    query = (
        select(Call, Organisation.name, datasets.label("datasets"))
        .outerjoin(Organisation, organiser)
        .where(Call.state == CallState.OPEN, Call.closes_at > now())
        .order_by(Call.closes_at, Call.id)
        .limit(1)
    )
    row = (await session.execute(query)).first()
    if row is None:
        return None
    call = row.Call
    return CallNotice(
        call.id,
        call.titles,
        call.summaries,
        call.closes_at,
        row.name or "",
        row.datasets,
    )


async def _list_projects(session: AsyncSession) -> tuple[ProjectNotice, ...]:
    _, page = await list_projects(session, ProjectFilters(size=MOST))
    notices = []
    for line in page.items:
        picture = None
        if line.picture is not None:
            picture = PictureNotice(
                line.picture.id, line.picture.small_width, line.picture.small_height
            )
        notices.append(
            ProjectNotice(
                line.project.id,
                line.project.titles,
                line.organisation.name if line.organisation else "",
                line.project.leader_name,
                line.project.origin,
                line.project.reported,
                line.project.state,
                picture,
            )
        )
    return tuple(notices)


async def _list_requests(session: AsyncSession) -> tuple[RequestNotice, ...]:
    page = await list_requests(session, "open", 1, size=MOST)
    return tuple(
        RequestNotice(
            request.id,
            request.title,
            request.language,
            request.supporters + 1,
            request.submitted_at,
            request.promised_on,
        )
        for request in page.items
    )
