"""Ending the secrets of a project that somebody made who may not hold them any more."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal import audit
from udi.portal.access.agreements.credentials import (
    lock_credentials,
    revoke_credentials,
)
from udi.portal.access.models import ProjectCredential
from udi.portal.dataspace.connectors import revoke_connector
from udi.portal.dataspace.models import Connector, DataspaceProcess
from udi.portal.identity.departures import Departure
from udi.portal.identity.models import Person


async def revoke_project_secrets(
    session: AsyncSession, maker: UUID, *, project: UUID | None = None
) -> int:
    """End what somebody made for one project, or for all: credentials at nodes, connectors and their transfers; how many."""
    active_connectors = await lock_project_secrets(session, maker, project=project)
    for connector in active_connectors:
        await revoke_connector(session, None, connector)
    mine = ProjectCredential.created_by == maker
    if project is not None:
        mine &= ProjectCredential.project_id == project
    ended = await revoke_credentials(session, mine)
    for credential in ended:
        facts = {"credential": str(credential.id)}
        audit.record(
            session, None, "project_credential.revoked", credential.project_id, **facts
        )
    return len(active_connectors) + len(ended)


async def lock_project_secrets(
    session: AsyncSession, maker: UUID, *, project: UUID | None = None
) -> Sequence[Connector]:
    """Lock what is about to end, with the agreements that learn of it, before any takes a revision; the connectors."""
    mine = Connector.created_by == maker
    made = ProjectCredential.created_by == maker
    if project is not None:
        mine &= Connector.project_id == project
        made &= ProjectCredential.project_id == project
    query = select(Connector).where(mine, Connector.revoked_at.is_(None))
    connectors = (
        await session.scalars(query.order_by(Connector.id).with_for_update())
    ).all()
    given = select(DataspaceProcess.credential_id).where(
        DataspaceProcess.connector_id.in_([connector.id for connector in connectors])
    )
    await lock_credentials(session, or_(made, ProjectCredential.id.in_(given)))
    return connectors


async def lock_secrets_of(session: AsyncSession, person: Person) -> None:
    """Lock what ends with somebody's account."""
    await lock_project_secrets(session, person.id)


async def end_project_secrets(session: AsyncSession, departure: Departure) -> int:
    """End what somebody made whose account is gone, for every project; how many."""
    if departure.gone:
        return await revoke_project_secrets(session, departure.person.id)
    return 0
