"""Writes of requests: each move goes by the table, notes itself, and rises the number that the portal is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.node.audit import record_audit_event
from udi.node.spaces.models import Space
from udi.node.subject_requests.documents.entries import (
    EMPTY,
    EntryContent,
    write_content,
)
from udi.node.subject_requests.documents.sealed_files import (
    UploadedFile,
    new_file_id,
    read_columns,
    safe_name,
    seal_content,
    write_meanings,
)
from udi.node.subject_requests.models import (
    EntryKind,
    HeldTicket,
    RequestChannel,
    SubjectFile,
    SubjectRequest,
    SubjectRequestEntry,
    SubjectRequestSettings,
)
from udi.node.subject_requests.plan import RequestFacts, plan_move
from udi.protocol.credentials import CONFIRMATION
from udi.protocol.deadlines import answer_day, receipt_day
from udi.protocol.subject_requests import (
    ENDED,
    EVENTS,
    STATES,
    SubjectRequestActor,
    SubjectRequestEvent,
)

FROM_PRODUCER = (SubjectRequestActor.AGENT, SubjectRequestActor.OFFICER)


@dataclass(frozen=True, kw_only=True)
class SubjectRequestInput:
    """What somebody asks."""

    concerns: str
    known_by: str
    words: str
    files: Sequence[UploadedFile] = ()


@dataclass(frozen=True, kw_only=True)
class PaperRequestInput:
    """What an agent wrote down of a request on paper."""

    number: str
    right: str
    received_at: datetime
    language: str
    country: str
    time_zone: str
    person_name: str
    person_contact: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Move:
    """Something that happens in a request: by whom, with which words and files."""

    event: SubjectRequestEvent
    role: SubjectRequestActor
    actor: Actor | None = None
    """The agent or the officer; none for the person and the clock."""
    content: EntryContent = field(default=EMPTY)


async def submit_request(
    session: AsyncSession,
    ticket: HeldTicket,
    space: Space,
    subject_id: UUID,
    described: SubjectRequestInput,
) -> SubjectRequest:
    """Write a request that began at the portal; the ticket is used up."""
    moment = now()
    request = _new_request(
        space,
        RequestChannel.PORTAL,
        moment,
        id=ticket.id,
        subject_id=subject_id,
        number=ticket.number,
        right=ticket.right,
        language=ticket.language,
        country=ticket.country,
        time_zone=ticket.time_zone,
        officer=ticket.officer,
        concerns=described.concerns,
        known_by=described.known_by,
        words=described.words,
        confirmation=CONFIRMATION.generate(),
    )
    session.add(request)
    await session.flush()
    submitted = Move(event=EVENTS.SUBMIT, role=SubjectRequestActor.PERSON)
    entry = await _note(session, request, submitted, moment)
    await _store_files(session, request, described.files, submitted.role, entry.id)
    await session.execute(delete(HeldTicket).where(HeldTicket.id == ticket.id))
    record_audit_event(
        session, None, "subject_request.submitted", request.id, channel="portal"
    )
    await session.flush()
    return request


async def enter_paper_request(
    session: AsyncSession, member: Actor, space: Space, described: PaperRequestInput
) -> SubjectRequest:
    """Write down a request that came on paper or at a counter; the day of receipt is that of the paper."""
    request = _new_request(
        space,
        RequestChannel.PAPER,
        described.received_at,
        id=uuid4(),
        subject_id=None,
        number=described.number,
        right=described.right,
        language=described.language,
        country=described.country,
        time_zone=described.time_zone,
        officer=False,
        person_name=described.person_name,
        person_contact=described.person_contact,
        words=described.words,
    )
    request.moved_at = now()
    session.add(request)
    await session.flush()
    entered = Move(event=EVENTS.SUBMIT, role=SubjectRequestActor.AGENT, actor=member)
    await _note(session, request, entered, now())
    record_audit_event(
        session, member, "subject_request.submitted", request.id, channel="paper"
    )
    await session.flush()
    return request


def _new_request(
    space: Space, channel: RequestChannel, received_at: datetime, **values: object
) -> SubjectRequest:
    zone = ZoneInfo(str(values["time_zone"]))
    received_on = receipt_day(received_at, zone)
    sealed = dict.fromkeys(
        ("concerns", "known_by", "person_name", "person_contact", "confirmation"), ""
    )
    return SubjectRequest(
        **{
            **sealed,
            **values,
            "space_id": space.id,
            "channel": channel,
            "state": STATES.SUBMITTED,
            "received_at": received_at,
            "received_on": received_on,
            "due_on": answer_day(received_on, str(values["country"])),
            "moved_at": received_at,
            "report_after": now(),
        }
    )


async def move_request(
    session: AsyncSession, request: SubjectRequest, move: Move
) -> SubjectRequestEntry:
    """Have something happen in a request.

    Raises:
        ConflictError: the table does not allow it; nothing is changed.
    """
    moment = now()
    planned = plan_move(RequestFacts.of(request), move.event, move.role, moment)
    entry = await _note(session, request, move, moment)
    request.state = planned.state
    request.due_on = planned.due_on
    request.moved_at = planned.moved_at
    request.decided_at = planned.decided_at
    request.ended_at = planned.ended_at
    request.extended = planned.extended
    request.identity_requests = planned.identity_requests
    request.escalated = planned.escalated
    request.was_late = planned.was_late
    if move.event in (EVENTS.ANSWER, EVENTS.REFUSE):
        request.decided_by = move.actor.person_id if move.actor else None
    if move.role in FROM_PRODUCER:
        request.news = True
    _count_change(request)
    _record_move(session, request, move)
    await session.flush()
    if planned.state in ENDED and not request.legal_hold:
        await destroy_contents(session, request)
    return entry


def _record_move(session: AsyncSession, request: SubjectRequest, move: Move) -> None:
    record_audit_event(
        session,
        move.actor,
        {
            EVENTS.SUBMIT: "subject_request.submitted",
            EVENTS.ACCEPT: "subject_request.accepted",
            EVENTS.ASK_IDENTITY: "subject_request.identity_asked",
            EVENTS.GIVE_IDENTITY: "subject_request.identity_given",
            EVENTS.EXTEND: "subject_request.extended",
            EVENTS.ANSWER: "subject_request.answered",
            EVENTS.REFUSE: "subject_request.refused",
            EVENTS.ESCALATE: "subject_request.escalated",
            EVENTS.UPHOLD: "subject_request.upheld",
            EVENTS.OVERTURN: "subject_request.overturned",
            EVENTS.WITHDRAW: "subject_request.withdrawn",
            EVENTS.LAPSE: "subject_request.lapsed",
            EVENTS.CLOSE: "subject_request.closed",
        }[move.event],
        request.id,
    )


def mark_late(request: SubjectRequest, facts: RequestFacts, moment: datetime) -> bool:
    """Note that the last day is over, the first time that this is seen; whether it was."""
    if request.was_late or not facts.is_late(moment):
        return False
    request.was_late = True
    _count_change(request)
    return True


def _count_change(request: SubjectRequest) -> None:
    request.sequence += 1
    request.report_after = now()


async def add_message(
    session: AsyncSession,
    request: SubjectRequest,
    role: SubjectRequestActor,
    text: str,
    *,
    actor: Actor | None = None,
    files: Sequence[UploadedFile] = (),
) -> SubjectRequestEntry:
    """Write between person and producer: it changes no state and stops no clock."""
    content = EntryContent(text=text)
    entry = await _add_entry(
        session, request, EntryKind.MESSAGE, role, now(), content, actor
    )
    await _store_files(session, request, files, role, entry.id)
    if role in FROM_PRODUCER and not request.news:
        request.news = True
        _count_change(request)
    await session.flush()
    return entry


async def note_identity(
    session: AsyncSession, member: Actor, request: SubjectRequest, content: EntryContent
) -> None:
    """Note how an agent established who the person is."""
    role = SubjectRequestActor.AGENT
    kind = EntryKind.IDENTITY_NOTE
    await _add_entry(session, request, kind, role, now(), content, member)
    record_audit_event(session, member, "subject_request.identity_noted", request.id)
    await session.flush()


async def hold_request(
    session: AsyncSession,
    member: Actor,
    request: SubjectRequest,
    content: EntryContent,
    *,
    hold: bool,
) -> None:
    """Keep all of a request for a complaint or a court case, or let it be forgotten again; the same twice changes nothing."""
    if request.legal_hold == hold:
        return
    request.legal_hold = hold
    role = SubjectRequestActor.AGENT
    await _add_entry(session, request, EntryKind.HOLD, role, now(), content, member)
    if hold:
        record_audit_event(session, member, "subject_request.held", request.id)
    else:
        record_audit_event(session, member, "subject_request.released", request.id)
    await session.flush()


async def set_officer(
    session: AsyncSession, member: Actor, space: Space, address: str
) -> None:
    """Name who takes the second look, by their address, or nobody."""
    values = {"officer_email": address}
    statement = insert(SubjectRequestSettings).values(id=space.id, **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "id"], set_=values)
    )
    record_audit_event(session, member, "subject_request.officer_named", space.id)


async def note_reading(session: AsyncSession, request: SubjectRequest) -> None:
    """The person has seen what was new."""
    if request.news:
        request.news = False
        _count_change(request)
        await session.flush()


async def prepare_file(
    session: AsyncSession, request: SubjectRequest, file: UploadedFile
) -> None:
    """Keep a file of the answer that an agent prepares; the person does not see it yet."""
    await _store_files(session, request, [file], SubjectRequestActor.AGENT, None)
    await session.flush()


async def attach_prepared_files(
    session: AsyncSession, request: SubjectRequest, entry: SubjectRequestEntry
) -> None:
    """Send the files that were prepared with an answer."""
    prepared = (SubjectFile.request_id == request.id, SubjectFile.entry_id.is_(None))
    await session.execute(
        update(SubjectFile).where(*prepared).values(entry_id=entry.id)
    )


async def explain_columns(
    session: AsyncSession,
    request: SubjectRequest,
    file_id: UUID,
    columns: Sequence[tuple[str, str]],
) -> None:
    """Say what the columns of a prepared table mean."""
    prepared = (
        SubjectFile.request_id == request.id,
        SubjectFile.id == file_id,
        SubjectFile.entry_id.is_(None),
    )
    meanings = write_meanings(columns)
    await session.execute(update(SubjectFile).where(*prepared).values(columns=meanings))


async def remove_prepared_file(
    session: AsyncSession, request: SubjectRequest, file_id: UUID
) -> None:
    """Take a file out of an answer that was not sent."""
    prepared = (
        SubjectFile.request_id == request.id,
        SubjectFile.id == file_id,
        SubjectFile.entry_id.is_(None),
    )
    await session.execute(delete(SubjectFile).where(*prepared))


async def destroy_contents(session: AsyncSession, request: SubjectRequest) -> None:
    """Destroy what was written and sent; dates and states stay."""
    files = delete(SubjectFile).where(SubjectFile.request_id == request.id)
    entries = delete(SubjectRequestEntry).where(
        SubjectRequestEntry.request_id == request.id
    )
    await session.execute(files)
    await session.execute(entries)
    request.concerns = ""
    request.known_by = ""
    request.words = ""
    request.person_name = ""
    request.person_contact = ""
    request.news = False
    request.destroyed_at = now()
    await session.flush()


async def _note(
    session: AsyncSession, request: SubjectRequest, move: Move, moment: datetime
) -> SubjectRequestEntry:
    return await _add_entry(
        session, request, move.event, move.role, moment, move.content, move.actor
    )


async def _add_entry(
    session: AsyncSession,
    request: SubjectRequest,
    kind: str,
    role: SubjectRequestActor,
    moment: datetime,
    content: EntryContent,
    actor: Actor | None,
) -> SubjectRequestEntry:
    entry = SubjectRequestEntry(
        space_id=request.space_id,
        request_id=request.id,
        subject_id=request.subject_id,
        kind=kind,
        role=role,
        person_id=actor.person_id if actor else None,
        happened_at=moment,
        content=write_content(content),
    )
    session.add(entry)
    await session.flush()
    return entry


async def _store_files(
    session: AsyncSession,
    request: SubjectRequest,
    files: Sequence[UploadedFile],
    role: SubjectRequestActor,
    entry_id: UUID | None,
) -> None:
    for file in files:
        file_id = new_file_id()
        key, sealed = await seal_content(file_id, file.content)
        columns = [(name, "") for name in read_columns(file)]
        session.add(
            SubjectFile(
                id=file_id,
                space_id=request.space_id,
                request_id=request.id,
                subject_id=request.subject_id,
                entry_id=entry_id,
                role=role,
                name=safe_name(file.name),
                columns=write_meanings(columns),
                key=key,
                media_type=file.media_type,
                size=len(file.content),
                content=sealed,
                created_at=now(),
            )
        )
