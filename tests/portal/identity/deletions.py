"""What tests of deleted accounts share: the login, the queue, the worker."""

import json
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, text

from tests.contract.credentials.keycloak_double import KeycloakDouble
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryState, set_state
from udi.portal.identity.deletion.actions import (
    DELETE_ACCOUNT,
)
from udi.portal.identity.deletion.tasks import task_handlers
from udi.portal.identity.models import (
    Person,
)
from udi.portal.organisations.models import Organisation
from udi.portal.tenants.models import Tenant
from udi.ui.site import Site

MAIL = {"to": "zq@people.example", "language": "fr", "key": "k"}
YES = {"understood": "yes"}
QUEUED = text(
    "SELECT convert_from(payload, 'UTF8') FROM queue.pgqueuer WHERE entrypoint = :name"
    " AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant"
)


def recent(login: Login, minutes: int = 0) -> Login:
    """The same person, who proved who they are some minutes ago."""
    return replace(login, authenticated_at=now() - timedelta(minutes=minutes))


async def list_queued(
    database: Database, territory: Territory, name: str
) -> list[dict[str, str]]:
    values = {"name": name, "tenant": str(territory.id)}
    async with database.platform_session(role="worker") as session:
        return [json.loads(row) for row in await session.scalars(QUEUED, values)]


async def list_names(
    database: Database, territory: Territory, login: Login
) -> list[str]:
    """What a territory calls an account; nothing once it is erased there."""
    query = select(Person.name).where(Person.subject == login.subject)
    async with database.session(territory.id, role="worker") as session:
        return list(await session.scalars(query))


async def run_worker(
    site: Site, service: KeycloakDouble, territory: Territory, login: Login
) -> None:
    """Do the task that the page queues."""
    payload = {"issuer": login.issuer, "subject": login.subject, "language": "fr"}
    handlers = task_handlers(site, lambda: service)  # type: ignore[arg-type, return-value]  # a double has what the task asks of it
    await handlers[DELETE_ACCOUNT](
        Job(DELETE_ACCOUNT, territory.id, payload, 0, last=False)
    )


async def add_organisation(database: Database, territory: Territory) -> None:
    async with database.session(territory.id) as session:
        session.add(
            Organisation(
                slug="armor", name="Armor", summary={}, email="", url="", address="",
                producer=True,
            )
        )  # fmt: skip


async def suspend(database: Database, territory: Territory) -> None:
    await change_state(database, territory, "suspended")


async def change_state(
    database: Database, territory: Territory, state: TerritoryState
) -> None:
    async with database.platform_session(role="owner") as session:
        await set_state(session, Tenant, territory.slug, state)
