"""The people of an organisation: who they are, what they may do, who is invited, who asks; and one's own way in and out."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, InvalidError, NotFoundError
from udi.kit.identity import Actor
from udi.portal.identity.credentials.tokens import list_tokens_for
from udi.portal.organisations.members import actions, queries
from udi.portal.organisations.members.actions import ROLES, role_of
from udi.portal.organisations.members.transitions import (
    MembershipEvent,
    MembershipStage,
)
from udi.portal.organisations.models import MembershipEntry, Organisation
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.site import render

PLACE = "/my-space/organisations/{slug:str}"
ENTRY = f"{PLACE}/entries/{{entry_id:uuid}}"


@get(PLACE)
async def show_people(
    request: AnyRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[str]:
    """Who belongs to it; for its administrators, what they may do."""
    organisation = await queries.get_member_organisation(session, member, slug)
    return await _people(request, session, member, organisation)


@post(f"{PLACE}/invitations", status_code=303, guards=[require_confirmation()])
async def send_invitation(
    request: AnyRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[Any]:
    """Invite an address."""
    organisation = await queries.get_member_organisation(
        session, member, slug, managing=True, lock=True
    )
    form = await request.form()
    email = str(form.get("email") or "")
    role = str(form.get("role") or "")
    language: str = request.scope["state"]["locale"]
    try:
        await actions.invite_member(
            session, member, organisation, email=email, role=role, language=language
        )
    except InvalidError as error:
        errors = form_errors(request, error)
        return await _people(
            request,
            session,
            member,
            organisation,
            status=422,
            email_text=email,
            errors=errors,
        )
    return _redirect_to(organisation)


@post(
    f"{PLACE}/members/{{person_id:uuid}}/role",
    status_code=303,
    guards=[require_confirmation()],
)
async def change_role(
    request: AnyRequest,
    session: Session,
    member: Member,
    slug: FromPath[str],
    person_id: FromPath[UUID],
) -> Redirect:
    """Give a member another role."""
    organisation = await queries.get_member_organisation(
        session, member, slug, managing=True, lock=True
    )
    role = str((await request.form()).get("role") or "")
    await actions.give_role(session, member, organisation, person_id, role)
    return _redirect_to(organisation)


@post(
    f"{PLACE}/members/{{person_id:uuid}}/remove",
    status_code=303,
    guards=[require_confirmation()],
)
async def remove_member(
    session: Session, member: Member, slug: FromPath[str], person_id: FromPath[UUID]
) -> Redirect:
    """Have a member leave; oneself too."""
    leaves = person_id == member.person_id
    organisation = await queries.get_member_organisation(
        session, member, slug, managing=not leaves, lock=True
    )
    await actions.remove_member(session, member, organisation, person_id)
    if leaves:
        return Redirect("/my-space", status_code=303)
    return _redirect_to(organisation)


@get(f"{PLACE}/membership")
async def show_membership(
    request: AnyRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[str]:
    """The form by which somebody asks to belong to it."""
    organisation = await queries.get_organisation(session, slug)
    waiting = await queries.find_waiting_entry(session, organisation, member)
    return render(
        request,
        "organisations/membership.html",
        organisation=organisation,
        entry=waiting,
    )


@post(f"{PLACE}/membership", status_code=303)
async def request_membership(
    request: AnyRequest, session: Session, member: Member, slug: FromPath[str]
) -> Redirect:
    """Ask."""
    organisation = await queries.get_organisation(session, slug, lock=True)
    words = str((await request.form()).get("words") or "")
    language = request.scope["state"]["locale"]
    await actions.request_membership(
        session, member, organisation, words=words, language=language
    )
    return Redirect(
        f"/my-space/organisations/{organisation.slug}/membership", status_code=303
    )


@get(ENTRY)
async def show_invitation(
    request: AnyRequest,
    session: Session,
    member: Member,
    slug: FromPath[str],
    entry_id: FromPath[UUID],
) -> Response[str]:
    """What an invitation offers, for whom it was sent to."""
    organisation = await queries.get_organisation(session, slug)
    entry = await queries.get_entry(session, organisation, entry_id)
    queries.require_invited(member, entry)
    role = role_of(entry.groups)
    return render(
        request,
        "organisations/invitation.html",
        organisation=organisation,
        entry=entry,
        role=role,
    )


@post(
    f"{ENTRY}/{{what:str}}",
    status_code=303,
    guards=[require_confirmation("accept", "admit", parameter="what")],
)
async def answer_entry(
    request: AnyRequest,
    session: Session,
    member: Member,
    slug: FromPath[str],
    entry_id: FromPath[UUID],
    what: FromPath[str],
) -> Response[Any]:
    """Accept or decline an invitation; admit or refuse who asks; take either back."""
    if what not in set(MembershipEvent):
        raise NotFoundError
    organisation = await queries.get_organisation(session, slug, lock=True)
    entry = await queries.get_entry(session, organisation, entry_id)
    if what in {MembershipEvent.ACCEPT, MembershipEvent.DECLINE}:
        queries.require_invited(member, entry)
        await (
            actions.accept_invitation
            if what == MembershipEvent.ACCEPT
            else actions.decline_invitation
        )(session, member, organisation, entry)
        return Redirect(
            f"/my-space/organisations/{slug}/entries/{entry_id}", status_code=303
        )
    if (
        what == MembershipEvent.CANCEL
        and entry.stage == MembershipStage.REQUESTED
        and entry.person_id == member.person_id
    ):
        await actions.cancel_entry(session, member, organisation, entry)
        return Redirect(f"/my-space/organisations/{slug}/membership", status_code=303)
    return await _administer(
        request, session, member, entry, slug, MembershipEvent(what)
    )


async def _administer(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    entry: MembershipEntry,
    slug: str,
    what: MembershipEvent,
) -> Response[Any]:
    organisation = await queries.get_member_organisation(
        session, member, slug, managing=True
    )
    form = await request.form()
    try:
        if what == MembershipEvent.ADMIT:
            await actions.admit_member(
                session, member, organisation, entry, str(form.get("role") or "")
            )
        elif what == MembershipEvent.REFUSE:
            await actions.refuse_membership(
                session, member, organisation, entry, str(form.get("words") or "")
            )
        elif entry.stage == MembershipStage.REQUESTED:
            raise ForbiddenError(
                "Only the person who made a request can withdraw it.",
                remedy="Answer it: accept, or refuse and give the reason.",
            )
        else:
            await actions.cancel_entry(session, member, organisation, entry)
    except InvalidError as error:
        errors = {
            f"{field}-{entry.id}": message
            for field, message in form_errors(request, error).items()
        }
        return await _people(
            request, session, member, organisation, status=422, errors=errors
        )
    return _redirect_to(organisation)


def _redirect_to(organisation: Organisation) -> Redirect:
    return Redirect(f"/my-space/organisations/{organisation.slug}", status_code=303)


async def _people(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    organisation: Organisation,
    *,
    status: int = 200,
    email_text: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    lines = await queries.list_member_summaries(session, organisation)
    reader = next((line for line in lines if line.person.id == member.person_id), None)
    manages = (
        member.may_manage(organisation.slug) and reader is not None and reader.manages
    )
    if manages:
        entries = await queries.list_entries(session, organisation)
    else:
        entries = []
    return render(
        request,
        "organisations/people.html",
        status=status,
        organisation=organisation,
        lines=lines,
        me=member.person_id,
        manages=manages,
        entries=entries,
        tokens=await list_tokens_for(session, organisation.slug) if manages else {},
        people=await queries.find_requesters(session, entries),
        role_of=role_of,
        roles=list(ROLES),
        email_text=email_text,
        errors=dict(errors or {}),
        trouble=any(line.change and line.change.failure for line in lines),
    )


routes: Routes = [
    show_people,
    send_invitation,
    change_role,
    remove_member,
    show_membership,
    request_membership,
    show_invitation,
    answer_entry,
]
