"""The mails about calls, in a language of the call; candidates alone are told why."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.projects.calls.models import Call, CallQuestion, Juror, Submission
from udi.portal.projects.calls.queries import find_organiser
from udi.portal.projects.calls.transitions import CallState
from udi.ui.emails import EmailRecipient, person_recipient
from udi.ui.site import Site

TEMPLATES = {
    "named": "juror-named",
    "questioned": "question",
    "answered": "answer",
    "submitted": "submission-receipt",
    "decided": "decision",
}
CallSubject = Juror | CallQuestion | Submission
"""What a mail is about, besides the call."""


@dataclass(frozen=True)
class _CallEmailContext:
    """What a mail about a call may say, and the page that it leads to."""

    path: str
    question: str = ""
    answer: str = ""
    project: str = ""
    laureate: bool = False
    reason: str = ""


async def write_email(
    site: Site,
    session: AsyncSession,
    territory: Territory,
    call: Call,
    what: str,
    about: UUID,
) -> Email | None:
    """The mail that an event calls for; None where it does not hold any more, or nobody is there to read it."""
    subject = await _find_subject(session, territory, call, what, about)
    if subject is None:
        return None
    recipient = await _find_recipient(session, territory, call, what, subject)
    if recipient is None:
        return None
    context = _describe_subject(call, what, subject, recipient.language)
    return site.emails.render(
        territory,
        f"projects/emails/call-{TEMPLATES[what]}.jinja",
        recipient,
        key=f"call-{call.id}-{what}-{about}-{_version(subject)}",
        title=call.title_in(recipient.language),
        day=call.closes_at,
        address=f"{territory.origin}{context.path}",
        question=context.question,
        answer=context.answer,
        project=context.project,
        laureate=context.laureate,
        reason=context.reason,
    )


async def _find_subject(
    session: AsyncSession, territory: Territory, call: Call, what: str, about: UUID
) -> CallSubject | None:
    if what == "named":
        return await session.get(Juror, (territory.id, about))
    if what in {"questioned", "answered"}:
        return await session.get(CallQuestion, (territory.id, about))
    if what == "decided" and call.state != CallState.PUBLISHED:
        return None
    return await session.get(Submission, (territory.id, about))


async def _find_recipient(
    session: AsyncSession,
    territory: Territory,
    call: Call,
    what: str,
    subject: CallSubject,
) -> EmailRecipient | None:
    if isinstance(subject, Juror):
        return EmailRecipient(subject.email, call.language)
    if what == "questioned":
        organiser = await find_organiser(session, call)
        if organiser and organiser.email:
            return EmailRecipient(organiser.email, call.language)
        return EmailRecipient(territory.contact, call.language)
    if subject.person_id is None:
        return None
    person = await session.get(Person, (territory.id, subject.person_id))
    if person is None:
        return None
    return person_recipient(territory, person, call.mail_language(person.locale))


def _version(subject: CallSubject) -> str:
    if isinstance(subject, Submission):
        return str(int(subject.sent_at.timestamp()))
    return "1"


def _describe_subject(
    call: Call, what: str, subject: CallSubject, language: str
) -> _CallEmailContext:
    page = f"/calls/{call.id}"
    if isinstance(subject, Juror):
        return _CallEmailContext(f"{page}/jury")
    if isinstance(subject, CallQuestion):
        path = f"{page}/organise" if what == "questioned" else page
        return _CallEmailContext(path, question=subject.question, answer=subject.answer)
    if what == "submitted":
        return _CallEmailContext(page, project=subject.title_in(language))
    return _CallEmailContext(
        f"{page}/submissions/{subject.id}",
        project=subject.title_in(language),
        laureate=bool(subject.laureate),
        reason=subject.reason,
    )
