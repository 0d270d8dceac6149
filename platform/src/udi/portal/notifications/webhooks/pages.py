"""The pages of webhooks: those of the person who asks, each with what was sent to it."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import InvalidError
from udi.kit.identity import Actor, manages_any
from udi.portal.notifications.models import Webhook
from udi.portal.notifications.webhooks import WEBHOOK_CLIENT, actions, queries
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.middleware import content_security_policy, list_form_targets
from udi.ui.site import render, site_of

HOME = "/following/webhooks"
ONE = f"{HOME}/{{webhook_id:uuid}}"


@get(HOME)
async def show_webhooks(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """The webhooks of the person, and the form that makes one."""
    return await _show_all(request, session, member)


async def _show_all(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    *,
    url: str = "",
    everything: bool = False,
    readings: bool = False,
    projects: bool = False,
    error: Any = None,
) -> Response[str]:
    facts = {
        "webhooks": await queries.list_webhooks(session, member.person_id),
        "most": actions.MOST_WEBHOOKS,
        "url": url,
        "everything": everything,
        "readings": readings,
        "projects": projects,
        "error": error,
        "tends": manages_any(member),
    }
    return render(
        request, "notifications/webhooks.html", status=422 if error else 200, **facts
    )


@post(HOME, status_code=200)
async def create_webhook(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """Make one; its secret is shown in this answer and never again."""
    form = await request.form()
    url = str(form.get("url") or "")
    everything = form.get("scope") == "everything"
    readings = "readings" in form
    projects = "projects" in form
    try:
        checked = await actions.check_address(
            site_of(request).services[WEBHOOK_CLIENT], url
        )
    except InvalidError as error:
        shortened_url = url[: actions.LONGEST_URL]
        return await _show_all(
            request,
            session,
            member,
            url=shortened_url,
            everything=everything,
            readings=readings,
            projects=projects,
            error=error.refusals[0],
        )
    webhook = await actions.create_webhook(
        session,
        member,
        url=checked,
        everything=everything,
        readings=readings,
        projects=projects,
    )
    return await _show_one(request, session, webhook, secret=webhook.secret)


@get(ONE)
async def show_webhook(
    request: AnyRequest, session: Session, member: Member, webhook_id: FromPath[UUID]
) -> Response[str]:
    """Whether it is called, and what was sent to it."""
    return await _show_one(
        request, session, await queries.get_webhook(session, member, webhook_id)
    )


async def _show_one(
    request: AnyRequest, session: AsyncSession, webhook: Webhook, *, secret: str = ""
) -> Response[str]:
    deliveries = await queries.list_deliveries(session, webhook)
    page = render(
        request,
        "notifications/webhook.html",
        webhook=webhook,
        deliveries=deliveries,
        secret=secret,
        both_sign=webhook.former_until is not None and webhook.former_until > now(),
    )
    policy = content_security_policy(list_form_targets(request), scripts=True)
    page.headers["Content-Security-Policy"] = policy
    return page


@post(f"{ONE}/secret", status_code=200)
async def replace_secret(
    request: AnyRequest, session: Session, member: Member, webhook_id: FromPath[UUID]
) -> Response[str]:
    """A new secret, shown in this answer and never again."""
    webhook = await queries.get_webhook(session, member, webhook_id)
    await actions.replace_secret(session, webhook)
    return await _show_one(request, session, webhook, secret=webhook.secret)


@post(f"{ONE}/test", status_code=303)
async def send_test(
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    webhook_id: FromPath[UUID],
) -> Redirect:
    """Send a message without content."""
    await actions.send_test(
        session, territory, await queries.get_webhook(session, member, webhook_id)
    )
    return Redirect(f"{HOME}/{webhook_id}#deliveries", status_code=303)


@post(f"{ONE}/pause", status_code=303)
async def pause_webhook(
    session: Session, member: Member, webhook_id: FromPath[UUID]
) -> Redirect:
    """Call it no more for now."""
    await actions.pause_webhook(
        session, await queries.get_webhook(session, member, webhook_id)
    )
    return Redirect(f"{HOME}/{webhook_id}", status_code=303)


@post(f"{ONE}/resume", status_code=303)
async def resume_webhook(
    session: Session, member: Member, webhook_id: FromPath[UUID]
) -> Redirect:
    """Call it again."""
    await actions.resume_webhook(
        session, await queries.get_webhook(session, member, webhook_id)
    )
    return Redirect(f"{HOME}/{webhook_id}", status_code=303)


@post(f"{ONE}/delete", status_code=303)
async def delete_webhook(
    session: Session, member: Member, webhook_id: FromPath[UUID]
) -> Redirect:
    """Forget it."""
    await actions.delete_webhook(
        session, await queries.get_webhook(session, member, webhook_id)
    )
    return Redirect(HOME, status_code=303)


routes: Routes = [
    show_webhooks,
    create_webhook,
    show_webhook,
    replace_secret,
    send_test,
    pause_webhook,
    resume_webhook,
    delete_webhook,
]
