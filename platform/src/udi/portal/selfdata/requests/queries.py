"""Reads of one's own requests: the session shows those of its person only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.portal.nodes.models import Node
from udi.portal.organisations.models import Organisation
from udi.portal.selfdata.models import ProcessingStatement
from udi.portal.selfdata.requests.models import SubjectRequest
from udi.protocol.deadlines import add_months
from udi.protocol.subject_requests import (
    DECIDED,
    ENDED,
    SubjectRequestState,
    SubjectRight,
)

DRAFT_LIFETIME = timedelta(days=7)
READABLE_MONTHS = 2
"""How long an answer can be read at the node."""
OPEN = tuple(state for state in SubjectRequestState if state not in {*DECIDED, *ENDED})
"""States in which the person waits, or has to send it."""


def is_undecided() -> ColumnElement[bool]:
    """Of rows: whether a decision is to come; one that is only looked at again was made."""
    is_escalated = SubjectRequest.state == SubjectRequestState.ESCALATED
    is_contested = and_(is_escalated, SubjectRequest.decided_on.is_not(None))
    return and_(SubjectRequest.state.in_(OPEN), ~is_contested)


@dataclass(frozen=True)
class OwnRequest:
    """A request with its producer and the node that holds it."""

    request: SubjectRequest
    producer: Organisation
    node: Node | None
    officer_email: str
    """Where the data protection officer is reached, empty where nobody said."""

    @property
    def is_draft(self) -> bool:
        """Whether it is still to be written at the node."""
        return self.request.state == SubjectRequestState.DRAFTED

    @property
    def lapses_at(self) -> datetime:
        """When a draft goes."""
        return self.request.drafted_at + DRAFT_LIFETIME

    @property
    def is_open(self) -> bool:
        """Whether an answer is still to come."""
        return not self.is_draft and self.request.state in OPEN

    @property
    def is_contested(self) -> bool:
        """Whether a decision was made, and is only looked at again."""
        is_escalated = self.request.state == SubjectRequestState.ESCALATED
        return is_escalated and self.is_decided

    @property
    def is_decided(self) -> bool:
        """Whether the producer answered or refused."""
        return self.request.decided_on is not None

    @property
    def is_left_behind(self) -> bool:
        """Whether it was closed and no node has it: it went, or stayed behind when the territory moved."""
        return self.node is None and self.request.state == SubjectRequestState.CLOSED

    @property
    def readable_until(self) -> date | None:
        """The last day on which the answer can be read at the node."""
        if self.request.decided_on is None:
            return None
        return add_months(self.request.decided_on, READABLE_MONTHS)

    def is_late(self, today: date) -> bool:
        """Whether the day of an answer that is still to come is over."""
        due_on = self.request.due_on
        is_due = self.is_open and not self.is_contested
        return is_due and due_on is not None and due_on < today

    @property
    def url(self) -> str:
        """Its page at the portal."""
        return f"/my-data/requests/{self.request.id}"


async def list_own_requests(
    session: AsyncSession, member: Actor
) -> Sequence[OwnRequest]:
    """All of a person's, newest first."""
    tenant = SubjectRequest.tenant_id
    query = (
        select(SubjectRequest, Organisation, Node, ProcessingStatement.officer_email)
        .join(
            Organisation,
            (Organisation.tenant_id == tenant)
            & (Organisation.id == SubjectRequest.organisation_id),
        )
        .outerjoin(
            Node,
            (Node.tenant_id == tenant) & (Node.id == SubjectRequest.node_id),
        )
        .outerjoin(
            ProcessingStatement,
            (ProcessingStatement.tenant_id == tenant)
            & (ProcessingStatement.organisation_id == SubjectRequest.organisation_id),
        )
        .where(SubjectRequest.person_id == member.person_id)
        .order_by(SubjectRequest.drafted_at.desc(), SubjectRequest.id)
    )
    return [
        OwnRequest(request, producer, node, officer_email or "")
        for request, producer, node, officer_email in await session.execute(query)
    ]


async def get_own_request(
    session: AsyncSession, member: Actor, request_id: UUID
) -> OwnRequest:
    """One of a person's.

    Raises:
        NotFoundError: they have none of this identifier.
    """
    for own_request in await list_own_requests(session, member):
        if own_request.request.id == request_id:
            return own_request
    raise NotFoundError(
        "You have no such request.", remedy="Your requests are listed under “My data”."
    )


async def list_open_requests(
    session: AsyncSession,
    member: Actor,
    right: SubjectRight,
    organisation_ids: Collection[UUID],
) -> Sequence[OwnRequest]:
    """Those of a person that wait, for this right, at these producers."""
    return [
        own_request
        for own_request in await list_own_requests(session, member)
        if own_request.request.state in OPEN
        and own_request.request.right == right
        and own_request.producer.id in organisation_ids
    ]
