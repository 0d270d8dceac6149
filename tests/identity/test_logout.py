"""Logging out here, and being logged out by Keycloak (OpenID Connect Back-Channel Logout 1.0)."""

import asyncio
import base64
import json
from urllib.parse import parse_qs

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from litestar import Litestar
from sqlalchemy import select

from tests.identity.browser import Browser, query_of
from tests.identity.scene import Scene
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.identity.models import WebSession

BACK_CHANNEL = "/logout/back-channel"


async def announce(browser: Browser, token: str) -> httpx.Response:
    """Send a logout token as Keycloak does: at any host, without cookie."""
    english = {"Accept-Language": "en"}
    return await browser.app.post(
        f"http://127.0.0.1{BACK_CHANNEL}", data={"logout_token": token}, headers=english
    )


def announced(heard: list[httpx.Request]) -> str:
    """The last logout token that Keycloak sent."""
    return parse_qs(heard[-1].content.decode())["logout_token"][0]


def payload(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def test_logging_out_ends_the_session_here_then_at_keycloak(scene: Scene) -> None:
    _, browser = await scene.logged_in()
    cookie = browser.app.cookies["udi"]

    leaving = await browser.post("/logout")

    assert leaving.status_code == 303
    assert "Max-Age=0" in leaving.headers["set-cookie"]
    assert (await browser.get("/who", Cookie=f"udi={cookie}")).json() == {}
    back = await browser.keycloak.get(leaving.headers["location"])
    assert (back.status_code, back.headers["location"]) == (
        302,
        f"{scene.territory.origin}/",
    )
    again = await browser.get("/login")
    assert "login" in (await browser.keycloak.get(again.headers["location"])).text


async def test_logging_out_without_a_session_leads_home(scene: Scene) -> None:
    answer = await scene.browser().post("/logout")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_a_logout_posted_from_another_site_is_refused(scene: Scene) -> None:
    someone, browser = await scene.logged_in()

    answer = await browser.app.post("/logout", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert (await browser.get("/who")).json()["email"] == someone.email


async def test_a_logout_at_the_node_ends_the_session_at_the_portal(
    scene: Scene,
    node: Litestar,
    armorine_on_node: Territory,
    back_channel: list[httpx.Request],
) -> None:
    _, at_portal = await scene.logged_in()
    at_node = scene.browser(node, armorine_on_node)
    at_node.keycloak.cookies = at_portal.keycloak.cookies
    await at_node.log_in()

    leaving = await at_node.post("/logout")
    await at_node.keycloak.get(leaving.headers["location"])

    assert len(back_channel) == 1
    assert (await at_portal.get("/who")).json() == {}


async def test_only_the_session_that_ended_is_closed(
    scene: Scene, back_channel: list[httpx.Request]
) -> None:
    someone, first = await scene.logged_in()
    second = scene.browser()
    await second.be(scene.admin, someone.id)
    await second.log_in()
    leaving = await first.post("/logout")

    await first.keycloak.get(leaving.headers["location"])

    assert len(back_channel) == 1
    assert (await first.get("/who")).json() == {}
    assert (await second.get("/who")).json()["email"] == someone.email


@pytest.mark.thorough
async def test_an_administrator_ends_every_session_of_a_person(
    scene: Scene, back_channel: list[httpx.Request]
) -> None:
    someone, first = await scene.logged_in()
    second = scene.browser()
    await second.be(scene.admin, someone.id)
    await second.log_in()

    await asyncio.to_thread(scene.admin.post, f"users/{someone.id}/logout", {})

    assert len(back_channel) == 2
    assert (await first.get("/who")).json() == {}
    assert (await second.get("/who")).json() == {}


async def test_a_logout_token_is_obeyed_once(
    scene: Scene, back_channel: list[httpx.Request]
) -> None:
    someone, browser = await scene.logged_in()
    await asyncio.to_thread(scene.admin.post, f"users/{someone.id}/logout", {})
    await browser.be(scene.admin, someone.id)
    await browser.log_in()

    answer = await announce(browser, announced(back_channel))

    assert answer.status_code == 400
    assert answer.json()["detail"] == "This logout token was used before."
    assert (await browser.get("/who")).json()["email"] == someone.email


@pytest.mark.usefixtures("alone")
async def test_an_id_token_is_no_logout_token(
    scene: Scene, portal_database: Database
) -> None:
    someone, browser = await scene.logged_in()
    async with portal_database.session(scene.territory.id) as session:
        id_token = (await session.scalars(select(WebSession.id_token))).one()

    answer = await announce(browser, id_token)

    assert answer.status_code == 400
    assert (await browser.get("/who")).json()["email"] == someone.email


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "é.é.é", "..."])
async def test_what_is_no_token_is_refused_in_plain_words(
    scene: Scene, token: str
) -> None:
    answer = await announce(scene.browser(), token)

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_a_forged_logout_token_is_refused(
    scene: Scene, back_channel: list[httpx.Request]
) -> None:
    someone, browser = await scene.logged_in()
    await asyncio.to_thread(scene.admin.post, f"users/{someone.id}/logout", {})
    await browser.be(scene.admin, someone.id)
    await browser.log_in()
    real = announced(back_channel)
    kid = json.loads(base64.urlsafe_b64decode(real.split(".")[0] + "=="))["kid"]
    header = {"alg": "RS256", "kid": kid, "typ": "logout+jwt"}

    forged = jwt.encode(
        header, payload(real) | {"jti": "new"}, RSAKey.generate_key(2048)
    )
    answer = await announce(browser, forged)

    assert answer.status_code == 400
    assert (await browser.get("/who")).json()["email"] == someone.email


async def test_a_logout_token_of_the_node_does_nothing_at_the_portal(
    scene: Scene, node: Litestar, back_channel: list[httpx.Request]
) -> None:
    someone, _ = await scene.logged_in()
    await asyncio.to_thread(scene.admin.post, f"users/{someone.id}/logout", {})

    answer = await announce(scene.browser(node), announced(back_channel))

    assert answer.status_code == 400
    assert answer.json()["detail"] == "This logout token is for another program."


async def test_the_address_of_return_is_fixed(scene: Scene) -> None:
    _, browser = await scene.logged_in()
    leaving = await browser.post("/logout")
    query = query_of(leaving.headers["location"]) | {
        "post_logout_redirect_uri": "https://evil.example/"
    }

    answer = await browser.keycloak.get(
        leaving.headers["location"].split("?")[0], params=query
    )

    assert answer.status_code == 400
