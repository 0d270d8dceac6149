"""Ending the secrets of a project that somebody made who may not hold them any more."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal import audit
from udi.portal.access.agreements.credentials import revoke_credentials
from udi.portal.access.models import ProjectCredential
from udi.portal.dataspace.connectors import revoke_connector
from udi.portal.dataspace.models import Connector
from udi.portal.identity.departures import Departure


async def revoke_project_secrets(
    session: AsyncSession, maker: UUID, *, project: UUID | None = None
) -> int:
    """End what somebody made for one project, or for all: credentials at nodes, connectors and their transfers; how many."""
    mine = [ProjectCredential.created_by == maker, Connector.created_by == maker]
    if project is not None:
        mine = [
            mine[0] & (ProjectCredential.project_id == project),
            mine[1] & (Connector.project_id == project),
        ]
    connectors = (
        select(Connector)
        .where(mine[1], Connector.revoked_at.is_(None))
        .order_by(Connector.id)
    )
    active_connectors = (await session.scalars(connectors.with_for_update())).all()
    for connector in active_connectors:
        await revoke_connector(session, None, connector)
    ended = await revoke_credentials(session, mine[0])
    for credential in ended:
        facts = {"credential": str(credential.id)}
        audit.record(
            session, None, "project_credential.revoked", credential.project_id, **facts
        )
    return len(active_connectors) + len(ended)


async def end_project_secrets(session: AsyncSession, departure: Departure) -> int:
    """End what somebody made whose account is gone, for every project; how many."""
    if departure.gone:
        return await revoke_project_secrets(session, departure.person.id)
    return 0
