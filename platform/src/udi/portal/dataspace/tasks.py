"""What the worker does for data spaces: sends messages, goes on where nobody has to decide, follows what people decide."""

import asyncio
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.jobs import Handlers, Job
from udi.portal.access.agreements.creation import signer_of
from udi.portal.access.agreements.revisions import FOLLOW
from udi.portal.access.models import AccessAgreement
from udi.portal.dataspace.models import Connector, DataspaceProcess
from udi.portal.dataspace.negotiations.provider_negotiations import (
    advance_negotiation,
    sync_negotiation,
)
from udi.portal.dataspace.outbox import send_messages
from udi.portal.dataspace.processes import GO_ON, SEND
from udi.portal.dataspace.revocations import revoke_project_secrets
from udi.portal.dataspace.transfers import is_readable, start_transfer, sync_transfers
from udi.portal.dataspace.transitions import DataspaceSide, ProcessKind, TransferState
from udi.portal.projects.actions.team import END_SECRETS
from udi.ui.site import Site

MOMENT = 1.5
"""Seconds before what follows by itself: long enough to read the state that a message led to, or to end it instead."""


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def send(job: Job) -> None:
        await send_messages(site, job)

    async def go_on(job: Job) -> None:
        await asyncio.sleep(MOMENT)
        await advance_process(site, job)

    async def follow(job: Job) -> None:
        await sync_with_decisions(site, job)

    async def end_secrets(job: Job) -> None:
        maker = UUID(job.payload["person"])
        project = UUID(job.payload["project"])
        async with site.database.session(job.tenant, role="worker") as session:
            await revoke_project_secrets(session, maker, project=project)

    return {SEND: send, GO_ON: go_on, FOLLOW: follow, END_SECRETS: end_secrets}


async def advance_process(site: Site, job: Job) -> None:
    """Do what follows from the state of a process, unless something else was done meanwhile."""
    territory = await site.registry.get_served(job.tenant)
    async with site.database.session(job.tenant, role="worker") as session:
        process = await _lock_process(
            session, DataspaceProcess.id == UUID(job.payload["process"])
        )
        if process is None or process.since.isoformat() != job.payload["since"]:
            return
        connector = await session.get_one(Connector, (job.tenant, process.connector_id))
        if process.kind == ProcessKind.NEGOTIATION:
            await advance_negotiation(
                session, connector, process, signer_of(site, territory)
            )
        elif process.state == TransferState.REQUESTED and await is_readable(
            session, process
        ):
            await start_transfer(session, process)


async def sync_with_decisions(site: Site, job: Job) -> None:
    """Bring negotiations and transfers to where people brought a request or an agreement."""
    territory = await site.registry.get_served(job.tenant)
    async with site.database.session(job.tenant, role="worker") as session:
        if agreement_id := job.payload.get("agreement"):
            agreement = await session.get_one(
                AccessAgreement, (job.tenant, UUID(agreement_id))
            )
            await sync_transfers(session, agreement)
            which = DataspaceProcess.request_id == agreement.request_id
        else:
            which = DataspaceProcess.request_id == UUID(job.payload["request"])
        process = await _lock_process(
            session, which & (DataspaceProcess.side == DataspaceSide.PROVIDER)
        )
        if process is not None and process.kind == ProcessKind.NEGOTIATION:
            connector = await session.get_one(
                Connector, (job.tenant, process.connector_id)
            )
            await sync_negotiation(session, territory, connector, process)


async def _lock_process(
    session: AsyncSession, which: ColumnElement[bool]
) -> DataspaceProcess | None:
    return await session.scalar(select(DataspaceProcess).where(which).with_for_update())
