"""What the person does: ask for restricted data for a project, correct what was asked, answer, accept an offer, take it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from msgspec import structs
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, Refusal, TooManyError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal import audit
from udi.portal.access.models import AccessAgreement, AccessPolicy, AccessRequest
from udi.portal.access.policies.queries import find_policy, policy_of
from udi.portal.access.requests import clock
from udi.portal.access.requests.applicant import Applicant, describe_applicant, keep_applicant
from udi.portal.access.requests.documents import Sent, check_documents, keep_documents, list_documents
from udi.portal.access.requests.states import OPEN, Event, Side, State, follow
from udi.portal.access.requests.thread import note, tell, tidy_words
from udi.portal.catalogue.models import Dataset
from udi.portal.projects.models import Project
from udi.protocol.policy import Field, FieldKind, Policy, read_policy, write_policy

MOST_OPEN = 20
LONGEST_LINE, LONGEST_WORDS = 300, 5000
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('access ' || app.current_tenant()::text || :project, 0))"


@dataclass(frozen=True)
class Asked:
    """What the form says, as it was typed; `answers` by name of the policy's fields."""

    purpose: str = ""
    words: str = ""
    interest: str = ""
    months: str = ""
    columns: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    documents: Sequence[Sent] = ()


def check(asked: Asked, policy: Policy, project: Project, kept: Sequence[str] = ()) -> list[Refusal]:
    """What is wrong with what was typed, and with who asks; `kept` are the documents that are here already."""
    terms, refusals = policy.terms, []
    if project.requester not in {each.value for each in policy.requesters}:
        refusals.append(
            Refusal(
                "project", "Whoever leads this project is not among those who may ask.",
                "Read who may ask on the page of the dataset; a project may be led in the name of an organisation.",
            )
        )  # fmt: skip
    if asked.purpose not in {each.value for each in terms.purposes}:
        refusals.append(Refusal("purpose", "It is not said what the data are for.", "Choose one of the uses."))
    if not asked.words:
        refusals.append(
            Refusal("words", "It is not said what you would do with the data.", "Say it in a few sentences.")
        )
    if terms.general_interest and not asked.interest:
        refusals.append(Refusal("interest", "It is not said how the project serves the general interest."))
    for name, words in {"words": asked.words, "interest": asked.interest}.items():
        if len(words) > LONGEST_WORDS:
            refusals.append(Refusal(name, "This is very long.", "Write 5000 characters at most."))
    months = asked.months
    if not (months.isascii() and months.isdigit() and len(months) < 4 and 1 <= int(months) <= terms.months):  # noqa: PLR2004 - 120 at most
        refusals.append(
            Refusal("months", "Write a number from %(least)s to %(most)s.", values={"least": 1, "most": terms.months})
        )
    if not set(asked.columns) <= set(terms.columns):
        refusals.append(Refusal("columns", "One of these columns is not offered.", "Choose among those of the list."))
    for each in policy.fields:
        refusals += _check_answer(each, asked, kept)
    return refusals + check_documents(asked.documents)


def _check_answer(each: Field, asked: Asked, kept: Sequence[str]) -> list[Refusal]:
    at, answer = f"answer_{each.name}", asked.answers.get(each.name, "")
    given = bool(answer) or each.name in kept or any(sent.field == each.name for sent in asked.documents)
    if not given:
        return [Refusal(at, "This question has no answer yet.")] if each.required else []
    if each.kind is FieldKind.DOCUMENT:
        return []
    longest = LONGEST_WORDS if each.kind is FieldKind.WORDS else LONGEST_LINE
    if len(answer) > longest:
        return [Refusal(at, "This is very long.", "Write %(most)s characters at most.", values={"most": longest})]
    return [] if _fits(each, answer) else [Refusal(at, "This is not what is asked for.", REMEDIES[each.kind])]


