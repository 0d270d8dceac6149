"""Figures of territories, gathered from what portal, node and machine count already."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import any_, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi import __version__
from udi.cli.checks.certificate import CertificateState, find_certificate_state
from udi.cli.installation.login_changes import read_login
from udi.kit import jobs
from udi.kit.backups import BackupRun, BackupState, read_state
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.identity import MODERATORS
from udi.kit.tenancy import INSTALLATION_ID
from udi.node.files.models import StoredFile
from udi.node.spaces.costs import Month, SpaceCost, list_costs
from udi.node.spaces.models import Space
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import IS_PUBLISHED
from udi.portal.identity.models import TEAM, Membership, Person
from udi.portal.installation.figures import (
    GatheredFigures,
    SpaceFigures,
    TaskFailure,
    share_costs,
)
from udi.portal.installation.models import FiguresRow
from udi.portal.nodes.models import Report, ReportDeliveryState
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.queries import list_tenants
from udi.settings import ProgramName, Settings

MOST_FAILED_JOBS = 1000
AT_ONCE = 8
"""Certificates that are read at once."""
NO_STATE = jobs.QueueState(INSTALLATION_ID, 0, 0, 0.0, 0.0)


@dataclass(frozen=True)
class ProgramDatabases:
    """The databases of both programs."""

    portal: Database
    node: Database

    @classmethod
    def open(cls, settings: Settings) -> "ProgramDatabases":
        """On one connection each: nobody waits."""
        return cls(
            Database(settings, "portal", pool_size=1),
            Database(settings, "node", pool_size=1),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self.portal.close()
        await self.node.close()


@dataclass(frozen=True)
class QueueFigures:
    """The queue of one program: how it stands for each territory, and what failed there."""

    program: ProgramName
    states: Mapping[UUID, jobs.QueueState]
    failed_jobs: Sequence[jobs.HeldJob]

    def list_failures(self, tenant: UUID) -> list[TaskFailure]:
        """The failed jobs of a territory, by kind."""
        of_tenant = [job for job in self.failed_jobs if job.tenant == tenant]
        failures = []
        for task in sorted({job.name for job in of_tenant}):
            moments = [job.since for job in of_tenant if job.name == task]
            failures.append(TaskFailure(self.program, task, len(moments), max(moments)))
        return failures


async def gather_all(
    settings: Settings, databases: ProgramDatabases
) -> dict[UUID, GatheredFigures]:
    """The figures of every territory, each read with the rights of its own transaction."""
    async with databases.portal.platform_session(role="worker") as session:
        tenants = await list_tenants(session)
    queues = [
        await _read_queue(database) for database in (databases.portal, databases.node)
    ]
    certificates = await _read_certificates(tenants)
    backups = read_state(settings) or BackupState()
    figures = {}
    for tenant in tenants:
        figures[tenant.id] = GatheredFigures(
            **await _count_in_portal(databases.portal, tenant.id),
            **await _count_in_node(databases.node, tenant.id),
            **_describe_queues(queues, tenant.id),
            **await read_login(settings, databases.portal, tenant),
            certificate_days=certificates[tenant.id].days,
            certificate_missing=certificates[tenant.id].is_missing,
            version=__version__,
            backup_at=_moment(backups.created),
            drill_at=_moment(backups.verified),
        )
    return share_costs(figures)


async def save_figures(
    portal: Database, figures: Mapping[UUID, GatheredFigures]
) -> None:
    """Keep figures in place of those of before; those of territories that are gone go."""
    moment = now()
    async with portal.session(INSTALLATION_ID, role="worker") as session:
        await session.execute(
            delete(FiguresRow).where(FiguresRow.territory_id.not_in(list(figures)))
        )
        if not figures:
            return
        statement = insert(FiguresRow).values(
            [
                {
                    "territory_id": id_,
                    "figures": _to_json(territory_figures),
                    "gathered_at": moment,
                }
                for id_, territory_figures in figures.items()
            ]
        )
        changes = {
            name: statement.excluded[name] for name in ("figures", "gathered_at")
        }
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "territory_id"], set_=changes
            )
        )


def _to_json(figures: GatheredFigures) -> dict[str, Any]:
    value: dict[str, Any] = msgspec.to_builtins(figures)
    return value


def _moment(run: BackupRun | None) -> datetime | None:
    if run is None:
        return None
    return run.at


async def _read_queue(database: Database) -> QueueFigures:
    async with database.platform_session(role="worker") as session:
        states = {state.tenant: state for state in await jobs.list_queues(session)}
        failed_jobs = await jobs.list_held_jobs(session, limit=MOST_FAILED_JOBS)
    return QueueFigures(database.program, states, failed_jobs)


def _describe_queues(queues: Sequence[QueueFigures], tenant: UUID) -> dict[str, Any]:
    states = [queue.states.get(tenant, NO_STATE) for queue in queues]
    failures = [failure for queue in queues for failure in queue.list_failures(tenant)]
    return {
        "waiting_jobs": sum(state.waiting for state in states),
        "failed_jobs": sum(state.held for state in states),
        "overdue_seconds": max(state.overdue for state in states),
        "failures": tuple(failures),
    }


async def _count_in_portal(portal: Database, tenant: UUID) -> dict[str, Any]:
    hour_ago = now() - timedelta(hours=1)
    counts = {
        "people": select(func.count())
        .select_from(Person)
        .where(Person.left_at.is_(None)),
        "refused_addresses": select(func.count())
        .select_from(Person)
        .where(Person.mail_refused_at.is_not(None)),
        "team": select(func.count())
        .select_from(Membership)
        .where(
            Membership.organisation_slug == TEAM,
            literal(MODERATORS) == any_(Membership.groups),
        ),
        "datasets": select(func.count()).select_from(Dataset).where(IS_PUBLISHED),
        "undelivered_reports": select(func.count())
        .select_from(Report)
        .where(
            (Report.delivery == ReportDeliveryState.FAILED)
            | (
                (Report.delivery == ReportDeliveryState.PENDING)
                & (Report.submitted_at < hour_ago)
            )
        ),
    }
    query = select(
        *(count.scalar_subquery().label(name) for name, count in counts.items())
    )
    async with portal.session(tenant, role="worker") as session:
        return dict((await session.execute(query)).mappings().one())


async def _count_in_node(node: Database, tenant: UUID) -> dict[str, Any]:
    async with node.session(tenant, role="worker") as session:
        spaces = await _list_spaces(session)
        files = await session.scalar(select(func.count()).select_from(StoredFile))
        costs = await list_costs(session, Month.current())
    return {
        "files": files or 0,
        "stored_bytes": sum(space.stored_bytes for space in spaces),
        "quota_bytes": sum(space.quota_bytes for space in spaces),
        "spaces": tuple(spaces),
        **_add_costs(costs),
    }


async def _list_spaces(session: AsyncSession) -> list[SpaceFigures]:
    sizes = (
        select(StoredFile.space_id, func.sum(StoredFile.size).label("size"))
        .group_by(StoredFile.space_id)
        .subquery()
    )
    query = (
        select(Space, func.coalesce(sizes.c.size, 0))
        .outerjoin(sizes, sizes.c.space_id == Space.id)
        .order_by(Space.slug)
    )
    return [
        SpaceFigures(
            slug=space.slug,
            name=space.name,
            stored_bytes=int(size),
            quota_bytes=space.quota_bytes,
            requests_per_minute=space.requests_per_minute,
            jobs_at_once=space.jobs_at_once,
            uploads_at_once=space.uploads_at_once,
        )
        for space, size in await session.execute(query)
    ]


def _add_costs(costs: Sequence[SpaceCost]) -> dict[str, Any]:
    return {
        "downloads": sum(cost.downloads for cost in costs),
        "api_calls": sum(cost.api_calls for cost in costs),
        "bytes_sent": sum(cost.bytes_sent for cost in costs),
        "gigabyte_days": round(sum(cost.gigabyte_days for cost in costs), 3),
        "job_seconds": round(sum(cost.job_seconds for cost in costs), 1),
    }


async def _read_certificates(
    tenants: Sequence[Tenant],
) -> dict[UUID, CertificateState]:
    """Those of the portals; of a territory whose node has none that browsers take, that of its node."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def read(tenant: Tenant) -> CertificateState:
        async with turns:
            portal = await find_certificate_state(tenant.links["portal"])
            if portal.is_missing:
                return portal
            node = await find_certificate_state(tenant.links.get("node", ""))
            return replace(portal, is_missing=node.is_missing)

    states = await asyncio.gather(*(read(tenant) for tenant in tenants))
    return dict(zip((tenant.id for tenant in tenants), states, strict=True))
