"""In whose name a connector speaks: whoever leads its project, with no right but those of the project."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.dataspace.models import Connector
from udi.portal.identity.models import Person
from udi.portal.projects.models import Project


@dataclass(frozen=True)
class ConnectorActor:
    """The project of a connector, and who leads it."""

    actor: Actor
    project: Project
    language: str


async def set_session_project(session: AsyncSession, connector: Connector) -> None:
    """Let the transaction see the project of a connector, which may be confidential."""
    await session.execute(
        text("SELECT set_config('app.project', :project, true)"),
        {"project": str(connector.project_id)},
    )


async def get_principal(
    session: AsyncSession, territory: Territory, connector: Connector
) -> ConnectorActor:
    """In whose name a connector speaks now.

    Raises:
        ConflictError: nobody leads the project any more.
    """
    project = await session.get_one(Project, (territory.id, connector.project_id))
    if project.leader_id:
        person = await session.get(Person, (territory.id, project.leader_id))
    else:
        person = None
    if person is None:
        raise ConflictError(
            "Nobody leads this project any more.",
            remedy="Somebody has to take it over first.",
        )
    if person.locale in territory.languages:
        language = person.locale
    else:
        language = territory.languages[0]
    actor = Actor(person.id, person.name, person.email, territory.slug)
    return ConnectorActor(actor, project, language)
