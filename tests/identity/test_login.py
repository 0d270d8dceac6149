"""Logging in by Keycloak, on the portal and on the node."""

import asyncio
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from tests.depth import by_depth
from tests.identity.browser import query_of
from tests.identity.programs import program
from tests.identity.scene import PASSWORD, Scene, member_of, provision
from udi.kit import clock, login_attempts, tokens
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.settings import Settings
from udi.ui.login_theme import client_attributes


async def test_a_person_logs_in_with_the_real_forms_and_returns_to_the_page(
    scene: Scene,
) -> None:
    someone = await scene.person(password=PASSWORD)
    browser = scene.browser()

    answer = await browser.fill_forms(someone.email, PASSWORD, back="/who?from=here")
    assert answer.status_code == 302
    back = await browser.get(answer.headers["location"])

    assert (back.status_code, back.headers["location"]) == (303, "/who?from=here")
    assert (await browser.get("/who")).json()["email"] == someone.email


async def test_a_wrong_password_opens_no_session(scene: Scene) -> None:
    someone = await scene.person(password=PASSWORD)
    browser = scene.browser()

    answer = await browser.fill_forms(someone.email, "not the right password")

    assert answer.status_code == 200
    assert (await browser.get("/who")).json() == {}


async def test_the_token_says_what_a_person_may_do(scene: Scene) -> None:
    _, browser = await scene.logged_in(member_of(scene.territory))

    identity = (await browser.get("/who")).json()

    assert identity["moderator"] is True
    assert identity["memberships"] == {"mairie": ["managers", "publishers"]}
    assert identity["name"] == "Compte Essai"


async def test_a_person_without_organisation_logs_in_too(scene: Scene) -> None:
    someone, browser = await scene.logged_in()

    identity = (await browser.get("/who")).json()

    assert (identity["email"], identity["moderator"], identity["memberships"]) == (
        someone.email,
        False,
        {},
    )


async def test_one_login_at_keycloak_opens_the_node_too(
    scene: Scene, node: Litestar, armorine_on_node: Territory
) -> None:
    _, at_portal = await scene.logged_in(member_of(scene.territory))
    at_node = scene.browser(node, armorine_on_node)
    at_node.keycloak.cookies = at_portal.keycloak.cookies

    await at_node.log_in()

    assert (await at_node.get("/who")).json()["memberships"] == {
        "mairie": ["managers", "publishers"]
    }


async def test_rights_of_another_territory_never_count(
    scene: Scene, elsewhere: Territory
) -> None:
    someone, browser = await scene.logged_in(member_of(elsewhere))

    identity = (await browser.get("/who")).json()

    assert (identity["email"], identity["moderator"], identity["memberships"]) == (
        someone.email,
        False,
        {},
    )


async def test_a_cookie_of_one_territory_is_nobodys_on_another(
    scene: Scene, elsewhere: Territory
) -> None:
    someone, browser = await scene.logged_in(member_of(scene.territory))
    stolen = f"udi={browser.app.cookies['udi']}"

    other_response = await scene.browser(territory=elsewhere).get("/who", Cookie=stolen)
    response = await scene.browser().get("/who", Cookie=stolen)

    assert other_response.json() == {}
    assert response.json()["email"] == someone.email


async def test_a_cookie_of_the_portal_is_nobodys_on_the_node(
    scene: Scene, node: Litestar, armorine_on_node: Territory
) -> None:
    _, browser = await scene.logged_in()

    response = await scene.browser(node, armorine_on_node).get(
        "/who", Cookie=f"udi={browser.app.cookies['udi']}"
    )

    assert response.json() == {}


async def test_each_login_gives_a_new_cookie_and_the_old_one_is_worth_nothing(
    scene: Scene,
) -> None:
    _, browser = await scene.visitor()
    callback = await browser.callback()
    await browser.log_in()
    before = browser.app.cookies["udi"]

    await browser.get(callback)

    assert browser.app.cookies["udi"] != before
    assert (await scene.browser().get("/who", Cookie=f"udi={before}")).json() == {}


