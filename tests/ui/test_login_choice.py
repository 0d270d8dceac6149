"""The ways to log in, in a real browser: both languages, both screens, without a fault; none where there is no provider."""

import pytest
from litestar import Litestar
from sqlalchemy import update

from tests.ui.tab import Tab
from tests.visitors import browse
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.tenants.models import Tenant

ROWS = [
    {
        "name": "town",
        "kind": "oidc",
        "label": {"fr": "la Communauté d’agglomération", "en": "the Town"},
        "origin": "https://identity.town.example",
        "rules": [],
    },
    {
        "name": "agents",
        "kind": "proconnect",
        "label": {},
        "origin": "https://auth.agentconnect.gouv.fr",
        "rules": [],
    },
    {
        "name": "inhabitants",
        "kind": "franceconnect",
        "label": {},
        "origin": "https://oidc.franceconnect.gouv.fr",
        "rules": [],
    },
]


@pytest.fixture
async def offering(demo: Territory, portal_database: Database) -> Territory:
    """A territory with a provider of each kind of button."""
    async with portal_database.platform_session(role="owner") as session:
        await session.execute(
            update(Tenant).where(Tenant.id == demo.id).values(login_providers=ROWS)
        )
    return demo


async def test_the_ways_to_log_in_hold_in_a_browser(
    portal_app: Litestar, offering: Territory, tab: Tab
) -> None:
    async with browse(portal_app, offering) as client:
        faults = await tab.find_faults(
            client,
            f"{offering.origin}/login?choose=true&back=/my-space",
            "login-choice",
            "fr",
            "en",
        )
        buttons = await tab.page.locator("main .btn").all_inner_texts()

    assert faults == []
    assert buttons == [
        "Log in with ProConnect",
        "Log in with FranceConnect",
        "Log in with the Town",
        "Use an address and a password",
    ]


async def test_a_territory_without_providers_offers_no_choice(
    portal_app: Litestar, demo: Territory
) -> None:
    async with browse(portal_app, demo) as client:
        unknown = await client.get("/login?provider=agents")

    assert unknown.status_code == 404
