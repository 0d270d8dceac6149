"""What waits for a person of projects: invitations, requests for data, calls to judge and their questions."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.portal.identity.inbox import MOST_OF_A_DOMAIN, InboxItem, InboxKind, InboxRole
from udi.portal.organisations.models import Organisation
from udi.portal.projects.calls.models import Call, CallQuestion, Juror
from udi.portal.projects.calls.transitions import CallState
from udi.portal.projects.data_requests.queries import list_requests_to_answer
from udi.portal.projects.queries import list_invitations


async def list_waiting_invitations(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For a person: invitations into the teams of projects."""
    return [
        InboxItem(
            kind=InboxKind.INVITATION,
            role=InboxRole.PERSON,
            id=member.id,
            title=project.title,
            titles=project.titles,
            url=f"/projects/{project.id}/invitation",
            since=member.started_at,
        )
        for member, project in await list_invitations(session, actor)
    ]


async def list_waiting_data_requests(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For publishers and the team: requests for data that nobody publishes."""
    return [
        InboxItem(
            kind=InboxKind.DATA_REQUEST,
            role=InboxRole.TEAM
            if request.escalated_at and actor.moderator
            else InboxRole.PRODUCER,
            id=request.id,
            title=request.title,
            url=f"/data-requests/{request.id}",
            since=request.submitted_at,
            due_on=request.due_on,
        )
        for request in await list_requests_to_answer(session, actor)
    ]


async def list_waiting_calls(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For jurors: closed calls to judge. For organisers: questions without an answer."""
    same_call = (Juror.tenant_id == Call.tenant_id) & (Juror.call_id == Call.id)
    to_judge = (
        select(Call)
        .join(Juror, same_call)
        .where(
            Juror.email == actor.verified_email,
            Call.state.in_((CallState.OPEN, CallState.CLOSED)),
            Call.closes_at <= now(),
        )
        .order_by(Call.results_at)
        .limit(MOST_OF_A_DOMAIN)
    )
    items = [
        InboxItem(
            kind=InboxKind.CALL,
            role=InboxRole.PERSON,
            id=call.id,
            title=call.title,
            titles=call.titles,
            url=f"/calls/{call.id}/jury",
            since=call.closes_at,
            due_on=call.results_at.date(),
        )
        for call in await session.scalars(to_judge)
    ]
    return items + await _list_questions(session, actor)


async def _list_questions(session: AsyncSession, actor: Actor) -> list[InboxItem]:
    slugs = [slug for slug in actor.memberships if actor.may_manage(slug)]
    theirs = Organisation.slug.in_(slugs)
    tenant = CallQuestion.tenant_id
    query = (
        select(CallQuestion, Call, Organisation.name)
        .join(Call, (Call.tenant_id == tenant) & (Call.id == CallQuestion.call_id))
        .outerjoin(
            Organisation,
            (Organisation.tenant_id == tenant)
            & (Organisation.id == Call.organisation_id),
        )
        .where(
            CallQuestion.answered_at.is_(None),
            theirs | Call.organisation_id.is_(None) if actor.moderator else theirs,
        )
        .order_by(CallQuestion.submitted_at)
        .limit(MOST_OF_A_DOMAIN)
    )
    return [
        InboxItem(
            kind=InboxKind.CALL_QUESTION,
            role=InboxRole.TEAM if name is None else InboxRole.PRODUCER,
            id=question.id,
            title=call.title,
            titles=call.titles,
            url=f"/calls/{call.id}/organise",
            since=question.submitted_at,
            organisation=name or "",
        )
        for question, call, name in await session.execute(query)
    ]
