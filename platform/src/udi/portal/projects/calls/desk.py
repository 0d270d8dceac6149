"""The pages of those who organise a call."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, InvalidError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import find_organisations
from udi.portal.projects.calls import forms, judging, organising, queries
from udi.portal.projects.calls.models import Call, CallQuestion, Juror
from udi.portal.projects.calls.pages import ONE, PATH
from udi.portal.projects.listing import is_identifier
from udi.ui.decisions import decides
from udi.ui.errors import say_fields
from udi.ui.site import render

AnyRequest = Request[Any, Any, AppState]
NEW = f"{PATH}/new"


@get(NEW)
async def show_new(
    request: AnyRequest, session: NamedDependency[AsyncSession], member: NamedDependency[Actor]
) -> Response[str]:
    """The empty form."""
    return await _form(request, session, member, forms.typed({}))


@post(NEW, status_code=303)
async def write(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
) -> Response[Any]:
    """Begin a call."""
    form = await request.form()
    slug = forms.read_text(form, "organisation")
    organisation = (await find_organisations(session, [slug])).get(slug) if slug else None
    if slug and organisation is None:
        raise NotFoundError("No organisation has this address here.")
    written = forms.read_written(form, territory.zone)
    try:
        call = await organising.write_call(
            session, member, written, organisation=organisation, language=request.scope["state"]["locale"]
        )
    except InvalidError as error:
        return await _form(request, session, member, forms.typed(form), error=error)
    return Redirect(f"{PATH}/{call.id}/organise", status_code=303)


@get(f"{ONE}/edit")
async def show_edit(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    call_id: FromPath[UUID],
) -> Response[str]:
    """The form as it stands."""
    call = await queries.get_organised(session, member, call_id)
    criteria, datasets = await queries.list_criteria(session, call), await queries.list_datasets(session, call)
    said = forms.typed_of(call, criteria, datasets, territory.zone, territory.origin)
    return await _form(request, session, member, said, of=call)


@post(f"{ONE}/edit", status_code=303)
async def change(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    call_id: FromPath[UUID],
) -> Response[Any]:
    """Write it anew."""
    call = await queries.get_organised(session, member, call_id, lock=True)
    form = await request.form()
    try:
        await organising.change_call(session, member, call, forms.read_written(form, territory.zone))
    except InvalidError as error:
        return await _form(request, session, member, forms.typed(form), of=call, error=error)
    return Redirect(f"{PATH}/{call.id}/organise", status_code=303)


@get(f"{ONE}/organise")
async def show_desk(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    call_id: FromPath[UUID],
) -> Response[str]:
    """How it stands, and what is to be done."""
    return await _show(request, session, territory, await queries.get_organised(session, member, call_id))


@post(
    f"{ONE}/organise/{{what:str}}",
    status_code=303,
    guards=[decides("jury", "judge", "decide", "publish", parameter="what")],
)
async def act(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    call_id: FromPath[UUID],
    what: FromPath[str],
) -> Response[Any]:
    """Do one of the things that an organiser does."""
    call = await queries.get_organised(session, member, call_id, lock=True)
    if (do := ACTS.get(what)) is None:
        raise NotFoundError("There is no such step.")
    form = await request.form()
    try:
        await do(session, member, territory, call, form)
    except InvalidError as error:
        return await _show(request, session, territory, call, what=what, typed=form, error=error)
    return Redirect(f"{PATH}/{call.id}/organise", status_code=303)


async def _open(session: AsyncSession, member: Actor, _territory: Territory, call: Call, _form: Any) -> None:
    await organising.open_call(session, member, call)


async def _extend(session: AsyncSession, member: Actor, territory: Territory, call: Call, form: Any) -> None:
    closes, results = (forms.read_moment(form, name, territory.zone) for name in ("closes_at", "results_at"))
    await organising.extend_call(session, member, call, closes, results)


async def _name(session: AsyncSession, member: Actor, _territory: Territory, call: Call, form: Any) -> None:
    await organising.name_jury(session, member, call, forms.read_text(form, "emails").splitlines())


async def _dismiss(session: AsyncSession, member: Actor, _territory: Territory, call: Call, form: Any) -> None:
    own = (Juror.call_id == call.id, Juror.id == _identifier(form, "juror"))
    if (juror := await session.scalar(select(Juror).where(*own))) is None:
        raise NotFoundError
    await organising.dismiss_juror(session, member, call, juror)


async def _answer(session: AsyncSession, member: Actor, _territory: Territory, call: Call, form: Any) -> None:
    own = (CallQuestion.call_id == call.id, CallQuestion.id == _identifier(form, "question"))
    if (asked := await session.scalar(select(CallQuestion).where(*own))) is None:
        raise NotFoundError
    await organising.answer_question(session, member, call, asked, forms.read_text(form, "answer"))


async def _judge(session: AsyncSession, member: Actor, _territory: Territory, call: Call, _form: Any) -> None:
    await judging.judge(session, member, call)


async def _decide(session: AsyncSession, member: Actor, _territory: Territory, call: Call, form: Any) -> None:
    submission = await queries.get_submission(session, call, _identifier(form, "submission"), lock=True)
    laureate, reason = forms.read_text(form, "laureate") == "yes", forms.read_text(form, "reason")
    await judging.decide(session, member, call, submission, laureate=laureate, reason=reason)


async def _publish(session: AsyncSession, member: Actor, _territory: Territory, call: Call, _form: Any) -> None:
    await judging.publish_results(session, member, call)


Act = Callable[[AsyncSession, Actor, Territory, Call, Any], Awaitable[None]]
ACTS: dict[str, Act] = {
    "open": _open,
    "extend": _extend,
    "jury": _name,
    "dismiss": _dismiss,
    "answer": _answer,
    "judge": _judge,
    "decide": _decide,
    "publish": _publish,
}


def _identifier(form: Any, name: str) -> UUID:
    said = forms.read_text(form, name)
    return UUID(said) if is_identifier(said) else UUID(int=0)


async def _show(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    call: Call,
    *,
    what: str = "",
    typed: Any = None,
    error: InvalidError | None = None,
) -> Response[str]:
    standing = queries.standing(call)
    return render(
        request,
        "projects/call-desk.html",
        status=422 if error else 200,
        call=call,
        standing=standing,
        closes=forms.show_moment(call.closes_at, territory.zone),
        results=forms.show_moment(call.results_at, territory.zone),
        jurors=await queries.list_jurors(session, call),
        scored=await queries.count_scored(session, call),
        waiting=await queries.list_questions(session, call, waiting=True),
        submissions=await queries.list_submissions(session, call),
        what=what,
        typed=typed or {},
        errors=say_fields(request, error),
    )


async def _form(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    said: dict[str, str],
    *,
    of: Call | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    managed = [slug for slug in member.memberships if member.may_manage(slug)]
    if of is None and not (member.moderator or managed):
        raise ForbiddenError("Calls are organised by the territory’s team and by those who administer an organisation.")
    known: dict[str, Organisation] = await find_organisations(session, managed)
    offered = sorted((slug, each.name) for slug, each in known.items())
    facts = {"said": said, "organisations": offered, "team": member.moderator, "of": of}
    return render(
        request, "projects/call-form.html", status=422 if error else 200, errors=say_fields(request, error), **facts
    )


routes = [show_new, write, show_edit, change, show_desk, act]
