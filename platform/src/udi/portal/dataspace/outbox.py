"""What leaves: the messages of a process in their order, a moment after they were written, again until they are taken."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.jobs import Job
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.delivery import (
    AgreementDeliveryError,
    deliver_agreement,
)
from udi.portal.dataspace.connector_client import post_message
from udi.portal.dataspace.messages import (
    FIRST,
    LARGEST,
    LONGEST_ID,
    OUTGOING,
    PATH,
    MessageType,
    write_message,
    write_path,
)
from udi.portal.dataspace.models import Connector, DataspaceMessage, DataspaceProcess
from udi.portal.dataspace.transfers import issue_data_address
from udi.portal.dataspace.transitions import DataspaceSide
from udi.ui.site import Site

log = structlog.get_logger()
PAUSE = 0.25
QUICK = 6
PATIENCE = 8.0
"""Seconds before a message and between its first tries, how many of these, and seconds to wait for an answer.

The other side may have to note its own answer before it can take what follows from it.
"""
LEASE = timedelta(seconds=QUICK * (PATIENCE + PAUSE) + 30)
LATER = frozenset(map(str, (404, 408, 409, 425, 429, *range(500, 600))))
"""Statuses after which the same message may be taken later."""


BUSY = "busy"
"""Another job is sending; or was, in a worker that died: it is looked at again, past the lease at last."""


class MessageDeliveryError(Exception):
    """The other side did not take a message, or another job is sending it: it is tried again later."""


@dataclass(frozen=True)
class OutgoingMessage:
    """A message ready to leave."""

    id: UUID
    url: str
    body: dict[str, Any]
    token: str
    type: str
    agreement: UUID | None
    """Of which the node has to know the new secret first."""


async def send_messages(site: Site, job: Job) -> None:
    """Send what waits of a process, in order.

    Raises:
        MessageDeliveryError: the other side did not take a message, or another job is sending it.
    """
    territory = await site.registry.get_served(job.tenant)
    await asyncio.sleep(PAUSE)
    process = UUID(job.payload["process"])
    while (
        outgoing_message := await _lease_next_message(site, territory, process)
    ) is not None:
        await _notify_node(site, job, outgoing_message)
        trouble, answer = await _deliver_message(site, outgoing_message)
        await _record_delivery(
            site, territory, process, outgoing_message, trouble, answer
        )
        log.info(
            "dataspace message",
            type=outgoing_message.type,
            process=str(process),
            trouble=trouble,
        )
        if trouble and _is_temporary(trouble):
            raise MessageDeliveryError(trouble)
        await asyncio.sleep(PAUSE)


async def _lease_next_message(
    site: Site, territory: Territory, id_: UUID
) -> OutgoingMessage | None:
    async with site.database.session(territory.id, role="worker") as session:
        process = await session.scalar(
            select(DataspaceProcess).where(DataspaceProcess.id == id_).with_for_update()
        )
        if process is None:
            return None
        waiting = (
            DataspaceMessage.process_id == id_,
            DataspaceMessage.sent_at.is_(None),
        )
        query = (
            select(DataspaceMessage)
            .where(*waiting)
            .order_by(DataspaceMessage.number)
            .limit(1)
        )
        message = await session.scalar(query)
        if message is None:
            return None
        if message.leased_until is not None and message.leased_until > now():
            raise MessageDeliveryError(BUSY)
        if not process.their_pid and MessageType(message.type) not in FIRST:
            message.sent_at = now()
            message.body = {}  # the other side knows of no such process
            return None
        message.leased_until = now() + LEASE
        message.tries = message.tries + 1
        connector = await session.get_one(
            Connector, (territory.id, process.connector_id)
        )
        return await _prepare_message(session, territory, process, connector, message)


async def _prepare_message(
    session: AsyncSession,
    territory: Territory,
    process: DataspaceProcess,
    connector: Connector,
    message: DataspaceMessage,
) -> OutgoingMessage:
    kind = MessageType(message.type)
    body = dict(message.body)
    opens = (
        kind is MessageType.TRANSFER_START and process.side == DataspaceSide.PROVIDER
    )
    if opens:
        body["dataAddress"] = await issue_data_address(session, process)
    payload = write_message(process, kind, body, f"{territory.origin}{PATH}")
    url = process.callback + write_path(process, kind)
    return OutgoingMessage(
        message.id,
        url,
        payload,
        connector.token,
        message.type,
        process.agreement_id if opens else None,
    )


async def _notify_node(site: Site, job: Job, outgoing_message: OutgoingMessage) -> None:
    """The node hears of a secret before its bearer does; one that does not answer hears of it later."""
    if outgoing_message.agreement is None:
        return
    try:
        await deliver_agreement(
            site,
            Job(
                "",
                job.tenant,
                {"agreement": str(outgoing_message.agreement)},
                job.attempt,
                job.last,
            ),
        )
    except AgreementDeliveryError as error:
        log.warning("node not told before a transfer", trouble=str(error))


async def _deliver_message(
    site: Site, outgoing_message: OutgoingMessage
) -> tuple[str, dict[str, Any]]:
    """Why it was not taken, if so; and what the other side answered to a first message."""
    trouble = ""
    for _ in range(QUICK):
        trouble, answer = await post_message(
            site.services[OUTGOING],
            outgoing_message.url,
            outgoing_message.body,
            token=outgoing_message.token,
            limit=LARGEST,
            patience=PATIENCE,
        )
        if trouble not in LATER:
            return trouble, answer
        await asyncio.sleep(PAUSE)
    return trouble, {}


def _is_temporary(trouble: str) -> bool:
    return trouble == "unreachable" or trouble in LATER


async def _record_delivery(
    site: Site,
    territory: Territory,
    id_: UUID,
    outgoing_message: OutgoingMessage,
    trouble: str,
    answer: Mapping[str, Any],
) -> None:
    """A message that was taken, or never will be, keeps its place and no body."""
    async with site.database.session(territory.id, role="worker") as session:
        process = await session.scalar(
            select(DataspaceProcess).where(DataspaceProcess.id == id_).with_for_update()
        )
        message = await session.get(
            DataspaceMessage, (territory.id, outgoing_message.id)
        )
        if process is None or message is None:
            return
        message.leased_until = None
        message.error = trouble
        if not trouble or not _is_temporary(trouble):
            message.sent_at = now()
            message.body = {}
        if not trouble and not process.their_pid:
            their = answer.get("providerPid")
            is_valid_pid = isinstance(their, str) and 0 < len(their) <= LONGEST_ID
            process.their_pid, message.error = (
                (str(their), "") if is_valid_pid else ("", "answer")
            )
