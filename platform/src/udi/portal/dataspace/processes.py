"""Processes: begun, found, moved from state to state; each move that is ours writes the message that says so."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import InvalidError, NotFoundError, Refusal
from udi.portal.dataspace.messages import LONGEST_WORDS, MessageType
from udi.portal.dataspace.models import Connector, DataspaceMessage, DataspaceProcess
from udi.portal.dataspace.transitions import (
    DataspaceEvent,
    DataspaceSide,
    NegotiationState,
    ProcessKind,
    TransferState,
    transitions_of,
)
from udi.portal.projects.models import Project

MOST_SHOWN = 200
SEND = "send_dataspace_messages"
"""The job that sends what waits, in order."""
GO_ON = "go_on_in_dataspace"
"""The job that does what nobody has to decide, a moment later, unless something else was done meanwhile."""


class UnknownProcessError(NotFoundError):
    """There is no such process, or it is another's."""

    def __init__(self) -> None:
        super().__init__("No process of yours has this identifier here.")


async def begin_process(
    session: AsyncSession,
    connector: Connector,
    kind: ProcessKind,
    side: DataspaceSide,
    state: NegotiationState | TransferState,
    *,
    callback: str,
    their_pid: str = "",
    **facts: Any,
) -> DataspaceProcess:
    """A new process."""
    moment = now()
    process = DataspaceProcess(
        kind=kind,
        side=side,
        connector_id=connector.id,
        project_id=connector.project_id,
        their_pid=their_pid,
        callback=callback.rstrip("/"),
        state=state,
        since=moment,
        started_at=moment,
        sent=0,
        **facts,
    )
    session.add(process)
    await session.flush()
    return process


async def get_process(
    session: AsyncSession, connector: Connector, id_: UUID, kind: ProcessKind
) -> DataspaceProcess:
    """A process of a connector, locked.

    Raises:
        NotFoundError: there is none, or it is another's.
    """
    conditions = (
        DataspaceProcess.connector_id == connector.id,
        DataspaceProcess.kind == kind,
    )
    query = (
        select(DataspaceProcess)
        .where(DataspaceProcess.id == id_, *conditions)
        .with_for_update()
    )
    if (process := await session.scalar(query)) is None:
        raise UnknownProcessError
    return process


async def find_begun_process(
    session: AsyncSession, connector: Connector, kind: ProcessKind, their_pid: str
) -> DataspaceProcess | None:
    """The process that the other side began under this identifier: its message was sent twice."""
    conditions = (
        DataspaceProcess.connector_id == connector.id,
        DataspaceProcess.kind == kind,
    )
    theirs = (
        DataspaceProcess.side == DataspaceSide.PROVIDER,
        DataspaceProcess.their_pid == their_pid,
    )
    return await session.scalar(
        select(DataspaceProcess).where(*conditions, *theirs).limit(1)
    )


async def get_project_process(
    session: AsyncSession, project: Project, id_: UUID, *, lock: bool = False
) -> DataspaceProcess:
    """A process of a project, for whoever leads it.

    Raises:
        NotFoundError: there is none.
    """
    query = select(DataspaceProcess).where(
        DataspaceProcess.id == id_, DataspaceProcess.project_id == project.id
    )
    if (
        process := await session.scalar(query.with_for_update() if lock else query)
    ) is None:
        raise UnknownProcessError
    return process


async def list_project_processes(
    session: AsyncSession, project: Project
) -> Sequence[DataspaceProcess]:
    """The processes of a project, the newest first."""
    query = select(DataspaceProcess).where(DataspaceProcess.project_id == project.id)
    order = (DataspaceProcess.started_at.desc(), DataspaceProcess.id)
    return (await session.scalars(query.order_by(*order).limit(MOST_SHOWN))).all()


async def find_delivery_problem(
    session: AsyncSession, process: DataspaceProcess
) -> str:
    """Why the last message that met some was not taken; empty when it was."""
    conditions = (
        DataspaceMessage.process_id == process.id,
        DataspaceMessage.error != "",
    )
    query = (
        select(DataspaceMessage.error)
        .where(*conditions)
        .order_by(DataspaceMessage.number.desc())
        .limit(1)
    )
    return await session.scalar(query) or ""


