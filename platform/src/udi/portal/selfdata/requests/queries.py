"""Reads of one's own requests: the session shows those of its person only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
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
REPORTED = or_(SubjectRequest.on_paper, SubjectRequest.sequence > 0)
"""Requests of which a node told: what a browser alone said counts against no producer."""


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
    def is_lapsed_draft(self) -> bool:
        """Whether the browser never came back from the node, and it is over."""
        return (
            self.request.state == SubjectRequestState.LAPSED
            and self.request.received_on is None
        )

    @property
    def is_written_only(self) -> bool:
        """Whether its node has it, and the browser never came back: it cannot be followed here."""
        return self.is_lapsed_draft and self.request.written_at is not None

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
    def is_unconfirmed(self) -> bool:
        """Whether its node has not told of it yet: the browser alone says that it was sent."""
        return self.is_open and not self.request.sequence

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
        """Whether its node told that an answer is still to come, and the day of the first one is over."""
        return (
            self.is_overdue(today) and not self.is_unconfirmed and not self.is_decided
        )

    def is_overdue(self, today: date) -> bool:
        """Whether the day of what is still to come is over; its node may never have told of it."""
        due_on = self.request.due_on
        is_due = self.is_open and not self.is_contested
        return is_due and due_on is not None and due_on < today

    @property
    def url(self) -> str:
        """Its page at the portal."""
        return f"/my-data/requests/{self.request.id}"

    @property
    def again_address(self) -> str:
        """Where the same is asked of the same producer once more."""
        return f"/my-data/ask?right={self.request.right}&org={self.producer.slug}"

    @property
    def letter_address(self) -> str:
        """The letter that asks the same of the same producer."""
        return f"/my-data/letter?right={self.request.right}&org={self.producer.slug}"


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


async def hold_request(session: AsyncSession, request: SubjectRequest) -> None:
    """Lock a request as it is now, whatever was read of it before.

    Raises:
        NotFoundError: it was deleted meanwhile.
    """
    query = select(SubjectRequest).where(SubjectRequest.id == request.id)
    held = query.with_for_update().execution_options(populate_existing=True)
    if await session.scalar(held) is None:
        raise NotFoundError(
            "You have no such request.",
            remedy="Your requests are listed under “My data”.",
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
