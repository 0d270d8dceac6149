"""Reads of applications: their own for each person, all of them for the territory's team."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.portal.identity.models import Person
from udi.portal.organisations.joining.identity_checks import legal_person_key
from udi.portal.organisations.joining.name_similarity import find_similar
from udi.portal.organisations.joining.transitions import OPEN
from udi.portal.organisations.models import Application, MemberChange, Organisation

MOST_SHOWN = 200


def require_team(actor: Actor) -> None:
    """Requests are read and decided by the territory's team.

    Raises:
        ForbiddenError: the person is not of the team.
    """
    if not actor.moderator:
        raise ForbiddenError(
            "Requests to join are shown to the territory’s team.",
            remedy="Your own stand under “Join as a producer”. For any other, write to the team.",
        )


async def list_own_applications(
    session: AsyncSession, actor: Actor
) -> Sequence[Application]:
    """What the person asked, the newest first."""
    query = select(Application).where(Application.person_id == actor.person_id)
    return (
        await session.scalars(
            query.order_by(Application.submitted_at.desc(), Application.id)
        )
    ).all()


async def get_application(
    session: AsyncSession, actor: Actor, id_: UUID, *, lock: bool = False
) -> Application:
    """An application of the person, or any for the territory's team.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    query = select(Application).where(Application.id == id_)
    application = await session.scalar(query.with_for_update() if lock else query)
    if application is None or not (
        actor.moderator or application.person_id == actor.person_id
    ):
        raise NotFoundError("No request of yours is at this address.")
    return application


async def get_own_application(
    session: AsyncSession, actor: Actor, id_: UUID, *, lock: bool = False
) -> Application:
    """An application of the person, to change it.

    Raises:
        NotFoundError: the person made none of this identifier.
    """
    application = await get_application(session, actor, id_, lock=lock)
    if application.person_id != actor.person_id:
        raise NotFoundError("No request of yours is at this address.")
    return application


async def list_applications(
    session: AsyncSession, actor: Actor
) -> Sequence[tuple[Application, Person]]:
    """Every application and who asks: those to decide first, the oldest of them first; then the last decided.

    Raises:
        ForbiddenError: the person is not of the team.
    """
    require_team(actor)
    same = (Person.tenant_id == Application.tenant_id) & (
        Person.id == Application.person_id
    )
    query = select(Application, Person).join(Person, same)
    waiting = query.where(Application.state.in_(OPEN)).order_by(
        Application.submitted_at, Application.id
    )
    decided = query.where(Application.state.not_in(OPEN)).order_by(
        Application.decided_at.desc().nulls_last()
    )
    rows = [
        *(await session.execute(waiting.limit(MOST_SHOWN))).all(),
        *(await session.execute(decided.limit(MOST_SHOWN))).all(),
    ]
    return [(row.Application, row.Person) for row in rows]


async def count_waiting(session: AsyncSession) -> int:
    """How many applications wait for the team."""
    return (
        await session.scalar(select(func.count()).where(Application.state.in_(OPEN)))
        or 0
    )


async def find_by_registry_number(
    session: AsyncSession, country: str, number: str
) -> Organisation | None:
    """The organisation of the territory that has this registry number."""
    if not number:
        return None
    same = (Organisation.country == country, Organisation.registry_number == number)
    return (
        await session.scalars(
            select(Organisation).where(*same).order_by(Organisation.slug).limit(1)
        )
    ).first()


async def find_similar_organisations(
    session: AsyncSession, name: str, country: str, number: str
) -> list[Organisation]:
    """The organisations of the territory that could be this one: a number of the same legal person, or a near name."""
    everybody = (await session.scalars(select(Organisation))).all()
    person = legal_person_key(country, number)
    kin = [
        organisation
        for organisation in everybody
        if person
        and organisation.country == country
        and legal_person_key(country, organisation.registry_number) == person
    ]
    near = [
        organisation
        for organisation in find_similar(name, everybody)
        if organisation not in kin
    ]
    return [*kin, *near]


async def find_unclaimed(session: AsyncSession, slug: str) -> Organisation | None:
    """The organisation of this short name that nobody has claimed."""
    if not slug.isprintable():
        return None
    return await session.scalar(
        select(Organisation).where(Organisation.slug == slug, Organisation.unclaimed)
    )


async def find_open_duplicate(
    session: AsyncSession, application: Application
) -> Application | None:
    """Another application, still to decide, for the same organisation."""
    if application.registry_number:
        identity = Application.registry_number == application.registry_number
    else:
        identity = func.lower(Application.name) == application.name.lower()
    same = (Application.country == application.country) & identity
    if application.claims_id:
        same |= Application.claims_id == application.claims_id
    others = (Application.state.in_(OPEN), Application.id != application.id)
    return (
        await session.scalars(
            select(Application)
            .where(*others, same)
            .order_by(Application.submitted_at)
            .limit(1)
        )
    ).first()


async def find_waiting_change(
    session: AsyncSession, organisation: UUID, person: UUID
) -> MemberChange | None:
    """The newest change of a person in an organisation that is not made yet."""
    conditions = (
        MemberChange.organisation_id == organisation,
        MemberChange.person_id == person,
    )
    query = (
        select(MemberChange)
        .where(*conditions, MemberChange.done_at.is_(None))
        .order_by(MemberChange.requested_at.desc())
    )
    return (await session.scalars(query.limit(1))).first()


async def find_person(session: AsyncSession, application: Application) -> Person | None:
    """Who asks."""
    return await session.scalar(
        select(Person).where(Person.id == application.person_id)
    )
