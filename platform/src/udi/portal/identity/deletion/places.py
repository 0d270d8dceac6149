"""The territories in which somebody is known: an account is one for the whole realm."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import MODERATORS
from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.portal.identity.deletion.handovers import HANDOVERS, Handover
from udi.portal.identity.models import TEAM, Membership, Person
from udi.ui.personal_rows import OwnSubject, PersonKeys, read_own_rows, read_register
from udi.ui.site import Site


@dataclass(frozen=True)
class KnownPlace:
    """A territory that knows the person: their rows there, and what must be handed over."""

    territory: Territory
    subjects: list[OwnSubject]
    handovers: list[Handover]


async def list_known_places(site: Site, issuer: str, subject: str) -> list[KnownPlace]:
    """Every territory of this installation that knows the account, and the installation itself."""
    register = read_register(site.domains)
    places = []
    for territory in [*await site.registry.list(), site.installation]:
        async with site.database.session(territory.id) as session:
            person = await session.scalar(
                select(Person).where(Person.issuer == issuer, Person.subject == subject)
            )
            if person is None:
                continue
        keys = PersonKeys(person.id, person.email, person.subject)
        async with site.database.session(territory.id, person=person.id) as session:
            subjects = await read_own_rows(session, register, keys, most=0)
            handovers: list[Handover] = []
            for list_handovers in site.services.contributions(HANDOVERS):
                handovers += await list_handovers(session, territory, person)
            if territory.id == INSTALLATION_ID:
                handovers += await _list_operator_handovers(session, person)
        places.append(KnownPlace(territory, subjects, handovers))
    return places


async def _list_operator_handovers(
    session: AsyncSession, person: Person
) -> list[Handover]:
    """The installation keeps an operator: as sessions on its own host said last."""
    operators = [
        row.person_id
        for row in await session.scalars(
            select(Membership).where(Membership.organisation_slug == TEAM)
        )
        if MODERATORS in row.groups
    ]
    if operators != [person.id]:
        return []
    return [
        Handover(
            "Nobody else runs the installation.",
            "",
            "Name another operator with “udi operator add”, and have them log in once.",
            "",
        )
    ]
