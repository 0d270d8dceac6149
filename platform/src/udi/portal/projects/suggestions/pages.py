"""The pages of suggestions: what is suggested, what one declares, a message to somebody, and off for ever."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError
from udi.kit.tenancy import Territory
from udi.portal.catalogue.search.index import SEARCH_INDEXES
from udi.portal.projects.listing import is_identifier
from udi.portal.projects.suggestions import queries
from udi.portal.projects.suggestions.actions import (
    InterestInput,
    declare_interest,
    mark_suggestion,
    turn_off,
    turn_off_by_mail,
)
from udi.portal.projects.suggestions.messages import LONGEST_MESSAGE, create_message
from udi.portal.projects.suggestions.queries import (
    SuggestionSettings,
    get_suggestion_settings,
)
from udi.portal.projects.suggestions.search import (
    find_suggested_party,
    find_suggestions,
)
from udi.portal.projects.suggestions.suggestion import Suggestion
from udi.portal.projects.suggestions.tokens import HOME, read_unsubscribe_token
from udi.protocol.themes import THEMES
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.locale import localise
from udi.ui.middleware import FROM_ELSEWHERE
from udi.ui.site import render, site_of


@get(HOME)
async def show_suggestions(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[str]:
    """What is suggested to me, or to an organisation (`for`) for which I publish."""
    standing = await get_suggestion_settings(
        session, member, _read_organisation_slug(request)
    )
    reader = site_of(request).services[SEARCH_INDEXES].find(territory.id)
    if standing.receiver:
        suggestions_by_kind = await find_suggestions(session, reader, standing.receiver)
    else:
        suggestions_by_kind = {}
    return render(
        request,
        "projects/suggestions.html",
        standing=standing,
        suggestions={kind.value: those for kind, those in suggestions_by_kind.items()},
        organisations=await queries.list_organisations(session, member),
        themes=_list_themes(request),
    )


@get(f"{HOME}/interests")
async def show_interests(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """The form that turns suggestions on, or changes what is declared."""
    standing = await get_suggestion_settings(
        session, member, _read_organisation_slug(request)
    )
    interest = standing.interest
    names = ("looks_for", "has", "themes", "offers", "seeks", "name", "mailed")
    if interest:
        answers = {name: getattr(interest, name) for name in names}
        declared = InterestInput(**answers, discoverable=interest.discoverable)
    else:
        declared = InterestInput()
    return _render_form(request, standing, declared, standing.revision)


@post(f"{HOME}/interests", status_code=303)
async def send_interests(
    request: AnyRequest, session: Session, member: Member
) -> Response[Any]:
    """Turn them on, or say more."""
    form = await request.form()
    standing = await get_suggestion_settings(
        session, member, str(form.get("for") or ""), lock=True
    )
    declared = _read_form(form)
    revision = str(form.get("seen") or "")
    try:
        await declare_interest(
            session,
            standing,
            declared,
            revision=revision,
            language=request.scope["state"]["locale"],
        )
    except InvalidError as error:
        return _render_form(request, standing, declared, revision, error)
    return _redirect_home(standing)


@post(f"{HOME}/off", status_code=303)
async def disable_suggestions(
    request: AnyRequest, session: Session, member: Member
) -> Redirect:
    """Off, for ever: at once, whatever a form that is open elsewhere says."""
    form = await request.form()
    standing = await get_suggestion_settings(
        session, member, str(form.get("for") or ""), lock=True
    )
    await turn_off(session, standing)
    return _redirect_home(standing)


@post(f"{HOME}/marks", status_code=303)
async def send_mark(request: AnyRequest, session: Session, member: Member) -> Redirect:
    """Say that one was useful, or not to come again."""
    form = await request.form()
    standing = await get_suggestion_settings(
        session, member, str(form.get("for") or ""), lock=True
    )
    values = {name: str(form.get(name) or "") for name in ("thing", "id", "mark")}
    id_ = UUID(values["id"]) if is_identifier(values["id"]) else UUID(int=0)
    await mark_suggestion(session, standing, values["thing"], id_, values["mark"])
    return _redirect_home(standing)


@get(f"{HOME}/messages/new")
async def show_message_form(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[str]:
    """A few words to somebody (`to`) who is suggested."""
    standing = await get_suggestion_settings(
        session, member, _read_organisation_slug(request)
    )
    to = await _find_suggested_party(
        request, session, territory, standing, request.query_params.get("to", "")
    )
    return _render_message_form(request, standing, to)


@post(f"{HOME}/messages", status_code=303)
async def send_message(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[Any]:
    """Send them."""
    form = await request.form()
    standing = await get_suggestion_settings(
        session, member, str(form.get("for") or ""), lock=True
    )
    to = await _find_suggested_party(
        request, session, territory, standing, str(form.get("to") or "")
    )
    words = str(form.get("words") or "")
    try:
        await create_message(session, standing, to, words)
    except InvalidError as error:
        return _render_message_form(request, standing, to, words, error)
    return _redirect_home(standing)


@get(f"{HOME}/off/{{token:str}}", sync_to_thread=False)
def show_unsubscribe(
    request: AnyRequest, territory: CurrentTerritory, token: FromPath[str]
) -> Response[str]:
    """A button, since programs that search mails for danger open every address."""
    read_unsubscribe_token(site_of(request).settings, territory, token)
    return render(request, "projects/suggestions-off.html", off=False)


@post(f"{HOME}/off/{{token:str}}", status_code=200, opt={FROM_ELSEWHERE: True})
async def unsubscribe_by_mail(
    request: AnyRequest, territory: CurrentTerritory, token: FromPath[str]
) -> Response[str]:
    """Off, for ever; the program of a mailbox may post this, whoever is logged in (RFC 8058)."""
    choice = read_unsubscribe_token(site_of(request).settings, territory, token)
    async with site_of(request).database.session(territory.id, role="app") as session:
        await turn_off_by_mail(session, choice)
    return render(request, "projects/suggestions-off.html", off=True)


def _read_organisation_slug(request: AnyRequest) -> str:
    return str(request.query_params.get("for") or "")


def _redirect_home(standing: SuggestionSettings) -> Redirect:
    return Redirect(
        f"{HOME}?{urlencode({'for': standing.slug})}" if standing.slug else HOME,
        status_code=303,
    )


def _list_themes(request: AnyRequest) -> dict[str, str]:
    language = request.scope["state"]["locale"]
    return {theme.code: localise(theme.label, language) for theme in THEMES.values()}


def _read_form(form: Any) -> InterestInput:
    texts: dict[str, Any] = {
        name: str(form.get(name) or "") for name in ("looks_for", "has", "name")
    }
    codes: dict[str, Any] = {
        name: tuple(str(code) for code in form.getall(name, []))
        for name in ("themes", "offers", "seeks")
    }
    return InterestInput(
        **texts,
        **codes,
        discoverable=bool(form.get("discoverable")),
        mailed=bool(form.get("mailed")),
    )


async def _find_suggested_party(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    standing: SuggestionSettings,
    interest_id: str,
) -> Suggestion:
    reader = site_of(request).services[SEARCH_INDEXES].find(territory.id)
    return await find_suggested_party(session, reader, standing, interest_id)


def _render_form(
    request: AnyRequest,
    standing: SuggestionSettings,
    declared: InterestInput,
    revision: str,
    error: InvalidError | None = None,
) -> Response[str]:
    return render(
        request,
        "projects/suggestion-interests.html",
        status=422 if error else 200,
        standing=standing,
        declared=declared,
        seen=revision,
        themes=_list_themes(request),
        errors=form_errors(request, error),
    )


def _render_message_form(
    request: AnyRequest,
    standing: SuggestionSettings,
    to: Suggestion,
    words: str = "",
    error: InvalidError | None = None,
) -> Response[str]:
    return render(
        request,
        "projects/suggestion-message.html",
        status=422 if error else 200,
        standing=standing,
        to=to,
        words=words,
        most=LONGEST_MESSAGE,
        errors=form_errors(request, error),
    )


routes: Routes = [
    show_suggestions,
    show_interests,
    send_interests,
    disable_suggestions,
    send_mark,
    show_message_form,
    send_message,
    show_unsubscribe,
    unsubscribe_by_mail,
]
