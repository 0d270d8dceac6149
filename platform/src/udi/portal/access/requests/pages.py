"""Asking for access: the form, which begins without an account; the request of a person, its thread and what may be done."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.budgets import spend_budget
from udi.kit.clock import now
from udi.kit.errors import InvalidError, TooLargeError
from udi.kit.identity import Actor
from udi.portal.access.models import AccessDraft, AccessPolicy
from udi.portal.access.policies.queries import (
    find_answer_statistics,
    get_policy,
    get_restricted_dataset,
    policy_of,
)
from udi.portal.access.requests.form import (
    NEW,
    AccessRequestForm,
    list_form_fields,
    read_draft,
    read_request_form,
)
from udi.portal.access.requests.queries import (
    find_draft,
    list_own_requests,
    list_requests_to_answer,
)
from udi.portal.access.requests.requester_actions import submit_request
from udi.portal.catalogue.models import Dataset
from udi.portal.organisations.queries import list_producers
from udi.portal.projects.actions.describe import ProjectInput, create_project
from udi.portal.projects.models import Project
from udi.portal.projects.queries import get_led_project, list_led_projects
from udi.portal.tenants.budgets import DRAFTS, subject_of_address
from udi.ui.dependencies import (
    AnyRequest,
    CurrentTerritory,
    Member,
    Routes,
    Session,
    Visitor,
)
from udi.ui.errors import form_errors
from udi.ui.form_drafts import read_answers
from udi.ui.site import render

ASK = "/data/{dataset_id:uuid}/access-requests/new"
HOME = "/access-requests"
LARGEST_FORM = 27 * 1024 * 1024
LARGEST_DRAFT = 64 * 1024


@get(HOME)
async def show_requests(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """What I asked, and what waits for my answer."""
    sent = await list_own_requests(session, member)
    theirs = await list_requests_to_answer(session, member)
    return render(request, "access/requests.html", sent=sent, theirs=theirs)


@get(ASK)
async def show_request_form(
    request: AnyRequest, session: Session, actor: Visitor, dataset_id: FromPath[UUID]
) -> Response[str]:
    """The form, before or after logging in; with what was begun, for who comes back with its address."""
    dataset = await get_restricted_dataset(session, dataset_id)
    policy = await get_policy(session, dataset)
    if actor:
        draft = await find_draft(
            session, dataset.id, _read_uuid(request.query_params.get("draft", ""))
        )
    else:
        draft = None
    if draft:
        form_values = read_draft(draft.form_values)
    else:
        form_values = AccessRequestForm(
            read_answers(request, list_form_fields(policy_of(policy))),
            tuple(request.query_params.getall("columns", [])),
        )
    return await _render_form(request, session, actor, dataset, policy, form_values)


@post(ASK, status_code=303, request_max_body_size=LARGEST_FORM)
async def submit_request_form(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    actor: Visitor,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Ask; a passer-by is led to the login first, and finds what they wrote again."""
    dataset = await get_restricted_dataset(session, dataset_id)
    policy = await get_policy(session, dataset)
    if actor is None:
        return await _save_draft(request, session, dataset)
    form_values = await read_request_form(await request.form())
    language = request.scope["state"]["locale"]
    try:
        async with session.begin_nested():
            project = await _get_or_create_project(
                session, actor, form_values, language
            )
            access_request = await submit_request(
                session,
                actor,
                dataset,
                project,
                form_values.to_request_input(policy_of(policy)),
                policy=policy,
                territory=territory,
                language=language,
            )
    except InvalidError as error:
        return await _render_form(
            request, session, actor, dataset, policy, form_values, error
        )
    if draft := await find_draft(
        session, dataset.id, _read_uuid(request.query_params.get("draft", ""))
    ):
        await session.delete(draft)
    return Redirect(f"{HOME}/{access_request.id}", status_code=303)


async def _save_draft(
    request: AnyRequest, session: AsyncSession, dataset: Dataset
) -> Redirect:
    """Keep what a passer-by wrote for a day, under an address that they alone are told."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > LARGEST_DRAFT:
        raise TooLargeError(
            "This is too large to be kept before you log in.",
            remedy="Log in first, then send documents.",
        )
    form_values = await read_request_form(await request.form())
    await spend_budget(session, DRAFTS, subject_of_address(request))
    draft = AccessDraft(
        dataset_id=dataset.id, form_values=form_values.to_draft(), started_at=now()
    )
    session.add(draft)
    await session.flush()
    return Redirect(
        f"/login?back=/data/{dataset.id}/access-requests/new%3Fdraft={draft.id}",
        status_code=303,
    )


async def _get_or_create_project(
    session: AsyncSession, actor: Actor, form_values: AccessRequestForm, language: str
) -> Project:
    project_id = _read_uuid(form_values.get("project"))
    if project_id is not None:
        return await get_led_project(session, actor, project_id)
    described = ProjectInput(
        title=form_values.get("title"),
        summary=form_values.get("summary"),
        organisation=form_values.get("organisation"),
        requester=form_values.get("requester"),
        purpose=form_values.get("purpose"),
    )
    return await create_project(session, actor, described, language=language)


async def _render_form(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor | None,
    dataset: Dataset,
    policy: AccessPolicy,
    form_values: AccessRequestForm,
    error: InvalidError | None = None,
) -> Response[str]:
    producers = [
        (producer.slug, producer.name)
        for producer in await list_producers(session)
        if actor and producer.slug in actor.memberships
    ]
    return render(
        request,
        "access/request-form.html",
        status=422 if error else 200,
        dataset=dataset,
        policy=policy_of(policy),
        answer_statistics=find_answer_statistics(policy),
        form_values=form_values,
        errors=form_errors(request, error),
        new=NEW,
        organisations=producers,
        of=None,
        projects=[
            (str(project.id), project.title)
            for project in (await list_led_projects(session, actor) if actor else [])
        ],
        action=_write_action(request),
        is_filled_in="words" in request.query_params,
        documents=[],
    )


def _write_action(request: AnyRequest) -> str:
    """Where the form is sent: to the draft that it goes on with, and without what the address filled in."""
    draft = _read_uuid(request.query_params.get("draft", ""))
    return f"{request.url.path}?draft={draft}" if draft else request.url.path


def _read_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


routes: Routes = [
    show_requests,
    show_request_form,
    submit_request_form,
]
