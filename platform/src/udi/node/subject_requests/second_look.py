"""Who can take a second look at a decision: for the pages of people; `queries.require_agent` says who may."""

from enum import StrEnum

from sqlalchemy import any_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import MANAGERS
from udi.node.identity.models import Membership, Person
from udi.node.spaces.models import Space
from udi.node.subject_requests.models import SubjectRequest
from udi.node.subject_requests.queries import find_officer


class SecondLook(StrEnum):
    """Who is there for it."""

    OFFICER = "officer"
    COLLEAGUE = "colleague"
    """Somebody else who manages the producer than who decided."""
    NOBODY = "nobody"


async def find_second_look(
    session: AsyncSession, request: SubjectRequest, space: Space
) -> SecondLook:
    """Who can look again at what was decided in a request, as far as this node knows them."""
    officer = await find_officer(session, space)
    if officer:
        decider = select(Person.id).where(
            Person.id == request.decided_by, func.lower(Person.email) == officer.lower()
        )
        if await session.scalar(decider) is None:
            return SecondLook.OFFICER
        return SecondLook.NOBODY
    managers = select(Membership.person_id).where(
        Membership.organisation_slug == space.slug,
        literal(MANAGERS) == any_(Membership.groups),
        Membership.person_id.is_distinct_from(request.decided_by),
    )
    if await session.scalar(managers.limit(1)) is None:
        return SecondLook.NOBODY
    return SecondLook.COLLEAGUE
