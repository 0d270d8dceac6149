"""Keycloak itself: no token for a password, no common password, no guessing of administrators, no token used twice."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import select

from tests.identity.scene import Scene
from udi.cli.local.passwords import common_passwords
from udi.kit.db import Database
from udi.kit.errors import ProvisionError
from udi.kit.oidc import IdentityRefusedError, IdentityService, territory_client
from udi.portal.identity.models import WebSession
from udi.portal.identity.provision.admin import RealmAdmin
from udi.settings import Settings
from udi.ui.login_theme import THEME

PASSWORD = "une phrase que nul ne devine"


async def give_password(admin: RealmAdmin, subject: str, password: str) -> None:
    body = {"type": "password", "value": password, "temporary": False}
    await asyncio.to_thread(admin.put, f"users/{subject}/reset-password", body)


@pytest.mark.parametrize("realm", ["own", "master"])
async def test_nobody_exchanges_a_password_for_a_token(
    scene: Scene, connected: Settings, realm: str
) -> None:
    someone = await scene.person()
    await give_password(scene.admin, someone.id, PASSWORD)
    name = connected.identity_realm if realm == "own" else realm
    form = {
        "grant_type": "password",
        "client_id": "admin-cli",
        "username": someone.email,
        "password": PASSWORD,
    }

    async with httpx.AsyncClient() as client:
        address = f"{connected.keycloak_internal_url}/realms/{name}/protocol/openid-connect/token"
        answer = await client.post(address, data=form)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "password", ["MotDePasse2026", "azertyuiop12", "123456789012", "password1234"]
)
async def test_a_common_password_is_refused(scene: Scene, password: str) -> None:
    someone = await scene.person()

    assert password.lower() in common_passwords()
    with pytest.raises(ProvisionError, match="400"):
        await give_password(scene.admin, someone.id, password)


async def test_no_other_password_is_taken_for_a_common_one(scene: Scene) -> None:
    someone = await scene.person()
    taken_for_a_common_one = "f8e76-n58us-sw8av"  # by the default probability

    assert taken_for_a_common_one not in common_passwords()
    await give_password(scene.admin, someone.id, taken_for_a_common_one)


async def test_mails_of_the_identity_service_have_our_words(scene: Scene) -> None:
    realm = await asyncio.to_thread(scene.admin.get_realm, scene.admin.realm)

    assert realm["emailTheme"] == THEME


async def test_administrators_are_protected_from_guessing(scene: Scene) -> None:
    with scene.admin.in_realm("master"):
        master = await asyncio.to_thread(scene.admin.get_realm, "master")

    assert (
        master["bruteForceProtected"],
        master["failureFactor"],
        master["adminEventsEnabled"],
    ) == (True, 5, True)
    assert "passwordBlacklist" in master["passwordPolicy"]


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[IdentityService]:
    """The identity service, whose connections are closed however the test ends."""
    service = IdentityService(settings)
    try:
        yield service
    finally:
        await service.close()


async def wait_for_the_next_second(token: str) -> None:
    """Keycloak compares seconds: a token is known to be a former one once its second has passed."""
    body = token.split(".")[1]
    issued = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["iat"]
    await asyncio.sleep(max(issued + 1 - time.time(), 0))


async def test_a_refresh_token_works_once(
    scene: Scene, connected: Settings, portal_database: Database
) -> None:
    await scene.logged_in()
    async with portal_database.session(scene.territory.id) as session:
        first = (await session.scalars(select(WebSession.refresh_token))).one()
    client = territory_client(connected, "portal", scene.territory)
    await wait_for_the_next_second(first)

    async with opened(connected) as service:
        second = (await service.refresh(client, first)).refresh_token
        third = (await service.refresh(client, second)).refresh_token
        with pytest.raises(IdentityRefusedError, match="invalid_grant"):
            await service.refresh(client, first)

    assert len({first, second, third}) == 3
