"""The worker of the installation: gathers figures, and does what operators ask for on pages.

It alone has the rights for both: those of the owners of the databases and of Keycloak's administrator.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.installation.gather import ProgramDatabases, gather_all, save_figures
from udi.cli.installation.login_changes import (
    PartlyAppliedError,
    RegisterUnavailableError,
    change_login,
)
from udi.cli.installation.start_requests import note_refusal, perform_start
from udi.cli.installation.territory_start import pack_files
from udi.cli.memberships import sync_territory
from udi.cli.suspension import set_territory_state
from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.db import Database, is_unavailable
from udi.kit.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    ProvisionError,
    UdiError,
)
from udi.kit.tenancy import INSTALLATION_ID
from udi.kit.territories import READ_ONLY
from udi.node.spaces.actions import set_limits
from udi.portal.identity.provision import admin
from udi.portal.installation.models import OperatorAct, OperatorRequest, RequestState
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.versions import get_published, read_manifest
from udi.settings import MissingSecretError, Settings

log = structlog.get_logger()
GATHER_EVERY = 300.0
"""Seconds between two gatherings of all figures."""
LOOK_EVERY = 1.0
"""Seconds between two looks at what operators ask for."""
AWAY = 5.0
"""Seconds before a database that does not answer is asked again."""
MOST_FAILED_JOBS = 1000
KEPT_FOR = timedelta(days=30)
"""How long it is kept what operators asked for."""


@dataclass(frozen=True)
class ActContext:
    """What an act works with."""

    settings: Settings
    databases: ProgramDatabases
    tenant: Tenant
    request: OperatorRequest

    @property
    def details(self) -> Mapping[str, Any]:
        """What the act needs to know."""
        return self.request.details


async def suspend(context: ActContext) -> str:
    """Close a territory; what became of it on the portal."""
    result = await set_territory_state(
        context.settings, context.tenant.slug, "suspended"
    )
    return result.portal


async def resume(context: ActContext) -> str:
    """Open a territory again; what became of it on the portal."""
    result = await set_territory_state(context.settings, context.tenant.slug, "active")
    return result.portal


async def sync(context: ActContext) -> str:
    """Read from Keycloak who is in which organisation."""
    settings = context.settings
    identity = await asyncio.to_thread(admin.connect, settings)
    synced = await sync_territory(
        context.databases.portal, identity, settings.issuer, context.tenant
    )
    return f"{synced.changed} changed"


async def retry_failed_jobs(context: ActContext) -> str:
    """Give the failed jobs of a territory all their attempts again, on both programs."""
    count = 0
    for database in (context.databases.portal, context.databases.node):
        async with database.platform_session(role="worker") as session:
            failed = await jobs.list_held_jobs(session, limit=MOST_FAILED_JOBS)
            ids = [job.id for job in failed if job.tenant == context.tenant.id]
            if ids:
                await jobs.requeue_jobs(session, ids)
            count += len(ids)
    return f"{count} queued again"


async def change_limits(context: ActContext) -> str:
    """Give a producer's space limits of its own."""
    node = context.databases.node
    limits = {
        name: int(value) for name, value in context.details.items() if name != "space"
    }
    async with node.session(context.tenant.id, role="worker") as session:
        await set_limits(session, str(context.details["space"]), **limits)
    return "updated"


async def change_way_to_log_in(context: ActContext) -> str:
    """Make, change or take away an identity service of others, or a directory."""
    databases = context.databases
    return await change_login(
        context.settings,
        databases.portal,
        databases.node,
        context.tenant,
        context.details,
    )


async def gather(_context: ActContext) -> str:
    """Nothing more: figures are gathered after every act."""
    return "gathered"


async def collect_files(context: ActContext) -> str:
    """Keep with the request the territory's files that are online, as ZIP."""
    portal = context.databases.portal
    async with portal.session(context.tenant.id, role="worker") as session:
        version = await get_published(session)
        files = await read_manifest(session, version.manifest)
    context.request.content = pack_files(context.tenant.slug, files)
    return f"version {version.number}"


ACTS: Mapping[str, Callable[[ActContext], Awaitable[str]]] = {
    OperatorAct.SUSPEND: suspend,
    OperatorAct.RESUME: resume,
    OperatorAct.SYNC: sync,
    OperatorAct.RETRY: retry_failed_jobs,
    OperatorAct.LIMITS: change_limits,
    OperatorAct.GATHER: gather,
    OperatorAct.FILES: collect_files,
    OperatorAct.LOGIN: change_way_to_log_in,
}
CHANGING_ACTS = frozenset(
    {OperatorAct.SYNC, OperatorAct.RETRY, OperatorAct.LIMITS, OperatorAct.LOGIN}
)
"""What changes a territory: while it is read only, its last archive may be written already."""
PERFORMED_ACTS = frozenset({*ACTS, OperatorAct.START})
"""What this worker does: archives are another unit's, and an act of a later release waits for the worker of that release."""


