"""Reads for the figures of a territory: requests, links, withdrawn datasets. Each is one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.portal.access.models import AccessPolicy, AccessRequest, AccessRequestState
from udi.portal.access.policies.queries import policy_of
from udi.portal.audit.models import AuditEvent
from udi.portal.catalogue.links.queries import LACKING, select_link_rows
from udi.portal.catalogue.models import Dataset, DatasetState, Link, Withdrawal
from udi.portal.organisations.models import Organisation
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.data_requests.transitions import DataRequestState
from udi.portal.territory.figures.computation import PublicationPeriod

DATA_ANSWERS = (
    "data_request.promised",
    "data_request.declined",
    "data_request.delivered",
)
"""Events that answer a request for data."""


@dataclass(frozen=True)
class RequestCounts:
    """Requests by whether the answer came, or may still come, by the day that was promised."""

    answered_in_time: int = 0
    answered_late: int = 0
    waiting_in_time: int = 0
    waiting_late: int = 0

    @property
    def total(self) -> int:
        return self.answered + self.waiting_in_time + self.waiting_late

    @property
    def answered(self) -> int:
        return self.answered_in_time + self.answered_late


@dataclass(frozen=True)
class ProducerLinkCount:
    """Addresses of a producer's files and services, and how many of them cannot be had."""

    name: str
    slug: str
    links: int
    failing: int


async def list_withdrawn_periods(session: AsyncSession) -> list[PublicationPeriod]:
    """When datasets that are withdrawn now were published."""
    same = (Withdrawal.tenant_id == Dataset.tenant_id) & (Withdrawal.id == Dataset.id)
    query = (
        select(Dataset.published_at, Withdrawal.withdrawn_at)
        .join(Withdrawal, same)
        .where(Dataset.state == DatasetState.WITHDRAWN)
    )
    return [
        PublicationPeriod(row.published_at, row.withdrawn_at)
        for row in await session.execute(query)
    ]


async def count_access_requests(session: AsyncSession) -> RequestCounts:
    """Requests for access: the last hundred first answers of each dataset, and those that wait for the producer."""
    in_time = late = 0
    policies = select(AccessPolicy).where(
        func.cardinality(AccessPolicy.answer_days) > 0
    )
    for row in await session.scalars(policies):
        promised = policy_of(row).answer_days
        timely = sum(days <= promised for days in row.answer_days)
        in_time += timely
        late += len(row.answer_days) - timely
    is_late = AccessRequest.due_at <= now()
    waiting = select(func.count().filter(~is_late), func.count().filter(is_late)).where(
        AccessRequest.state == AccessRequestState.SUBMITTED
    )
    waiting_in_time, waiting_late = (await session.execute(waiting)).one()
    return RequestCounts(in_time, late, waiting_in_time, waiting_late)


async def count_data_requests(session: AsyncSession, zone: tzinfo) -> RequestCounts:
    """Requests for data that were answered (by their first answer) or wait; others are nobody's to answer any more."""
    first_answers = (
        select(AuditEvent.subject_id, func.min(AuditEvent.at).label("answered_at"))
        .where(AuditEvent.name.in_(DATA_ANSWERS))
        .group_by(AuditEvent.subject_id)
        .subquery()
    )
    query = (
        select(DataRequest.state, DataRequest.due_on, first_answers.c.answered_at)
        .outerjoin(first_answers, first_answers.c.subject_id == DataRequest.id)
        .where(
            DataRequest.state.in_(
                (
                    DataRequestState.SUBMITTED,
                    DataRequestState.PROMISED,
                    DataRequestState.DECLINED,
                    DataRequestState.DELIVERED,
                )
            )
        )
    )
    rows = (await session.execute(query)).all()
    today = now().astimezone(zone).date()
    waiting = [row for row in rows if row.state == DataRequestState.SUBMITTED]
    answered = [
        row
        for row in rows
        if row.state != DataRequestState.SUBMITTED and row.answered_at is not None
    ]
    waiting_late = sum(row.due_on < today for row in waiting)
    answered_late = sum(_is_after_due_day(row, zone) for row in answered)
    return RequestCounts(
        len(answered) - answered_late,
        answered_late,
        len(waiting) - waiting_late,
        waiting_late,
    )


def _is_after_due_day(row: Any, zone: tzinfo) -> bool:
    answered_at: datetime = row.answered_at
    return bool(answered_at.astimezone(zone).date() > row.due_on)


async def count_links(session: AsyncSession) -> Sequence[ProducerLinkCount]:
    """Links of each producer that has any, the one with the most failing first."""
    same = (Organisation.tenant_id == Dataset.tenant_id) & (
        Organisation.id == Dataset.organisation_id
    )
    failing = func.count(Link.id.distinct()).filter(LACKING)
    query = (
        select_link_rows(
            Organisation.name,
            Organisation.slug,
            func.count(Link.id.distinct()),
            failing,
        )
        .join(Organisation, same)
        .group_by(Organisation.id, Organisation.name, Organisation.slug)
        .order_by(failing.desc(), Organisation.name)
    )
    return [ProducerLinkCount(*row) for row in await session.execute(query)]
