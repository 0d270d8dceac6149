"""`/api/v1/access-requests`: requests for restricted data, for programs of either side, with their token."""

from functools import partial
from uuid import UUID

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PreconditionFailedError,
    Refusal,
    field_error,
)
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.creation import signer_of
from udi.portal.access.models import AccessSide
from udi.portal.access.policies.queries import (
    get_policy,
    get_restricted_dataset,
    policy_of,
)
from udi.portal.access.requests import queries, requester_actions, schemas
from udi.portal.access.requests.decisions import apply_event
from udi.portal.access.requests.documents import list_documents
from udi.portal.access.requests.request_body import LARGEST_BODY, read_request_input
from udi.portal.access.requests.request_input import AccessRequestInput, check_input
from udi.portal.access.requests.thread import list_steps
from udi.portal.catalogue.open.query_parameters import QueryParameters as Parameters
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.projects.agent_tools import DRAFT_ACCESS_REQUEST
from udi.portal.projects.api_dependencies import PRIVATE, ApiRequest, program_router
from udi.portal.projects.queries import get_led_project
from udi.portal.projects.request_bodies import read_body
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import CurrentTerritory, Routes, Session
from udi.ui.form_drafts import LONGEST_ADDRESS, FormDraft, write_draft
from udi.ui.site import site_of

DRAFTED = (
    "dataset",
    "title",
    "summary",
    "requester",
    "purpose",
    "words",
    "interest",
    "months",
)
COLUMNS = "columns"
NAMELESS_PROJECT = Refusal(
    "title",
    "The project has no name.",
    "Give it one, of 150 characters at most.",
)
request_operation = partial(api_operation, tag=schemas.TAG, scope=schemas.SCOPE)


@get(
    "/",
    **request_operation(
        "listMyAccessRequests",
        summary="List my requests for access",
        description="Those that the person of the token sent, and those to organisations for which they publish.",
        answer=schemas.MyAccessRequests,
        errors=(ForbiddenError,),
    ),
)
async def list_own_requests(
    session: Session, territory: CurrentTerritory, bearer: NamedDependency[Bearer]
) -> Response[schemas.MyAccessRequests]:
    """What I asked, and what I answer for organisations."""
    sent = await queries.list_own_requests(session, bearer.member)
    theirs = await queries.list_requests_to_answer(session, bearer.member)
    mine, waiting = (
        [schemas.AccessRequestItem.of(case, territory.origin) for case in cases]
        for cases in (sent, theirs)
    )
    return Response(
        schemas.MyAccessRequests(sent=mine, to_answer=waiting), headers=PRIVATE
    )


@get(
    "/draft",
    **api_operation(
        "draftAccessRequest",
        tag=schemas.TAG,
        summary="Draft a request for access",
        description="The address of the form with these answers, for a person to read, complete and send. Nothing is kept or sent.",
        answer=FormDraft,
        errors=(NotFoundError, ConflictError, InvalidError),
        query=schemas.AccessDraftParameters,
        has_validator=False,
        tools=(DRAFT_ACCESS_REQUEST,),
    ),
)
async def draft_request(
    request: ApiRequest, session: Session, territory: CurrentTerritory
) -> Response[FormDraft]:
    """A form filled in, which a person sends."""
    pairs = read_pairs(request)
    columns = tuple(value for name, value in pairs if name == COLUMNS)
    parameters = Parameters(
        [pair for pair in pairs if pair[0] != COLUMNS], (*DRAFTED, COLUMNS)
    )
    texts = {
        name: parameters.read_text(name, longest=LONGEST_ADDRESS) for name in DRAFTED
    }
    parameters.check()
    dataset = await get_restricted_dataset(
        session, _identifier(texts.pop("dataset"), "dataset")
    )
    policy = policy_of(await get_policy(session, dataset))
    request_input = AccessRequestInput(
        purpose=texts["purpose"],
        words=texts["words"],
        interest=texts["interest"],
        months=texts["months"],
        columns=columns,
    )
    refusals = check_input(request_input, policy, texts["requester"])
    if not texts["title"]:
        refusals.append(NAMELESS_PROJECT)
    draft = write_draft(
        request,
        f"{territory.origin}/data/{dataset.id}/access-requests/new",
        {**texts, COLUMNS: columns},
        refusals,
    )
    return Response(draft, headers=PRIVATE)


