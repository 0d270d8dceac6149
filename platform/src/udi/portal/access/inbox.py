"""What waits for a person of access to restricted data: requests, answers, agreements that end."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.portal.access.agreements.transitions import AgreementState
from udi.portal.access.models import AccessAgreement
from udi.portal.access.requests.queries import list_open_requests, list_own_requests
from udi.portal.access.requests.transitions import WAITING
from udi.portal.catalogue.models import Dataset
from udi.portal.identity.inbox import MOST_OF_A_DOMAIN, InboxItem, InboxKind, InboxRole
from udi.portal.organisations.models import Organisation
from udi.portal.projects.queries import select_led_projects

NOTICE = timedelta(days=30)
"""How long before its end an agreement is in the inbox."""


async def list_waiting_requests(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For publishers: requests to answer. For who leads a project: questions and offers of a producer."""
    items = [
        InboxItem(
            kind=InboxKind.ACCESS_REQUEST,
            role=InboxRole.PRODUCER,
            id=case.request.id,
            title=case.dataset.title,
            titles=case.dataset.titles,
            url=f"/access-requests/{case.request.id}",
            since=case.request.since,
            due_on=case.request.due_at.date() if case.request.due_at else None,
            who=case.project.title,
            organisation=case.producer.name,
        )
        for case in await list_open_requests(session, actor)
        if case.request.state not in WAITING
    ]
    items += [
        InboxItem(
            kind=InboxKind.ACCESS_ANSWER,
            role=InboxRole.PERSON,
            id=case.request.id,
            title=case.dataset.title,
            titles=case.dataset.titles,
            url=f"/access-requests/{case.request.id}",
            since=case.request.since,
            who=case.producer.name,
        )
        for case in await list_own_requests(session, actor)
        if case.request.state in WAITING
    ]
    return items


async def list_ending_agreements(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For who leads a project and for publishers: agreements that end within thirty days."""
    slugs = [slug for slug in actor.memberships if actor.may_publish(slug)]
    tenant = AccessAgreement.tenant_id
    query = (
        select(AccessAgreement, Dataset, Organisation)
        .join(
            Dataset,
            (Dataset.tenant_id == tenant) & (Dataset.id == AccessAgreement.dataset_id),
        )
        .join(
            Organisation,
            (Organisation.tenant_id == tenant)
            & (Organisation.id == AccessAgreement.organisation_id),
        )
        .where(
            AccessAgreement.state == AgreementState.ACTIVE,
            AccessAgreement.ends_at <= now() + NOTICE,
            or_(
                AccessAgreement.project_id.in_(select_led_projects(actor)),
                Organisation.slug.in_(slugs),
            ),
        )
        .order_by(AccessAgreement.ends_at)
        .limit(MOST_OF_A_DOMAIN)
    )
    return [
        InboxItem(
            kind=InboxKind.AGREEMENT,
            role=InboxRole.PRODUCER
            if row.Organisation.slug in slugs
            else InboxRole.PERSON,
            id=row.AccessAgreement.id,
            title=row.Dataset.title,
            titles=row.Dataset.titles,
            url=f"/agreements/{row.AccessAgreement.id}",
            since=row.AccessAgreement.ends_at - NOTICE,
            due_on=row.AccessAgreement.ends_at.date(),
            organisation=row.Organisation.name,
        )
        for row in await session.execute(query)
    ]
