"""What producers and the territory's team do with requests for data: answer, pass, merge, hide."""

from datetime import date
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, ForbiddenError, InvalidError, Refusal
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.organisations.models import Organisation
from udi.portal.projects.data_requests.asking import (
    ANSWER,
    LONGEST_WORDS,
    change,
    count_supporters,
    escalate,
    send_to,
    tell,
)
from udi.portal.projects.data_requests.models import DataRequest, DataRequestRoute, DataRequestSupport
from udi.portal.projects.data_requests.queries import list_routes, may_answer
from udi.portal.projects.data_requests.states import OPEN, Event, State, follow


async def get_answering(session: AsyncSession, actor: Actor, request: DataRequest) -> Organisation | None:
    """The producer for which the person answers; None for the territory's team.

    Raises:
        ForbiddenError: the request was sent to no producer of theirs.
    """
    producer = may_answer(actor, await list_routes(session, request.id))
    if producer is None and not actor.moderator:
        raise ForbiddenError(
            "This request was not sent to an organisation for which you publish.",
            remedy="If you hold such data, tell the territory’s team: it sends you the request.",
        )
    return producer


async def promise(session: AsyncSession, actor: Actor, request: DataRequest, words: str, day: date | None) -> None:
    """Say that the data will come, and when.

    Raises:
        ForbiddenError: it was sent to no producer of theirs.
        InvalidError: no day is given, or a past one.
        ConflictError: it was answered otherwise, merged or taken back.
    """
    producer = await get_answering(session, actor, request)
    state = follow(request.state, Event.PROMISE)
    if day is None or day <= now().date():
        raise InvalidError(refusals=[Refusal("day", "Say by which day you publish them.", "Choose a day to come.")])
    request.promised_on = day
    await _answer(session, request, state, producer, _words(words, needed=False))
    audit.record(session, actor, "data_request.promised", request.id)


async def decline(session: AsyncSession, actor: Actor, request: DataRequest, words: str) -> None:
    """Say no, and why.

    Raises:
        ForbiddenError, ConflictError: as for `promise`.
        InvalidError: no reason is given.
    """
    producer = await get_answering(session, actor, request)
    state = follow(request.state, Event.DECLINE)
    request.promised_on = None
    await _answer(session, request, state, producer, _words(words))
    audit.record(session, actor, "data_request.declined", request.id)


async def deliver(session: AsyncSession, actor: Actor, request: DataRequest, address: str, words: str) -> None:
    """Name the dataset that answers the request, by its address or identifier.

    Raises:
        ForbiddenError, ConflictError: as for `promise`.
        InvalidError: no dataset of the catalogue has this address.
    """
    producer = await get_answering(session, actor, request)
    state = follow(request.state, Event.DELIVER)
    request.dataset_id = (await _find_dataset(session, address)).id
    await _answer(session, request, state, producer, _words(words, needed=False))
    audit.record(session, actor, "data_request.delivered", request.id, dataset=str(request.dataset_id))


async def pass_on(session: AsyncSession, actor: Actor, request: DataRequest, words: str) -> None:
    """Say, for a producer, that it holds no such data; when all said so, the territory's team is told.

    Raises:
        ForbiddenError: it was sent to no producer of theirs.
        ConflictError: it is no longer asked, or the team itself would pass.
    """
    producer = await get_answering(session, actor, request)
    if producer is None or request.state != State.ASKED:
        raise ConflictError("There is nothing to pass on any more.", remedy="Look at the page of the request again.")
    own = (DataRequestRoute.request_id == request.id, DataRequestRoute.organisation_id == producer.id)
    said = {"passed_at": now(), "passed_words": _words(words, needed=False)}
    await session.execute(update(DataRequestRoute).where(*own).values(**said))
    audit.record(session, actor, "data_request.passed", request.id, organisation=str(producer.id))
    if all(each.row.passed_at for each in await list_routes(session, request.id)):
        await escalate(session, request)


async def reopen(session: AsyncSession, actor: Actor, request: DataRequest) -> None:
    """Ask anew: the answer did not hold.

    Raises:
        ForbiddenError: the person is not of the team.
        ConflictError: it is open, or not there any more.
    """
    require_team(actor)
    state = follow(request.state, Event.REOPEN)
    request.answer, request.answered_by, request.answered_at = "", None, None
    request.dataset_id, request.promised_on, request.reminded_at, request.escalated_at = None, None, None, None
    request.due_on = (now() + ANSWER).date()
    change(request, state)
    await session.flush()
    audit.record(session, actor, "data_request.reopened", request.id)


async def hide(session: AsyncSession, actor: Actor, request: DataRequest, words: str) -> None:
    """Take it off the board, and say why to who asked.

    Raises:
        ForbiddenError: the person is not of the team.
        InvalidError: no reason is given.
        ConflictError: it is not there any more.
    """
    require_team(actor)
    state = follow(request.state, Event.HIDE)
    request.answer, request.answered_by, request.answered_at = _words(words), None, now()
    change(request, state)
    await session.flush()
    await tell(session, request, "hidden")
    audit.record(session, actor, "data_request.hidden", request.id)


