"""Reads of requests: those of a person, those of a producer, and what was written in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from udi.kit.errors import ForbiddenError, LoginTooOldError, NotFoundError
from udi.kit.identity import Actor
from udi.node.spaces.models import Space
from udi.node.subject_requests.documents.entries import EntryContent, read_content
from udi.node.subject_requests.documents.sealed_files import read_meanings
from udi.node.subject_requests.models import (
    SubjectFile,
    SubjectRequest,
    SubjectRequestEntry,
    SubjectRequestSettings,
)
from udi.protocol.subject_requests import DECIDED, ENDED, SubjectRequestActor

MOST_ENDED = 200


@dataclass(frozen=True)
class FileLine:
    """A file as pages list it."""

    id: UUID
    name: str
    size: int
    columns: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class EntryLine:
    """An entry as pages list it: the row, what it says, its files."""

    row: SubjectRequestEntry
    content: EntryContent
    files: Sequence[FileLine]


@dataclass(frozen=True)
class SpaceRequest:
    """A request as its producer sees it, with what whoever asks may do: `is_officer` decides what was escalated."""

    request: SubjectRequest
    space: Space
    manages: bool
    is_officer: bool


async def get_own_request(
    session: AsyncSession, subject: Actor, request_id: UUID, *, lock: bool = False
) -> tuple[SubjectRequest, Space]:
    """A request of this person, and to whom it goes.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    query = _select_with_space().where(
        SubjectRequest.id == request_id,
        SubjectRequest.subject_id == subject.person_id,
    )
    return await _get_one(session, query, lock=lock)


async def list_own_requests(
    session: AsyncSession, subject: Actor
) -> list[tuple[SubjectRequest, Space]]:
    """The requests of this person, the newest first."""
    query = (
        _select_with_space()
        .where(SubjectRequest.subject_id == subject.person_id)
        .order_by(SubjectRequest.received_at.desc())
    )
    return [(request, space) for request, space in await session.execute(query)]


async def get_space_request(
    session: AsyncSession, member: Actor, request_id: UUID, *, lock: bool = False
) -> SpaceRequest:
    """A request to a producer for whom this person answers.

    Raises:
        NotFoundError: there is none, or the person does not belong to the producer.
        ForbiddenError: the person belongs to it, and neither manages it nor is its data protection officer.
        LoginTooOldError: the person is its officer, and did not show the second factor that is demanded here.
    """
    query = _select_with_space().where(SubjectRequest.id == request_id)
    request, space = await _get_one(session, query, lock=lock)
    officer = await find_officer(session, space)
    return require_agent(member, request, space, officer)


def require_agent(
    member: Actor, request: SubjectRequest, space: Space, officer: str
) -> SpaceRequest:
    """What somebody may do with a request to a space; `officer` is the address of its officer, empty for none.

    Raises:
        NotFoundError, ForbiddenError, LoginTooOldError: as `get_space_request`.
    """
    if space.slug not in member.memberships:
        raise NotFoundError
    manages = member.may_manage(space.slug)
    is_named = is_named_officer(member, officer)
    is_officer = is_named if officer else manages
    if is_named and member.below_factor:
        raise factor_error(f"/requests/{request.id}")
    if not manages and not is_officer:
        raise ForbiddenError(
            "Requests of people about their own data are for those who manage %(name)s.",
            remedy="Ask a person who manages %(name)s: %(email)s.",
            values={"name": space.name, "email": space.email},
        )
    decides = is_officer and request.decided_by != member.person_id
    return SpaceRequest(request, space, manages, decides)


def is_named_officer(member: Actor, officer: str) -> bool:
    """Whether a producer's officer, by this address, is the person; nobody is where none is named."""
    return bool(officer) and member.verified_email == officer.lower()


def factor_error(back: str) -> LoginTooOldError:
    """What somebody is told whose rights wait for a second factor; the page leads there, and then back."""
    error = LoginTooOldError("Your rights need your second factor.")
    error.page = f"/login?factor=true&back={quote(back)}"
    return error


async def find_officer(session: AsyncSession, space: Space) -> str:
    """The address by which the producer's data protection officer logs in; empty where none is named."""
    query = select(SubjectRequestSettings.officer_email).where(
        SubjectRequestSettings.id == space.id
    )
    return await session.scalar(query) or ""


