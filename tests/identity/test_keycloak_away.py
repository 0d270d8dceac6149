"""Keycloak stopped: what is public and open sessions go on, login says why, nothing is lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from litestar import Litestar
from sqlalchemy import select, text

from tests.identity.browser import SAME_SITE
from tests.identity.programs import program
from tests.identity.scene import Scene, make_due, member_of
from udi.kit.db import Database
from udi.portal.identity.models import WebSession
from udi.settings import Settings

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
async def mute_keycloak() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that accepts connections and never answers: its address, and the first line of each request."""
    requests: list[bytes] = []
    over = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readline())
        await over.wait()
        writer.close()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    yield f"http://localhost:{server.sockets[0].getsockname()[1]}", requests
    over.set()
    server.close()


async def test_anonymous_pages_go_on(lonely_portal: Litestar, scene: Scene) -> None:
    assert (await scene.browser(lonely_portal).get("/who")).json() == {}


async def test_an_open_session_goes_on_with_what_is_known(
    lonely_portal: Litestar, scene: Scene, portal_database: Database
) -> None:
    someone, browser = await scene.logged_in(member_of(scene.territory))
    await make_due(portal_database, scene.territory)
    away = scene.browser(lonely_portal)

    identities = [
        (await away.get("/who", Cookie=f"udi={browser.app.cookies['udi']}")).json()
        for _ in range(3)
    ]

    assert [identity["email"] for identity in identities] == [someone.email] * 3
    assert identities[0]["memberships"] == {"mairie": ["managers", "publishers"]}


async def test_login_explains_and_says_what_goes_on(
    lonely_portal: Litestar, scene: Scene
) -> None:
    answer = await scene.browser(lonely_portal).get("/login?back=/who", **ENGLISH)

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
    assert "Logging in is not possible for the moment" in answer.text
    assert "Everything public stays open" in answer.text
    assert 'href="/login?back=/who"' in answer.text


async def test_login_explains_in_french_too(
    lonely_portal: Litestar, scene: Scene
) -> None:
    answer = await scene.browser(lonely_portal).get(
        "/login", **{"Accept-Language": "fr"}
    )

    assert "La connexion n’est pas possible pour le moment" in answer.text
    assert "Tout ce qui est public reste ouvert" in answer.text


async def test_a_page_for_members_leads_to_the_explanation(
    lonely_portal: Litestar, scene: Scene
) -> None:
    browser = scene.browser(lonely_portal)

    leading = await browser.get("/my-space")

    assert (leading.status_code, leading.headers["location"]) == (
        303,
        "/login?back=/my-space",
    )
    assert (await browser.get(leading.headers["location"])).status_code == 503


async def test_a_code_that_cannot_be_exchanged_explains(
    lonely_portal: Litestar, scene: Scene
) -> None:
    _, browser = await scene.visitor()
    callback = await browser.callback()
    away = scene.browser(lonely_portal)
    away.app.cookies = browser.app.cookies

    answer = await away.get(callback, **ENGLISH)

    assert answer.status_code == 503
    assert "The identity service does not answer." in answer.text
    assert (await browser.get(callback)).status_code == 303, (
        "the login may be tried again"
    )


async def test_logging_out_ends_the_session_here_and_says_what_remains(
    lonely_portal: Litestar, scene: Scene
) -> None:
    _, browser = await scene.logged_in()
    away = scene.browser(lonely_portal)
    cookie = f"udi={browser.app.cookies['udi']}"

    answer = await away.app.post(
        "/logout", headers={"Cookie": cookie, **SAME_SITE, **ENGLISH}
    )

    assert answer.status_code == 200
    assert "You are logged out here" in answer.text
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert (await browser.get("/who", Cookie=cookie)).json() == {}


@pytest.mark.usefixtures("alone")
async def test_a_logout_token_that_cannot_be_checked_is_to_be_sent_again(
    lonely_portal: Litestar, scene: Scene, portal_database: Database
) -> None:
    await scene.logged_in()
    async with portal_database.session(scene.territory.id) as session:
        token = (await session.scalars(select(WebSession.id_token))).one()
    relabelled = token.split(".")
    relabelled[0] = "eyJhbGciOiJSUzI1NiIsInR5cCI6ImxvZ291dCtqd3QiLCJraWQiOiJ4In0"

    answer = await scene.browser(lonely_portal).app.post(
        "/logout/back-channel", data={"logout_token": ".".join(relabelled)}
    )

    assert answer.status_code == 503


async def test_a_keycloak_that_never_answers_holds_a_session_once_and_briefly(
    scene: Scene,
    settings: Settings,
    portal_database: Database,
    mute_keycloak: tuple[str, list[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first page waits for the patience that is set; those that follow ask Keycloak nothing."""
    address, requests = mute_keycloak
    _, browser = await scene.logged_in()
    monkeypatch.setattr("udi.kit.oidc.PATIENCE", 0.3)
    await make_due(portal_database, scene.territory)
    async with program(
        settings.model_copy(update={"identity_internal_url": address}), portal_database
    ) as app:
        away = scene.browser(app)
        async with asyncio.timeout(60):
            identities = [
                (
                    await away.get("/who", Cookie=f"udi={browser.app.cookies['udi']}")
                ).json()
                for _ in range(5)
            ]

    assert len([who for who in identities if who]) == 5
    assert len(requests) == 1


async def test_what_is_known_of_a_session_stands_for_an_hour(
    lonely_portal: Litestar, scene: Scene, portal_database: Database
) -> None:
    _, browser = await scene.logged_in(member_of(scene.territory))
    away = scene.browser(lonely_portal)
    cookie = f"udi={browser.app.cookies['udi']}"
    identities = []
    for minutes in (59, 61):
        await make_due(portal_database, scene.territory)
        confirmed = text(
            "UPDATE app.web_session SET confirmed_at = now() - make_interval(mins => :minutes)"
        )
        async with portal_database.session(scene.territory.id) as session:
            await session.execute(confirmed, {"minutes": minutes})
        identities.append((await away.get("/who", Cookie=cookie)).json())

    assert identities[0]["memberships"] == {"mairie": ["managers", "publishers"]}
    assert identities[1] == {}