async def show(session: AsyncSession, actor: Actor, request: DataRequest) -> None:
    """Put it back on the board.

    Raises:
        ForbiddenError, ConflictError: as for `hide`.
    """
    require_team(actor)
    state = follow(request.state, Event.SHOW)
    request.answer, request.answered_at, request.promised_on = "", None, None
    change(request, state)
    await session.flush()
    audit.record(session, actor, "data_request.shown", request.id)


async def merge(session: AsyncSession, actor: Actor, request: DataRequest, into: DataRequest) -> None:
    """Make it one with another: who asked and who supported it support the other from now on.

    Raises:
        ForbiddenError: the person is not of the team.
        ConflictError: one of them is not open any more, or they are the same.
    """
    require_team(actor)
    state = follow(request.state, Event.MERGE)
    if into.id == request.id or into.state not in OPEN:
        raise ConflictError("A request is merged into another one that is open.", remedy="Choose another.")
    supported = select(DataRequestSupport).where(DataRequestSupport.request_id == request.id)
    people = {each.person_id: each.language for each in await session.scalars(supported)}
    if request.person_id:
        people[request.person_id] = request.language
    if into.person_id:
        people.pop(into.person_id, None)
    for person, language in people.items():
        row = {"request_id": into.id, "person_id": person, "language": language, "since": now()}
        await session.execute(insert(DataRequestSupport).values(row).on_conflict_do_nothing())
    for route in await list_routes(session, request.id):
        if route.row.passed_at is None:
            await send_to(session, into, route.organisation.id, route.row.reason)
    request.merged_into = into.id
    change(request, state)
    await count_supporters(session, into)
    await tell_people(session, request, "merged")
    audit.record(session, actor, "data_request.merged", request.id, into=str(into.id))


async def route(session: AsyncSession, actor: Actor, request: DataRequest, slug: str) -> None:
    """Send it to one more producer, which has its own time to answer.

    Raises:
        ForbiddenError: the person is not of the team.
        InvalidError: no producer has this name.
        ConflictError: it is no longer asked.
    """
    require_team(actor)
    if request.state != State.ASKED:
        raise ConflictError("This request is no longer asked of anybody.", remedy="Ask it anew first.")
    chosen = await session.scalar(select(Organisation).where(Organisation.slug == slug, Organisation.producer))
    if chosen is None:
        raise InvalidError(refusals=[Refusal("organisation", "No producer has this name.", "Choose one of the list.")])
    passed = (DataRequestRoute.request_id == request.id, DataRequestRoute.organisation_id == chosen.id)
    await session.execute(delete(DataRequestRoute).where(*passed, DataRequestRoute.passed_at.is_not(None)))
    await send_to(session, request, chosen.id)
    request.due_on, request.reminded_at, request.escalated_at = (now() + ANSWER).date(), None, None
    await session.flush()
    audit.record(session, actor, "data_request.routed", request.id, organisation=str(chosen.id))


def require_team(actor: Actor) -> None:
    """Some things are the team's.

    Raises:
        ForbiddenError: the person is not of the team.
    """
    if not actor.moderator:
        raise ForbiddenError("Only the territory’s team does this.", remedy="Write to it.")


async def tell_people(session: AsyncSession, request: DataRequest, what: str) -> None:
    """Queue a mail to who asked and to each who supports it."""
    await tell(session, request, what)
    supported = select(DataRequestSupport.person_id).where(DataRequestSupport.request_id == request.id)
    for person in await session.scalars(supported):
        await tell(session, request, what, person=str(person))


async def _answer(
    session: AsyncSession, request: DataRequest, state: State, producer: Organisation | None, words: str
) -> None:
    request.answer, request.answered_at = words, now()
    request.answered_by = producer.id if producer else None
    change(request, state)
    await session.flush()
    await tell_people(session, request, state)


async def _find_dataset(session: AsyncSession, address: str) -> Dataset:
    for part in reversed(address.strip().split("?")[0].split("/")):
        try:
            id_ = UUID(part)
        except ValueError:
            continue
        shown = (Dataset.id == id_, Dataset.state == DatasetState.PUBLISHED)
        if found := await session.scalar(select(Dataset).where(*shown)):
            return found
    raise InvalidError(
        refusals=[Refusal("dataset", "No dataset of this catalogue has this address.", "Copy that of its page.")]
    )


def _words(words: str, *, needed: bool = True) -> str:
    cleaned = "\n".join(line.rstrip() for line in words.strip().replace("\x00", "").splitlines())
    if needed and not cleaned:
        raise InvalidError(refusals=[Refusal("words", "Say why: everybody who needs these data reads it.")])
    if len(cleaned) > LONGEST_WORDS:
        raise InvalidError(refusals=[Refusal("words", "This is very long.", "Write 4000 characters at most.")])
    return cleaned
