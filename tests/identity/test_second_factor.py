"""A real Keycloak: rights of managers wait for a second factor, which is chosen on the way; deciding wants a recent login."""

import asyncio
import hashlib
import hmac
import re
import struct
import time
from collections.abc import AsyncIterator

import pytest
from litestar import Litestar
from sqlalchemy import text, update

from tests.identity.browser import SAME_SITE, Browser, form_action
from tests.identity.programs import program
from tests.identity.scene import Scene, member_of
from udi.kit.db import Database
from udi.portal.identity.provision.admin import RealmAdmin
from udi.portal.identity.provision.flows import apply_browser_flow
from udi.portal.tenants.models import Tenant
from udi.settings import Settings

AS_PROGRAM = {**SAME_SITE, "Accept": "application/json"}
PASSWORD = "une phrase que nul ne devine"


@pytest.fixture(scope="module")
async def levels(admin: RealmAdmin) -> AsyncIterator[None]:
    """The realm has the flow with two levels for the tests of this file."""
    await asyncio.to_thread(apply_browser_flow, admin, second_factor=True)
    yield
    await asyncio.to_thread(apply_browser_flow, admin, second_factor=False)


@pytest.fixture
async def strict(
    connected: Settings, portal_database: Database
) -> AsyncIterator[Litestar]:
    """A portal where rights wait for a second factor."""
    async with program(
        connected.model_copy(update={"second_factor": True}), portal_database
    ) as app:
        yield app


def code_of(secret: str, *, steps: int = 0) -> str:
    """What a telephone shows so many steps of thirty seconds from now (RFC 6238)."""
    digest = hmac.digest(
        secret.encode(), struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1
    )
    start = digest[-1] & 15
    return (
        f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"
    )


async def begin(
    scene: Scene, app: Litestar, groups: dict[str, list[str]]
) -> tuple[Browser, str]:
    """Somebody with a password, logged in by it, and where the program led them then."""
    someone = await scene.person(groups, password=PASSWORD)
    browser = scene.browser(app)
    answer = await browser.fill_forms(someone.email, PASSWORD)
    assert answer.status_code == 302, answer.text
    first = await browser.app.get(answer.headers["location"])
    return browser, first.headers["location"]


async def enrol(browser: Browser, address: str) -> tuple[str, str]:
    """Choose a code at the login of level 2; the address at which Keycloak sends the browser back, and the secret."""
    leaving = await browser.app.get(address)
    page = await browser.keycloak.get(leaving.headers["location"])
    while page.status_code == 302 and "/login-actions/" in page.headers["location"]:
        page = await browser.keycloak.get(page.headers["location"])
    match = re.search(r'name="totpSecret"[^>]*value="([^"]+)"', page.text)
    assert match, (page.status_code, page.headers, page.text)
    secret = match[1]
    form = {"totp": code_of(secret), "totpSecret": secret, "userLabel": "telephone"}
    answer = await browser.keycloak.post(form_action(page), data=form)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"]), secret


@pytest.mark.usefixtures("levels")
async def test_a_manager_without_a_factor_manages_nothing_and_chooses_one(
    scene: Scene, strict: Litestar
) -> None:
    browser, led = await begin(scene, strict, member_of(scene.territory))
    before = (await browser.get("/who")).json()

    sent_back, _ = await enrol(browser, led)
    back = await browser.app.get(sent_back)
    after = (await browser.get("/who")).json()

    assert led == "/login?factor=true&back=/who"
    assert (before["moderator"], before["memberships"]) == (
        False,
        {"mairie": ["publishers"]},
    )
    assert back.headers["location"] == "/who"
    assert (after["moderator"], after["memberships"]) == (
        True,
        {"mairie": ["managers", "publishers"]},
    )


@pytest.mark.usefixtures("levels")
async def test_somebody_who_manages_nothing_is_asked_for_nothing(
    scene: Scene, strict: Litestar
) -> None:
    browser, led = await begin(
        scene, strict, {f"{scene.territory.slug}--mairie": ["publishers"]}
    )

    assert led == "/who"
    assert (await browser.get("/who")).json()["memberships"] == {
        "mairie": ["publishers"]
    }


