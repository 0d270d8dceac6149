"""What the organiser of a call does before its hour: write it, open it, extend it, name the jury, answer questions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ForbiddenError, InvalidError, Refusal
from udi.kit.identity import Actor
from udi.kit.mail_addresses import is_mail_address
from udi.portal import audit
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import IS_PUBLISHED
from udi.portal.organisations.models import Organisation
from udi.portal.projects.calls.models import (
    Call,
    CallCriterion,
    CallDataset,
    CallQuestion,
    Juror,
)
from udi.portal.projects.calls.notifications import queue_email
from udi.portal.projects.calls.queries import call_state, list_criteria, may_organise
from udi.portal.projects.calls.transitions import CALL, CallEvent, CallState
from udi.portal.projects.translated_texts import (
    check_translations,
    tidy_line,
    tidy_translations,
    tidy_words,
)
from udi.ui.locale import LANGUAGES
from udi.ui.translated_texts import Translations, translated_name

TRANSLATED = ("title", "summary", "words")
"""Texts that may be written in several languages, besides the criteria."""
LONGEST = {"title": 150, "summary": 300, "words": 10_000}
LONGEST_ANSWER = 3000
LONGEST_LABEL = 150
MOST_POINTS = 100
MOST_CRITERIA = 8
MOST_JURORS = 20
MOST_DATASETS = 50


@dataclass(frozen=True)
class CallInput:
    """What the form says of a call."""

    title: str = ""
    summary: str = ""
    words: str = ""
    closes_at: datetime | None = None
    results_at: datetime | None = None
    criteria: tuple[tuple[str, int], ...] = ()
    """What is judged, and its most points; empty lines are left out."""
    criteria_by_language: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What is judged in other languages, in the same order."""
    datasets: tuple[UUID, ...] = field(default=())
    language: str = ""
    """Main language of the texts; empty: the one that they have."""
    translations: Translations = field(default_factory=dict)


def check_call(call_input: CallInput) -> list[Refusal]:
    """What is wrong with each field."""
    refusals = []
    for name, most in LONGEST.items():
        text = tidy_words(getattr(call_input, name))
        if not text or len(text) > most:
            values = {"most": most}
            refusals.append(
                Refusal(
                    name,
                    "It is missing, or too long.",
                    "Write 1 to %(most)s characters.",
                    values=values,
                )
            )
    if call_input.closes_at is None or call_input.closes_at <= now():
        refusals.append(
            Refusal(
                "closes_at",
                "This moment is in the past.",
                "Give a day and an hour in the future.",
            )
        )
    elif call_input.results_at is None or call_input.results_at <= call_input.closes_at:
        refusals.append(
            Refusal(
                "results_at",
                "The jury needs time after the call closes.",
                "Give a later day.",
            )
        )
    sound = all(
        0 < len(label) <= LONGEST_LABEL and 0 < points <= MOST_POINTS
        for label, points in call_input.criteria
    )
    if not call_input.criteria or len(call_input.criteria) > MOST_CRITERIA or not sound:
        refusals.append(
            Refusal(
                "criteria",
                "The criteria cannot be read.",
                "Write 1 to 8, each with 1 to 100 points.",
            )
        )
    translations = tidy_translations(call_input.translations)
    refusals += check_translations(translations, LONGEST)
    return refusals + _check_criteria_by_language(call_input)


def _check_criteria_by_language(call_input: CallInput) -> list[Refusal]:
    return [
        Refusal(
            translated_name("criteria", code),
            "There are not as many criteria in this language (%(language)s).",
            "Write one a line, in the same order, of 150 characters at most.",
            values={"language": LANGUAGES.get(code, code)},
        )
        for code, labels in call_input.criteria_by_language.items()
        if len(labels) != len(call_input.criteria)
        or not all(0 < len(label) <= LONGEST_LABEL for label in labels)
    ]