async def test_two_tabs_log_in_at_once(scene: Scene) -> None:
    _, browser = await scene.visitor()

    first = await browser.callback("/who?tab=1")
    second = await browser.callback("/who?tab=2")

    assert (await browser.get(first)).headers["location"] == "/who?tab=1"
    assert (await browser.get(second)).headers["location"] == "/who?tab=2"


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    scene: Scene,
) -> None:
    _, browser = await scene.visitor()

    cookie = (await browser.log_in()).headers["set-cookie"]

    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Max-Age" not in cookie
    assert "Domain" not in cookie


async def test_where_it_is_encrypted_the_cookie_is_held_to_the_host(
    connected: Settings, portal_database: Database, armorine: Territory
) -> None:
    encrypted = connected.model_copy(update={"portal_url": "https://{host}"})
    async with (
        program(encrypted, portal_database) as app,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url=f"https://{armorine.hosts[0]}",
        ) as browser,
    ):
        leaving = await browser.get("/login")

    cookie = leaving.headers["set-cookie"]
    assert cookie.startswith("__Host-udi-login=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
    assert query_of(leaving.headers["location"])["redirect_uri"].startswith("https://")


async def test_the_request_to_keycloak_asks_for_a_code_with_pkce_in_the_readers_language(
    scene: Scene,
) -> None:
    leaving = await scene.browser().get("/login", **{"Accept-Language": "en"})

    login_query = query_of(leaving.headers["location"])
    assert login_query["response_type"] == "code"
    assert login_query["code_challenge_method"] == "S256"
    assert login_query["ui_locales"] == "en"
    assert login_query["scope"] == "openid organization:*"
    assert login_query["redirect_uri"] == f"{scene.territory.origin}/login/callback"
    assert {"state", "nonce", "code_challenge"} <= login_query.keys()


@pytest.mark.usefixtures("alone")
@by_depth(
    ("language", "words"),
    [("fr", "Se connecter"), ("en", "Log in"), ("es", "Iniciar sesión")],
    by_default={0},
)
async def test_the_login_page_is_in_the_readers_language(
    scene: Scene, connected: Settings, language: str, words: str
) -> None:
    territory = scene.territory
    attributes = client_attributes(
        territory.slug, territory.name, {}, origin=territory.origin
    )
    await asyncio.to_thread(
        provision, scene.admin, connected, territory, theme=attributes
    )
    leaving = await scene.browser().get("/login", **{"Accept-Language": "en"})
    address = leaving.headers["location"].replace("locales=en", f"locales={language}")
    async with httpx.AsyncClient() as client:
        page = await client.get(address)

    assert f'<html lang="{language}" dir="ltr">' in page.text
    assert words in page.text
    assert ("Español" in page.text) is (language != "es")


@by_depth(
    "back",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:x",
        "/\t/evil",
        "/" * 2000,
    ],
    by_default={1, 4},
)
async def test_no_login_leads_to_another_site(scene: Scene, back: str) -> None:
    _, browser = await scene.visitor()

    answer = await browser.log_in(back)

    assert answer.headers["location"] == "/"


async def test_a_person_already_known_is_not_asked_again(scene: Scene) -> None:
    _, browser = await scene.logged_in()

    answer = await browser.get("/login?back=/who")

    assert (answer.status_code, answer.headers["location"]) == (303, "/who")


async def test_a_login_that_took_too_long_says_to_begin_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, browser = await scene.visitor()
    callback = await browser.callback()
    monkeypatch.setattr(
        login_attempts, "now", lambda: clock.now() + timedelta(minutes=61)
    )

    answer = await browser.get(callback, **{"Accept-Language": "en"})

    assert answer.status_code == 400
    assert "This login has expired" in answer.text
    assert 'href="/login?back=/"' in answer.text
    assert (await browser.get("/who")).json() == {}


