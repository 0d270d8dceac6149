"""The register of territories that a web worker keeps: whose a host is, also right after a territory was made."""

import pytest

from tests import stage
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.portal.tenants.models import Tenant
from udi.settings import Settings

NO_HOST = "installation.invalid"
LONG = 3600.0


@pytest.mark.parametrize(
    ("recheck_age", "answers_itself"), [(0.0, True), (LONG, False)]
)
async def test_a_host_that_is_not_known_is_looked_for_again(
    portal_database: Database,
    settings: Settings,
    *,
    recheck_age: float,
    answers_itself: bool,
) -> None:
    """The one known before answers to any host while it is alone: not to that of a territory made since."""
    registry = TerritoryRegistry(
        portal_database,
        Tenant,
        lambda host: host,
        max_age=LONG,
        recheck_age=recheck_age,
    )
    made: list[Territory] = [
        await stage.add_territory((portal_database,), settings, "earlier")
    ]
    try:
        await registry.list()
        made.append(await stage.add_territory((portal_database,), settings, "later"))

        territory = await registry.find(made[1].hosts[0], installation_host=NO_HOST)

        assert (territory is not None and territory.id == made[1].id) is answers_itself
    finally:
        for territory_made in made:
            await stage.remove_territory((portal_database,), territory_made.id)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE platform.territory SET tagline = '{}' WHERE id = $1",
        "UPDATE platform.territory SET state = 'suspended' WHERE id = $1",
        "DELETE FROM platform.territory WHERE id = $1",
        "INSERT INTO platform.outline_layer (id, name, source, licence, units, territory_id) VALUES ($1, '', '', '', 0, $1)",
    ],
)
async def test_the_table_is_read_again_only_when_a_row_changed(
    portal_database: Database, settings: Settings, change: str
) -> None:
    territory = await stage.add_territory((portal_database,), settings, "changing")
    try:
        registry = TerritoryRegistry(
            portal_database, Tenant, lambda host: host, max_age=0
        )
        first = {known.slug: known for known in await registry.list_all()}
        second = {known.slug: known for known in await registry.list_all()}

        async with portal_database.platform_session(role="owner") as session:
            connection = await session.connection()
            await connection.exec_driver_sql(change, (territory.id,))
        third = {known.slug: known for known in await registry.list()}

        assert second[territory.slug] is first[territory.slug]
        assert third.get(territory.slug) != first[territory.slug]
    finally:
        await stage.remove_territory((portal_database,), territory.id)
