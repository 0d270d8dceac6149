"""People in front of a program: passers-by and members, on the host of a territory, every page checked."""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
from litestar import Litestar

from tests.rules.pages import check_page
from tests.sign_in import sign_in
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.identity import OPERATOR, Actor
from udi.kit.oidc import Login
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.ui.login import cookie_name
from udi.ui.site import Site

BROWSER = {
    "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "fr",
    "Sec-Fetch-Site": "same-origin",
}


def make_person(
    territory: Territory,
    *,
    moderator: bool = False,
    memberships: Mapping[str, list[str]] | None = None,
) -> Login:
    """Somebody the identity service knows, with groups by organisation slug."""
    claim: dict[str, Any] = {
        f"{territory.slug}--{slug}": {"groups": [f"/{group}" for group in groups]}
        for slug, groups in (memberships or {}).items()
    }
    if moderator:
        claim[territory.slug] = {"groups": ["/moderators"]}
    subject = str(uuid.uuid4())
    return Login(
        issuer="http://identity.test", subject=subject, name="Compte de test", email=f"{subject}@people.example", email_verified=True,
        access_expires_at=now() + timedelta(minutes=5), sid=str(uuid.uuid4()), organisations=claim,
    )  # fmt: skip


def make_operator(*, level: int = 0) -> Login:
    """Somebody who runs the installation, with a login of this level."""
    subject = str(uuid.uuid4())
    return Login(
        issuer="http://identity.test",
        subject=subject,
        name="Compte d’exploitation",
        email=f"{subject}@people.example",
        email_verified=True,
        access_expires_at=now() + timedelta(minutes=5),
        sid=str(uuid.uuid4()),
        level=level,
        realm_roles=frozenset({OPERATOR}),
    )


async def enter(
    site: Site,
    territory: Territory,
    *,
    memberships: Mapping[str, list[str]] | None = None,
    login: Login | None = None,
) -> Actor:
    """Somebody logs in (a `login` that is known, or a new one); who they are, for the commands behind pages."""
    someone = login or make_person(territory, memberships=memberships)
    token = await sign_in(site.services[SESSIONS], territory, someone)
    actor: Actor | None = await site.services[SESSIONS].find_actor(territory, token)
    assert actor is not None
    return actor


def freshen(registry: TerritoryRegistry) -> None:
    """Territories come and go between tests: the register is read at each question."""
    registry._max_age = 0


def set_apart(site: Site) -> Database:
    """Have the register read on a connection of its own; returns what is to be closed.

    Else it would change the territory of the page's connection at each request, and the page change it back.
    """
    apart = Database(site.settings, site.program, pages=site.database.is_for_pages)
    site.registry._database = apart
    return apart


async def shut_down(app: Litestar) -> None:
    """What the server does at the end; nothing is done at the start."""
    for hook in app.on_shutdown:
        await hook()  # type: ignore[call-arg, misc]


async def _check(response: httpx.Response) -> None:
    await response.aread()
    is_page = response.request.method != "HEAD" and response.headers.get(
        "content-type", ""
    ).startswith("text/html")
    if not is_page or response.headers.get("content-disposition", "").startswith(
        "attachment"
    ):
        return
    faults = check_page(
        response.text, url=str(response.request.url), headers=response.headers
    )
    assert faults == [], f"{response.request.method} {response.request.url}: {faults}"


@asynccontextmanager
async def browse(
    app: Litestar, territory: Territory | None, person: Login | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser on the territory's host (None: the installation's own), logged in as `person` if given."""
    site: Site = app.state.site
    if territory:
        origin = territory.links[site.program]
    else:
        origin = site.settings.origin("portal", site.settings.installation_host)
    cookies = {}
    if person:
        cookies[cookie_name(origin)] = await sign_in(
            site.services[SESSIONS], territory or site.installation, person
        )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=origin, headers=BROWSER, cookies=cookies,
        event_hooks={"response": [_check]}, timeout=30,
    ) as client:  # fmt: skip
        yield client
