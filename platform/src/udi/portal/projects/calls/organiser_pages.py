"""The pages of those who organise a call."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, InvalidError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import find_organisations
from udi.portal.projects.calls import forms, jury_actions, organiser_actions, queries
from udi.portal.projects.calls.models import Call, CallQuestion, Juror
from udi.portal.projects.calls.pages import ONE, PATH
from udi.portal.projects.listing import is_identifier
from udi.portal.projects.translated_texts import describe_form_languages
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Session
from udi.ui.errors import form_errors
from udi.ui.site import render
from udi.ui.translated_texts import choose_main_language

NEW = f"{PATH}/new"


@get(NEW)
async def show_new(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """The empty form."""
    return await _render_form(request, session, member, forms.read_form_values({}))


@post(NEW, status_code=303)
async def create_call(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[Any]:
    """Begin a call."""
    language = request.scope["state"]["locale"]
    form = forms.swap_call_texts(await request.form(), territory, language)
    slug = forms.read_text(form, "organisation")
    if slug:
        organisation = (await find_organisations(session, [slug])).get(slug)
    else:
        organisation = None
    if slug and organisation is None:
        raise NotFoundError("No organisation has this address here.")
    call_input = forms.read_call_input(form, territory, language)
    try:
        call = await organiser_actions.create_call(
            session,
            member,
            call_input,
            organisation=organisation,
            language=language,
        )
    except InvalidError as error:
        return await _render_form(
            request, session, member, forms.read_form_values(form), error=error
        )
    return Redirect(f"{PATH}/{call.id}/organise", status_code=303)


@get(f"{ONE}/edit")
async def show_edit(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    call_id: FromPath[UUID],
) -> Response[str]:
    """The form as it stands."""
    call = await queries.get_organised_call(session, member, call_id)
    criteria = await queries.list_criteria(session, call)
    datasets = await queries.list_datasets(session, call)
    form_values = forms.call_form_values(
        call, criteria, datasets, territory.zone, territory.origin
    )
    return await _render_form(request, session, member, form_values, of=call)


@post(f"{ONE}/edit", status_code=303)
async def change_call(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    call_id: FromPath[UUID],
) -> Response[Any]:
    """Write it anew."""
    call = await queries.get_organised_call(session, member, call_id, lock=True)
    form = forms.swap_call_texts(await request.form(), territory, call.language)
    criteria = await queries.list_criteria(session, call)
    call_input = forms.read_call_input(
        form, territory, call.language, call, criteria=criteria
    )
    try:
        await organiser_actions.change_call(session, member, call, call_input)
    except InvalidError as error:
        return await _render_form(
            request, session, member, forms.read_form_values(form), of=call, error=error
        )
    return Redirect(f"{PATH}/{call.id}/organise", status_code=303)


@get(f"{ONE}/organise")
async def show_organiser_page(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    call_id: FromPath[UUID],
) -> Response[str]:
    """How it stands, and what is to be done."""
    return await _render_organiser_page(
        request,
        session,
        territory,
        await queries.get_organised_call(session, member, call_id),
    )


@post(
    f"{ONE}/organise/{{what:str}}",
    status_code=303,
    guards=[
        require_confirmation("jury", "judge", "decide", "publish", parameter="what")
    ],
)
async def apply_action(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    call_id: FromPath[UUID],
    what: FromPath[str],
) -> Response[Any]:
    """Do one of the things that an organiser does."""
    call = await queries.get_organised_call(session, member, call_id, lock=True)
    if (do := ORGANISER_ACTIONS.get(what)) is None:
        raise NotFoundError("There is no such step.")
    form = await request.form()
    try:
        await do(session, member, territory, call, form)
    except InvalidError as error:
        return await _render_organiser_page(
            request, session, territory, call, what=what, form_values=form, error=error
        )
    return Redirect(f"{PATH}/{call.id}/organise", status_code=303)


async def _open_call(
    session: AsyncSession, member: Actor, _territory: Territory, call: Call, _form: Any
) -> None:
    await organiser_actions.open_call(session, member, call)


async def _extend_call(
    session: AsyncSession, member: Actor, territory: Territory, call: Call, form: Any
) -> None:
    closes, results = (
        forms.read_moment(form, name, territory.zone)
        for name in ("closes_at", "results_at")
    )
    await organiser_actions.extend_call(session, member, call, closes, results)


async def _name_jury(
    session: AsyncSession, member: Actor, _territory: Territory, call: Call, form: Any
) -> None:
    await organiser_actions.name_jury(
        session, member, call, forms.read_text(form, "emails").splitlines()
    )


async def _dismiss_juror(
    session: AsyncSession, member: Actor, _territory: Territory, call: Call, form: Any
) -> None:
    conditions = (Juror.call_id == call.id, Juror.id == _read_identifier(form, "juror"))
    if (juror := await session.scalar(select(Juror).where(*conditions))) is None:
        raise NotFoundError
    await organiser_actions.dismiss_juror(session, member, call, juror)


async def _answer_question(
    session: AsyncSession, member: Actor, _territory: Territory, call: Call, form: Any
) -> None:
    conditions = (
        CallQuestion.call_id == call.id,
        CallQuestion.id == _read_identifier(form, "question"),
    )
    if (
        call_question := await session.scalar(select(CallQuestion).where(*conditions))
    ) is None:
        raise NotFoundError
    await organiser_actions.answer_question(
        session, member, call, call_question, forms.read_text(form, "answer")
    )


async def _judge_submissions(
    session: AsyncSession, member: Actor, _territory: Territory, call: Call, _form: Any
) -> None:
    await jury_actions.judge_submissions(session, member, call)


async def _decide_submission(
    session: AsyncSession, member: Actor, _territory: Territory, call: Call, form: Any
) -> None:
    submission = await queries.get_submission(
        session, call, _read_identifier(form, "submission"), lock=True
    )
    laureate = forms.read_text(form, "laureate") == "yes"
    reason = forms.read_text(form, "reason")
    await jury_actions.decide_submission(
        session, member, call, submission, laureate=laureate, reason=reason
    )


async def _publish_results(
    session: AsyncSession, member: Actor, _territory: Territory, call: Call, _form: Any
) -> None:
    await jury_actions.publish_results(session, member, call)


OrganiserAction = Callable[[AsyncSession, Actor, Territory, Call, Any], Awaitable[None]]
ORGANISER_ACTIONS: dict[str, OrganiserAction] = {
    "open": _open_call,
    "extend": _extend_call,
    "jury": _name_jury,
    "dismiss": _dismiss_juror,
    "answer": _answer_question,
    "judge": _judge_submissions,
    "decide": _decide_submission,
    "publish": _publish_results,
}


def _read_identifier(form: Any, name: str) -> UUID:
    text = forms.read_text(form, name)
    if is_identifier(text):
        return UUID(text)
    return UUID(int=0)


async def _render_organiser_page(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    call: Call,
    *,
    what: str = "",
    form_values: Any = None,
    error: InvalidError | None = None,
) -> Response[str]:
    standing = queries.call_state(call)
    return render(
        request,
        "projects/call-organiser.html",
        status=422 if error else 200,
        call=call,
        standing=standing,
        closes=forms.format_moment(call.closes_at, territory.zone),
        results=forms.format_moment(call.results_at, territory.zone),
        jurors=await queries.list_jurors(session, call),
        scored=await queries.count_scored_submissions(session, call),
        waiting=await queries.list_questions(session, call, waiting=True),
        submissions=await queries.list_submissions(session, call),
        what=what,
        form_values=form_values or {},
        errors=form_errors(request, error),
    )


async def _render_form(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    form_values: dict[str, str],
    *,
    of: Call | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    managed = [slug for slug in member.memberships if member.may_manage(slug)]
    if of is None and not (member.moderator or managed):
        raise ForbiddenError(
            "Calls are organised by the territory’s team and by those who administer an organisation."
        )
    organisations: dict[str, Organisation] = await find_organisations(session, managed)
    offered = sorted(
        (slug, organisation.name) for slug, organisation in organisations.items()
    )
    languages = request.scope["state"]["territory"].languages
    main_language = choose_main_language(
        form_values.get("main_language", ""),
        of.language if of else request.scope["state"]["locale"],
        languages,
    )
    facts = {
        "form_values": form_values,
        "text_languages": describe_form_languages(
            languages,
            main_language,
            request.scope["state"]["locale"],
            has_translations=any(
                map(form_values.get, forms.list_translated(form_values))
            ),
        ),
        "organisations": offered,
        "team": member.moderator,
        "of": of,
    }
    return render(
        request,
        "projects/call-form.html",
        status=422 if error else 200,
        errors=form_errors(request, error),
        **facts,
    )


routes = [
    show_new,
    create_call,
    show_edit,
    change_call,
    show_organiser_page,
    apply_action,
]
