"""Reads of operators: territories with their figures, and what was asked for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from udi.kit.errors import NotFoundError
from udi.portal.identity.models import Person
from udi.portal.installation.alerts import OperatorAlert, list_alerts
from udi.portal.installation.figures import GatheredFigures
from udi.portal.installation.models import FiguresRow, OperatorRequest, RequestState
from udi.portal.tenants.models import Tenant

MOST_REQUESTS = 20


@dataclass(frozen=True)
class TerritoryStatus:
    """A territory of the register with its figures, None where none were gathered yet."""

    tenant: Tenant
    figures: GatheredFigures | None
    gathered_at: datetime | None

    @property
    def is_suspended(self) -> bool:
        return self.tenant.state != "active"

    @property
    def host(self) -> str:
        return self.tenant.hosts[0]

    @property
    def alerts(self) -> list[OperatorAlert]:
        """What is to be settled; nothing of a territory that is suspended."""
        if self.figures is None or self.is_suspended:
            return []
        return list_alerts(self.tenant.slug, self.figures)


PUBLIC_COLUMNS = (
    Tenant.id,
    Tenant.slug,
    Tenant.name,
    Tenant.hosts,
    Tenant.links,
    Tenant.state,
    Tenant.contact,
    Tenant.languages,
    Tenant.applied_at,
)
"""Columns of the register that operators see."""


async def list_status(session: AsyncSession) -> list[TerritoryStatus]:
    """Every territory by slug, suspended ones too; `session` is of the installation."""
    tenants = await session.scalars(
        select(Tenant).options(load_only(*PUBLIC_COLUMNS)).order_by(Tenant.slug)
    )
    rows = {row.territory_id: row for row in await session.scalars(select(FiguresRow))}
    return [_make_status(tenant, rows.get(tenant.id)) for tenant in tenants]


async def get_status(session: AsyncSession, slug: str) -> TerritoryStatus:
    """One territory.

    Raises:
        NotFoundError: none has this slug.
    """
    tenant = await session.scalar(
        select(Tenant).options(load_only(*PUBLIC_COLUMNS)).where(Tenant.slug == slug)
    )
    if tenant is None:
        raise NotFoundError("No territory has this short name.")
    row = await session.scalar(
        select(FiguresRow).where(FiguresRow.territory_id == tenant.id)
    )
    return _make_status(tenant, row)


def _make_status(tenant: Tenant, row: FiguresRow | None) -> TerritoryStatus:
    if row is None:
        return TerritoryStatus(tenant, None, None)
    figures = msgspec.convert(row.figures, GatheredFigures, strict=False)
    return TerritoryStatus(tenant, figures, row.gathered_at)


@dataclass(frozen=True)
class RequestEntry:
    """What an operator asked for, with the operator's name."""

    request: OperatorRequest
    operator: str

    @property
    def is_waiting(self) -> bool:
        """Whether the worker has it to do."""
        return self.request.state == RequestState.REQUESTED


async def list_requests(
    session: AsyncSession, status: TerritoryStatus
) -> list[RequestEntry]:
    """What operators asked for a territory, the newest first."""
    query = (
        select(OperatorRequest, Person.name)
        .outerjoin(Person, Person.id == OperatorRequest.requested_by)
        .where(OperatorRequest.territory_id == status.tenant.id)
        .order_by(OperatorRequest.requested_at.desc())
    )
    rows = await session.execute(query.limit(MOST_REQUESTS))
    return [RequestEntry(request, name or "") for request, name in rows]


def _figure(name: str) -> Any:
    def read(status: TerritoryStatus) -> float:
        value = getattr(status.figures, name) if status.figures else None
        if value is None:
            return -1
        return float(value)

    return read


SORT_KEYS: Mapping[str, Any] = {
    "name": lambda status: next(iter(status.tenant.name.values())).casefold(),
    "state": lambda status: status.tenant.state,
    "alerts": lambda status: len(status.alerts),
    **{
        name: _figure(name)
        for name in (
            "people",
            "datasets",
            "files",
            "stored_bytes",
            "api_calls",
            "waiting_jobs",
            "refused_addresses",
            "share",
            "certificate_days",
        )
    },
}
"""What the list may be sorted by."""


def filter_status(
    statuses: Sequence[TerritoryStatus], words: str, state: str
) -> list[TerritoryStatus]:
    """The territories whose name, short name or host has these words, in a state: `active`, `suspended`, `alert` or any."""
    folded_words = words.strip().casefold()
    return [
        status
        for status in statuses
        if _has_words(status, folded_words) and _is_in_state(status, state)
    ]


def _has_words(status: TerritoryStatus, words: str) -> bool:
    texts = (status.tenant.slug, status.host, *status.tenant.name.values())
    return any(words in text.casefold() for text in texts)


def _is_in_state(status: TerritoryStatus, state: str) -> bool:
    match state:
        case "active":
            return not status.is_suspended
        case "suspended":
            return status.is_suspended
        case "alert":
            return bool(status.alerts)
        case _:
            return True
