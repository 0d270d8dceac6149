"""What producers and the territory's team do with requests for data: answer, pass, merge, hide."""

from datetime import date
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, ForbiddenError, field_error
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.organisations.models import Organisation
from udi.portal.projects.data_requests.actions import (
    ANSWER_TIME,
    LONGEST_WORDS,
    escalate_request,
    queue_email,
    send_to_producer,
    set_state,
    update_supporter_count,
)
from udi.portal.projects.data_requests.models import (
    DataRequest,
    DataRequestRoute,
    DataRequestSupport,
)
from udi.portal.projects.data_requests.queries import list_recipients, may_answer
from udi.portal.projects.data_requests.transitions import (
    DATA_REQUEST,
    OPEN,
    DataRequestEvent,
    DataRequestState,
)


async def get_answering_producer(
    session: AsyncSession, actor: Actor, request: DataRequest
) -> Organisation | None:
    """The producer for which the person answers; None for the territory's team.

    Raises:
        ForbiddenError: the request was sent to no producer of theirs.
    """
    producer = may_answer(actor, await list_recipients(session, request.id))
    if producer is None and not actor.moderator:
        raise ForbiddenError(
            "This request was not sent to an organisation for which you publish.",
            remedy="If you hold such data, tell the territory’s team: it sends you the request.",
        )
    return producer


async def promise_data(
    session: AsyncSession,
    actor: Actor,
    request: DataRequest,
    words: str,
    day: date | None,
) -> None:
    """Say that the data will come, and when.

    Raises:
        ForbiddenError: it was sent to no producer of theirs.
        InvalidError: no day is given, or a past one.
        ConflictError: it was answered otherwise, merged or taken back.
    """
    producer = await get_answering_producer(session, actor, request)
    state = DATA_REQUEST.next_state(request.state, DataRequestEvent.PROMISE)
    if day is None or day <= now().date():
        raise field_error(
            "day",
            "Give the day by which you will publish them.",
            "Choose a day in the future.",
        )
    request.promised_on = day
    await _save_answer(
        session, request, state, producer, _clean_answer(words, needed=False)
    )
    audit.record(session, actor, "data_request.promised", request.id)


async def decline_request(
    session: AsyncSession, actor: Actor, request: DataRequest, words: str
) -> None:
    """Say no, and why.

    Raises:
        ForbiddenError, ConflictError: as for `promise`.
        InvalidError: no reason is given.
    """
    producer = await get_answering_producer(session, actor, request)
    state = DATA_REQUEST.next_state(request.state, DataRequestEvent.DECLINE)
    request.promised_on = None
    await _save_answer(session, request, state, producer, _clean_answer(words))
    audit.record(session, actor, "data_request.declined", request.id)


async def deliver_dataset(
    session: AsyncSession, actor: Actor, request: DataRequest, address: str, words: str
) -> None:
    """Name the dataset that answers the request, by its address or identifier.

    Raises:
        ForbiddenError, ConflictError: as for `promise`.
        InvalidError: no dataset of the catalogue has this address.
    """
    producer = await get_answering_producer(session, actor, request)
    state = DATA_REQUEST.next_state(request.state, DataRequestEvent.DELIVER)
    request.dataset_id = (await _find_dataset(session, address)).id
    await _save_answer(
        session, request, state, producer, _clean_answer(words, needed=False)
    )
    audit.record(
        session,
        actor,
        "data_request.delivered",
        request.id,
        dataset=str(request.dataset_id),
    )


async def pass_request(
    session: AsyncSession, actor: Actor, request: DataRequest, words: str
) -> None:
    """Say, for a producer, that it holds no such data; when all said so, the territory's team is notified.

    Raises:
        ForbiddenError: it was sent to no producer of theirs.
        ConflictError: it is no longer asked, or the team itself would pass.
    """
    producer = await get_answering_producer(session, actor, request)
    if producer is None or request.state != DataRequestState.SUBMITTED:
        raise ConflictError(
            "There is nothing to pass on any more.",
            remedy="Look at the page of the request again.",
        )
    same_route = (
        DataRequestRoute.request_id == request.id,
        DataRequestRoute.organisation_id == producer.id,
    )
    values = {"passed_at": now(), "passed_words": _clean_answer(words, needed=False)}
    await session.execute(update(DataRequestRoute).where(*same_route).values(**values))
    audit.record(
        session, actor, "data_request.passed", request.id, organisation=str(producer.id)
    )
    if all(route.row.passed_at for route in await list_recipients(session, request.id)):
        await escalate_request(session, request)


async def reopen_request(
    session: AsyncSession, actor: Actor, request: DataRequest
) -> None:
    """Ask anew: the answer did not hold.

    Raises:
        ForbiddenError: the person is not of the team.
        ConflictError: it is open, or not there any more.
    """
    require_moderator(actor)
    state = DATA_REQUEST.next_state(request.state, DataRequestEvent.REOPEN)
    request.answer = ""
    request.answered_by = None
    request.answered_at = None
    request.dataset_id = None
    request.promised_on = None
    request.reminded_at = None
    request.escalated_at = None
    request.due_on = (now() + ANSWER_TIME).date()
    set_state(request, state)
    await session.flush()
    audit.record(session, actor, "data_request.reopened", request.id)


