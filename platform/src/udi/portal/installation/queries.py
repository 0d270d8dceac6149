"""Reads of operators: territories with their figures, and what was asked for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from udi.kit.errors import NotFoundError, Refusal
from udi.kit.territories import READ_ONLY
from udi.portal.identity.models import Person
from udi.portal.installation.alerts import OperatorAlert, list_alerts
from udi.portal.installation.figures import GatheredFigures
from udi.portal.installation.models import (
    FiguresRow,
    InstallationHeartbeat,
    InstallationUnit,
    OperatorAct,
    OperatorRequest,
    RequestState,
)
from udi.portal.installation.new_territory import NewTerritory, StartStage
from udi.portal.tenants.models import Tenant

MOST_REQUESTS = 20
HAS_FILES = OperatorRequest.content.is_not(None)


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
    def is_read_only(self) -> bool:
        return self.tenant.state == READ_ONLY

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


async def find_heartbeat(
    session: AsyncSession, unit: InstallationUnit
) -> datetime | None:
    """When a unit of the installation was at work last; None where it never was."""
    query = select(InstallationHeartbeat.seen_at).where(
        InstallationHeartbeat.unit == unit
    )
    moment: datetime | None = await session.scalar(query)
    return moment


@dataclass(frozen=True)
class RequestEntry:
    """What an operator asked for, with the operator's name."""

    request: OperatorRequest
    operator: str
    has_files: bool

    @property
    def is_waiting(self) -> bool:
        """Whether the worker has it to do."""
        return self.request.state == RequestState.REQUESTED


async def list_requests(
    session: AsyncSession, status: TerritoryStatus
) -> list[RequestEntry]:
    """What operators asked for a territory, the newest first."""
    query = (
        select(OperatorRequest, Person.name, HAS_FILES)
        .outerjoin(Person, Person.id == OperatorRequest.requested_by)
        .where(OperatorRequest.territory_id == status.tenant.id)
        .order_by(OperatorRequest.requested_at.desc())
    )
    rows = await session.execute(query.limit(MOST_REQUESTS))
    return [
        RequestEntry(request, name or "", has_files)
        for request, name, has_files in rows
    ]


async def get_files(session: AsyncSession, request: UUID) -> tuple[UUID, bytes]:
    """What a request gave to download: the territory, and its files as ZIP.

    Raises:
        NotFoundError: there is no such request, or it gave nothing.
    """
    query = select(OperatorRequest.territory_id, OperatorRequest.content).where(
        OperatorRequest.id == request, HAS_FILES
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFoundError("These files are not kept any more: ask for them again.")
    return row.territory_id, row.content


@dataclass(frozen=True)
class TerritoryStart:
    """A start that an operator asked for, and how far it is."""

    request: OperatorRequest
    has_files: bool
    is_registered: bool
    """Whether the register has the territory already."""

    @property
    def territory(self) -> NewTerritory:
        return msgspec.convert(self.request.details["territory"], NewTerritory)

    @property
    def is_waiting(self) -> bool:
        return self.request.state == RequestState.REQUESTED

    @property
    def is_done(self) -> bool:
        return self.request.state == RequestState.DONE

    @property
    def refusals(self) -> list[Refusal]:
        """Which answers were refused when it was done, beside the fields of the form."""
        return [
            Refusal(item["field"], item["reason"], values=item["values"])
            for item in self.request.details.get("refusals", ())
        ]

    @property
    def can_continue(self) -> bool:
        """Whether the same may be tried again: not what was refused before anything was made."""
        has_failed = self.request.state == RequestState.FAILED
        return has_failed and (self.is_registered or not self.refusals)

    @property
    def offline(self) -> list[str]:
        """The host names at which nothing answered, once it is done."""
        hosts = {"portal": self.territory.host, "node": self.territory.node_host}
        online = self.request.details.get("online", {})
        return [host for program, host in hosts.items() if not online.get(program)]

    @property
    def reached_stages(self) -> int:
        """How many stages are behind it."""
        if self.is_done:
            return len(StartStage)
        stages = [stage.value for stage in StartStage]
        if self.is_waiting and self.request.outcome in stages:
            return stages.index(self.request.outcome)
        return 0


async def get_start(session: AsyncSession, request: UUID) -> TerritoryStart:
    """A start.

    Raises:
        NotFoundError: there is none, or it was forgotten.
    """
    query = select(OperatorRequest, HAS_FILES).where(
        OperatorRequest.id == request, OperatorRequest.act == OperatorAct.START
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFoundError
    registered = select(Tenant.id).where(Tenant.id == row[0].territory_id)
    is_registered = await session.scalar(registered) is not None
    return TerritoryStart(row[0], row[1], is_registered)


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
    """The territories whose name, short name or host has these words, in a state: `active`, `read_only`, `suspended`, `alert` or any."""
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
            return status.is_suspended and not status.is_read_only
        case "read_only":
            return status.is_read_only
        case "alert":
            return bool(status.alerts)
        case _:
            return True
