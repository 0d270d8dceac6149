"""«What I follow»: the list, the choice of how often to be notified, and the address that stops the mails."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.notifications import actions, queries
from udi.portal.notifications.digests import last_send_time, read_digest
from udi.portal.notifications.emails import name_followings
from udi.portal.notifications.models import DigestRhythm, Following
from udi.portal.notifications.tokens import read_unsubscribe_token
from udi.portal.notifications.topics import get_topic, topics_of
from udi.ui.dependencies import (
    AnyRequest,
    CurrentTerritory,
    Member,
    Routes,
    Session,
    Visitor,
)
from udi.ui.middleware import FROM_ELSEWHERE
from udi.ui.routes import local_path
from udi.ui.site import render, site_of

HOME = "/following"
LONGEST_FIELD = 8000
"""Far beyond what any of ours may be, so that what is too long is refused and never cut."""


@dataclass(frozen=True)
class FollowButton:
    """What a page that can be followed shows: the target, the following of who reads it, and its feed."""

    kind: str
    target: str
    following: Following | None
    feed: str
    back: str


async def build_follow_button(
    request: AnyRequest, territory: Territory, kind: str, target: str, feed: str
) -> FollowButton:
    """The button of a page. A passer-by's says nothing of anybody, so that the page may be kept for all."""
    actor: Actor | None = request.scope["state"].get("actor")
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    following = None
    if actor is not None:
        database = site_of(request).database
        async with database.session(
            territory.id, role="app", person=actor.person_id
        ) as session:
            following = await queries.find_following(
                session, actor.person_id, kind, target
            )
    return FollowButton(kind, target, following, feed, local_path(back))


