"""What the organiser of a call does before its hour: write it, open it, extend it, name the jury, answer questions."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ForbiddenError, InvalidError, Refusal
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import SHOWN
from udi.portal.organisations.joining.asking import LONGEST_MAIL, MAIL
from udi.portal.organisations.models import Organisation
from udi.portal.projects.actions.describe import tidy_words
from udi.portal.projects.calls.models import Call, CallCriterion, CallDataset, CallQuestion, Juror
from udi.portal.projects.calls.queries import list_criteria, may_organise, standing
from udi.portal.projects.calls.states import Event, State, follow
from udi.portal.projects.calls.telling import tell_call

LONGEST = {"title": 150, "summary": 300, "words": 10_000}
LONGEST_ANSWER, LONGEST_LABEL, MOST_POINTS, MOST_CRITERIA, MOST_JURORS, MOST_DATASETS = 3000, 150, 100, 8, 20, 50


@dataclass(frozen=True)
class Written:
    """What the form says of a call."""

    title: str = ""
    summary: str = ""
    words: str = ""
    closes_at: datetime | None = None
    results_at: datetime | None = None
    criteria: tuple[tuple[str, int], ...] = ()
    """What is judged, and its most points; empty lines are left out."""
    datasets: tuple[UUID, ...] = field(default=())


def check(written: Written) -> list[Refusal]:
    """What is wrong with each field."""
    found = []
    for name, most in LONGEST.items():
        text = getattr(written, name).strip()
        if not text or len(text) > most:
            values = {"most": most}
            found.append(
                Refusal(name, "It is missing, or very long.", "Write 1 to %(most)s characters.", values=values)
            )
    if written.closes_at is None or written.closes_at <= now():
        found.append(Refusal("closes_at", "This is not a moment to come.", "Give a day and an hour to come."))
    elif written.results_at is None or written.results_at <= written.closes_at:
        found.append(Refusal("results_at", "The jury needs time after the call closes.", "Give a later day."))
    sound = all(0 < len(label) <= LONGEST_LABEL and 0 < points <= MOST_POINTS for label, points in written.criteria)
    if not written.criteria or len(written.criteria) > MOST_CRITERIA or not sound:
        found.append(Refusal("criteria", "The criteria cannot be read.", "Write 1 to 8, each with 1 to 100 points."))
    return found


async def write_call(
    session: AsyncSession, actor: Actor, written: Written, *, organisation: Organisation | None, language: str
) -> Call:
    """Begin a call, which only its organisers see.

    Raises:
        ForbiddenError: the person may not organise one in this name.
        InvalidError: a field is wrong, each named.
    """
    if not may_organise(actor, organisation):
        raise ForbiddenError("Calls are organised by the territory’s team and by those who administer an organisation.")
    if refusals := check(written):
        raise InvalidError("Nothing was kept yet.", refusals=refusals)
    moment = now()
    call = Call(
        organisation_id=organisation.id if organisation else None,
        language=language,
        created_at=moment,
        state=State.DRAFT,
    )
    _fill(call, written)
    session.add(call)
    await session.flush()
    await _fill_parts(session, call, written)
    audit.record(session, actor, "call.written", call.id)
    return call


async def change_call(session: AsyncSession, actor: Actor, call: Call, written: Written) -> None:
    """Write it anew, while it is a draft.

    Raises:
        ConflictError: it is open: what candidates read does not change.
        InvalidError: a field is wrong, each named.
    """
    follow(standing(call), Event.CHANGE)
    if refusals := check(written):
        raise InvalidError("Nothing was kept yet.", refusals=refusals)
    _fill(call, written)
    await _fill_parts(session, call, written)
    audit.record(session, actor, "call.changed", call.id)


async def open_call(session: AsyncSession, actor: Actor, call: Call) -> None:
    """Let everybody see it and answer it, until its hour.

    Raises:
        ConflictError: it is open already.
        InvalidError: its hour is past.
    """
    state = follow(standing(call), Event.OPEN)
    if call.closes_at <= now():
        refusal = Refusal("closes_at", "This is not a moment to come.", "Give a day and an hour to come.")
        raise InvalidError("It was not opened.", refusals=[refusal])
    call.state, call.opened_at, call.changed_at = state, now(), now()
    await session.flush()
    audit.record(session, actor, "call.opened", call.id)


async def extend_call(
    session: AsyncSession, actor: Actor, call: Call, closes_at: datetime | None, results_at: datetime | None
) -> None:
    """Give candidates more time; never less.

    Raises:
        ConflictError: it is not open.
        InvalidError: the new hour is not later.
    """
    follow(standing(call), Event.EXTEND)
    if closes_at is None or closes_at <= call.closes_at:
        raise InvalidError(refusals=[Refusal("closes_at", "This is not later than now said.", "Give a later moment.")])
    if results_at is None or results_at <= closes_at:
        refusal = Refusal("results_at", "The jury needs time after the call closes.", "Give a later day.")
        raise InvalidError(refusals=[refusal])
    call.closes_at, call.results_at, call.changed_at = closes_at, results_at, now()
    await session.flush()
    audit.record(session, actor, "call.extended", call.id)


async def name_jury(session: AsyncSession, actor: Actor, call: Call, emails: Collection[str]) -> None:
    """Name people of the jury, by the mail addresses of their accounts; each new one is told by mail.

    Raises:
        ConflictError: the jury has judged.
        InvalidError: an address is none, or there are too many.
    """
    follow(standing(call), Event.NAME)
    wanted = {email.strip().lower() for email in emails if email.strip()}
    known = {juror.email for juror in await session.scalars(select(Juror).where(Juror.call_id == call.id))}
    wrong = [email for email in wanted if not MAIL.fullmatch(email) or len(email) > LONGEST_MAIL]
    if wrong or not wanted or len(wanted | known) > MOST_JURORS:
        refusal = Refusal(
            "emails", "One of these is not a mail address, or they are many.", "Give one a line, 20 at most."
        )
        raise InvalidError("Nobody was named yet.", refusals=[refusal])
    for email in sorted(wanted - known):
        juror = Juror(call_id=call.id, email=email, named_at=now(), declared_at=None)
        session.add(juror)
        await session.flush()
        await tell_call(session, call, "named", juror.id)
    audit.record(session, actor, "call.jury_named", call.id)


async def dismiss_juror(session: AsyncSession, actor: Actor, call: Call, juror: Juror) -> None:
    """Take somebody off the jury, with what they scored.

    Raises:
        ConflictError: the jury has judged.
    """
    follow(standing(call), Event.NAME)
    await session.delete(juror)
    await session.flush()
    audit.record(session, actor, "call.juror_dismissed", call.id)


async def ask_question(session: AsyncSession, actor: Actor, call: Call, question: str) -> CallQuestion:
    """Ask the organiser something; it is told by mail.

    Raises:
        ConflictError: the call is not open.
        InvalidError: nothing is asked.
    """
    follow(standing(call), Event.ASK)
    asked = CallQuestion(
        call_id=call.id, person_id=actor.person_id, question=check_words("question", question), asked_at=now(),
        answered_at=None,
    )  # fmt: skip
    session.add(asked)
    await session.flush()
    await tell_call(session, call, "asked", asked.id)
    audit.record(session, actor, "call.asked", call.id)
    return asked


async def answer_question(session: AsyncSession, actor: Actor, call: Call, asked: CallQuestion, words: str) -> None:
    """Answer for everybody to read; who asked is told by mail.

    Raises:
        ConflictError: the jury has judged.
        InvalidError: nothing is answered.
    """
    follow(standing(call), Event.ANSWER)
    asked.answer, asked.answered_at = check_words("answer", words), now()
    call.changed_at = now()
    await session.flush()
    await tell_call(session, call, "answered", asked.id)
    audit.record(session, actor, "call.answered", call.id)


def check_words(name: str, words: str) -> str:
    """Words of a person, tidied.

    Raises:
        InvalidError: there are none, or very many.
    """
    words = tidy_words(words)
    if not words or len(words) > LONGEST_ANSWER:
        refusal = Refusal(name, "There are no words, or very many.", "Write 1 to 3000 characters.")
        raise InvalidError("Nothing was kept yet.", refusals=[refusal])
    return words


def _fill(call: Call, written: Written) -> None:
    call.title, call.summary = " ".join(written.title.split()), " ".join(written.summary.split())
    call.words, call.changed_at = tidy_words(written.words), now()
    if written.closes_at and written.results_at:
        call.closes_at, call.results_at = written.closes_at, written.results_at


async def _fill_parts(session: AsyncSession, call: Call, written: Written) -> None:
    for criterion in await list_criteria(session, call):
        await session.delete(criterion)
    await session.execute(delete(CallDataset).where(CallDataset.call_id == call.id))
    await session.flush()
    for position, (label, points) in enumerate(written.criteria, 1):
        session.add(CallCriterion(call_id=call.id, position=position, label=label, points=points))
    known = await session.scalars(select(Dataset.id).where(Dataset.id.in_(written.datasets[:MOST_DATASETS]), SHOWN))
    session.add_all(CallDataset(call_id=call.id, dataset_id=dataset) for dataset in known)
    await session.flush()
