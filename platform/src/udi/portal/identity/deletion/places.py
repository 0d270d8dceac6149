"""The territories in which somebody is known: an account is one for the whole realm."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.identity import MODERATORS
from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.portal.identity.deletion.handovers import HANDOVERS, Handover
from udi.portal.identity.models import TEAM, Membership, Person
from udi.portal.identity.queries import is_staying
from udi.ui.personal_rows import OwnSubject, PersonKeys, read_own_rows, read_register
from udi.ui.site import Site

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('operators', 0))")


@dataclass(frozen=True)
class KnownPlace:
    """A territory that knows the person: their rows there, and what must be handed over."""

    territory: Territory
    subjects: list[OwnSubject]
    handovers: list[Handover]


async def list_territories(site: Site) -> list[Territory]:
    """Every territory of this installation, suspended or not, and the installation itself."""
    return [*await site.registry.list_all(), site.installation]


async def list_closed_places(
    site: Site, tenant: UUID, issuer: str, subject: str
) -> list[Territory]:
    """Other territories than this one that know the account, and are only read for now."""
    places = []
    for territory in await site.registry.list_served():
        if not territory.read_only or territory.id == tenant:
            continue
        if await _find_person(site, territory, issuer, subject) is not None:
            places.append(territory)
    return places


async def list_known_places(site: Site, issuer: str, subject: str) -> list[KnownPlace]:
    """Every territory of this installation that knows the account, and the installation itself."""
    register = read_register(site.domains)
    places = []
    for territory in await list_territories(site):
        person = await _find_person(site, territory, issuer, subject)
        if person is None:
            continue
        keys = PersonKeys.read_from(person)
        async with site.database.session(territory.id, person=person.id) as session:
            subjects = await read_own_rows(session, register, keys, most=0)
            handovers = await list_handovers(site, session, territory, person)
        places.append(KnownPlace(territory, subjects, handovers))
    return places


async def list_handovers(
    site: Site, session: AsyncSession, territory: Territory, person: Person
) -> list[Handover]:
    """What somebody must hand over in a territory; nothing in a suspended one, where nobody could take it over."""
    if territory.id == INSTALLATION_ID:
        return await _list_operator_handovers(session, person)
    served = {known.id for known in await site.registry.list_served()}
    if territory.id not in served:
        return []
    return await list_domain_handovers(site, session, territory, person)


async def list_domain_handovers(
    site: Site, session: AsyncSession, territory: Territory, person: Person
) -> list[Handover]:
    """The same, whether or not the territory is served."""
    handovers: list[Handover] = []
    for list_those_of_domain in site.services.contributions(HANDOVERS):
        handovers += await list_those_of_domain(session, territory, person)
    return handovers


@dataclass(frozen=True)
class DepartureTask:
    """What is queued, in one territory, once an account is about to go."""

    tenant: UUID
    enqueue: Callable[[AsyncSession, Person], Awaitable[None]]


async def note_departure(
    site: Site, issuer: str, subject: str, task: DepartureTask | None = None
) -> bool:
    """Note in each territory that an account is about to go; False, and nothing is noted, where something keeps it.

    What must be handed over is looked at and the departure noted in one transaction, which holds the organisations:
    of two who ask at once, the second finds that the first does not stay. A `task` is queued in the last of them: there
    is none before all is noted, and once all is noted there is one.
    """
    territories = await list_territories(site)
    if task is not None:
        territories.sort(key=lambda territory: territory.id == task.tenant)
    for territory in territories:
        person = await _find_person(site, territory, issuer, subject)
        if person is None:
            continue
        async with site.database.session(territory.id, person=person.id) as session:
            is_kept = bool(await list_handovers(site, session, territory, person))
            if not is_kept:
                statement = update(Person).where(Person.id == person.id)
                await session.execute(statement.values(deletion_requested_at=now()))
                if task is not None and territory.id == task.tenant:
                    await task.enqueue(session, person)
        if is_kept:
            await forget_departure(site, issuer, subject)
            return False
    return True


async def forget_departure(site: Site, issuer: str, subject: str) -> None:
    """The account stays after all."""
    conditions = (Person.issuer == issuer, Person.subject == subject)
    for territory in await list_territories(site):
        async with site.database.session(territory.id) as session:
            statement = update(Person).where(*conditions)
            await session.execute(statement.values(deletion_requested_at=None))


async def _find_person(
    site: Site, territory: Territory, issuer: str, subject: str
) -> Person | None:
    query = select(Person).where(Person.issuer == issuer, Person.subject == subject)
    async with site.database.session(territory.id) as session:
        return (await session.scalars(query)).one_or_none()


async def _list_operator_handovers(
    session: AsyncSession, person: Person
) -> list[Handover]:
    """The installation keeps an operator who logged in there once; the worker brings them in step with the identity service."""
    await session.execute(LOCK)
    same = (Person.tenant_id == Membership.tenant_id) & (
        Person.id == Membership.person_id
    )
    rows = await session.execute(
        select(Person, Membership.groups)
        .join(Membership, same)
        .where(Membership.organisation_slug == TEAM)
    )
    operators = {
        operator.id
        for operator, groups in rows.all()
        if MODERATORS in groups and (operator.id == person.id or is_staying(operator))
    }
    if operators != {person.id}:
        return []
    return [
        Handover(
            "Nobody else runs the installation.",
            "",
            "Name another operator with “udi operator add”, and have them log in once.",
            "",
        )
    ]