@by_depth("minutes", [10, -10], by_default={0})
async def test_a_login_while_the_clock_is_off_says_that_it_is(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    _, browser = await scene.visitor()
    callback = await browser.callback()
    monkeypatch.setattr(tokens, "now", lambda: clock.now() + timedelta(minutes=minutes))

    answer = await browser.get(callback, **{"Accept-Language": "en"})
    nobody = (await browser.get("/who")).json()
    monkeypatch.undo()
    await browser.log_in()

    assert answer.status_code == 503
    assert (
        "The clock of this site and that of the identity service differ" in answer.text
    )
    assert nobody == {}
    assert (await browser.get("/who")).json() != {}


async def test_a_code_begun_in_another_browser_is_refused(scene: Scene) -> None:
    _, attacker = await scene.visitor()
    victim = scene.browser()
    callback = await attacker.callback()
    await victim.get("/login")

    answer = await victim.get(callback)

    assert answer.status_code == 400
    assert (await victim.get("/who")).json() == {}


async def test_a_code_is_good_once(scene: Scene) -> None:
    _, browser = await scene.visitor()
    callback = await browser.callback()
    await browser.get(callback)
    browser.app.cookies.delete("udi")

    answer = await browser.get(callback)

    assert answer.status_code == 400
    assert (await browser.get("/who")).json() == {}


async def test_going_back_to_a_used_callback_leads_a_known_person_to_the_page(
    scene: Scene,
) -> None:
    _, browser = await scene.visitor()
    callback = await browser.callback()
    await browser.get(callback)

    answer = await browser.get(callback)

    assert (answer.status_code, answer.headers["location"]) == (303, "/who")


@pytest.mark.parametrize("issuer", ["https://evil.example/realms/udi", ""])
async def test_an_answer_of_another_issuer_is_refused(
    scene: Scene, issuer: str
) -> None:
    _, browser = await scene.visitor()
    query = query_of(await browser.callback()) | {"iss": issuer}

    answer = await browser.get(
        f"/login/callback?{urlencode(query)}", **{"Accept-Language": "en"}
    )

    assert answer.status_code == 400
    assert "does not come from this territory’s identity service" in answer.text
    assert (await browser.get("/who")).json() == {}


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        ({"error": "access_denied"}, 403, "The login was cancelled"),
        (
            {
                "error": "temporarily_unavailable",
                "error_description": "authentication_expired",
            },
            400,
            "This login has expired",
        ),
        ({"error": "server_error"}, 503, "The identity service does not answer."),
        ({"error": "invalid_scope"}, 503, "do not understand each other"),
    ],
)
async def test_each_refusal_of_keycloak_explains_itself(
    scene: Scene, settings: Settings, error: dict[str, str], status: int, message: str
) -> None:
    browser = scene.browser()
    login_query = query_of((await browser.get("/login?back=/who")).headers["location"])
    query = {"state": login_query["state"], "iss": settings.issuer, **error}

    answer = await browser.get(
        f"/login/callback?{urlencode(query)}", **{"Accept-Language": "en"}
    )

    assert answer.status_code == status
    assert message in answer.text
    assert 'href="/login?back=/who"' in answer.text


@pytest.mark.thorough
@pytest.mark.usefixtures("alone")
async def test_a_secret_that_keycloak_does_not_accept_is_said_to_be_our_fault(
    scene: Scene,
) -> None:
    _, browser = await scene.visitor()
    callback = await browser.callback()
    client = scene.admin.get("clients", clientId=f"{scene.territory.slug}-portal")[0]
    await asyncio.to_thread(
        scene.admin.put, f"clients/{client['id']}", {**client, "secret": "another"}
    )

    answer = await browser.get(callback, **{"Accept-Language": "en"})

    assert answer.status_code == 503
    assert "the fault is ours" in answer.text


@pytest.mark.thorough
@pytest.mark.usefixtures("alone")
async def test_a_login_begun_at_another_name_of_the_territory_goes_to_its_public_one(
    scene: Scene, settings: Settings
) -> None:
    other_name = f"www.{scene.territory.hosts[0]}"
    owner = Database(settings, "portal")
    async with owner.platform_session(role="owner") as session:
        await session.execute(
            text(
                "UPDATE platform.territory SET hosts = hosts || :host WHERE slug = :slug"
            ),
            {"host": [other_name], "slug": scene.territory.slug},
        )
    await owner.close()

    answer = await scene.browser().get("/login?back=/who", Host=other_name)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"{scene.territory.origin}/login?back=/who"