async def run_worker(settings: Settings) -> None:
    """Gather figures every five minutes and after each act; until cancelled."""
    databases = ProgramDatabases.open(settings)
    gathered_at = -GATHER_EVERY
    try:
        while True:
            try:
                acted = await perform_requests(settings, databases)
                if acted or time.monotonic() - gathered_at >= GATHER_EVERY:
                    await gather_and_save(settings, databases)
                    gathered_at = time.monotonic()
            except Exception as error:
                if not is_unavailable(error):
                    raise
                log.warning("database away", error=type(error).__name__)
                await asyncio.sleep(AWAY)
            await asyncio.sleep(LOOK_EVERY)
    finally:
        await databases.close()


async def gather_and_save(settings: Settings, databases: ProgramDatabases) -> None:
    """Gather the figures of every territory, and keep them; forget what was settled long ago."""
    began = time.process_time()
    figures = await gather_all(settings, databases)
    await save_figures(databases.portal, figures)
    await forget_requests(databases.portal)
    log.info(
        "figures gathered",
        territories=len(figures),
        processor_seconds=round(time.process_time() - began, 3),
    )


async def perform_requests(settings: Settings, databases: ProgramDatabases) -> int:
    """Do what operators ask for, the oldest first; how much was done.

    Each is noted as done or failed. One that the worker's end cut short, or that was asked for while it did not run, is
    done when it starts: every act may be repeated.
    """
    count = 0
    while await _perform_next(settings, databases):
        count += 1
    return count


async def _perform_next(settings: Settings, databases: ProgramDatabases) -> bool:
    async with databases.portal.session(INSTALLATION_ID, role="worker") as session:
        request = await _lock_next(session)
        if request is None:
            return False
        tenant = await session.scalar(
            select(Tenant).where(Tenant.id == request.territory_id)
        )
        state, outcome = await _perform(settings, databases, request, tenant)
        request.state = state
        request.outcome = outcome
        request.finished_at = now()
    log.info("operator request", act=request.act, state=state.value)
    return True


async def _lock_next(session: AsyncSession) -> OperatorRequest | None:
    """The oldest request that waits for this worker; None without one, or while another worker does it.

    The lock is beside the row: what the request came to is noted in it meanwhile.
    """
    query = (
        select(OperatorRequest)
        .where(
            OperatorRequest.state == RequestState.REQUESTED,
            OperatorRequest.act.in_(PERFORMED_ACTS),
        )
        .order_by(OperatorRequest.requested_at)
        .limit(1)
    )
    request: OperatorRequest | None = await session.scalar(query)
    if request is None:
        return None
    lock = func.pg_try_advisory_xact_lock(
        func.hashtextextended(f"operator_request {request.id}", 0)
    )
    if not await session.scalar(select(lock)):
        return None
    await session.refresh(request)
    if request.state != RequestState.REQUESTED:
        return None
    return request


async def _perform(
    settings: Settings,
    databases: ProgramDatabases,
    request: OperatorRequest,
    tenant: Tenant | None,
) -> tuple[RequestState, str]:
    try:
        return RequestState.DONE, await _perform_act(
            settings, databases, request, tenant
        )
    except InvalidError as error:
        note_refusal(request, error)
        return RequestState.FAILED, error.title
    except UdiError as error:
        return RequestState.FAILED, f"{error.detail or error.title} {error.remedy}"
    except (ProvisionError, MissingSecretError) as error:
        return RequestState.FAILED, str(error)
    except PartlyAppliedError as error:
        log.exception("operator request partly applied", act=request.act)
        request.details = {**request.details, "is_partly_applied": True}
        return RequestState.FAILED, str(error)
    except RegisterUnavailableError:
        raise
    except Exception as error:
        log.exception("operator request failed", act=request.act)
        return (
            RequestState.FAILED,
            f"{type(error).__name__}: see the log of the worker.",
        )


async def _perform_act(
    settings: Settings,
    databases: ProgramDatabases,
    request: OperatorRequest,
    tenant: Tenant | None,
) -> str:
    if request.act == OperatorAct.START:
        return await perform_start(settings, databases.portal, request, tenant)
    perform = ACTS.get(request.act)
    if tenant is None or perform is None:
        raise NotFoundError("The territory, or the act, is not known any more.")
    if tenant.state == READ_ONLY and request.act in CHANGING_ACTS:
        raise ConflictError(
            f"The territory «{tenant.slug}» can only be read for the moment.",
            remedy="Nothing was changed. Ask again once it is resumed, or where it lives by then.",
        )
    return await perform(ActContext(settings, databases, tenant, request))


async def forget_requests(portal: Database) -> None:
    """Delete what operators asked for and was settled thirty days ago; an archive's request stays as long as its file."""
    details = OperatorRequest.details
    statement = delete(OperatorRequest).where(
        OperatorRequest.finished_at < now() - KEPT_FOR,
        or_(~details.has_key("archive"), details.has_key("deleted_at")),
    )
    async with portal.session(INSTALLATION_ID, role="worker") as session:
        await session.execute(statement)
