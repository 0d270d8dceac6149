"""The agreements of a person and of their organisations, for programs with their token."""

from collections.abc import Sequence
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, Refusal
from udi.kit.tenancy import Territory
from udi.portal.access.agreements import schemas
from udi.portal.access.agreements.dispatch import apply_event, get_agreement_for_event
from udi.portal.access.agreements.queries import list_member_agreements
from udi.portal.identity.bearers import PROGRAMS
from udi.portal.identity.tokens import Bearer
from udi.portal.projects.api_dependencies import (
    MAX_BODY,
    PRIVATE,
    ApiRequest,
    dependencies,
)
from udi.portal.projects.request_bodies import read_body
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.decision_guards import require_confirmation


@get("/mine")
async def list_own_agreements(
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
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
    status_code=200,
    request_max_body_size=MAX_BODY,
    guards=[require_confirmation()],
)
async def change_agreement(
    request: ApiRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
    agreement_id: FromPath[UUID],
) -> Response[schemas.AgreementDetail]:
    """Suspend, resume, revoke at once or with notice, take the notice back; give up."""
    payload = read_body(await request.body(), schemas.AgreementEventInput)
    event = payload.pop("event")
    if event not in schemas.EVENTS:
        raise InvalidError(
            refusals=[Refusal("event", "There is no such step.", code="unknown-value")]
        )
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


routes: Sequence[ControllerRouterHandler] = [
    Router(
        schemas.BASE,
        route_handlers=[list_own_agreements, change_agreement],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
        dependencies=dependencies(schemas.SCOPE),
    )
]
