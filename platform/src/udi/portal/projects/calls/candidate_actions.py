"""What a candidate does: answer a call with a project, send it again, take it back; until the closing hour."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.projects.calls.models import Call, Submission
from udi.portal.projects.calls.notifications import queue_email
from udi.portal.projects.calls.organiser_actions import TRANSLATED, check_words
from udi.portal.projects.calls.queries import (
    MOST_SUBMISSIONS,
    call_state,
    count_submissions,
)
from udi.portal.projects.calls.transitions import CALL, CallEvent
from udi.portal.projects.models import Project


async def submit_project(
    session: AsyncSession, actor: Actor, call: Call, project: Project, answer: str
) -> Submission:
    """Answer a call with a project that the person leads, as it is now; once more replaces what was sent.

    Raises:
        ConflictError: the call is not open, or has as many answers as it may.
        InvalidError: there is no answer.
    """
    CALL.next_state(call_state(call), CallEvent.SUBMIT)
    words = check_words("answer", answer)
    conditions = (Submission.call_id == call.id, Submission.project_id == project.id)
    existing = await session.scalar(
        select(Submission).where(*conditions).with_for_update()
    )
    if existing is None and await count_submissions(session, call) >= MOST_SUBMISSIONS:
        raise ConflictError(
            "This call has reached its maximum number of answers.",
            remedy="Write to those who organise it.",
        )
    submission = existing or Submission(
        call_id=call.id, project_id=project.id, laureate=None, total=None
    )
    submission.person_id = actor.person_id
    submission.sent_at = now()
    submission.answer = words
    submission.title = project.title
    submission.summary = project.summary
    submission.words = project.words
    submission.language = project.language
    submission.translations = {
        field: texts
        for field, texts in project.translations.items()
        if field in TRANSLATED
    }
    session.add(submission)
    await session.flush()
    await queue_email(session, call, "submitted", submission.id)
    audit.record(session, actor, "call.submitted", call.id, project=str(project.id))
    return submission


async def withdraw_submission(
    session: AsyncSession, actor: Actor, call: Call, submission: Submission
) -> None:
    """Take an answer back.

    Raises:
        ConflictError: the call is not open any more.
    """
    CALL.next_state(call_state(call), CallEvent.WITHDRAW)
    await session.delete(submission)
    await session.flush()
    audit.record(
        session,
        actor,
        "call.submission_withdrawn",
        call.id,
        project=str(submission.project_id),
    )
