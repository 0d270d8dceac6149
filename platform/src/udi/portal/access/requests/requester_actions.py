"""What the person does: ask for restricted data for a project, correct what was asked, answer, accept an offer, take it back."""

from collections.abc import Sequence

from msgspec import structs
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, TooManyRequestsError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal import audit
from udi.portal.access.applicant import describe_applicant
from udi.portal.access.models import (
    AccessAgreement,
    AccessPolicy,
    AccessRequest,
    AccessRequestState,
    AccessSide,
    Applicant,
)
from udi.portal.access.policies.queries import find_policy, policy_of
from udi.portal.access.requests import clock
from udi.portal.access.requests.documents import list_documents, store_documents
from udi.portal.access.requests.request_input import AccessRequestInput, check_input
from udi.portal.access.requests.thread import add_step, clean_message, notify_other_side
from udi.portal.access.requests.transitions import (
    ACCESS_REQUEST,
    OPEN,
    AccessRequestEvent,
)
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.stewards import find_steward
from udi.portal.organisations.models import Organisation
from udi.portal.projects.models import Project
from udi.protocol.policy import FieldKind, Policy, read_policy, write_policy

MOST_OPEN = 20
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('access ' || app.current_tenant()::text || :project, 0))"


async def submit_request(
    session: AsyncSession,
    actor: Actor,
    dataset: Dataset,
    project: Project,
    request_input: AccessRequestInput,
    *,
    policy: AccessPolicy,
    territory: Territory,
    language: str,
    renews: AccessAgreement | None = None,
    connector: str = "",
) -> AccessRequest:
    """Ask the producer of a restricted dataset to open it to a project that the person leads; its members are notified.

    A `connector` asks for the project without a form: the producer puts its questions in the thread.

    Raises:
        InvalidError: something is wrong, each thing named by its field.
        ConflictError: the project has a request for these data that waits.
        TooManyRequestsError: the person has as many requests open as one may.
    """
    policy_rules = policy_of(policy)
    existing_documents = _renewed_documents(policy_rules, renews)
    _require_valid_input(
        request_input, policy_rules, project, existing_documents, connector
    )
    await session.execute(text(LOCK), {"project": str(project.id)})
    await _reject_duplicate(session, actor, dataset, project)
    steward = await find_steward(session, dataset)
    request = _create_request(
        actor, dataset, steward, project, language, renews, connector
    )
    _fill_request(
        request,
        request_input,
        policy,
        policy_rules,
        await describe_applicant(session, project),
    )
    clock.start(request, policy_rules.answer_days, territory.zone)
    session.add(request)
    await session.flush()
    await store_documents(session, request, request_input.documents)
    if (locked := await find_policy(session, dataset.id, lock=True)) is not None:
        locked.received += 1
    await add_step(
        session, actor, request, AccessRequestEvent.CORRECT, AccessSide.REQUESTER
    )
    await notify_other_side(session, request, AccessRequestEvent.CORRECT)
    audit.record(
        session, actor, "access_request.submitted", request.id, dataset=str(dataset.id)
    )
    return request


def _renewed_documents(
    policy_rules: Policy, renews: AccessAgreement | None
) -> list[str]:
    """Return the fields for which a renewal need not bring the document again."""
    if renews is None:
        return []
    return [
        policy_field.name
        for policy_field in policy_rules.fields
        if policy_field.kind is FieldKind.DOCUMENT
    ]


def _require_valid_input(
    request_input: AccessRequestInput,
    policy_rules: Policy,
    project: Project,
    existing_documents: Sequence[str],
    connector: str,
) -> None:
    """Refuse an input in which something is wrong; a connector fills in no form, so the policy's fields are left out.

    Raises:
        InvalidError: something is wrong, each thing named by its field.
    """
    if refusals := check_input(
        request_input,
        structs.replace(policy_rules, fields=()) if connector else policy_rules,
        project.requester,
        existing_documents,
    ):
        raise InvalidError("Nothing was sent yet.", refusals=refusals)


def _create_request(
    actor: Actor,
    dataset: Dataset,
    steward: Organisation,
    project: Project,
    language: str,
    renews: AccessAgreement | None,
    connector: str,
) -> AccessRequest:
    moment = now()
    return AccessRequest(
        dataset_id=dataset.id,
        organisation_id=steward.id,
        project_id=project.id,
        person_id=actor.person_id,
        language=language,
        state=AccessRequestState.SUBMITTED,
        revision=1,
        submitted_at=moment,
        since=moment,
        renews_id=renews.id if renews else None,
        connector=connector,
        measured=False,
        days_used=0,
    )