async def create_call(
    session: AsyncSession,
    actor: Actor,
    call_input: CallInput,
    *,
    organisation: Organisation | None,
    language: str,
) -> Call:
    """Begin a call, which only its organisers see.

    Raises:
        ForbiddenError: the person may not organise one in this name.
        InvalidError: a field is wrong, each named.
    """
    if not may_organise(actor, organisation):
        raise ForbiddenError(
            "Calls are organised by the territory’s team and by those who administer an organisation."
        )
    if refusals := check_call(call_input):
        raise InvalidError("Nothing was kept yet.", refusals=refusals)
    moment = now()
    call = Call(
        organisation_id=organisation.id if organisation else None,
        language=call_input.language or language,
        created_at=moment,
        state=CallState.DRAFT,
    )
    _fill_call(call, call_input)
    session.add(call)
    await session.flush()
    await _replace_criteria_and_datasets(session, call, call_input)
    audit.record(session, actor, "call.written", call.id)
    return call


async def change_call(
    session: AsyncSession, actor: Actor, call: Call, call_input: CallInput
) -> None:
    """Write it anew, while it is a draft.

    Raises:
        ConflictError: it is open: what candidates read does not change.
        InvalidError: a field is wrong, each named.
    """
    CALL.next_state(call_state(call), CallEvent.CHANGE)
    if refusals := check_call(call_input):
        raise InvalidError("Nothing was kept yet.", refusals=refusals)
    _fill_call(call, call_input)
    await _replace_criteria_and_datasets(session, call, call_input)
    audit.record(session, actor, "call.changed", call.id)


async def open_call(session: AsyncSession, actor: Actor, call: Call) -> None:
    """Let everybody see it and answer it, until its hour.

    Raises:
        ConflictError: it is open already.
        InvalidError: its hour is past.
    """
    state = CALL.next_state(call_state(call), CallEvent.OPEN)
    if call.closes_at <= now():
        refusal = Refusal(
            "closes_at",
            "This moment is in the past.",
            "Give a day and an hour in the future.",
        )
        raise InvalidError("It was not opened.", refusals=[refusal])
    call.state = state
    call.opened_at = now()
    call.changed_at = now()
    await session.flush()
    audit.record(session, actor, "call.opened", call.id)


async def extend_call(
    session: AsyncSession,
    actor: Actor,
    call: Call,
    closes_at: datetime | None,
    results_at: datetime | None,
) -> None:
    """Give candidates more time; never less.

    Raises:
        ConflictError: it is not open.
        InvalidError: the new hour is not later.
    """
    CALL.next_state(call_state(call), CallEvent.EXTEND)
    if closes_at is None or closes_at <= call.closes_at:
        raise InvalidError(
            refusals=[
                Refusal(
                    "closes_at",
                    "This moment is not later than the current one.",
                    "Give a later moment.",
                )
            ]
        )
    if results_at is None or results_at <= closes_at:
        refusal = Refusal(
            "results_at",
            "The jury needs time after the call closes.",
            "Give a later day.",
        )
        raise InvalidError(refusals=[refusal])
    call.closes_at = closes_at
    call.results_at = results_at
    call.changed_at = now()
    await session.flush()
    audit.record(session, actor, "call.extended", call.id)


async def name_jury(
    session: AsyncSession, actor: Actor, call: Call, emails: Collection[str]
) -> None:
    """Name people of the jury, by the mail addresses of their accounts; each new one is told by mail.

    Raises:
        ConflictError: the jury has judged.
        InvalidError: an address is none, or there are too many.
    """
    CALL.next_state(call_state(call), CallEvent.NAME)
    invited_emails = {email.strip().lower() for email in emails if email.strip()}
    juror_emails = {
        juror.email
        for juror in await session.scalars(
            select(Juror).where(Juror.call_id == call.id)
        )
    }
    invalid_emails = [email for email in invited_emails if not is_mail_address(email)]
    if (
        invalid_emails
        or not invited_emails
        or len(invited_emails | juror_emails) > MOST_JURORS
    ):
        refusal = Refusal(
            "emails",
            "One of these is not a mail address, or they are many.",
            "Give one a line, 20 at most.",
        )
        raise InvalidError("Nobody was named yet.", refusals=[refusal])
    for email in sorted(invited_emails - juror_emails):
        juror = Juror(call_id=call.id, email=email, named_at=now(), declared_at=None)
        session.add(juror)
        await session.flush()
        await queue_email(session, call, "named", juror.id)
    audit.record(session, actor, "call.jury_named", call.id)


