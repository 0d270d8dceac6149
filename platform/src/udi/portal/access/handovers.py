"""Projects with an agreement that is alive: somebody else leads them before their leader's account is deleted."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.transitions import AgreementState
from udi.portal.access.models import AccessAgreement, AccessRequest, AccessRequestState
from udi.portal.identity.deletion.handovers import Handover
from udi.portal.identity.models import Person
from udi.portal.projects.models import Project

LIVE = (
    AgreementState.UNCONFIRMED,
    AgreementState.ACTIVE,
    AgreementState.SUSPENDED,
    AgreementState.REVOKING,
)


OPEN = (
    AccessRequestState.SUBMITTED,
    AccessRequestState.QUESTIONED,
    AccessRequestState.COUNTERED,
)


async def list_handovers(
    session: AsyncSession, _territory: Territory, person: Person
) -> Sequence[Handover]:
    """The projects that somebody leads and that still read under an agreement; their requests that wait for an answer."""
    return [
        *await _list_projects(session, person),
        *await _list_requests(session, person),
    ]


async def _list_projects(session: AsyncSession, person: Person) -> list[Handover]:
    live = select(AccessAgreement.project_id).where(
        AccessAgreement.state.in_(LIVE), AccessAgreement.ends_at > now()
    )
    query = (
        select(Project)
        .where(Project.leader_id == person.id, Project.id.in_(live))
        .order_by(Project.title)
    )
    return [
        Handover(
            "This project has an agreement and would have no leader.",
            project.title,
            "Have somebody of its team lead it, or give the agreement up",
            f"/projects/{project.id}/team",
            is_private=True,
        )
        for project in await session.scalars(query)
    ]


async def _list_requests(session: AsyncSession, person: Person) -> list[Handover]:
    query = (
        select(AccessRequest)
        .where(AccessRequest.person_id == person.id, AccessRequest.state.in_(OPEN))
        .order_by(AccessRequest.submitted_at)
    )
    return [
        Handover(
            "A producer would decide on this request, and nobody would read the answer.",
            request.applicant.title,
            "Withdraw the request",
            f"/access-requests/{request.id}",
            is_private=True,
        )
        for request in await session.scalars(query)
    ]