async def _reject_duplicate(
    session: AsyncSession, actor: Actor, dataset: Dataset, project: Project
) -> None:
    count_query = select(func.count()).where(
        AccessRequest.person_id == actor.person_id, AccessRequest.state.in_(OPEN)
    )
    if (await session.scalar(count_query) or 0) >= MOST_OPEN:
        raise TooManyRequestsError(
            "You have %(most)s requests that wait for an answer, which is the maximum.",
            remedy="Withdraw one, or wait for an answer.",
            values={"most": MOST_OPEN},
        )
    same = (
        AccessRequest.project_id == project.id,
        AccessRequest.dataset_id == dataset.id,
    )
    if await session.scalar(
        select(AccessRequest.id).where(*same, AccessRequest.state.in_(OPEN)).limit(1)
    ):
        raise ConflictError(
            "This project asked for these data already, and waits for an answer.",
            remedy="Its page is under «my requests»: you can correct it there.",
        )


def _fill_request(
    request: AccessRequest,
    request_input: AccessRequestInput,
    policy: AccessPolicy,
    policy_rules: Policy,
    applicant: Applicant,
) -> None:
    request.applicant = applicant
    request.purpose = request_input.purpose
    request.words = request_input.words
    request.interest = request_input.interest
    request.months = int(request_input.months)
    request.columns = [
        column
        for column in policy_rules.terms.columns
        if column in request_input.columns
    ]
    request.answers = {
        name: answer for name, answer in request_input.answers.items() if answer
    }
    request.policy = write_policy(policy_rules)
    request.policy_revision = policy.revision


async def correct_request(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    project: Project,
    request_input: AccessRequestInput,
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
    require_same_channel(request, connector)
    before = AccessRequestState(request.state)
    state = ACCESS_REQUEST.next_state(request.state, AccessRequestEvent.CORRECT)
    policy_rules = policy_of(policy)
    existing_documents = [
        document.field for document in await list_documents(session, request)
    ]
    _require_valid_input(
        request_input, policy_rules, project, existing_documents, connector
    )
    _fill_request(
        request,
        request_input,
        policy,
        policy_rules,
        await describe_applicant(session, project),
    )
    request.offer = None
    request.revision = request.revision + 1
    if before in OPEN:
        clock.resume(request, policy_rules.answer_days, territory.zone)
    else:
        clock.start(request, policy_rules.answer_days, territory.zone)
    await store_documents(session, request, request_input.documents)
    _set_state(request, state)
    await add_step(
        session, actor, request, AccessRequestEvent.CORRECT, AccessSide.REQUESTER
    )
    await notify_other_side(session, request, AccessRequestEvent.CORRECT)
    audit.record(session, actor, "access_request.corrected", request.id)


async def submit_answer(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    words: str,
    territory: Territory,
) -> None:
    """Answer a question, or an offer that does not suit; the days go on.

    Raises:
        ConflictError: nothing waits for an answer, or a connector has to take the offer or to ask for something else.
        InvalidError: nothing is said.
    """
    if request.state == AccessRequestState.COUNTERED:
        require_same_channel(request)
    state = ACCESS_REQUEST.next_state(request.state, AccessRequestEvent.ANSWER)
    message = clean_message(words)
    request.offer = None
    clock.resume(request, promised_days(request), territory.zone)
    _set_state(request, state)
    await add_step(
        session,
        actor,
        request,
        AccessRequestEvent.ANSWER,
        AccessSide.REQUESTER,
        message,
    )
    await notify_other_side(session, request, AccessRequestEvent.ANSWER)
    audit.record(session, actor, "access_request.answered", request.id)


async def withdraw_request(
    session: AsyncSession, actor: Actor, request: AccessRequest, territory: Territory
) -> None:
    """Take a request back; the producer is notified.

    Raises:
        ConflictError: it was decided, or taken back before.
    """
    state = ACCESS_REQUEST.next_state(request.state, AccessRequestEvent.WITHDRAW)
    _set_state(request, state)
    clock.stop(request, territory.zone)
    await add_step(
        session, actor, request, AccessRequestEvent.WITHDRAW, AccessSide.REQUESTER
    )
    await notify_other_side(session, request, AccessRequestEvent.WITHDRAW)
    audit.record(session, actor, "access_request.withdrawn", request.id)


def require_same_channel(request: AccessRequest, connector: str = "") -> None:
    """Refuse what another than who asked would say: a person for a connector, or the reverse.

    Raises:
        ConflictError: it is for the connector, or the person, to say.
    """
    if request.connector != connector:
        raise ConflictError(
            "The connector “%(name)s” asked for the project: it corrects the request and accepts an offer itself.",
            remedy="Answer questions here; the rest is done where the connector is run.",
            values={"name": request.connector},
        )


def promised_days(request: AccessRequest) -> int:
    """Within how many days the policy that the person read promises an answer."""
    return read_policy(request.policy).answer_days


def _set_state(request: AccessRequest, state: AccessRequestState) -> None:
    request.state = state
    request.since = now()
    request.reminded_at = None
