"""Writing to somebody who is suggested: the portal sends the words, and says nobody's address but the writer's."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, Refusal, TooManyRequestsError
from udi.portal import audit
from udi.portal.projects.suggestions.models import SuggestionMessage
from udi.portal.projects.suggestions.queries import SuggestionSettings
from udi.portal.projects.suggestions.suggestion import Suggestion
from udi.portal.projects.suggestions.transitions import SUGGESTIONS, SuggestionEvent
from udi.portal.projects.translated_texts import tidy_words

SEND_MESSAGE = "send_suggestion_message"
LONGEST_MESSAGE = 2000
MOST_A_DAY = 5
MESSAGE_INTERVAL = timedelta(days=30)
"""Between two messages to the same."""


async def create_message(
    session: AsyncSession, standing: SuggestionSettings, to: Suggestion, words: str
) -> SuggestionMessage:
    """Have a few words sent to somebody who is suggested.

    Raises:
        ConflictError: suggestions are not turned on, or they were written to lately.
        TooManyRequestsError: the writer has sent as many today as one may.
        InvalidError: there are no words, or far too many; or nothing could be answered.
    """
    SUGGESTIONS.next_state(standing.state, SuggestionEvent.WRITE)
    words = tidy_words(words)
    if not standing.actor.email:
        raise ConflictError(
            "Your account has no mail address: nobody could answer you.",
            remedy="Add one to it.",
        )
    if not words or len(words) > LONGEST_MESSAGE:
        refusal = Refusal(
            "words",
            "The message is empty, or too long.",
            "Write 2000 characters at most.",
        )
        raise InvalidError("Nothing was sent yet.", refusals=[refusal])
    await _check_rate(session, standing, to)
    suggestion_message = SuggestionMessage(
        interest_id=standing.interest.id if standing.interest else None,
        to_id=to.id,
        person_id=standing.actor.person_id,
        words=words,
        written_at=now(),
    )
    session.add(suggestion_message)
    await session.flush()
    await jobs.enqueue(session, SEND_MESSAGE, {"message": str(suggestion_message.id)})
    audit.record(
        session, standing.actor, "suggestion.message_written", suggestion_message.id
    )
    return suggestion_message


async def _check_rate(
    session: AsyncSession, standing: SuggestionSettings, to: Suggestion
) -> None:
    mine = SuggestionMessage.person_id == standing.actor.person_id
    lately = select(func.count()).where(
        mine, SuggestionMessage.written_at > now() - timedelta(days=1)
    )
    if (await session.scalar(lately) or 0) >= MOST_A_DAY:
        raise TooManyRequestsError(
            "You sent %(most)s messages today, which is the maximum.",
            remedy="Send the next one tomorrow.",
            values={"most": MOST_A_DAY},
        )
    same = (
        mine,
        SuggestionMessage.to_id == to.id,
        SuggestionMessage.written_at > now() - MESSAGE_INTERVAL,
    )
    if (
        await session.scalar(select(SuggestionMessage.id).where(*same).limit(1))
        is not None
    ):
        raise ConflictError(
            "You wrote to them less than a month ago.", remedy="Wait for their answer."
        )
