"""The agreements of a person and of their organisations, for programs with their token."""

from functools import partial

from litestar import Response, Router, get, post
from litestar.di import NamedDependency

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    field_error,
)
from udi.portal.access.agreements import schemas
from udi.portal.access.agreements.dispatch import apply_event, get_agreement_for_event
from udi.portal.access.agreements.queries import list_member_agreements
from udi.portal.identity.bearers import PROGRAMS
from udi.portal.identity.operations import api_operation
from udi.portal.identity.tokens import Bearer
from udi.portal.projects.api_dependencies import PRIVATE, ApiRequest, dependencies
from udi.portal.projects.request_bodies import read_body
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import CurrentTerritory, Routes, Session

agreement_operation = partial(api_operation, tag=schemas.TAG, scope=schemas.SCOPE)


@get(
    "/mine",
    **agreement_operation(
        "listMyAgreements",
        summary="List my agreements",
        description="Those of the person of the token, of the projects that they lead, and of organisations for which they publish.",
        answer=schemas.MyAgreements,
        errors=(ForbiddenError,),
    ),
)
async def list_own_agreements(
    session: Session, territory: CurrentTerritory, bearer: NamedDependency[Bearer]
) -> Response[schemas.MyAgreements]:
    """Those on one side of which I stand."""
    items = [
        schemas.AgreementDetail.of(agreement_case, territory.origin)
        for agreement_case in await list_member_agreements(session, bearer.member)
    ]
    return Response(
        schemas.MyAgreements(total=len(items), items=items), headers=PRIVATE
    )


@post(
    "/{agreement_id:uuid}/events",
    guards=[require_confirmation()],
    **agreement_operation(
        "changeAgreement",
        summary="Change an agreement",
        description="The node is informed at once, and refuses or allows reading accordingly.",
        answer=schemas.AgreementDetail,
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=schemas.AgreementEventInput,
    ),
)
async def change_agreement(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    agreement_id: schemas.AgreementPath,
) -> Response[schemas.AgreementDetail]:
    """Suspend, resume, revoke at once or with notice, take the notice back; give up."""
    payload = read_body(await request.body(), schemas.AgreementEventInput)
    event = payload.pop("event")
    if event not in schemas.EVENTS:
        raise field_error("event", "There is no such step.", code="unknown-value")
    agreement_case = await get_agreement_for_event(
        session, bearer.member, agreement_id, event
    )
    await apply_event(
        session,
        bearer.member,
        agreement_case,
        event,
        {name: str(value) for name, value in payload.items()},
    )
    return Response(
        schemas.AgreementDetail.of(agreement_case, territory.origin), headers=PRIVATE
    )


routes: Routes = [
    Router(
        schemas.BASE,
        route_handlers=[list_own_agreements, change_agreement],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
        dependencies=dependencies(schemas.SCOPE),
    )
]