async def dismiss_juror(
    session: AsyncSession, actor: Actor, call: Call, juror: Juror
) -> None:
    """Take somebody off the jury, with what they scored.

    Raises:
        ConflictError: the jury has judged.
    """
    CALL.next_state(call_state(call), CallEvent.NAME)
    await session.delete(juror)
    await session.flush()
    audit.record(session, actor, "call.juror_dismissed", call.id)


async def ask_question(
    session: AsyncSession, actor: Actor, call: Call, question: str
) -> CallQuestion:
    """Ask the organiser something; it is told by mail.

    Raises:
        ConflictError: the call is not open.
        InvalidError: nothing is asked.
    """
    CALL.next_state(call_state(call), CallEvent.ASK)
    call_question = CallQuestion(
        call_id=call.id,
        person_id=actor.person_id,
        question=check_words("question", question),
        submitted_at=now(),
        answered_at=None,
    )
    session.add(call_question)
    await session.flush()
    await queue_email(session, call, "questioned", call_question.id)
    audit.record(session, actor, "call.questioned", call.id)
    return call_question


async def answer_question(
    session: AsyncSession,
    actor: Actor,
    call: Call,
    call_question: CallQuestion,
    words: str,
) -> None:
    """Answer for everybody to read; who asked is told by mail.

    Raises:
        ConflictError: the jury has judged.
        InvalidError: nothing is answered.
    """
    CALL.next_state(call_state(call), CallEvent.ANSWER)
    call_question.answer = check_words("answer", words)
    call_question.answered_at = now()
    call.changed_at = now()
    await session.flush()
    await queue_email(session, call, "answered", call_question.id)
    audit.record(session, actor, "call.answered", call.id)


def check_words(name: str, words: str) -> str:
    """Words of a person, tidied.

    Raises:
        InvalidError: there are none, or very many.
    """
    words = tidy_words(words)
    if not words or len(words) > LONGEST_ANSWER:
        refusal = Refusal(
            name, "The text is missing, or too long.", "Write 1 to 3000 characters."
        )
        raise InvalidError("Nothing was kept yet.", refusals=[refusal])
    return words


def _fill_call(call: Call, call_input: CallInput) -> None:
    call.title = tidy_line(call_input.title)
    call.summary = tidy_line(call_input.summary)
    call.words = tidy_words(call_input.words)
    call.language = call_input.language or call.language
    call.translations = tidy_translations(call_input.translations)
    call.changed_at = now()
    if call_input.closes_at and call_input.results_at:
        call.closes_at = call_input.closes_at
        call.results_at = call_input.results_at


async def _replace_criteria_and_datasets(
    session: AsyncSession, call: Call, call_input: CallInput
) -> None:
    for criterion in await list_criteria(session, call):
        await session.delete(criterion)
    await session.execute(delete(CallDataset).where(CallDataset.call_id == call.id))
    await session.flush()
    for position, (label, points) in enumerate(call_input.criteria, 1):
        labels = {
            code: texts[position - 1]
            for code, texts in call_input.criteria_by_language.items()
        }
        session.add(
            CallCriterion(
                call_id=call.id,
                position=position,
                label=label,
                labels=labels,
                points=points,
            )
        )
    dataset_ids = await session.scalars(
        select(Dataset.id).where(
            Dataset.id.in_(call_input.datasets[:MOST_DATASETS]), IS_PUBLISHED
        )
    )
    session.add_all(
        CallDataset(call_id=call.id, dataset_id=dataset) for dataset in dataset_ids
    )
    await session.flush()
