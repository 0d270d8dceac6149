"""The pages of suggestions: what is suggested, what one declares, a letter to somebody, and off for ever."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.projects.listing import is_identifier
from udi.portal.projects.suggestions import queries
from udi.portal.projects.suggestions.actions import (
    Declared,
    declare,
    mark_suggestion,
    turn_off,
    turn_off_by_mail,
)
from udi.portal.projects.suggestions.finding import find_suggestions
from udi.portal.projects.suggestions.queries import Standing, get_standing
from udi.portal.projects.suggestions.shapes import Suggestion, Thing
from udi.portal.projects.suggestions.states import Event, follow
from udi.portal.projects.suggestions.tokens import HOME, read_off_token
from udi.portal.projects.suggestions.writing import LONGEST_LETTER, write_to
from udi.protocol.themes import THEMES
from udi.ui.errors import say_fields
from udi.ui.locale import localised
from udi.ui.middleware import FROM_ELSEWHERE
from udi.ui.site import render, site_of

AnyRequest = Request[Any, Any, AppState]


@get(HOME)
async def show_suggestions(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
) -> Response[str]:
    """What is suggested to me, or to an organisation (`for`) for which I publish."""
    standing = await get_standing(session, member, _whose(request))
    reader = site_of(request).parts["search"].find(territory.id)
    found = await find_suggestions(session, reader, standing.receiver) if standing.receiver else {}
    return render(
        request,
        "projects/suggestions.html",
        standing=standing,
        found={kind.value: those for kind, those in found.items()},
        organisations=await queries.list_standings(session, member),
        themes=_themes(request),
    )


@get(f"{HOME}/interests")
async def show_interests(
    request: AnyRequest, session: NamedDependency[AsyncSession], member: NamedDependency[Actor]
) -> Response[str]:
    """The form that turns suggestions on, or changes what is declared."""
    standing = await get_standing(session, member, _whose(request))
    interest = standing.interest
    names = ("looks_for", "has", "themes", "offers", "seeks", "found", "name", "mailed")
    declared = Declared(**{name: getattr(interest, name) for name in names}) if interest else Declared()
    return _form(request, standing, declared, standing.seen)


@post(f"{HOME}/interests", status_code=303)
async def send_interests(
    request: AnyRequest, session: NamedDependency[AsyncSession], member: NamedDependency[Actor]
) -> Response[Any]:
    """Turn them on, or say more."""
    form = await request.form()
    standing = await get_standing(session, member, str(form.get("for") or ""), lock=True)
    declared, seen = _read(form), str(form.get("seen") or "")
    try:
        await declare(session, standing, declared, seen=seen, language=request.scope["state"]["locale"])
    except InvalidError as error:
        return _form(request, standing, declared, seen, error)
    return _home(standing)


@post(f"{HOME}/off", status_code=303)
async def send_off(
    request: AnyRequest, session: NamedDependency[AsyncSession], member: NamedDependency[Actor]
) -> Redirect:
    """Off, for ever: at once, whatever a form that is open elsewhere says."""
    form = await request.form()
    standing = await get_standing(session, member, str(form.get("for") or ""), lock=True)
    await turn_off(session, standing)
    return _home(standing)


@post(f"{HOME}/marks", status_code=303)
async def mark(request: AnyRequest, session: NamedDependency[AsyncSession], member: NamedDependency[Actor]) -> Redirect:
    """Say that one was useful, or not to come again."""
    form = await request.form()
    standing = await get_standing(session, member, str(form.get("for") or ""), lock=True)
    said = {name: str(form.get(name) or "") for name in ("thing", "id", "mark")}
    id_ = UUID(said["id"]) if is_identifier(said["id"]) else UUID(int=0)
    await mark_suggestion(session, standing, said["thing"], id_, said["mark"])
    return _home(standing)


@get(f"{HOME}/letters/new")
async def show_letter(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
) -> Response[str]:
    """A few words to somebody (`to`) who is suggested."""
    standing = await get_standing(session, member, _whose(request))
    to = await _find_other(request, session, territory, standing, request.query_params.get("to", ""))
    return _letter(request, standing, to)


@post(f"{HOME}/letters", status_code=303)
async def send_letter(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
) -> Response[Any]:
    """Send them."""
    form = await request.form()
    standing = await get_standing(session, member, str(form.get("for") or ""), lock=True)
    to = await _find_other(request, session, territory, standing, str(form.get("to") or ""))
    words = str(form.get("words") or "")
    try:
        await write_to(session, standing, to, words)
    except InvalidError as error:
        return _letter(request, standing, to, words, error)
    return _home(standing)


@get(f"{HOME}/off/{{token:str}}", sync_to_thread=False)
def ask_off(request: AnyRequest, territory: NamedDependency[Territory], token: FromPath[str]) -> Response[str]:
    """A button, since programs that search mails for danger open every address."""
    read_off_token(site_of(request).settings, territory, token)
    return render(request, "projects/suggestions-off.html", off=False)


@post(f"{HOME}/off/{{token:str}}", status_code=200, opt={FROM_ELSEWHERE: True})
async def send_off_by_mail(
    request: AnyRequest, territory: NamedDependency[Territory], token: FromPath[str]
) -> Response[str]:
    """Off, for ever; the program of a mailbox may post this, whoever is logged in (RFC 8058)."""
    choice = read_off_token(site_of(request).settings, territory, token)
    async with site_of(request).database.session(territory.id, role="app") as session:
        await turn_off_by_mail(session, choice)
    return render(request, "projects/suggestions-off.html", off=True)


def _whose(request: AnyRequest) -> str:
    return str(request.query_params.get("for") or "")


def _home(standing: Standing) -> Redirect:
    return Redirect(f"{HOME}?{urlencode({'for': standing.slug})}" if standing.slug else HOME, status_code=303)


def _themes(request: AnyRequest) -> dict[str, str]:
    language = request.scope["state"]["locale"]
    return {theme.code: localised(theme.label, language) for theme in THEMES.values()}


def _read(form: Any) -> Declared:
    texts: dict[str, Any] = {name: str(form.get(name) or "") for name in ("looks_for", "has", "name")}
    codes: dict[str, Any] = {
        name: tuple(str(each) for each in form.getall(name, [])) for name in ("themes", "offers", "seeks")
    }
    return Declared(**texts, **codes, found=bool(form.get("found")), mailed=bool(form.get("mailed")))


async def _find_other(
    request: AnyRequest, session: AsyncSession, territory: Territory, standing: Standing, said: str
) -> Suggestion:
    """Somebody who is suggested now: nobody else can be written to.

    Raises:
        ConflictError: suggestions are not turned on.
        NotFoundError: they are not suggested.
    """
    follow(standing.state, Event.WRITE)
    reader = site_of(request).parts["search"].find(territory.id)
    found = await find_suggestions(session, reader, standing.receiver) if standing.receiver else {}
    for each in (each for those in found.values() for each in those):
        if each.thing is Thing.INTEREST and str(each.id) == said:
            return each
    raise NotFoundError("They are not suggested to you, or not any more.")


def _form(
    request: AnyRequest, standing: Standing, declared: Declared, seen: str, error: InvalidError | None = None
) -> Response[str]:
    return render(
        request,
        "projects/suggestion-interests.html",
        status=422 if error else 200,
        standing=standing,
        declared=declared,
        seen=seen,
        themes=_themes(request),
        errors=say_fields(request, error),
    )


def _letter(
    request: AnyRequest, standing: Standing, to: Suggestion, words: str = "", error: InvalidError | None = None
) -> Response[str]:
    return render(
        request,
        "projects/suggestion-letter.html",
        status=422 if error else 200,
        standing=standing,
        to=to,
        words=words,
        most=LONGEST_LETTER,
        errors=say_fields(request, error),
    )


routes: Sequence[ControllerRouterHandler] = [
    show_suggestions,
    show_interests,
    send_interests,
    send_off,
    mark,
    show_letter,
    send_letter,
    ask_off,
    send_off_by_mail,
]
