"""The question itself: who asks for what, two answers of one size, nothing ticked; and the team that finds it wrong."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import (
    ForbiddenError,
    InvalidError,
    LoginTooOldError,
    field_error,
)
from udi.kit.identity import Actor
from udi.portal.access.agreements.creation import add_months, signer_of
from udi.portal.consents.actions import RECENT, give_consent, refuse_consent
from udi.portal.consents.models import Consent, NoticeState, NoticeVersion
from udi.portal.consents.notices import invalidate_notice
from udi.portal.consents.queries import (
    find_answer,
    find_closing_state,
    find_open_notice,
    find_public_closing_state,
    get_public_notice,
    notice_of,
)
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import (
    AnyRequest,
    CurrentTerritory,
    Member,
    Routes,
    Session,
    Visitor,
)
from udi.ui.errors import form_errors
from udi.ui.site import render, site_of

PAGE = "/consents/{notice_id:uuid}"


@get(PAGE)
async def show_question(
    request: AnyRequest, session: Session, actor: Visitor, notice_id: FromPath[UUID]
) -> Response[Any]:
    """Who asks for what, to whom it goes, until when, how to stop; where a later version is, it leads there."""
    version = await get_public_notice(session, notice_id)
    if version.state == NoticeState.REPLACED:
        later = await find_open_notice(session, version.agreement_id)
        if later is not None:
            return Redirect(f"/consents/{later.id}", status_code=303)
    return await _render_question(request, session, actor, version)


@post(PAGE, status_code=303)
async def answer_question(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    notice_id: FromPath[UUID],
) -> Response[Any]:
    """Say yes, after a login no older than five minutes, or no.

    Raises:
        LoginTooOldError: the yes comes with an older login.
        ConflictError: the question is closed.
    """
    version = await get_public_notice(session, notice_id)
    answer = str((await request.form()).get("answer") or "")
    if answer == "no":
        await refuse_consent(session, member, version)
        return Redirect(f"/consents/{notice_id}", status_code=303)
    if answer != "yes":
        error = field_error("answer", "Choose yes or no.", "Press one of the buttons.")
        return await _render_question(request, session, member, version, error)
    if not is_login_recent(member):
        too_old = LoginTooOldError("You logged in more than five minutes ago.")
        too_old.page = _login_url(version)
        raise too_old
    signer = signer_of(site_of(request), territory)
    consent = await give_consent(session, member, version, signer)
    return Redirect(f"/my-data/consents/{consent.id}", status_code=303)


@post(f"{PAGE}/invalidate", status_code=303, guards=[require_confirmation()])
async def find_wrong(
    request: AnyRequest, session: Session, member: Member, notice_id: FromPath[UUID]
) -> Response[Any]:
    """End this version and all consents under it, for the territory's team.

    Raises:
        ForbiddenError: somebody else asks.
    """
    if not member.moderator:
        raise ForbiddenError(
            "Only the territory’s team ends a question for everybody.",
            remedy="Write to the team.",
        )
    version = await get_public_notice(session, notice_id)
    reason = str((await request.form()).get("reason") or "")
    try:
        await invalidate_notice(session, member, version, reason)
    except InvalidError as error:
        return await _render_question(request, session, member, version, error)
    return Redirect(f"/consents/{notice_id}", status_code=303)


def is_login_recent(actor: Actor | None) -> bool:
    """Whether somebody proved who they are within the last five minutes."""
    return (
        actor is not None
        and actor.authenticated_at is not None
        and now() - actor.authenticated_at <= RECENT
    )


def _login_url(version: NoticeVersion) -> str:
    return f"/login?fresh=true&back=/consents/{version.id}"


async def _render_question(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor | None,
    version: NoticeVersion,
    error: InvalidError | None = None,
) -> Response[str]:
    notice = notice_of(version)
    answer: Consent | None = None
    if actor is not None:
        answer = await find_answer(session, actor, version.agreement_id)
        closing_state = await find_closing_state(session, version)
    else:
        closing_state = await find_public_closing_state(session, version)
    return render(
        request,
        "consents/question.html",
        status=422 if error else 200,
        version=version,
        notice=notice,
        until=min(add_months(now(), notice.months), notice.agreement_ends_at),
        answer=answer,
        is_open=version.state == NoticeState.ACCEPTED and closing_state is None,
        closing_state=closing_state,
        is_left=actor is None and request.query_params.get("answer") == "no",
        is_again=request.query_params.get("again") == "1",
        is_member=actor is not None,
        is_team=actor is not None and actor.moderator,
        login_url="" if is_login_recent(actor) else _login_url(version),
        errors=form_errors(request, error),
    )


routes: Routes = [show_question, answer_question, find_wrong]
