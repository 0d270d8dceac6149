"""Asking for access: the form, which begins without an account; the request of a person, its thread and what may be done."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.budgets import spend
from udi.kit.clock import now
from udi.kit.errors import InvalidError, TooLargeError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.access.models import AccessDraft, AccessPolicy
from udi.portal.access.policies.queries import get_policy, get_restricted, measure, policy_of
from udi.portal.access.requests.asking import submit
from udi.portal.access.requests.form import NEW, Typed, read_draft, read_typed
from udi.portal.access.requests.queries import find_draft, list_own, list_to_answer
from udi.portal.catalogue.models import Dataset
from udi.portal.organisations.queries import list_producers
from udi.portal.projects.actions.describe import Described, create_project
from udi.portal.projects.models import Project
from udi.portal.projects.queries import get_led_project, list_led
from udi.portal.tenants.budgets import DRAFTS, subject_of_address
from udi.ui.errors import say_fields
from udi.ui.site import render

ASK = "/data/{dataset_id:uuid}/access-requests/new"
HOME = "/access-requests"
LARGEST_FORM, LARGEST_DRAFT = 27 * 1024 * 1024, 64 * 1024
AnyRequest = Request[Any, Any, AppState]


@get(HOME)
async def show_home(
    request: AnyRequest, session: NamedDependency[AsyncSession], member: NamedDependency[Actor]
) -> Response[str]:
    """What I asked, and what waits for my answer."""
    own, theirs = await list_own(session, member), await list_to_answer(session, member)
    return render(request, "access/requests.html", own=own, theirs=theirs)


@get(ASK)
async def show_form(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    actor: NamedDependency[Actor | None],
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """The form, before or after logging in; with what was begun, for who comes back with its address."""
    dataset = await get_restricted(session, dataset_id)
    policy = await get_policy(session, dataset)
    draft = await find_draft(session, dataset.id, _uuid(request.query_params.get("draft", ""))) if actor else None
    typed = read_draft(draft.typed) if draft else Typed({"project": request.query_params.get("project", "")[:36]})
    return await _form(request, session, actor, dataset, policy, typed)


@post(ASK, status_code=303, request_max_body_size=LARGEST_FORM)
async def send_form(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    actor: NamedDependency[Actor | None],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Ask; a passer-by is led to the login first, and finds what they wrote again."""
    dataset = await get_restricted(session, dataset_id)
    policy = await get_policy(session, dataset)
    if actor is None:
        return await _keep(request, session, dataset)
    typed = await read_typed(await request.form())
    language = request.scope["state"]["locale"]
    try:
        async with session.begin_nested():
            project = await _project(session, actor, typed, language)
            asked = await submit(
                session, actor, dataset, project, typed.as_asked(policy_of(policy)),
                policy=policy, territory=territory, language=language,
            )  # fmt: skip
    except InvalidError as error:
        return await _form(request, session, actor, dataset, policy, typed, error)
    if draft := await find_draft(session, dataset.id, _uuid(request.query_params.get("draft", ""))):
        await session.delete(draft)
    return Redirect(f"{HOME}/{asked.id}", status_code=303)


async def _keep(request: AnyRequest, session: AsyncSession, dataset: Dataset) -> Redirect:
    """Keep what a passer-by wrote for a day, under an address that they alone are told."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > LARGEST_DRAFT:
        raise TooLargeError("This is more than is kept before you log in.", remedy="Log in first, then send documents.")
    typed = await read_typed(await request.form())
    await spend(session, DRAFTS, subject_of_address(request))
    draft = AccessDraft(dataset_id=dataset.id, typed=typed.as_draft(), begun_at=now())
    session.add(draft)
    await session.flush()
    return Redirect(f"/login?back=/data/{dataset.id}/access-requests/new%3Fdraft={draft.id}", status_code=303)


async def _project(session: AsyncSession, actor: Actor, typed: Typed, language: str) -> Project:
    chosen = _uuid(typed.get("project"))
    if chosen is not None:
        return await get_led_project(session, actor, chosen)
    described = Described(
        title=typed.get("title"), summary=typed.get("summary"), organisation=typed.get("organisation"),
        requester=typed.get("requester"), purpose=typed.get("purpose"),
    )  # fmt: skip
    return await create_project(session, actor, described, language=language)


async def _form(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor | None,
    dataset: Dataset,
    policy: AccessPolicy,
    typed: Typed,
    error: InvalidError | None = None,
) -> Response[str]:
    own = [(each.slug, each.name) for each in await list_producers(session) if actor and each.slug in actor.memberships]
    return render(
        request, "access/request-form.html", status=422 if error else 200, dataset=dataset, policy=policy_of(policy),
        kept=measure(policy), typed=typed, errors=say_fields(request, error), new=NEW, organisations=own, of=None,
        projects=[(str(each.id), each.title) for each in (await list_led(session, actor) if actor else [])],
        action=f"{request.url.path}{'?' + request.url.query if request.url.query else ''}", documents=[],
    )  # fmt: skip


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


routes: Sequence[ControllerRouterHandler] = [show_home, show_form, send_form]
