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
from udi.portal.access.agreements import shapes
from udi.portal.access.agreements.acting import act_on, get_to_act
from udi.portal.access.agreements.queries import list_mine
from udi.portal.identity.bearers import PROGRAMS
from udi.portal.identity.tokens import Bearer
from udi.portal.projects.bodies import read_body
from udi.portal.projects.programs import MAX_BODY, PRIVATE, Machine, dependencies
from udi.ui.cross_origin import OpenToAll
from udi.ui.decisions import decides


@get("/mine")
async def list_own(
    session: NamedDependency[AsyncSession], territory: NamedDependency[Territory], bearer: NamedDependency[Bearer]
) -> Response[shapes.MyAgreements]:
    """Those on one side of which I stand."""
    items = [shapes.AgreementOfMine.of(deed, territory.origin) for deed in await list_mine(session, bearer.member)]
    return Response(shapes.MyAgreements(total=len(items), items=items), headers=PRIVATE)


@post("/{agreement_id:uuid}/events", status_code=200, request_max_body_size=MAX_BODY, guards=[decides()])
async def change(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
    agreement_id: FromPath[UUID],
) -> Response[shapes.AgreementOfMine]:
    """Suspend, resume, revoke at once or with notice, take the notice back; give up."""
    said = read_body(await request.body(), shapes.ToChangeAgreement)
    event = said.pop("event")
    if event not in shapes.EVENTS:
        raise InvalidError(refusals=[Refusal("event", "There is no such step.", code="unknown-value")])
    deed = await get_to_act(session, bearer.member, agreement_id, event)
    await act_on(session, bearer.member, deed, event, {name: str(value) for name, value in said.items()})
    return Response(shapes.AgreementOfMine.of(deed, territory.origin), headers=PRIVATE)


routes: Sequence[ControllerRouterHandler] = [
    Router(
        shapes.BASE,
        route_handlers=[list_own, change],
        middleware=[OpenToAll()],
        guards=PROGRAMS,
        dependencies=dependencies(shapes.SCOPE),
    )
]
