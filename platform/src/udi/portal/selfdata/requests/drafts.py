"""Beginning requests about one's own data: one draft for each producer, to be written at its node.

No event of them is in the journal: the territory's team reads it, and would count them one by one.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.portal.identity.departures import Departure
from udi.portal.identity.models import Person
from udi.portal.organisations.models import Organisation
from udi.portal.selfdata.requests.models import SubjectRequest
from udi.portal.selfdata.requests.numbers import draw_number
from udi.portal.selfdata.requests.queries import (
    DRAFT_LIFETIME,
    OwnRequest,
    hold_request,
    list_open_requests,
)
from udi.portal.selfdata.requests.request_nodes import map_request_nodes
from udi.protocol.subject_requests import (
    SubjectRequestActor,
    SubjectRequestCondition,
    SubjectRequestEvent,
    SubjectRequestState,
    SubjectRight,
    next_subject_request_state,
)

MOST_AT_ONCE = 50
TRIES = 20
"""Numbers drawn for one request; of a million requests, one in a thousand draws is taken."""


async def draft_requests(
    session: AsyncSession,
    member: Actor,
    right: SubjectRight,
    producers: Sequence[Organisation],
) -> list[SubjectRequest]:
    """Draft a request of a right to each producer that takes them and has none open of this person.

    Raises:
        ConflictError: too many at once.
    """
    if len(producers) > MOST_AT_ONCE:
        raise ConflictError(
            "You chose more than %(most)s organisations.",
            remedy="Choose fewer, send these requests, then choose the others.",
            values={"most": MOST_AT_ONCE},
        )
    await _lock_person(session, member)
    ids = [producer.id for producer in producers]
    open_requests = await list_open_requests(session, member, right, ids)
    open_at = {own_request.producer.id for own_request in open_requests}
    nodes = await map_request_nodes(session, ids)
    return [
        await _add_draft(session, member, right, producer)
        for producer in producers
        if producer.id in nodes and producer.id not in open_at
    ]


async def _lock_person(session: AsyncSession, member: Actor) -> None:
    """Of two clicks at once, the second sees what the first made."""
    query = select(Person.id).where(Person.id == member.person_id).with_for_update()
    (await session.scalars(query)).one()


async def _add_draft(
    session: AsyncSession, member: Actor, right: SubjectRight, producer: Organisation
) -> SubjectRequest:
    """A draft with a number that nobody in the territory has."""
    for _ in range(TRIES):
        statement = (
            insert(SubjectRequest)
            .values(
                person_id=member.person_id,
                organisation_id=producer.id,
                right=right,
                number=draw_number(),
                state=SubjectRequestState.DRAFTED,
                drafted_at=now(),
            )
            .on_conflict_do_nothing()
            .returning(SubjectRequest)
        )
        request = await session.scalar(statement)
        if request is not None:
            return request
    msg = "No free number was drawn."
    raise RuntimeError(msg)


async def withdraw_draft(session: AsyncSession, own_request: OwnRequest) -> None:
    """Delete a draft: nothing was sent.

    Raises:
        ConflictError: it was sent meanwhile.
    """
    request = own_request.request
    await hold_request(session, request)
    if request.state != SubjectRequestState.DRAFTED:
        raise ConflictError(
            "This request was sent.", remedy="Open it to withdraw it where it is read."
        )
    await session.delete(request)
    await session.flush()


async def lapse_drafts(session: AsyncSession, moment: datetime) -> int:
    """End the drafts that nobody sent within seven days, as the worker; how many."""
    query = select(SubjectRequest).where(
        SubjectRequest.state == SubjectRequestState.DRAFTED,
        SubjectRequest.drafted_at <= moment - DRAFT_LIFETIME,
    )
    lapsed = (await session.scalars(query.with_for_update(skip_locked=True))).all()
    for request in lapsed:
        request.state = next_subject_request_state(
            request.state,
            SubjectRequestEvent.LAPSE,
            SubjectRequestActor.CLOCK,
            {SubjectRequestCondition.TIME_IS_OVER},
        )
        request.ended_on = moment.date()
    await session.flush()
    return len(lapsed)


async def delete_drafts(session: AsyncSession, departure: Departure) -> int:
    """Delete the drafts of somebody whose account is gone; how many. What was sent goes on at the node."""
    if not departure.gone:
        return 0
    done = await session.execute(
        delete(SubjectRequest).where(
            SubjectRequest.person_id == departure.person.id,
            SubjectRequest.state == SubjectRequestState.DRAFTED,
        )
    )
    return done.rowcount if isinstance(done, CursorResult) else 0