@post(
    "/",
    **request_operation(
        "askForAccess",
        summary="Ask for access to restricted data",
        description="For a project that you lead. Read the access policy first: by asking, its terms are accepted.",
        answer=schemas.AccessRequestDetail,
        statuses=(201,),
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=schemas.NewAccessRequest,
        largest_body=LARGEST_BODY,
    ),
)
async def create_request(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
) -> Response[schemas.AccessRequestDetail]:
    """Ask, for a project that I lead."""
    payload = read_body(await request.body(), schemas.NewAccessRequest)
    ids = {
        name: _identifier(payload.pop(name), name) for name in ("dataset", "project")
    }
    dataset = await get_restricted_dataset(session, ids["dataset"])
    policy = await get_policy(session, dataset)
    project = await get_led_project(session, bearer.member, ids["project"])
    access_request = await requester_actions.submit_request(
        session,
        bearer.member,
        dataset,
        project,
        read_request_input(payload, policy_of(policy)),
        policy=policy,
        territory=territory,
        language=request.scope["state"]["locale"],
    )
    headers = PRIVATE | {"Location": f"{schemas.BASE}/{access_request.id}"}
    shape = await describe_request(
        session,
        await queries.get_case(session, bearer.member, access_request.id),
        territory,
    )
    return Response(shape, status_code=201, headers=headers)


@get(
    "/{access_request_id:uuid}",
    **request_operation(
        "readAccessRequest",
        summary="Read a request for access",
        description="With its messages, for its two sides.",
        answer=schemas.AccessRequestDetail,
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def read_request(
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    access_request_id: schemas.AccessRequestPath,
) -> Response[schemas.AccessRequestDetail]:
    """One, with its thread, for its two sides."""
    case = await queries.get_case(session, bearer.member, access_request_id)
    return Response(await describe_request(session, case, territory), headers=PRIVATE)


@put(
    "/{access_request_id:uuid}",
    **request_operation(
        "correctAccessRequest",
        summary="Correct a request for access",
        description="Send the whole request again, under the terms of today; after a refusal too.",
        answer=schemas.AccessRequestDetail,
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=schemas.AccessRequestCorrection,
        largest_body=LARGEST_BODY,
    ),
)
async def correct_request(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    access_request_id: schemas.AccessRequestPath,
) -> Response[schemas.AccessRequestDetail]:
    """Send it again."""
    case = await queries.get_case_for_side(
        session, bearer.member, access_request_id, AccessSide.REQUESTER
    )
    policy = await get_policy(session, case.dataset)
    project = await get_led_project(session, bearer.member, case.project.id)
    request_input = read_request_input(
        read_body(await request.body(), schemas.AccessRequestCorrection),
        policy_of(policy),
    )
    await requester_actions.correct_request(
        session,
        bearer.member,
        case.request,
        project,
        request_input,
        policy=policy,
        territory=territory,
    )
    case = await queries.get_case(session, bearer.member, access_request_id)
    return Response(await describe_request(session, case, territory), headers=PRIVATE)


@post(
    "/{access_request_id:uuid}/events",
    guards=[require_confirmation()],
    **request_operation(
        "actOnAccessRequest",
        summary="Take a request for access on",
        description="What either side does with it; a decision says the revision that was read.",
        answer=schemas.AccessRequestDetail,
        errors=(
            ForbiddenError,
            NotFoundError,
            ConflictError,
            PreconditionFailedError,
            InvalidError,
        ),
        body=schemas.AccessRequestEventInput,
    ),
)
async def act_on_request(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    access_request_id: schemas.AccessRequestPath,
) -> Response[schemas.AccessRequestDetail]:
    """Do what either side does with it."""
    payload = read_body(await request.body(), schemas.AccessRequestEventInput)
    event = payload.pop("event")
    if event not in schemas.EVENTS:
        raise field_error("event", "There is no such step.", code="unknown-value")
    case = await queries.get_case_for_event(
        session, bearer.member, access_request_id, event
    )
    form_values = {
        name: "\n".join(value) if isinstance(value, list) else str(value)
        for name, value in payload.items()
    }
    agreement_signer = signer_of(site_of(request), territory)
    await apply_event(
        session,
        bearer.member,
        case,
        event,
        form_values | {"offer": form_values["offered"]},
        agreement_signer,
    )
    return Response(await describe_request(session, case, territory), headers=PRIVATE)


def _identifier(text: str, name: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise field_error(name, "This is not an identifier.", code="no-uuid") from None


async def describe_request(
    session: AsyncSession, case: queries.AccessRequestCase, territory: Territory
) -> schemas.AccessRequestDetail:
    """A request as its two sides read it, with its thread and documents."""
    around = schemas.AccessRequestRelations(
        await list_steps(session, case.request),
        await list_documents(session, case.request),
    )
    return schemas.AccessRequestDetail.of(case, around, territory.origin)


routes: Routes = [
    program_router(
        schemas.BASE,
        [
            list_own_requests,
            draft_request,
            create_request,
            read_request,
            correct_request,
            act_on_request,
        ],
        schemas.SCOPE,
    )
]
