"""Events of a territory itself, noted among its own."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.territories import TerritoryState
from udi.portal.audit import record


def record_state_change(
    session: AsyncSession, tenant: UUID, state: TerritoryState
) -> None:
    """The operator suspended the territory, had it only read, or resumed it."""
    match state:
        case "active":
            record(session, None, "territory.resumed", tenant)
        case "read_only":
            record(session, None, "territory.made_read_only", tenant)
        case "suspended":
            record(session, None, "territory.suspended", tenant)
