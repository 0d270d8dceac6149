"""The mails about calls, in the language of the call; candidates alone are told why."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.notifications.emails import Translate, translator
from udi.portal.projects.calls.models import Call, CallQuestion, Juror, Submission
from udi.portal.projects.calls.queries import find_organiser
from udi.portal.projects.calls.transitions import CallState
from udi.ui.locale import localise
from udi.ui.site import Site

EmailContent = tuple[str, list[str]]


async def write_email(
    site: Site,
    session: AsyncSession,
    territory: Territory,
    call: Call,
    what: str,
    about: UUID,
) -> Email | None:
    """The mail that an event calls for; None where it does not hold any more, or nobody is there to read it."""
    say = translator(site, call.language)
    where = localise(territory.name, call.language)
    address = f"{territory.origin}/calls/{call.id}"
    recipient_and_topic = await _find_recipient(session, territory, call, what, about)
    if recipient_and_topic is None:
        return None
    to, subject, parts = (
        recipient_and_topic[0],
        *_write_content(say, call, what, recipient_and_topic[1], address),
    )
    return Email(
        to=to,
        subject=subject,
        text="\n\n".join([say("Good morning,"), *parts, where]) + "\n",
        language=call.language,
        id=f"call-{call.id}-{what}-{about}-{_version(recipient_and_topic[1])}",
        sender=site.settings.mail_sender or territory.contact,
        sender_name=where,
        reply_to=territory.contact,
    )


async def _find_recipient(
    session: AsyncSession, territory: Territory, call: Call, what: str, about: UUID
) -> tuple[str, Juror | CallQuestion | Submission] | None:
    """To whom, and what it is about."""
    row: Juror | CallQuestion | Submission | None
    if what == "named":
        row = await session.get(Juror, (territory.id, about))
    elif what in {"asked", "answered"}:
        row = await session.get(CallQuestion, (territory.id, about))
    else:
        row = await session.get(Submission, (territory.id, about))
    if row is None or (what == "decided" and call.state != CallState.PUBLISHED):
        return None
    if isinstance(row, Juror):
        return row.email, row
    if what == "asked":
        organiser = await find_organiser(session, call)
        return (
            organiser.email if organiser and organiser.email else territory.contact
        ), row
    if row.person_id:
        person = await session.get(Person, (territory.id, row.person_id))
    else:
        person = None
    if person:
        return (person.email, row)
    return None


def _version(row: Juror | CallQuestion | Submission) -> str:
    if isinstance(row, Submission):
        return str(int(row.sent_at.timestamp()))
    return "1"


def _write_content(
    say: Translate,
    call: Call,
    what: str,
    row: Juror | CallQuestion | Submission,
    address: str,
) -> EmailContent:
    title = call.title
    if isinstance(row, Juror):
        return say("You are in the jury of “%(title)s”", title=title), [
            say(
                "The organiser of the call “%(title)s” named you in its jury.",
                title=title,
            ),
            say(
                "Once it is closed, say your conflicts of interest and give your points here: %(address)s",
                address=f"{address}/jury",
            ),
        ]
    if isinstance(row, CallQuestion):
        if what == "asked":
            return say("A question about “%(title)s”", title=title), [
                say("Somebody asks about the call “%(title)s”:", title=title),
                row.question,
                say(
                    "Answer for everybody here: %(address)s",
                    address=f"{address}/organise",
                ),
            ]
        return say("An answer about “%(title)s”", title=title), [
            say("Your question about the call “%(title)s” has an answer:", title=title),
            row.answer,
            say(
                "It is on the page of the call, without your name: %(address)s",
                address=address,
            ),
        ]
    if what == "submitted":
        return say("Your answer to “%(title)s” is there", title=title), [
            say(
                "Your project “%(project)s” answers the call “%(title)s”.",
                project=row.title,
                title=title,
            ),
            say(
                "Until it closes you may change it or take it back: %(address)s",
                address=address,
            ),
        ]
    return _write_decision(say, call, row, address)


def _write_decision(
    say: Translate, call: Call, row: Submission, address: str
) -> EmailContent:
    values = {"project": row.title, "title": call.title}
    if row.laureate:
        subject = say("“%(project)s” is a laureate of “%(title)s”", **values)
        first = say(
            "The project “%(project)s” is among the laureates of the call “%(title)s”. The organiser says why:",
            **values,
        )
    else:
        subject = say("“%(project)s” was not chosen for “%(title)s”", **values)
        first = say(
            "The project “%(project)s” was not chosen for the call “%(title)s”. The organiser says why:",
            **values,
        )
    return subject, [
        first,
        row.reason,
        say(
            "The jury’s points and reasons are here, for you alone: %(address)s",
            address=f"{address}/submissions/{row.id}",
        ),
    ]