def other_side(process: DataspaceProcess) -> DataspaceSide:
    """Theirs."""
    if process.side == DataspaceSide.PROVIDER:
        return DataspaceSide.CONSUMER
    return DataspaceSide.PROVIDER


def apply_received_event(
    process: DataspaceProcess, event: DataspaceEvent, message: dict[str, Any]
) -> None:
    """Move as a message of the other side says.

    Raises:
        InvalidError: its identifiers are not those of the process.
        ConflictError: it may not come now.
    """
    if process.side == DataspaceSide.PROVIDER:
        theirs = "consumerPid"
    else:
        theirs = "providerPid"
    if process.side == DataspaceSide.PROVIDER:
        ours = "providerPid"
    else:
        ours = "consumerPid"
    mismatched_fields = []
    if message.get(ours, str(process.id)) != str(process.id):
        mismatched_fields.append(ours)
    if (
        process.their_pid
        and message.get(theirs, process.their_pid) != process.their_pid
    ):
        mismatched_fields.append(theirs)
    if mismatched_fields:
        refusals = [
            Refusal(name, "This is not the identifier of this process.")
            for name in mismatched_fields
        ]
        raise InvalidError("The message is not about this process.", refusals=refusals)
    apply_event(process, event, other_side(process))
    process.their_pid = process.their_pid or str(message.get(theirs, ""))


def apply_event(
    process: DataspaceProcess, event: DataspaceEvent, side: DataspaceSide
) -> None:
    """Come to the state that a side's event leads to.

    Raises:
        ConflictError: nothing of the kind happens now.
    """
    transitions = transitions_of(process.kind)
    process.state = transitions.next_state(process.state, event, side)
    process.since = now()


async def send_event(
    session: AsyncSession,
    process: DataspaceProcess,
    event: DataspaceEvent,
    kind: MessageType,
    body: dict[str, Any] | None = None,
) -> None:
    """Move, and have the other side notified once the transaction is durable.

    Raises:
        ConflictError: nothing of the kind happens now.
    """
    apply_event(process, event, DataspaceSide(process.side))
    await queue_message(session, process, kind, body)


async def queue_message(
    session: AsyncSession,
    process: DataspaceProcess,
    kind: MessageType,
    body: dict[str, Any] | None = None,
) -> None:
    """Put a message behind those that wait."""
    process.sent += 1
    message = DataspaceMessage(
        process_id=process.id, number=process.sent, type=kind, body=body or {}, at=now()
    )
    session.add(message)
    await session.flush()
    await jobs.enqueue(session, SEND, {"process": str(process.id)})


async def queue_next_step(session: AsyncSession, process: DataspaceProcess) -> None:
    """Have done, a moment later, what follows by itself from the present state."""
    await session.flush()
    await jobs.enqueue(
        session, GO_ON, {"process": str(process.id), "since": process.since.isoformat()}
    )


async def end_process(
    session: AsyncSession,
    process: DataspaceProcess,
    code: str,
    reason: str = "",
    event: DataspaceEvent = DataspaceEvent.TERMINATE,
) -> None:
    """Terminate, or suspend, and say why.

    Raises:
        ConflictError: it is over.
    """
    kinds = {
        (ProcessKind.NEGOTIATION, DataspaceEvent.TERMINATE): MessageType.TERMINATION,
        (
            ProcessKind.TRANSFER,
            DataspaceEvent.TERMINATE,
        ): MessageType.TRANSFER_TERMINATION,
        (ProcessKind.TRANSFER, DataspaceEvent.SUSPEND): MessageType.TRANSFER_SUSPENSION,
    }
    words = " ".join(reason.replace("\x00", "").split())[:LONGEST_WORDS]
    body = {"code": code, "reason": [words]} if words else {"code": code}
    await send_event(
        session, process, event, kinds[ProcessKind(process.kind), event], body
    )
    process.code = code
    process.reason = words
