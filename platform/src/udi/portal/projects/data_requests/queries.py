"""Reads of requests for data: the board that everybody sees, and what a producer or the team has to answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.paging import PAGE_SIZE, Page
from udi.portal.catalogue.models import Dataset
from udi.portal.organisations.models import Organisation
from udi.portal.projects.data_requests.models import (
    DataRequest,
    DataRequestRoute,
    DataRequestSupport,
)
from udi.portal.projects.data_requests.transitions import OPEN, DataRequestState

MOST_ROUTES = 50
BOARDS = {
    "open": OPEN,
    "answered": (DataRequestState.DELIVERED, DataRequestState.DECLINED),
    "all": (*OPEN, DataRequestState.DELIVERED, DataRequestState.DECLINED),
}
"""What the board shows, by the name in its address."""


@dataclass(frozen=True)
class DataRequestRecipient:
    """A producer to whom a request was sent."""

    row: DataRequestRoute
    organisation: Organisation


def may_answer(
    actor: Actor | None, routes: Sequence[DataRequestRecipient]
) -> Organisation | None:
    """The producer for which the person may answer: one to whom the request was sent."""
    if actor is None:
        return None
    return next(
        (
            route.organisation
            for route in routes
            if actor.may_publish(route.organisation.slug)
        ),
        None,
    )


async def list_requests(
    session: AsyncSession, board: str, number: int, *, size: int = PAGE_SIZE
) -> Page[DataRequest]:
    """One page of a board: those that most people need first."""
    condition = DataRequest.state.in_(BOARDS[board])
    total = (
        await session.scalar(
            select(func.count()).select_from(DataRequest).where(condition)
        )
        or 0
    )
    number = min(number, max(1, -(-total // size)))
    ordered = (
        DataRequest.supporters.desc(),
        DataRequest.submitted_at.desc(),
        DataRequest.id,
    )
    query = (
        select(DataRequest)
        .where(condition)
        .order_by(*ordered)
        .limit(size)
        .offset((number - 1) * size)
    )
    return Page(list(await session.scalars(query)), total, number, size)


async def list_newest(session: AsyncSession, most: int) -> Sequence[DataRequest]:
    """Those that changed last, for the feed."""
    condition = DataRequest.state.in_(BOARDS["all"])
    query = (
        select(DataRequest)
        .where(condition)
        .order_by(DataRequest.changed_at.desc(), DataRequest.id)
        .limit(most)
    )
    return (await session.scalars(query)).all()


async def get_request(
    session: AsyncSession, actor: Actor | None, id_: UUID, *, lock: bool = False
) -> DataRequest:
    """A request that the person may see: hidden ones are its author's and the team's.

    Raises:
        NotFoundError: there is none, or it is hidden or withdrawn and not theirs.
    """
    query = select(DataRequest).where(DataRequest.id == id_)
    data_request = await session.scalar(query.with_for_update() if lock else query)
    closed = data_request is not None and data_request.state in {
        DataRequestState.HIDDEN,
        DataRequestState.WITHDRAWN,
    }
    if data_request is None or (
        closed
        and not (
            actor and (actor.moderator or data_request.person_id == actor.person_id)
        )
    ):
        raise NotFoundError("No request for data is at this address.")
    return data_request


async def get_own_request(
    session: AsyncSession, actor: Actor, id_: UUID, *, lock: bool = False
) -> DataRequest:
    """A request of the person, to change it.

    Raises:
        NotFoundError: there is none that they may know of.
        ForbiddenError: somebody else asked.
    """
    data_request = await get_request(session, actor, id_, lock=lock)
    if data_request.person_id != actor.person_id:
        raise ForbiddenError(
            "Only the person who made this request can change it.",
            remedy="Support it, or ask for what you need.",
        )
    return data_request


async def list_recipients(
    session: AsyncSession, request: UUID
) -> list[DataRequestRecipient]:
    """The producers to whom a request was sent, in that order."""
    same = (Organisation.tenant_id == DataRequestRoute.tenant_id) & (
        Organisation.id == DataRequestRoute.organisation_id
    )
    query = select(DataRequestRoute, Organisation).join(Organisation, same)
    mine = query.where(DataRequestRoute.request_id == request)
    rows = await session.execute(
        mine.order_by(DataRequestRoute.sent_at, Organisation.name).limit(MOST_ROUTES)
    )
    return [
        DataRequestRecipient(row.DataRequestRoute, row.Organisation) for row in rows
    ]


async def list_requests_to_answer(
    session: AsyncSession, actor: Actor
) -> Sequence[DataRequest]:
    """The requests that wait for a producer for which the person may answer; for the team, those that nobody answers."""
    conditions: list[ColumnElement[bool]] = [
        DataRequest.state == DataRequestState.SUBMITTED
    ]
    slugs = [slug for slug in actor.memberships if actor.may_publish(slug)]
    same = (Organisation.tenant_id == DataRequestRoute.tenant_id) & (
        Organisation.id == DataRequestRoute.organisation_id
    )
    sent = (
        select(DataRequestRoute.request_id)
        .join(Organisation, same)
        .where(Organisation.slug.in_(slugs), DataRequestRoute.passed_at.is_(None))
    )
    theirs = DataRequest.id.in_(sent)
    conditions.append(
        theirs | DataRequest.escalated_at.is_not(None) if actor.moderator else theirs
    )
    query = (
        select(DataRequest)
        .where(*conditions)
        .order_by(DataRequest.due_on, DataRequest.id)
        .limit(MOST_ROUTES)
    )
    return (await session.scalars(query)).all()


async def list_own_requests(
    session: AsyncSession, actor: Actor
) -> Sequence[DataRequest]:
    """What the person asked for, the newest first."""
    query = select(DataRequest).where(DataRequest.person_id == actor.person_id)
    return (
        await session.scalars(
            query.order_by(DataRequest.submitted_at.desc()).limit(MOST_ROUTES)
        )
    ).all()


async def is_supporter(
    session: AsyncSession, actor: Actor | None, request: UUID
) -> bool:
    """Whether the person said that they need the same data."""
    if actor is None:
        return False
    same_support = (
        DataRequestSupport.request_id == request,
        DataRequestSupport.person_id == actor.person_id,
    )
    return (
        await session.scalar(select(DataRequestSupport.request_id).where(*same_support))
        is not None
    )


async def find_dataset(session: AsyncSession, id_: UUID | None) -> Dataset | None:
    """The dataset of this identifier, as it stands."""
    if id_:
        return await session.scalar(select(Dataset).where(Dataset.id == id_))
    return None
