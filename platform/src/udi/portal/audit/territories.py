"""Events of a territory itself, noted among its own."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.territories import TerritoryState
from udi.portal.audit import record


def record_state_change(
    session: AsyncSession, tenant: UUID, state: TerritoryState
) -> None:
    """The operator suspended the territory, or resumed it."""
    record(
        session,
        None,
        "territory.resumed" if state == "active" else "territory.suspended",
        tenant,
    )
