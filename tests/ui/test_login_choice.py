"""The ways to log in, in a real browser: both languages, both screens, without a fault; none where there is no provider."""

import base64
from copy import deepcopy
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import update

from tests.ui.tab import Tab
from tests.visitors import browse
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.tenants.models import Tenant

DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="206" height="60">'
    '<rect width="206" height="60" fill="#000091"/></svg>'
)
PICTURE = {
    "address": f"data:image/svg+xml;base64,{base64.b64encode(DRAWING.encode()).decode()}",
    "width": 206,
    "height": 60,
}
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
    await offer(portal_database, demo, ROWS)
    return demo


async def offer(database: Database, territory: Territory, rows: list[Any]) -> None:
    """Let a territory have these identity services of others."""
    async with database.platform_session(role="owner") as session:
        await session.execute(
            update(Tenant).where(Tenant.id == territory.id).values(login_providers=rows)
        )


async def test_the_ways_to_log_in_hold_in_a_browser(
    portal_app: Litestar, offering: Territory, tab: Tab
) -> None:
    async with browse(portal_app, offering) as client:
        faults = await tab.find_faults(
            client,
            f"{offering.origin}/login?choose=true&back=/my-space",
            "login-choice",
            "en",
            "fr",
        )
        buttons = await tab.page.locator("main .btn").all_inner_texts()

    assert faults == []
    assert buttons == [
        "Log in with ProConnect",
        "Log in with FranceConnect",
        "Log in with the Town",
        "Use an address and a password",
    ]


async def test_a_picture_stands_in_place_of_the_words_with_the_sentence_above(
    portal_app: Litestar,
    portal_database: Database,
    demo: Territory,
    tab: Tab,
) -> None:
    rows: list[Any] = deepcopy(ROWS)
    rows[1]["picture"] = PICTURE
    rows[1]["note"] = {"fr": "Pour les agents publics.", "en": "For public officers."}
    await offer(portal_database, demo, rows)

    async with browse(portal_app, demo) as client:
        faults = await tab.find_faults(
            client, f"{demo.origin}/login?choose=true", "login-picture", "en", "fr"
        )
        panels = tab.page.locator("main section")
        first = await panels.first.inner_text()
        image = panels.first.get_by_role("img", name="Log in with ProConnect")
        size = await image.evaluate("image => [image.naturalWidth, image.width]")
        leads_to = await panels.first.get_by_role(
            "link", name="Log in with ProConnect"
        ).get_attribute("href")

    assert faults == []
    assert "For public officers." in first
    assert "What is ProConnect?" in first
    assert "the Town" not in first
    assert size == [206, 206]
    assert str(leads_to).startswith("/login?provider=agents")


async def test_a_territory_without_providers_offers_no_choice(
    portal_app: Litestar, demo: Territory
) -> None:
    async with browse(portal_app, demo) as client:
        unknown = await client.get("/login?provider=agents")

    assert unknown.status_code == 404
