"""Machines: their credential for a token, their token for an answer. Nothing else passes."""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from litestar import Litestar, Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy import select

from tests.identity.programs import program
from tests.identity.scene import Scene, member_of
from tests.service_overrides import override_service
from udi.kit.db import Database
from udi.kit.oidc import IdentityService
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.portal.identity.credentials.machines import get_machine_client
from udi.portal.identity.models import WebSession
from udi.portal.identity.provision.territory import (
    MachineClient,
    apply_machine,
    remove_machine,
)
from udi.settings import Settings

CREDENTIALS = {"grant_type": "client_credentials"}


@get("/api/me")
async def me(
    request: Request[object, object, State], territory: NamedDependency[Territory]
) -> dict[str, str]:
    """Which machine calls."""
    return {"client": await get_machine_client(request, territory)}


@pytest.fixture
async def portal(
    connected: Settings, portal_database: Database
) -> AsyncIterator[Litestar]:
    async with program(connected, portal_database) as app:
        app.register(me)
        yield app


@pytest.fixture
def machine_name(armorine: Territory) -> str:
    return f"{armorine.slug}-node-{secrets.token_hex(2)}"


@pytest.fixture
async def machine(scene: Scene, machine_name: str) -> MachineClient:
    return await asyncio.to_thread(
        apply_machine, scene.admin, machine_name, scene.territory.origin
    )


async def ask_token(
    app: httpx.AsyncClient, name: str, secret: str | None
) -> httpx.Response:
    return await app.post("/oauth2/token", data=CREDENTIALS, auth=(name, secret or ""))


async def call(app: httpx.AsyncClient, token: str) -> httpx.Response:
    return await app.get("/api/me", headers={"Authorization": f"Bearer {token}"})


def parts(token: str) -> tuple[dict[str, object], dict[str, object]]:
    """Header and claims of a token."""
    header, claims = (
        json.loads(base64.urlsafe_b64decode(part + "=="))
        for part in token.split(".")[:2]
    )
    return header, claims


async def test_a_machine_gets_a_token_with_its_credential_and_is_known_by_it(
    scene: Scene, machine: MachineClient, machine_name: str
) -> None:
    app = scene.browser().app

    granted = await ask_token(app, machine_name, machine.secret)

    assert granted.status_code == 200
    assert granted.headers["cache-control"] == "no-store"
    assert granted.json()["token_type"] == "Bearer"
    assert granted.json()["expires_in"] <= 300
    assert "refresh_token" not in granted.json()
    assert (await call(app, granted.json()["access_token"])).json() == {
        "client": machine_name
    }


async def test_the_credential_may_come_in_the_form(
    scene: Scene, machine: MachineClient, machine_name: str
) -> None:
    form = {
        **CREDENTIALS,
        "client_id": machine_name,
        "client_secret": machine.secret or "",
    }

    granted = await scene.browser().app.post("/oauth2/token", data=form)

    assert granted.status_code == 200


@pytest.mark.parametrize(
    ("form", "auth", "status"),
    [
        (CREDENTIALS, ("unknown", "secret"), 401),
        (CREDENTIALS, None, 401),
        (CREDENTIALS | {"client_id": "only"}, None, 401),
        (
            {"grant_type": "password", "username": "a", "password": "b"},
            ("unknown", "secret"),
            400,
        ),
        ({}, None, 400),
    ],
)
async def test_a_wrong_request_for_a_token_is_refused(
    scene: Scene, form: dict[str, str], auth: tuple[str, str] | None, status: int
) -> None:
    answer = await scene.browser().app.post("/oauth2/token", data=form, auth=auth)

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["remedy"]


@pytest.mark.parametrize(
    "header", ["Basic é", "Basic %%%", "Basic ", "Bearer x", "Basic bm9jb2xvbg=="]
)
async def test_an_unreadable_credential_is_refused(scene: Scene, header: str) -> None:
    answer = await scene.browser().app.post(
        "/oauth2/token", data=CREDENTIALS, headers={"Authorization": header.encode()}
    )

    assert answer.status_code == 401


async def test_a_wrong_secret_is_refused(
    scene: Scene, machine: MachineClient, machine_name: str
) -> None:
    answer = await ask_token(scene.browser().app, machine_name, f"{machine.secret}x")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_a_renewed_secret_replaces_the_old_one(
    scene: Scene, machine: MachineClient, machine_name: str
) -> None:
    app = scene.browser().app

    renewed = await asyncio.to_thread(
        apply_machine, scene.admin, machine_name, scene.territory.origin, rotate=True
    )

    assert renewed.change.outcome == "updated"
    assert (await ask_token(app, machine_name, renewed.secret)).status_code == 200
    assert (await ask_token(app, machine_name, machine.secret)).status_code == 401


async def test_a_machine_applied_again_keeps_its_secret(
    scene: Scene, machine: MachineClient, machine_name: str
) -> None:
    again = await asyncio.to_thread(
        apply_machine, scene.admin, machine_name, scene.territory.origin
    )

    assert (again.change.outcome, again.secret) == ("unchanged", None)
    assert (
        await ask_token(scene.browser().app, machine_name, machine.secret)
    ).status_code == 200


