"""`/api/v1/access-requests`: requests for restricted data, for programs of either side, with their token."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, Refusal
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.notary import notary_of
from udi.portal.access.policies.queries import get_policy, get_restricted, policy_of
from udi.portal.access.requests import asking, queries, shapes
from udi.portal.access.requests.acting import act_on, get_to_act
from udi.portal.access.requests.documents import list_documents
from udi.portal.access.requests.states import Side
from udi.portal.access.requests.thread import list_steps
from udi.portal.identity.bearers import PROGRAMS
from udi.portal.identity.tokens import Bearer
from udi.portal.projects.bodies import read_body
from udi.portal.projects.programs import MAX_BODY, PRIVATE, Machine, dependencies
from udi.portal.projects.queries import get_led_project
from udi.protocol.policy import FieldKind, Policy
from udi.ui.cross_origin import OpenToAll
from udi.ui.decisions import decides
from udi.ui.site import site_of


@get("/")
async def list_mine(
    session: NamedDependency[AsyncSession], territory: NamedDependency[Territory], bearer: NamedDependency[Bearer]
) -> Response[shapes.MyAccessRequests]:
    """What I asked, and what I answer for organisations."""
    own = await queries.list_own(session, bearer.member)
    theirs = await queries.list_to_answer(session, bearer.member)
    mine, waiting = ([shapes.AccessRequestItem.of(case, territory.origin) for case in cases] for cases in (own, theirs))
    return Response(shapes.MyAccessRequests(own=mine, to_answer=waiting), headers=PRIVATE)


@post("/", status_code=201, request_max_body_size=MAX_BODY)
async def create(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
) -> Response[shapes.AccessApplication]:
    """Ask, for a project that I lead."""
    said = read_body(await request.body(), shapes.ToAskAccess)
    ids = {name: _identifier(said.pop(name), name) for name in ("dataset", "project")}
    dataset = await get_restricted(session, ids["dataset"])
    policy, project = await get_policy(session, dataset), await get_led_project(session, bearer.member, ids["project"])
    made = await asking.submit(
        session, bearer.member, dataset, project, _asked(said, policy_of(policy)), policy=policy, territory=territory,
        language=request.scope["state"]["locale"],
    )  # fmt: skip
    headers = PRIVATE | {"Location": f"{shapes.BASE}/{made.id}"}
    shape = await _shape(session, await queries.get_case(session, bearer.member, made.id), territory)
    return Response(shape, status_code=201, headers=headers)


@get("/{access_request_id:uuid}")
async def read_request(
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
    access_request_id: FromPath[UUID],
) -> Response[shapes.AccessApplication]:
    """One, with its thread, for its two sides."""
    case = await queries.get_case(session, bearer.member, access_request_id)
    return Response(await _shape(session, case, territory), headers=PRIVATE)


@put("/{access_request_id:uuid}", request_max_body_size=MAX_BODY)
async def correct(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
    access_request_id: FromPath[UUID],
) -> Response[shapes.AccessApplication]:
    """Send it again."""
    case = await queries.get_as(session, bearer.member, access_request_id, Side.REQUESTER)
    policy = await get_policy(session, case.dataset)
    project = await get_led_project(session, bearer.member, case.project.id)
    said = _asked(read_body(await request.body(), shapes.ToCorrectAccess), policy_of(policy))
    await asking.correct(session, bearer.member, case.request, project, said, policy=policy, territory=territory)
    case = await queries.get_case(session, bearer.member, access_request_id)
    return Response(await _shape(session, case, territory), headers=PRIVATE)


@post("/{access_request_id:uuid}/events", status_code=200, request_max_body_size=MAX_BODY, guards=[decides()])
async def act(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
    access_request_id: FromPath[UUID],
) -> Response[shapes.AccessApplication]:
    """Do what either side does with it."""
    said = read_body(await request.body(), shapes.ToActOnAccess)
    event = said.pop("event")
    if event not in shapes.EVENTS:
        raise InvalidError(refusals=[Refusal("event", "There is no such step.", code="unknown-value")])
    case = await get_to_act(session, bearer.member, access_request_id, event)
    typed = {name: "\n".join(value) if isinstance(value, list) else str(value) for name, value in said.items()}
    notary = notary_of(site_of(request), territory)
    await act_on(session, bearer.member, case, event, typed | {"offer": typed["offered"]}, notary)
    return Response(await _shape(session, case, territory), headers=PRIVATE)


def _identifier(text: str, name: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidError(refusals=[Refusal(name, "This is no identifier.", code="no-uuid")]) from None


def _asked(said: dict[str, Any], policy: Policy) -> asking.Asked:
    known = {each.name for each in policy.fields if each.kind is not FieldKind.DOCUMENT}
    if not set(said["answers"]) <= known:
        values = {"names": ", ".join(sorted(known))}
        remedy = "Answer these by their names: %(names)s. Documents are sent on the page."
        refusal = Refusal("answers", "The policy does not ask this here.", remedy, "unknown-field", values)
        raise InvalidError(refusals=[refusal])
    columns, words = tuple(dict.fromkeys(said["columns"])), ("purpose", "words", "interest")
    texts = {name: said[name].replace("\x00", "").strip() for name in words}
    answers = {name: answer.replace("\x00", "").strip() for name, answer in said["answers"].items()}
    return asking.Asked(**texts, months=str(said["months"]), columns=columns, answers=answers)


async def _shape(session: AsyncSession, case: queries.Case, territory: Territory) -> shapes.AccessApplication:
    around = shapes.Around(await list_steps(session, case.request), await list_documents(session, case.request))
    return shapes.AccessApplication.of(case, around, territory.origin)


routes: Sequence[ControllerRouterHandler] = [
    Router(
        shapes.BASE,
        route_handlers=[list_mine, create, read_request, correct, act],
        middleware=[OpenToAll()],
        guards=PROGRAMS,
        dependencies=dependencies(shapes.SCOPE),
    )
]
