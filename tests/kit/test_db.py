"""Sessions say their territory."""

import pytest
from sqlalchemy import text

from udi.kit.db import Database
from udi.kit.tenancy import NoTenantError, Territory


async def test_a_session_sets_its_territory_for_the_transaction_only(
    portal_database: Database, demo: Territory
) -> None:
    async with portal_database.session(demo.id) as session:
        assert await session.scalar(text("SELECT app.current_tenant()")) == demo.id

    async with portal_database.platform_session() as session:
        assert await session.scalar(text("SELECT app.current_tenant()")) is None


async def test_a_session_without_a_territory_is_refused(portal_database: Database) -> None:
    with pytest.raises(NoTenantError):
        async with portal_database.session(None):
            pass