@get(HOME)
async def show_followings(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[str]:
    """Everything that the person follows, how they are notified, and what the next mail would say now."""
    site = site_of(request)
    language = request.scope["state"]["locale"]
    followings = await queries.list_followings(session, member.person_id)
    names = await name_followings(site, session, territory, followings, language)
    subscription = await queries.find_subscription(session, member.person_id)
    rhythm = subscription.rhythm if subscription else DigestRhythm.DAILY
    if subscription and rhythm != DigestRhythm.NEVER:
        items = await read_digest(
            site,
            session,
            territory,
            member.person_id,
            subscription.notified_until,
            now(),
        )
    else:
        items = []
    step = timedelta(days=7 if rhythm == DigestRhythm.WEEKLY else 1)
    return render(
        request,
        "notifications/following.html",
        followed_subjects=[
            (following, names[following.id]) for following in followings
        ],
        names=names,
        rhythm=rhythm,
        inbox_rhythm=subscription.inbox_rhythm if subscription else DigestRhythm.NEVER,
        digest_items=items,
        next_day=(last_send_time(rhythm, now(), territory.zone) + step).date(),
        most=actions.MOST_FOLLOWED,
    )


@get(f"{HOME}/new")
async def show_follow_form(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    kind: FromQuery[str] = "",
    target: FromQuery[str] = "",
    back: FromQuery[str] = "",
) -> Response[Any]:
    """Where someone comes back to who had to log in first: one button, or the page itself if it is followed already."""
    topic = get_topic(topics_of(site_of(request).services), kind)
    read = await topic.read(session, target[:LONGEST_FIELD])
    named = (
        await topic.name(session, territory, [read], request.scope["state"]["locale"])
    )[read]
    back = local_path(back) if back else named.path
    if await queries.find_following(session, member.person_id, kind, read):
        return Redirect(back, status_code=303)
    return render(
        request,
        "notifications/new.html",
        named=named,
        kind=kind,
        target=read,
        back=back,
    )


@post(HOME, status_code=303)
async def follow_target(
    request: AnyRequest, session: Session, actor: Visitor
) -> Redirect:
    """Follow a target, then back to its page; who is not logged in does that first."""
    form = await _form(request)
    kind = form.get("kind", "")
    target = form.get("target", "")
    back = form.get("back", "")
    if actor is None:
        onward = f"{HOME}/new?{urlencode({'kind': kind, 'target': target, 'back': local_path(back)})}"
        return Redirect(f"/login?{urlencode({'back': onward})}", status_code=303)
    read = await get_topic(topics_of(site_of(request).services), kind).read(
        session, target
    )
    await actions.follow_target(
        session,
        actor,
        kind=kind,
        target=read,
        language=request.scope["state"]["locale"],
    )
    return Redirect(local_path(back), status_code=303)


@post(f"{HOME}/{{following_id:uuid}}/stop", status_code=303)
async def stop_following(
    request: AnyRequest, session: Session, member: Member, following_id: FromPath[UUID]
) -> Redirect:
    """Follow it no more."""
    await actions.stop_following(
        session, await queries.get_following(session, member, following_id)
    )
    return Redirect(
        local_path((await _form(request)).get("back") or HOME), status_code=303
    )


@post(f"{HOME}/rhythm", status_code=303)
async def choose_rhythm(
    request: AnyRequest, session: Session, member: Member
) -> Redirect:
    """Keep how often the person is notified."""
    rhythm = (await _form(request)).get("rhythm", "")
    await actions.choose_rhythm(
        session, member, rhythm, request.scope["state"]["locale"]
    )
    return Redirect(f"{HOME}#how-often", status_code=303)


@post(f"{HOME}/inbox-mail", status_code=303)
async def choose_inbox_rhythm(
    request: AnyRequest, session: Session, member: Member
) -> Redirect:
    """Keep how often the person gets what waits for them by mail."""
    rhythm = (await _form(request)).get("rhythm", "")
    language = request.scope["state"]["locale"]
    await actions.choose_inbox_rhythm(session, member, rhythm, language)
    return Redirect(f"{HOME}#inbox-mail", status_code=303)


@get(f"{HOME}/unsubscribe-inbox/{{token:str}}", sync_to_thread=False)
def show_inbox_unsubscribe_form(
    request: AnyRequest, territory: CurrentTerritory, token: FromPath[str]
) -> Response[str]:
    """A button, as for the other mails."""
    read_unsubscribe_token(site_of(request).settings, territory, token)
    return _render_unsubscription(request, stopped=False, of_inbox=True)


@post(
    f"{HOME}/unsubscribe-inbox/{{token:str}}",
    status_code=200,
    opt={FROM_ELSEWHERE: True},
)
async def unsubscribe_inbox(
    request: AnyRequest, territory: CurrentTerritory, token: FromPath[str]
) -> Response[str]:
    """Stop the mails of what waits at once (RFC 8058)."""
    subscription = read_unsubscribe_token(site_of(request).settings, territory, token)
    async with site_of(request).database.session(territory.id, role="app") as session:
        await actions.unsubscribe_inbox(session, subscription)
    return _render_unsubscription(request, stopped=True, of_inbox=True)


def _render_unsubscription(
    request: AnyRequest, *, stopped: bool, of_inbox: bool = False
) -> Response[str]:
    return render(
        request,
        "notifications/unsubscribe.html",
        stopped=stopped,
        of_inbox=of_inbox,
    )


@get(f"{HOME}/unsubscribe/{{token:str}}", sync_to_thread=False)
def show_unsubscribe_form(
    request: AnyRequest, territory: CurrentTerritory, token: FromPath[str]
) -> Response[str]:
    """A button, since programs that search mails for danger open every address."""
    read_unsubscribe_token(site_of(request).settings, territory, token)
    return _render_unsubscription(request, stopped=False)


@post(f"{HOME}/unsubscribe/{{token:str}}", status_code=200, opt={FROM_ELSEWHERE: True})
async def unsubscribe(
    request: AnyRequest, territory: CurrentTerritory, token: FromPath[str]
) -> Response[str]:
    """Stop the mails at once; the program of a mailbox may post this, whoever is logged in (RFC 8058)."""
    subscription = read_unsubscribe_token(site_of(request).settings, territory, token)
    async with site_of(request).database.session(territory.id, role="app") as session:
        await actions.unsubscribe(session, subscription)
    return _render_unsubscription(request, stopped=True)


async def _form(request: AnyRequest) -> Mapping[str, str]:
    """The fields of a form that are texts."""
    form = await request.form()
    return {
        name: value[:LONGEST_FIELD]
        for name, value in form.multi_items()
        if isinstance(value, str)
    }


routes: Routes = [
    show_followings,
    show_follow_form,
    follow_target,
    stop_following,
    choose_rhythm,
    choose_inbox_rhythm,
    show_unsubscribe_form,
    unsubscribe,
    show_inbox_unsubscribe_form,
    unsubscribe_inbox,
]