async def test_a_removed_machine_gets_no_token(
    scene: Scene, machine: MachineClient, machine_name: str
) -> None:
    assert await asyncio.to_thread(remove_machine, scene.admin, machine_name) is True
    assert await asyncio.to_thread(remove_machine, scene.admin, machine_name) is False

    assert (
        await ask_token(scene.browser().app, machine_name, machine.secret)
    ).status_code == 401


async def test_a_machine_of_another_territory_is_refused(
    scene: Scene, elsewhere: Territory, machine: MachineClient, machine_name: str
) -> None:
    granted = await ask_token(scene.browser().app, machine_name, machine.secret)

    answer = await call(
        scene.browser(territory=elsewhere).app, granted.json()["access_token"]
    )

    assert answer.status_code == 401
    assert (
        answer.headers["www-authenticate"]
        == 'Bearer realm="udi", error="invalid_token"'
    )


async def test_a_token_that_was_touched_or_forged_is_refused(
    scene: Scene, machine: MachineClient, machine_name: str
) -> None:
    browser = scene.browser()
    app = browser.app
    real = (await ask_token(app, machine_name, machine.secret)).json()["access_token"]
    header, claims = parts(real)
    public = json.dumps(
        (await browser.keycloak.get(keys_address(scene))).json()
    ).encode()
    hmac_header = {"alg": "HS256", "kid": header["kid"], "typ": "JWT"}
    unsigned = (
        base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode())
        .decode()
        .rstrip("=")
    )
    forged = {
        "alg none": f"{unsigned}.{real.split('.')[1]}.",
        "HS256 with the public key": jwt.encode(
            hmac_header, claims, OctKey.import_key(public)
        ),
        "another key": jwt.encode(header, claims, RSAKey.generate_key(2048)),
        "another payload": ".".join(
            [real.split(".")[0], f"{real.split('.')[1][:-4]}AAAA", real.split(".")[2]]
        ),
        "no signature": real.rpartition(".")[0] + ".",
        "empty": "",
        "not a token": "nonsense",
    }

    answers = {
        name: (await call(app, token)).status_code for name, token in forged.items()
    }

    assert (await call(app, real)).status_code == 200
    assert answers == dict.fromkeys(forged, 401)


def keys_address(scene: Scene) -> str:
    url = scene.admin.connection.server_url.rstrip("/")
    return f"{url}/realms/{scene.admin.realm}/protocol/openid-connect/certs"


async def test_tokens_of_people_are_no_machines(
    scene: Scene, portal_database: Database
) -> None:
    _, browser = await scene.logged_in(member_of(scene.territory))
    async with portal_database.session(scene.territory.id) as session:
        row = (
            await session.execute(select(WebSession.id_token, WebSession.refresh_token))
        ).one()
    service = scene.portal.state.site.services[SESSIONS].service
    client = scene.portal.state.site.services[SESSIONS].client_of(scene.territory)
    form = {
        "grant_type": "refresh_token",
        "refresh_token": row.refresh_token,
        "scope": "openid",
    }
    granted = await service._token(client.id, client.secret, form)

    answers = {
        name: (await call(browser.app, token)).status_code
        for name, token in {
            "id": row.id_token,
            "refresh": row.refresh_token,
            "access": granted["access_token"],
        }.items()
    }

    assert answers == {"id": 401, "refresh": 401, "access": 401}


async def test_without_keycloak_a_known_key_goes_on_and_a_token_is_not_given(
    scene: Scene,
    machine: MachineClient,
    machine_name: str,
    connected: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = scene.browser().app
    token = (await ask_token(app, machine_name, machine.secret)).json()["access_token"]
    await call(app, token)
    away = IdentityService(
        connected.model_copy(update={"identity_internal_url": "http://localhost:1"})
    )
    away.keys = scene.portal.state.site.services[SESSIONS].service.keys
    services = scene.portal.state.site.services
    sessions = replace(services[SESSIONS], service=away)
    override_service(monkeypatch, services, SESSIONS, sessions)

    response = await call(app, token)
    token_response = await ask_token(app, machine_name, machine.secret)

    assert response.json() == {"client": machine_name}
    assert token_response.status_code == 503
    assert token_response.headers["retry-after"] == "60"
    await away.close()


async def test_a_portal_that_never_saw_keycloak_asks_machines_to_come_back(
    scene: Scene, machine: MachineClient, machine_name: str, lonely_portal: Litestar
) -> None:
    token = (await ask_token(scene.browser().app, machine_name, machine.secret)).json()[
        "access_token"
    ]
    lonely_portal.register(me)

    answer = await call(scene.browser(lonely_portal).app, token)

    assert answer.status_code == 503


async def test_an_address_for_machines_says_how_to_call_it(scene: Scene) -> None:
    answer = await scene.browser().app.get("/api/me")

    assert answer.status_code == 401
    assert "/oauth2/token" in answer.json()["remedy"]
    assert answer.headers["www-authenticate"] == 'Bearer realm="udi"'