REMEDIES = {
    FieldKind.NUMBER: "Write a number, such as 12 or 3.5.",
    FieldKind.DATE: "Write a date as 2026-05-31.",
    FieldKind.CHOICE: "Choose one of the answers.",
    FieldKind.YES_NO: "Choose yes or no.",
    FieldKind.LINE: "", FieldKind.WORDS: "", FieldKind.DOCUMENT: "",
}  # fmt: skip


def _fits(each: Field, answer: str) -> bool:
    if each.kind is FieldKind.NUMBER:
        return answer.isascii() and answer.removeprefix("-").replace(".", "", 1).replace(",", "", 1).isdigit()
    if each.kind is FieldKind.DATE:
        try:
            return len(answer) == len("2026-05-31") and date.fromisoformat(answer) is not None
        except ValueError:
            return False
    if each.kind is FieldKind.CHOICE:
        return answer in each.choices
    return answer in {"yes", "no"} if each.kind is FieldKind.YES_NO else True


async def submit(
    session: AsyncSession,
    actor: Actor,
    dataset: Dataset,
    project: Project,
    asked: Asked,
    *,
    policy: AccessPolicy,
    territory: Territory,
    language: str,
    renews: AccessAgreement | None = None,
    connector: str = "",
) -> AccessRequest:
    """Ask the producer of a restricted dataset to open it to a project that the person leads; its members are told.

    A `connector` asks for the project without a form: the producer puts its questions in the thread.

    Raises:
        InvalidError: something is wrong, each thing named by its field.
        ConflictError: the project has a request for these data that waits.
        TooManyError: the person has as many requests open as one may.
    """
    said = policy_of(policy)
    kept = [each.name for each in said.fields if each.kind is FieldKind.DOCUMENT] if renews else []
    if refusals := check(asked, structs.replace(said, fields=()) if connector else said, project, kept):
        raise InvalidError("Nothing was sent yet.", refusals=refusals)
    await session.execute(text(LOCK), {"project": str(project.id)})
    await _refuse_twin(session, actor, dataset, project)
    request = _begin(actor, dataset, project, language, renews, connector)
    _fill(request, asked, policy, said, await describe_applicant(session, project))
    clock.start(request, said.answer_days, territory.zone)
    session.add(request)
    await session.flush()
    await keep_documents(session, request, asked.documents)
    if (locked := await find_policy(session, dataset.id, lock=True)) is not None:
        locked.received += 1
    await note(session, actor, request, Event.CORRECT, Side.REQUESTER)
    await tell(session, request, Event.CORRECT)
    audit.record(session, actor, "access_request.submitted", request.id, dataset=str(dataset.id))
    return request


def _begin(
    actor: Actor, dataset: Dataset, project: Project, language: str, renews: AccessAgreement | None, connector: str
) -> AccessRequest:
    moment = now()
    return AccessRequest(
        dataset_id=dataset.id, organisation_id=dataset.organisation_id, project_id=project.id,
        person_id=actor.person_id, language=language, state=State.SUBMITTED, revision=1, asked_at=moment, since=moment,
        renews_id=renews.id if renews else None, connector=connector, measured=False, days_used=0,
    )  # fmt: skip


async def _refuse_twin(session: AsyncSession, actor: Actor, dataset: Dataset, project: Project) -> None:
    own = select(func.count()).where(AccessRequest.person_id == actor.person_id, AccessRequest.state.in_(OPEN))
    if (await session.scalar(own) or 0) >= MOST_OPEN:
        raise TooManyError(
            "You have %(most)s requests that wait for an answer, which is as many as one may.",
            remedy="Take one back, or wait for an answer.",
            values={"most": MOST_OPEN},
        )
    same = (AccessRequest.project_id == project.id, AccessRequest.dataset_id == dataset.id)
    if await session.scalar(select(AccessRequest.id).where(*same, AccessRequest.state.in_(OPEN)).limit(1)):
        raise ConflictError(
            "This project asked for these data already, and waits for an answer.",
            remedy="Its page is under «my requests»: you can correct it there.",
        )