async def get_managed_space(session: AsyncSession, member: Actor, slug: str) -> Space:
    """The space of a producer that this person manages.

    Raises:
        NotFoundError: there is none, or the person does not belong to it.
        ForbiddenError: the person belongs to it, and does not manage it.
    """
    space = await session.scalar(select(Space).where(Space.slug == slug))
    if space is None or slug not in member.memberships:
        raise NotFoundError
    if not member.may_manage(slug):
        raise ForbiddenError(
            "Requests of people about their own data are for those who manage %(name)s.",
            remedy="Ask a person who manages %(name)s: %(email)s.",
            values={"name": space.name, "email": space.email},
        )
    return space


async def list_answered_spaces(session: AsyncSession, member: Actor) -> list[Space]:
    """The spaces whose requests this person answers or decides, by name."""
    query = select(Space).where(Space.slug.in_(member.memberships)).order_by(Space.name)
    spaces = []
    for space in (await session.scalars(query)).all():
        officer = await find_officer(session, space)
        is_officer = is_named_officer(member, officer) and not member.below_factor
        if member.may_manage(space.slug) or is_officer:
            spaces.append(space)
    return spaces


async def list_space_requests(
    session: AsyncSession, spaces: Sequence[Space], *, ended: bool = False
) -> list[tuple[SubjectRequest, Space]]:
    """The requests to these spaces that go on, by their last day; with `ended`, those that were decided or ended, the newest first."""
    is_ended = SubjectRequest.state.in_((*DECIDED, *ENDED))
    query = _select_with_space().where(
        SubjectRequest.space_id.in_([space.id for space in spaces]),
        is_ended if ended else ~is_ended,
    )
    if ended:
        end = func.coalesce(SubjectRequest.ended_at, SubjectRequest.decided_at)
        query = query.order_by(end.desc()).limit(MOST_ENDED)
    else:
        query = query.order_by(SubjectRequest.due_on, SubjectRequest.received_at)
    return [(request, space) for request, space in await session.execute(query)]


async def list_entries(
    session: AsyncSession, request: SubjectRequest
) -> list[EntryLine]:
    """What happened in a request and was written, in order, with the files that were sent."""
    entries = await session.scalars(
        select(SubjectRequestEntry)
        .where(SubjectRequestEntry.request_id == request.id)
        .order_by(SubjectRequestEntry.happened_at, SubjectRequestEntry.id)
    )
    files: dict[UUID | None, list[FileLine]] = {}
    for entry_id, line in await _list_files(session, request):
        files.setdefault(entry_id, []).append(line)
    return [
        EntryLine(entry, read_content(entry.content), files.get(entry.id, ()))
        for entry in entries
    ]


async def list_prepared_files(
    session: AsyncSession, request: SubjectRequest
) -> list[FileLine]:
    """The files of an answer that was not sent yet."""
    return [
        line
        for entry_id, line in await _list_files(session, request)
        if entry_id is None
    ]


async def _list_files(
    session: AsyncSession, request: SubjectRequest
) -> list[tuple[UUID | None, FileLine]]:
    query = (
        select(SubjectFile)
        .where(SubjectFile.request_id == request.id)
        .order_by(SubjectFile.created_at, SubjectFile.id)
    )
    return [
        (
            file.entry_id,
            FileLine(file.id, file.name, file.size, read_meanings(file.columns)),
        )
        for file in await session.scalars(query)
    ]


async def measure_files(
    session: AsyncSession, request: SubjectRequest, role: SubjectRequestActor
) -> tuple[int, int]:
    """How many files one side sent in a request, and how many bytes they have."""
    query = select(func.count(), func.coalesce(func.sum(SubjectFile.size), 0)).where(
        SubjectFile.request_id == request.id, SubjectFile.role == role
    )
    number, size = (await session.execute(query)).one()
    return int(number), int(size)


async def get_file(
    session: AsyncSession, request: SubjectRequest, file_id: UUID, *, sent: bool
) -> SubjectFile:
    """A file of a request with its bytes; with `sent`, none of an answer that is being prepared.

    Raises:
        NotFoundError: the request has none of this identifier.
    """
    query = (
        select(SubjectFile)
        .where(SubjectFile.id == file_id, SubjectFile.request_id == request.id)
        .options(undefer(SubjectFile.content))
    )
    file = await session.scalar(query)
    if file is None or (sent and file.entry_id is None):
        raise NotFoundError
    return file


def _select_with_space() -> Select[SubjectRequest, Space]:
    return select(SubjectRequest, Space).join(
        Space,
        (Space.tenant_id == SubjectRequest.tenant_id)
        & (Space.id == SubjectRequest.space_id),
    )


async def _get_one(
    session: AsyncSession,
    query: Select[SubjectRequest, Space],
    *,
    lock: bool,
) -> tuple[SubjectRequest, Space]:
    if lock:
        query = query.with_for_update(of=SubjectRequest)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFoundError
    request, space = row
    return request, space
