"""Processes: begun, found, moved from state to state; each move that is ours writes the message that says so."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import InvalidError, NotFoundError, Refusal
from udi.portal.dataspace.messages import LONGEST_WORDS, Type
from udi.portal.dataspace.models import Connector, DataspaceMessage, DataspaceProcess
from udi.portal.dataspace.states import Event, Kind, Side, State, follow
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


async def begin(
    session: AsyncSession,
    connector: Connector,
    kind: Kind,
    side: Side,
    state: State,
    *,
    callback: str,
    their_pid: str = "",
    **facts: Any,
) -> DataspaceProcess:
    """A new process."""
    moment = now()
    process = DataspaceProcess(
        kind=kind, side=side, connector_id=connector.id, project_id=connector.project_id, their_pid=their_pid,
        callback=callback.rstrip("/"), state=state, since=moment, begun_at=moment, sent=0, **facts,
    )  # fmt: skip
    session.add(process)
    await session.flush()
    return process


async def get_process(session: AsyncSession, connector: Connector, id_: UUID, kind: Kind) -> DataspaceProcess:
    """A process of a connector, locked.

    Raises:
        NotFoundError: there is none, or it is another's.
    """
    own = (DataspaceProcess.connector_id == connector.id, DataspaceProcess.kind == kind)
    query = select(DataspaceProcess).where(DataspaceProcess.id == id_, *own).with_for_update()
    if (found := await session.scalar(query)) is None:
        raise UnknownProcessError
    return found


async def find_begun(
    session: AsyncSession, connector: Connector, kind: Kind, their_pid: str
) -> DataspaceProcess | None:
    """The process that the other side began under this identifier: its message was sent twice."""
    own = (DataspaceProcess.connector_id == connector.id, DataspaceProcess.kind == kind)
    theirs = (DataspaceProcess.side == Side.PROVIDER, DataspaceProcess.their_pid == their_pid)
    return await session.scalar(select(DataspaceProcess).where(*own, *theirs).limit(1))


async def get_of_project(session: AsyncSession, project: Project, id_: UUID, *, lock: bool = False) -> DataspaceProcess:
    """A process of a project, for whoever leads it.

    Raises:
        NotFoundError: there is none.
    """
    query = select(DataspaceProcess).where(DataspaceProcess.id == id_, DataspaceProcess.project_id == project.id)
    if (found := await session.scalar(query.with_for_update() if lock else query)) is None:
        raise UnknownProcessError
    return found


async def list_of_project(session: AsyncSession, project: Project) -> Sequence[DataspaceProcess]:
    """The processes of a project, the newest first."""
    query = select(DataspaceProcess).where(DataspaceProcess.project_id == project.id)
    order = (DataspaceProcess.begun_at.desc(), DataspaceProcess.id)
    return (await session.scalars(query.order_by(*order).limit(MOST_SHOWN))).all()


async def name_trouble(session: AsyncSession, process: DataspaceProcess) -> str:
    """Why the last message that met some was not taken; empty when it was."""
    own = (DataspaceMessage.process_id == process.id, DataspaceMessage.trouble != "")
    query = select(DataspaceMessage.trouble).where(*own).order_by(DataspaceMessage.number.desc()).limit(1)
    return await session.scalar(query) or ""


def other_side(process: DataspaceProcess) -> Side:
    """Theirs."""
    return Side.CONSUMER if process.side == Side.PROVIDER else Side.PROVIDER


def receive(process: DataspaceProcess, event: Event, said: dict[str, Any]) -> None:
    """Move as a message of the other side says.

    Raises:
        InvalidError: its identifiers are not those of the process.
        ConflictError: it may not come now.
    """
    theirs = "consumerPid" if process.side == Side.PROVIDER else "providerPid"
    ours = "providerPid" if process.side == Side.PROVIDER else "consumerPid"
    wrong = []
    if said.get(ours, str(process.id)) != str(process.id):
        wrong.append(ours)
    if process.their_pid and said.get(theirs, process.their_pid) != process.their_pid:
        wrong.append(theirs)
    if wrong:
        refusals = [Refusal(name, "This is not the identifier of this process.") for name in wrong]
        raise InvalidError("The message is not about this process.", refusals=refusals)
    move(process, event, other_side(process))
    process.their_pid = process.their_pid or str(said.get(theirs, ""))


def move(process: DataspaceProcess, event: Event, side: Side) -> None:
    """Come to the state that a side's event leads to.

    Raises:
        ConflictError: nothing of the kind happens now.
    """
    process.state, process.since = follow(process.kind, process.state, event, side), now()


async def say(
    session: AsyncSession, process: DataspaceProcess, event: Event, kind: Type, body: dict[str, Any] | None = None
) -> None:
    """Move, and have the other side told once the transaction is durable.

    Raises:
        ConflictError: nothing of the kind happens now.
    """
    move(process, event, Side(process.side))
    await write(session, process, kind, body)


async def write(
    session: AsyncSession, process: DataspaceProcess, kind: Type, body: dict[str, Any] | None = None
) -> None:
    """Put a message behind those that wait."""
    process.sent += 1
    message = DataspaceMessage(process_id=process.id, number=process.sent, type=kind, body=body or {}, at=now())
    session.add(message)
    await session.flush()
    await jobs.enqueue(session, SEND, {"process": str(process.id)})


async def go_on(session: AsyncSession, process: DataspaceProcess) -> None:
    """Have done, a moment later, what follows by itself from the present state."""
    await session.flush()
    await jobs.enqueue(session, GO_ON, {"process": str(process.id), "since": process.since.isoformat()})


async def end(
    session: AsyncSession, process: DataspaceProcess, code: str, reason: str = "", event: Event = Event.TERMINATE
) -> None:
    """Terminate, or suspend, and say why.

    Raises:
        ConflictError: it is over.
    """
    kinds = {
        (Kind.NEGOTIATION, Event.TERMINATE): Type.TERMINATION, (Kind.TRANSFER, Event.TERMINATE): Type.TRANSFER_TERMINATION,
        (Kind.TRANSFER, Event.SUSPEND): Type.TRANSFER_SUSPENSION,
    }  # fmt: skip
    words = " ".join(reason.replace("\x00", "").split())[:LONGEST_WORDS]
    body = {"code": code, "reason": [words]} if words else {"code": code}
    await say(session, process, event, kinds[Kind(process.kind), event], body)
    process.code, process.reason = code, words