@pytest.mark.usefixtures("levels", "alone")
async def test_the_level_and_the_moment_of_a_login_outlive_a_refresh(
    scene: Scene, strict: Litestar, portal_database: Database
) -> None:
    browser, _ = await begin(scene, strict, member_of(scene.territory))
    sent_back, _ = await enrol(browser, "/login?factor=true&back=/who")
    await browser.app.get(sent_back)
    query = text("SELECT level, authenticated_at FROM app.web_session")
    async with portal_database.session(scene.territory.id) as session:
        before = (await session.execute(query)).one()
        await session.execute(
            text(
                "UPDATE app.web_session SET access_expires_at = now() - interval '1 minute'"
            )
        )

    identity = (await browser.get("/who")).json()
    async with portal_database.session(scene.territory.id) as session:
        after = (await session.execute(query)).one()

    assert identity["moderator"] is True
    assert tuple(before) == tuple(after)
    assert before.level == 2


async def open_again(browser: Browser, address: str, secret: str) -> str:
    """Show the password, then the next code, for one serves once; the address at which Keycloak sends the browser back."""
    leaving = await browser.app.get(address)
    page = await browser.keycloak.get(leaving.headers["location"])
    page = await browser.keycloak.post(form_action(page), data={"password": PASSWORD})
    answer = await browser.keycloak.post(
        form_action(page), data={"otp": code_of(secret, steps=1)}
    )
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


@pytest.mark.usefixtures("levels")
async def test_what_decides_wants_a_login_of_the_last_quarter_of_an_hour(
    scene: Scene, strict: Litestar, portal_database: Database
) -> None:
    browser, _ = await begin(scene, strict, member_of(scene.territory))
    waiting = await browser.app.post("/decide", headers=AS_PROGRAM)
    back, secret = await enrol(browser, "/login?factor=true&back=/who")
    await browser.app.get(back)
    decided = await browser.post("/decide")
    async with portal_database.session(scene.territory.id) as session:
        await session.execute(
            text(
                "UPDATE app.web_session SET authenticated_at = now() - interval '16 minutes'"
            )
        )
    old = await browser.app.post("/decide", headers=AS_PROGRAM)
    page = await browser.app.post(
        "/decide",
        headers={**SAME_SITE, "Accept": "text/html", "Referer": "http://x/who"},
    )

    await browser.app.get(await open_again(browser, old.json()["page"], secret))
    again = await browser.post("/decide")

    assert (waiting.status_code, waiting.json()["page"]) == (
        403,
        "/login?factor=true&back=/my-space",
    )
    assert decided.json() == {"decided": True}
    assert (old.status_code, old.json()["type"].rpartition("/")[2]) == (
        403,
        "login-too-old",
    )
    assert "/login?fresh=true&amp;back=/who" in page.text
    assert again.json() == {"decided": True}


@pytest.fixture
async def without(connected: Settings, scene: Scene) -> AsyncIterator[None]:
    """The territory asks for no second factor."""
    owner = Database(connected, "portal")

    async def ask(is_required: bool) -> None:  # noqa: FBT001 - the value of a column
        async with owner.platform_session(role="owner") as session:
            await session.execute(
                update(Tenant)
                .where(Tenant.id == scene.territory.id)
                .values(second_factor=is_required)
            )

    await ask(False)
    yield
    await ask(True)
    await owner.close()


@pytest.mark.thorough
@pytest.mark.usefixtures("levels", "without")
async def test_a_territory_may_do_without(scene: Scene, strict: Litestar) -> None:
    browser, led = await begin(scene, strict, member_of(scene.territory))
    identity = (await browser.get("/who")).json()

    assert (led, identity["moderator"]) == ("/who", True)
    assert (await browser.post("/decide")).status_code == 201
