"""What people do with requests for data: ask, correct, take back, support."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, Refusal, Refusals
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.projects.data_requests.matching import LikelyProducer
from udi.portal.projects.data_requests.models import (
    DataRequest,
    DataRequestRoute,
    DataRequestSupport,
)
from udi.portal.projects.data_requests.transitions import (
    DATA_REQUEST,
    OPEN,
    DataRequestEvent,
    DataRequestState,
)
from udi.protocol.themes import THEMES

SEND_REQUEST_EMAIL = "tell_data_request"
ANSWER_TIME = timedelta(days=30)
"""A producer's time to answer; that of article R. 311-13 of the French code on relations with the public."""
LONGEST_TITLE = 150
LONGEST_WORDS = 4000
MOST_OPEN = 10


@dataclass(frozen=True)
class DataRequestInput:
    """What the form says."""

    title: str = ""
    words: str = ""
    theme: str = ""

    def tidy(self) -> "DataRequestInput":
        """Without what nobody sees: blanks around, signs that are no text."""
        title = " ".join(self.title.replace("\x00", "").split())
        words = "\n".join(
            line.rstrip()
            for line in self.words.replace("\x00", "").strip().splitlines()
        )
        return replace(self, title=title, words=words)

    def check(self) -> list[Refusal]:
        """What is wrong with it."""
        refusals = Refusals()
        if not self.title:
            refusals.refuse("title", "Name the data that you need, in a few words.")
        elif len(self.title) > LONGEST_TITLE:
            refusals.refuse(
                "title", "This is very long.", "Write 150 characters at most."
            )
        if not self.words:
            refusals.refuse(
                "words",
                "Describe what you need them for: it helps producers to answer.",
            )
        elif len(self.words) > LONGEST_WORDS:
            refusals.refuse(
                "words", "This is very long.", "Write 4000 characters at most."
            )
        if self.theme and self.theme not in THEMES:
            refusals.refuse(
                "theme", "This is none of the themes.", "Choose one, or none."
            )
        return refusals


async def create_request(
    session: AsyncSession,
    actor: Actor,
    request_input: DataRequestInput,
    likely: Sequence[LikelyProducer],
    *,
    language: str,
) -> DataRequest:
    """Ask for data, and send the request to the producers that may hold them; to the team where there are none.

    Raises:
        InvalidError: with what is wrong.
        ConflictError: the person has as many open requests as one may.
    """
    request_input = request_input.tidy()
    if refusals := request_input.check():
        raise InvalidError(refusals=refusals)
    mine = select(func.count()).where(
        DataRequest.person_id == actor.person_id, DataRequest.state.in_(OPEN)
    )
    if (await session.scalar(mine) or 0) >= MOST_OPEN:
        raise ConflictError(
            "You have %(most)s open requests, which is the maximum.",
            remedy="Withdraw one first.",
            values={"most": MOST_OPEN},
        )
    moment = now()
    request = DataRequest(
        person_id=actor.person_id,
        language=language,
        title=request_input.title,
        words=request_input.words,
        theme=request_input.theme,
        submitted_at=moment,
        changed_at=moment,
        due_on=(moment + ANSWER_TIME).date(),
    )
    session.add(request)
    await session.flush()
    audit.record(session, actor, "data_request.submitted", request.id)
    await queue_email(session, request, "receipt")
    for likely_producer in likely:
        await send_to_producer(
            session, request, likely_producer.organisation.id, likely_producer.reason
        )
    if not likely:
        await escalate_request(session, request)
    return request


async def correct_request(
    session: AsyncSession,
    actor: Actor,
    request: DataRequest,
    request_input: DataRequestInput,
) -> None:
    """Say it better; those to whom it was sent are not told again.

    Raises:
        InvalidError: with what is wrong.
        ConflictError: it was answered, merged or taken back.
    """
    request_input = request_input.tidy()
    state = DATA_REQUEST.next_state(request.state, DataRequestEvent.CORRECT)
    if refusals := request_input.check():
        raise InvalidError(refusals=refusals)
    request.title = request_input.title
    request.words = request_input.words
    request.theme = request_input.theme
    set_state(request, state)
    await session.flush()
    audit.record(session, actor, "data_request.corrected", request.id)


async def withdraw_request(
    session: AsyncSession, actor: Actor, request: DataRequest
) -> None:
    """Take it back, which nobody else's need survives: who has one asks anew.

    Raises:
        ConflictError: it was answered or merged; or others support it.
    """
    state = DATA_REQUEST.next_state(request.state, DataRequestEvent.WITHDRAW)
    if request.supporters:
        raise ConflictError(
            "Others need these data too, and count on your request.",
            remedy="Leave it: nothing more is asked of you.",
        )
    set_state(request, state)
    await session.flush()
    audit.record(session, actor, "data_request.withdrawn", request.id)


async def support_request(
    session: AsyncSession, actor: Actor, request: DataRequest, *, language: str
) -> None:
    """Say that one needs the same data; once more changes nothing.

    Raises:
        ConflictError: it is no longer open, or the person asked it.
    """
    if request.state not in OPEN:
        raise ConflictError(
            "This request is no longer open.", remedy="Its page gives the outcome."
        )
    if request.person_id == actor.person_id:
        raise ConflictError("You asked for these data: your need is counted already.")
    row = {
        "request_id": request.id,
        "person_id": actor.person_id,
        "language": language,
        "since": now(),
    }
    await session.execute(
        insert(DataRequestSupport).values(row).on_conflict_do_nothing()
    )
    await update_supporter_count(session, request)


async def remove_support(
    session: AsyncSession, actor: Actor, request: DataRequest
) -> None:
    """Need them no more."""
    conditions = (
        DataRequestSupport.request_id == request.id,
        DataRequestSupport.person_id == actor.person_id,
    )
    await session.execute(delete(DataRequestSupport).where(*conditions))
    await update_supporter_count(session, request)


async def update_supporter_count(session: AsyncSession, request: DataRequest) -> None:
    """Bring the number of a request up to date."""
    counted = select(func.count()).where(DataRequestSupport.request_id == request.id)
    request.supporters = await session.scalar(counted) or 0
    await session.flush()


async def send_to_producer(
    session: AsyncSession,
    request: DataRequest,
    organisation: UUID,
    reason: dict[str, object] | None = None,
) -> None:
    """Send it to a producer, who is notified by mail; once more changes nothing."""
    row = {
        "request_id": request.id,
        "organisation_id": organisation,
        "reason": reason or {},
        "sent_at": now(),
    }
    sent = (
        insert(DataRequestRoute)
        .values(row)
        .on_conflict_do_nothing()
        .returning(DataRequestRoute.organisation_id)
    )
    if await session.scalar(sent) is not None:
        await queue_email(session, request, "sent", organisation=str(organisation))


async def escalate_request(session: AsyncSession, request: DataRequest) -> None:
    """Tell the territory's team that nobody answers, once."""
    if request.escalated_at is None:
        request.escalated_at = now()
        await session.flush()
        await queue_email(session, request, "escalated")
        audit.record(session, None, "data_request.escalated", request.id)


async def queue_email(
    session: AsyncSession, request: DataRequest, what: str, **whom: str
) -> None:
    """Queue a mail, to one address, about the request as it stands."""
    await jobs.enqueue(
        session,
        SEND_REQUEST_EMAIL,
        {
            "request": str(request.id),
            "what": what,
            "revision": request.revision,
            **whom,
        },
    )


def set_state(request: DataRequest, state: DataRequestState) -> None:
    """Note that it changed."""
    request.state = state
    request.changed_at = now()
    request.revision = request.revision + 1
