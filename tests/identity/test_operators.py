"""A real Keycloak: an operator logs in at the installation's own host, and has the role there only."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from litestar import Litestar
from typer.testing import CliRunner

from tests.identity.browser import Browser
from tests.identity.scene import Scene, member_of
from tests.realms import give_keys
from udi.cli import operator, provision
from udi.cli.main import build_app
from udi.kit.errors import ConflictError, NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.identity.provision import admin, operators
from udi.settings import Settings


@pytest.fixture
def installation(portal: Litestar) -> Territory:
    territory: Territory = portal.state.site.installation
    return replace(
        territory, name={"fr": "Urban Data Interface", "en": "Urban Data Interface"}
    )


async def run(settings: Settings, *arguments: str) -> Any:
    """What a command of an operator prints."""
    result = await asyncio.to_thread(
        CliRunner().invoke, build_app("operator"), ["operator", *arguments, "--json"]
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def own_settings(connected: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator, "get_settings", lambda: connected)


async def log_in(scene: Scene, place: Territory, user: str) -> Browser:
    """The browser of somebody whom Keycloak knows, logged in at a host."""
    browser = scene.browser(territory=place)
    await browser.be(scene.admin, user)
    await browser.log_in("/installation/who")
    return browser


async def is_of_the_team(browser: Browser, path: str) -> bool:
    """Whether the program of a host counts somebody among those who run it."""
    return bool((await browser.get(path)).json()["moderator"])


async def test_an_operator_has_the_role_at_the_own_host_alone(
    scene: Scene, connected: Settings, installation: Territory
) -> None:
    someone = await scene.person()
    added = [await run(connected, "add", someone.email) for _ in range(2)]

    client = await log_in(scene, installation, someone.id)
    territory_client = await log_in(scene, scene.territory, someone.id)

    assert [entry["outcome"] for entry in added] == ["updated", "unchanged"]
    assert await is_of_the_team(client, "/installation/who")
    assert not await is_of_the_team(territory_client, "/who")
    listed = await run(connected, "list")
    assert {
        "email": someone.email,
        "name": "Compte Essai",
        "second_factor": False,
    } in listed


async def test_the_team_of_a_territory_is_nobody_at_the_own_host(
    scene: Scene, connected: Settings, installation: Territory
) -> None:
    operators.apply_operators_client(scene.admin, connected)
    someone = await scene.person(member_of(scene.territory))

    client = await log_in(scene, installation, someone.id)
    territory_client = await log_in(scene, scene.territory, someone.id)

    assert not await is_of_the_team(client, "/installation/who")
    assert await is_of_the_team(territory_client, "/who")


async def test_a_removed_operator_is_logged_out(
    scene: Scene,
    connected: Settings,
    installation: Territory,
    back_channel: list[httpx.Request],
) -> None:
    someone = await scene.person()
    await run(connected, "add", someone.email)
    client = await log_in(scene, installation, someone.id)

    removed = [await run(connected, "remove", someone.email) for _ in range(2)]

    assert [entry["outcome"] for entry in removed] == ["updated", "unchanged"]
    assert len(back_channel) == 1
    assert (await client.get("/installation/who")).json() == {}
    assert someone.email not in {row["email"] for row in await run(connected, "list")}


async def test_an_address_without_account_or_proof_is_refused(scene: Scene) -> None:
    someone = await scene.person()
    scene.admin.update_user(someone.id, {"emailVerified": False})

    with pytest.raises(NotFoundError):
        operators.add_operator(scene.admin, "nobody@people.example")
    with pytest.raises(ConflictError):
        operators.add_operator(scene.admin, someone.email)


async def test_making_the_client_again_changes_nothing(
    scene: Scene, connected: Settings
) -> None:
    operators.apply_operators_client(scene.admin, connected)

    again = operators.apply_operators_client(scene.admin, connected)

    assert [change.outcome for change in again] == ["unchanged", "unchanged"]


@pytest.mark.thorough
async def test_an_installation_without_territories_gets_its_realm(
    connected: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_keys = give_keys(admin.RealmAdmin.create_realm)
    monkeypatch.setattr(admin.RealmAdmin, "create_realm", with_keys)
    name = f"{connected.identity_realm}-bare"
    bare = connected.model_copy(update={"identity_realm": name})

    first = await asyncio.to_thread(provision.apply_installation, bare)
    second = await asyncio.to_thread(provision.apply_installation, bare)
    await asyncio.to_thread(admin.connect(bare).delete_realm, name)

    assert (f"realm {name}", "created") in first
    assert {outcome for _, outcome in second} == {"unchanged"}
