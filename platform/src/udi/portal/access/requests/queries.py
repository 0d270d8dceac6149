"""Reads of requests: the person's own, and those of the producer for whom one publishes; nobody else's."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.portal.access.models import (
    AccessAgreement,
    AccessDraft,
    AccessRequest,
    AccessSide,
    Applicant,
)
from udi.portal.access.requests.transitions import ACCESS_REQUEST, OPEN
from udi.portal.catalogue.models import Dataset
from udi.portal.identity.models import Person
from udi.portal.organisations.models import Organisation
from udi.portal.projects.queries import is_leader, select_led_projects

MOST_SHOWN = 200


@dataclass(frozen=True)
class AccessRequestCase:
    """A request with what it is about, and on which side of it the person stands."""

    request: AccessRequest
    dataset: Dataset
    producer: Organisation
    project: Applicant
    side: AccessSide


async def _load_request(
    session: AsyncSession, id_: UUID, *, lock: bool
) -> tuple[AccessRequest, Dataset, Organisation]:
    query = select(AccessRequest).where(AccessRequest.id == id_)
    locked = query.with_for_update().execution_options(
        populate_existing=True
    )  # it may have been read before the lock
    request = await session.scalar(locked if lock else query)
    if request is None:
        raise NotFoundError("No request of yours is at this address.")
    tenant = request.tenant_id
    return (
        request,
        await session.get_one(
            Dataset,
            (tenant, request.dataset_id),
            options=[joinedload(Dataset.organisation)],
        ),
        await session.get_one(Organisation, (tenant, request.organisation_id)),
    )


async def get_case(
    session: AsyncSession, actor: Actor, id_: UUID, *, lock: bool = False
) -> AccessRequestCase:
    """A request of a project that the person leads, or one that they answer for a producer.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    request, dataset, producer = await _load_request(session, id_, lock=lock)
    mine = await is_leader(session, actor, request.project_id)
    if not (mine or actor.may_publish(producer.slug)):
        raise NotFoundError("No request of yours is at this address.")
    return AccessRequestCase(
        request,
        dataset,
        producer,
        request.applicant,
        AccessSide.REQUESTER if mine else AccessSide.PRODUCER,
    )


async def get_case_for_side(
    session: AsyncSession, actor: Actor, id_: UUID, side: AccessSide
) -> AccessRequestCase:
    """A request to change it, for who stands on this side.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
        ForbiddenError: the person stands on the other side.
    """
    case = await get_case(session, actor, id_, lock=True)
    is_applicant = case.request.person_id == actor.person_id
    if case.side is side and not (side is AccessSide.PRODUCER and is_applicant):
        return case
    if side is AccessSide.PRODUCER and actor.may_publish(case.producer.slug):
        raise ForbiddenError(
            "You asked for these data yourself: somebody else answers.",
            remedy="Ask another person who publishes for %(name)s.",
            values={"name": case.producer.name},
        )
    raise ForbiddenError("This is for the other side of the request.")


async def get_case_for_event(
    session: AsyncSession, member: Actor, id_: UUID, event: str
) -> AccessRequestCase:
    """A request, for who does something with it: held until the transaction ends, where only one side does it.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
        ForbiddenError: it is for the other side to do.
    """
    sides = [
        side
        for side in (AccessSide.PRODUCER, AccessSide.REQUESTER)
        if event in ACCESS_REQUEST.events_of(side)
    ]
    if len(sides) == 1:
        return await get_case_for_side(session, member, id_, sides[0])
    return await get_case(session, member, id_)


async def list_own_requests(
    session: AsyncSession, actor: Actor
) -> list[AccessRequestCase]:
    """What the projects that the person leads asked, the newest first."""
    return await _list_cases(
        session,
        AccessSide.REQUESTER,
        AccessRequest.project_id.in_(select_led_projects(actor)),
        newest=True,
    )


async def list_requests_to_answer(
    session: AsyncSession, actor: Actor
) -> list[AccessRequestCase]:
    """The requests of the producers for whom the person publishes: those that wait first, the nearest to its last day of them first."""
    slugs = [slug for slug in actor.memberships if actor.may_publish(slug)]
    if not slugs:
        return []
    theirs = Organisation.slug.in_(slugs)
    waiting = await list_open_requests(session, actor)
    return waiting + await _list_cases(
        session,
        AccessSide.PRODUCER,
        theirs & AccessRequest.state.not_in(OPEN),
        newest=True,
    )


async def list_open_requests(
    session: AsyncSession, actor: Actor
) -> list[AccessRequestCase]:
    """The requests that are not decided of the producers for whom the person publishes, the nearest to its last day first."""
    slugs = [slug for slug in actor.memberships if actor.may_publish(slug)]
    if not slugs:
        return []
    theirs = Organisation.slug.in_(slugs)
    return await _list_cases(
        session,
        AccessSide.PRODUCER,
        theirs & AccessRequest.state.in_(OPEN),
        newest=False,
    )


async def _list_cases(
    session: AsyncSession, side: AccessSide, which: ColumnElement[bool], *, newest: bool
) -> list[AccessRequestCase]:
    tenant = AccessRequest.tenant_id
    query = (
        select(AccessRequest, Dataset, Organisation)
        .join(
            Dataset,
            (Dataset.tenant_id == tenant) & (Dataset.id == AccessRequest.dataset_id),
        )
        .join(
            Organisation,
            (Organisation.tenant_id == tenant)
            & (Organisation.id == AccessRequest.organisation_id),
        )
    )
    order = (
        AccessRequest.since.desc()
        if newest
        else AccessRequest.due_at.asc().nulls_last()
    )
    rows = await session.execute(
        query.where(which).order_by(order, AccessRequest.id).limit(MOST_SHOWN)
    )
    return [
        AccessRequestCase(row[0], row[1], row[2], row[0].applicant, side)
        for row in rows
    ]


async def list_past_agreements(
    session: AsyncSession, case: AccessRequestCase
) -> Sequence[AccessAgreement]:
    """The agreements that who asks has or had with this producer, and with others, the newest first."""
    mine = [
        AccessAgreement.person_id == case.request.person_id,
        AccessAgreement.project_id == case.project.id,
    ]
    query = (
        select(AccessAgreement)
        .where(or_(*mine))
        .order_by(AccessAgreement.starts_at.desc())
        .limit(MOST_SHOWN)
    )
    return (await session.scalars(query)).all()


async def list_requests_for_dataset(
    session: AsyncSession, actor: Actor, dataset_id: UUID
) -> Sequence[AccessRequest]:
    """What the projects that the person leads asked of one dataset, the newest first."""
    conditions = (
        AccessRequest.project_id.in_(select_led_projects(actor)),
        AccessRequest.dataset_id == dataset_id,
    )
    return (
        await session.scalars(
            select(AccessRequest)
            .where(*conditions)
            .order_by(AccessRequest.submitted_at.desc())
        )
    ).all()


async def find_author_names(session: AsyncSession, ids: set[UUID]) -> dict[UUID, str]:
    """How those who wrote in a thread are called, by identifier."""
    people = await session.scalars(select(Person).where(Person.id.in_(ids)))
    return {person.id: person.name or person.email for person in people}


async def find_draft(
    session: AsyncSession, dataset_id: UUID, id_: UUID | None
) -> AccessDraft | None:
    """What somebody began before they logged in."""
    conditions = (AccessDraft.id == id_, AccessDraft.dataset_id == dataset_id)
    if id_:
        return await session.scalar(select(AccessDraft).where(*conditions))
    return None
