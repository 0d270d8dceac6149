"""The second client of a node: people who ask about themselves are known there by a pairwise subject, and by nothing else."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qs

import httpx
import pytest
from litestar import Litestar, get
from sqlalchemy import select, text

from tests.cluster import free_ports
from tests.identity.browser import Browser
from tests.identity.programs import program
from tests.identity.relay import relay
from tests.identity.scene import Scene, provision
from udi.kit.db import Database
from udi.kit.oidc import subjects_client, subjects_client_id
from udi.kit.sessions import SESSIONS, Sessions
from udi.kit.tenancy import Territory
from udi.node.subject_requests.identity import SUBJECT_SESSIONS, find_subject
from udi.node.subject_requests.models import TABLES, SubjectPerson, SubjectSession
from udi.node.subject_requests.pages import login_pages
from udi.portal.identity.provision.admin import RealmAdmin
from udi.portal.identity.provision.clients import PAIRWISE_MAPPER
from udi.settings import Settings
from udi.ui.dependencies import AnyRequest, CurrentTerritory


@get("/subjects/who")
async def who(request: AnyRequest, territory: CurrentTerritory) -> dict[str, object]:
    """Who asks about themselves, as the node sees them."""
    subject = await find_subject(request, territory)
    if subject is None:
        return {}
    return {
        "id": str(subject.person_id),
        "name": subject.name,
        "email": subject.email,
        "memberships": dict(subject.memberships),
        "fresh": subject.authenticated_at is not None,
    }


@pytest.fixture(scope="module")
def own_back_channel(keycloak: Settings) -> Settings:
    """Settings whose node hears the identity service at a port of this file."""
    address = f"http://127.0.0.1:{free_ports(1)}"
    return keycloak.model_copy(update={"node_back_channel": address})


@pytest.fixture
async def territory(
    demo: Territory, admin: RealmAdmin, own_back_channel: Settings
) -> Territory:
    """A territory that Keycloak knows, as its node sees it."""
    await asyncio.to_thread(provision, admin, own_back_channel, demo)
    return replace(demo, origin=demo.links["node"], hosts=(f"node.{demo.hosts[0]}",))


@pytest.fixture
async def node(
    own_back_channel: Settings, node_database: Database
) -> AsyncIterator[Litestar]:
    """A node with both of its logins."""
    async with program(
        own_back_channel, node_database, [*login_pages.routes, who]
    ) as app:
        site = app.state.site
        sessions = Sessions(
            node_database,
            TABLES,
            site.services[SESSIONS].service,
            lambda territory: subjects_client(
                own_back_channel, territory.slug, territory.origin
            ),
        )
        site.services.provide(SUBJECT_SESSIONS, sessions)
        yield app


@pytest.fixture
async def scene(
    node: Litestar, territory: Territory, admin: RealmAdmin
) -> AsyncIterator[Scene]:
    scene = Scene(node, territory, admin)
    yield scene
    await scene.close()


async def log_in(browser: Browser, back: str = "/subjects/who") -> httpx.Response:
    """Through the second client, by a Keycloak that knows the person."""
    leaving = await browser.app.get("/subjects/login", params={"back": back})
    answer = await browser.keycloak.get(leaving.headers["location"])
    assert answer.status_code == 302, answer.text
    return await browser.get(answer.headers["location"])


def payload(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    claims: dict[str, object] = json.loads(
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    )
    return claims


async def read_sessions(
    database: Database, territory: Territory
) -> list[tuple[SubjectSession, SubjectPerson]]:
    async with database.session(territory.id) as session:
        query = select(SubjectSession, SubjectPerson).join(
            SubjectPerson, SubjectPerson.id == SubjectSession.person_id
        )
        return [(row, person) for row, person in await session.execute(query)]


async def test_the_node_knows_a_pairwise_subject_and_nothing_else(
    scene: Scene, node_database: Database
) -> None:
    someone, browser = await scene.visitor({f"{scene.territory.slug}--mairie": []})

    arrived = await log_in(browser)

    assert (arrived.status_code, arrived.headers["location"]) == (303, "/subjects/who")
    known = (await browser.get("/subjects/who")).json()
    assert (known["name"], known["email"], known["memberships"]) == ("", "", {})
    assert known["fresh"] is True
    [(row, person)] = await read_sessions(node_database, scene.territory)
    assert person.subject != someone.id
    claims = payload(row.id_token)
    assert claims["sub"] == person.subject
    assert someone.id not in json.dumps(claims)
    assert someone.email not in json.dumps(claims)
    assert "organization" not in claims


async def test_the_same_person_is_one_subject_at_each_login_and_another_at_each_territory(
    scene: Scene, node_database: Database
) -> None:
    _, browser = await scene.visitor()
    await log_in(browser)
    await browser.post("/subjects/logout")

    await log_in(browser)

    sessions = await read_sessions(node_database, scene.territory)
    assert len({person.subject for _, person in sessions}) == 1


async def test_this_login_is_none_of_the_staff(scene: Scene) -> None:
    _, browser = await scene.visitor({f"{scene.territory.slug}--mairie": ["managers"]})

    await log_in(browser)

    assert (await browser.get("/who")).json() == {}
    assert "udi-subject" in browser.app.cookies
    assert "udi" not in browser.app.cookies


@pytest.mark.thorough
async def test_the_session_goes_on_by_a_refresh(
    scene: Scene, node_database: Database
) -> None:
    _, browser = await scene.visitor()
    await log_in(browser)
    before = (await browser.get("/subjects/who")).json()
    [(row, _)] = await read_sessions(node_database, scene.territory)
    async with node_database.session(scene.territory.id) as session:
        due = "UPDATE app.subject_session SET access_expires_at = now() - interval '1 minute'"
        await session.execute(text(due))

    assert (await browser.get("/subjects/who")).json() == before
    [(later, _)] = await read_sessions(node_database, scene.territory)
    assert later.confirmed_at > row.confirmed_at


@pytest.mark.thorough
async def test_a_logout_at_the_identity_service_ends_the_session(
    scene: Scene,
    node: Litestar,
    own_back_channel: Settings,
    node_database: Database,
    other: Territory,
) -> None:
    someone, browser = await scene.visitor()
    port = int(own_back_channel.node_back_channel.rpartition(":")[2])
    async with relay(node, port) as requests:
        await log_in(browser)
        assert (await browser.get("/subjects/who")).json() != {}

        await browser.post("/subjects/logout")
        await log_in(browser)
        await asyncio.to_thread(scene.admin.user_logout, someone.id)

    assert await read_sessions(node_database, scene.territory) == []
    assert [request.url.path for request in requests][-1] == (
        "/subjects/logout/back-channel"
    )
    token = parse_qs(requests[-1].content.decode())["logout_token"][0]
    assert payload(token)["aud"] == subjects_client_id(scene.territory.slug)


async def test_a_fresh_login_asks_for_the_password_again(scene: Scene) -> None:
    _, browser = await scene.visitor()
    await log_in(browser)

    leaving = await browser.app.get("/subjects/login", params={"fresh": "true"})

    assert "prompt=login" in leaving.headers["location"]
    assert "organization" not in leaving.headers["location"]
    assert "code_challenge_method=S256" in leaving.headers["location"]


@pytest.mark.thorough
async def test_the_client_is_made_once_and_put_right(
    scene: Scene, admin: RealmAdmin, own_back_channel: Settings, demo: Territory
) -> None:
    again = await asyncio.to_thread(provision, admin, own_back_channel, demo)

    assert {change.outcome for change in again} == {"unchanged"}
    client = await asyncio.to_thread(
        admin.find_client, subjects_client_id(scene.territory.slug)
    )
    assert client is not None
    assert set(client["defaultClientScopes"]) == {"basic", "acr"}
    mappers = {mapper["protocolMapper"] for mapper in client["protocolMappers"]}
    assert PAIRWISE_MAPPER in mappers