async def hide_request(
    session: AsyncSession, actor: Actor, request: DataRequest, words: str
) -> None:
    """Take it off the board, and say why to who asked.

    Raises:
        ForbiddenError: the person is not of the team.
        InvalidError: no reason is given.
        ConflictError: it is not there any more.
    """
    require_moderator(actor)
    state = DATA_REQUEST.next_state(request.state, DataRequestEvent.HIDE)
    request.answer = _clean_answer(words)
    request.answered_by = None
    request.answered_at = now()
    set_state(request, state)
    await session.flush()
    await queue_email(session, request, "hidden")
    audit.record(session, actor, "data_request.hidden", request.id)


async def unhide_request(
    session: AsyncSession, actor: Actor, request: DataRequest
) -> None:
    """Put it back on the board.

    Raises:
        ForbiddenError, ConflictError: as for `hide`.
    """
    require_moderator(actor)
    state = DATA_REQUEST.next_state(request.state, DataRequestEvent.SHOW)
    request.answer = ""
    request.answered_at = None
    request.promised_on = None
    set_state(request, state)
    await session.flush()
    audit.record(session, actor, "data_request.unhidden", request.id)


async def merge_requests(
    session: AsyncSession, actor: Actor, request: DataRequest, into: DataRequest
) -> None:
    """Make it one with another: who asked and who supported it support the other from now on.

    Raises:
        ForbiddenError: the person is not of the team.
        ConflictError: one of them is not open any more, or they are the same.
    """
    require_moderator(actor)
    state = DATA_REQUEST.next_state(request.state, DataRequestEvent.MERGE)
    if into.id == request.id or into.state not in OPEN:
        raise ConflictError(
            "A request can only be merged into another one that is open.",
            remedy="Choose another.",
        )
    supported = select(DataRequestSupport).where(
        DataRequestSupport.request_id == request.id
    )
    people = {
        support.person_id: support.language
        for support in await session.scalars(supported)
    }
    if request.person_id:
        people[request.person_id] = request.language
    if into.person_id:
        people.pop(into.person_id, None)
    for person, language in people.items():
        row = {
            "request_id": into.id,
            "person_id": person,
            "language": language,
            "since": now(),
        }
        await session.execute(
            insert(DataRequestSupport).values(row).on_conflict_do_nothing()
        )
    for route in await list_recipients(session, request.id):
        if route.row.passed_at is None:
            await send_to_producer(
                session, into, route.organisation.id, route.row.reason
            )
    request.merged_into = into.id
    set_state(request, state)
    await update_supporter_count(session, into)
    await notify_people(session, request, "merged")
    audit.record(session, actor, "data_request.merged", request.id, into=str(into.id))


async def route_request(
    session: AsyncSession, actor: Actor, request: DataRequest, slug: str
) -> None:
    """Send it to one more producer, which has its own time to answer.

    Raises:
        ForbiddenError: the person is not of the team.
        InvalidError: no producer has this name.
        ConflictError: it is no longer asked.
    """
    require_moderator(actor)
    if request.state != DataRequestState.SUBMITTED:
        raise ConflictError("This request is closed.", remedy="Reopen it first.")
    producer = await session.scalar(
        select(Organisation).where(Organisation.slug == slug, Organisation.producer)
    )
    if producer is None:
        raise field_error(
            "organisation",
            "No producer has this name.",
            "Choose one of the list.",
        )
    passed = (
        DataRequestRoute.request_id == request.id,
        DataRequestRoute.organisation_id == producer.id,
    )
    await session.execute(
        delete(DataRequestRoute).where(*passed, DataRequestRoute.passed_at.is_not(None))
    )
    await send_to_producer(session, request, producer.id)
    request.due_on = (now() + ANSWER_TIME).date()
    request.reminded_at = None
    request.escalated_at = None
    await session.flush()
    audit.record(
        session, actor, "data_request.routed", request.id, organisation=str(producer.id)
    )


def require_moderator(actor: Actor) -> None:
    """Some things are the team's.

    Raises:
        ForbiddenError: the person is not of the team.
    """
    if not actor.moderator:
        raise ForbiddenError(
            "Only the territory’s team can do this.", remedy="Write to it."
        )


async def notify_people(session: AsyncSession, request: DataRequest, what: str) -> None:
    """Queue a mail to who asked and to each who supports it."""
    await queue_email(session, request, what)
    supported = select(DataRequestSupport.person_id).where(
        DataRequestSupport.request_id == request.id
    )
    for person in await session.scalars(supported):
        await queue_email(session, request, what, person=str(person))


async def _save_answer(
    session: AsyncSession,
    request: DataRequest,
    state: DataRequestState,
    producer: Organisation | None,
    words: str,
) -> None:
    request.answer = words
    request.answered_at = now()
    request.answered_by = producer.id if producer else None
    set_state(request, state)
    await session.flush()
    await notify_people(session, request, state)


async def _find_dataset(session: AsyncSession, address: str) -> Dataset:
    for part in reversed(address.strip().split("?")[0].split("/")):
        try:
            id_ = UUID(part)
        except ValueError:
            continue
        conditions = (Dataset.id == id_, Dataset.state == DatasetState.PUBLISHED)
        if dataset := await session.scalar(select(Dataset).where(*conditions)):
            return dataset
    raise field_error(
        "dataset",
        "No dataset of this catalogue has this address.",
        "Copy that of its page.",
    )


def _clean_answer(words: str, *, needed: bool = True) -> str:
    cleaned = "\n".join(
        line.rstrip() for line in words.strip().replace("\x00", "").splitlines()
    )
    if needed and not cleaned:
        raise field_error(
            "words",
            "Give the reason: everybody who needs these data will read it.",
        )
    if len(cleaned) > LONGEST_WORDS:
        raise field_error(
            "words", "This is very long.", "Write 4000 characters at most."
        )
    return cleaned