def _fill(request: AccessRequest, asked: Asked, policy: AccessPolicy, said: Policy, applicant: Applicant) -> None:
    keep_applicant(request, applicant)
    request.purpose, request.words, request.interest = asked.purpose, asked.words, asked.interest
    request.months, request.columns = int(asked.months), [each for each in said.terms.columns if each in asked.columns]
    request.answers = {name: answer for name, answer in asked.answers.items() if answer}
    request.policy, request.policy_revision = write_policy(said), policy.revision


async def correct(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    project: Project,
    asked: Asked,
    *,
    policy: AccessPolicy,
    territory: Territory,
    connector: str = "",
) -> None:
    """Send a request again, corrected, under the terms of today; after a refusal, the days begin anew.

    Raises:
        InvalidError: something is wrong, each thing named by its field.
        ConflictError: it was granted or taken back, or a connector alone corrects it.
    """
    require_voice(request, connector)
    before, state = State(request.state), follow(request.state, Event.CORRECT)
    said = policy_of(policy)
    kept = [each.field for each in await list_documents(session, request)]
    if refusals := check(asked, structs.replace(said, fields=()) if connector else said, project, kept):
        raise InvalidError("Nothing was sent yet.", refusals=refusals)
    _fill(request, asked, policy, said, await describe_applicant(session, project))
    request.offer, request.revision = None, request.revision + 1
    if before in OPEN:
        clock.resume(request, said.answer_days, territory.zone)
    else:
        clock.start(request, said.answer_days, territory.zone)
    await keep_documents(session, request, asked.documents)
    _come_to(request, state)
    await note(session, actor, request, Event.CORRECT, Side.REQUESTER)
    await tell(session, request, Event.CORRECT)
    audit.record(session, actor, "access_request.corrected", request.id)


async def answer(session: AsyncSession, actor: Actor, request: AccessRequest, words: str, territory: Territory) -> None:
    """Answer a question, or an offer that does not suit; the days go on.

    Raises:
        ConflictError: nothing waits for an answer, or a connector has to take the offer or to ask for something else.
        InvalidError: nothing is said.
    """
    if request.state == State.COUNTERED:
        require_voice(request)
    state = follow(request.state, Event.ANSWER)
    said = tidy_words(words)
    request.offer = None
    clock.resume(request, promised_by(request), territory.zone)
    _come_to(request, state)
    await note(session, actor, request, Event.ANSWER, Side.REQUESTER, said)
    await tell(session, request, Event.ANSWER)
    audit.record(session, actor, "access_request.answered", request.id)


async def withdraw(session: AsyncSession, actor: Actor, request: AccessRequest, territory: Territory) -> None:
    """Take a request back; the producer is told.

    Raises:
        ConflictError: it was decided, or taken back before.
    """
    _come_to(request, follow(request.state, Event.WITHDRAW))
    clock.stop(request, territory.zone)
    await note(session, actor, request, Event.WITHDRAW, Side.REQUESTER)
    await tell(session, request, Event.WITHDRAW)
    audit.record(session, actor, "access_request.withdrawn", request.id)


def require_voice(request: AccessRequest, connector: str = "") -> None:
    """Refuse what another than who asked would say: a person for a connector, or the reverse.

    Raises:
        ConflictError: it is for the connector, or the person, to say.
    """
    if request.connector != connector:
        raise ConflictError(
            "The connector “%(name)s” asked for the project: it corrects the request and takes an offer itself.",
            remedy="Answer questions here; the rest is done where the connector is run.",
            values={"name": request.connector},
        )


def promised_by(request: AccessRequest) -> int:
    """Within how many days the policy that the person read promises an answer."""
    return read_policy(request.policy).answer_days


def _come_to(request: AccessRequest, state: State) -> None:
    request.state, request.since, request.reminded_at = state, now(), None
