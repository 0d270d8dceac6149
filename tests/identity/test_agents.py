"""A program that reasons gets a token at Keycloak for its person, and acts at `/mcp` with exactly their rights."""

import asyncio
import base64
import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest
from litestar import Litestar

from tests.identity.browser import form_action, query_of
from tests.identity.scene import (
    ORGANISATIONS,
    PASSWORD,
    Person,
    Scene,
    member_of,
    provision,
)
from tests.mcp import call_tool, request_result, send, write_message
from tests.visitors import browse
from udi.kit import tokens
from udi.kit.agent_tokens import MEMBERSHIPS_SCOPE
from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.portal.identity.provision.admin import RealmAdmin
from udi.portal.identity.provision.agents import (
    agent_scope_target,
    apply_agents,
    remove_agents,
)
from udi.portal.identity.provision.territory import apply_territory
from udi.settings import Settings
from udi.ui.login_theme import client_attributes

BACK = "http://127.0.0.1:33418/callback"
"""Where the program listens on its person's machine, on a port that it chose."""
STEPS = "/login-actions/"
"""In the addresses of Keycloak's own pages."""
SEARCH = write_message("tools/call", {"name": "list_terms", "arguments": {}})
ACCESS = write_message("tools/call", {"name": "my_access", "arguments": {}})


@dataclass
class AgentClient:
    """A program of somebody's, which knows the address of a server and nothing else."""

    server: httpx.AsyncClient
    scene: Scene
    client_id: str

    async def discover(self) -> tuple[dict[str, str], str]:
        """The endpoints of the identity service, and the scopes to ask for, as refusals and documents name them."""
        listing = write_message("tools/list")
        refusal = await send(self.server, listing, Authorization="Bearer a.b.c")
        challenge = refusal.headers["www-authenticate"]
        fields = dict(
            part.split("=", 1) for part in challenge.removeprefix("Bearer ").split(", ")
        )
        address = fields["resource_metadata"].strip('"')
        document = (await self.server.get(address)).json()
        [issuer] = document["authorization_servers"]
        async with httpx.AsyncClient() as client:
            endpoints = await client.get(f"{issuer}/.well-known/openid-configuration")
        return endpoints.json(), fields["scope"].strip('"')

    async def ask(self, keycloak: httpx.AsyncClient, **changes: str) -> httpx.Response:
        """What Keycloak answers when the person's browser is led there; a change that is empty leaves a parameter out."""
        endpoints, scope = await self.discover()
        self.verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "client_id": self.client_id,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": f"openid {scope}",
            "state": "here",
            "resource": f"{self.server.base_url}/mcp",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            "ui_locales": "fr",
            **changes,
        }
        self.endpoints = endpoints
        parameters = {name: value for name, value in query.items() if value}
        answer = await keycloak.get(
            f"{endpoints['authorization_endpoint']}?{urlencode(parameters)}"
        )
        return await follow(keycloak, answer)

    async def redeem(self, address: str, **changes: str) -> httpx.Response:
        """Exchange the code with which the browser came back."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "redirect_uri": BACK,
            "code": query_of(address)["code"],
            "code_verifier": self.verifier,
            **changes,
        }
        async with httpx.AsyncClient() as client:
            return await client.post(self.endpoints["token_endpoint"], data=form)

    async def token_of(self, person: Person, **changes: str) -> dict[str, str]:
        """The header with a token of a person whom Keycloak knows, who agrees."""
        browser = self.scene.browser()
        await browser.be(self.scene.admin, person.id)
        answer = await self.ask(browser.keycloak, **changes)
        if answer.status_code == httpx.codes.OK:
            answer = await agree(browser.keycloak, answer)
        granted = (await self.redeem(answer.headers["location"])).json()
        return {"Authorization": f"Bearer {granted['access_token']}"}


async def follow(keycloak: httpx.AsyncClient, answer: httpx.Response) -> httpx.Response:
    """The page that Keycloak leads on to, as long as it stays there."""
    while STEPS in answer.headers.get("location", ""):
        answer = await keycloak.get(answer.headers["location"])
    return answer


async def agree(keycloak: httpx.AsyncClient, page: httpx.Response) -> httpx.Response:
    """Accept what the page asks for."""
    code = page.text.partition('name="code" value="')[2].partition('"')[0]
    form = {"code": code, "accept": "true"}
    return await keycloak.post(page.url.join(form_action(page)), data=form)


@pytest.fixture
async def agent(scene: Scene, portal_app: Litestar) -> AgentClient:
    """A program before the whole portal of the first territory."""
    territory = scene.territory
    async with browse(portal_app, territory) as server:
        yield AgentClient(server, scene, f"{territory.slug}-mcp")


@pytest.fixture
async def node_agent(scene: Scene, node_app: Litestar) -> AgentClient:
    """The same before its node."""
    origin = scene.territory.links["node"]
    at_node = replace(scene.territory, origin=origin)
    async with browse(node_app, at_node) as server:
        yield AgentClient(server, scene, f"{scene.territory.slug}-mcp")


@pytest.mark.usefixtures("alone")
async def test_a_program_logs_its_person_in_by_the_real_forms_and_acts_for_them(
    agent: AgentClient, scene: Scene, connected: Settings
) -> None:
    territory = scene.territory
    theme = client_attributes(
        territory.slug, territory.name, {}, origin=territory.origin
    )
    await asyncio.to_thread(provision, scene.admin, connected, territory, theme=theme)
    someone = await scene.person(member_of(territory), password=PASSWORD)
    keycloak = scene.browser().keycloak

    page = await agent.ask(keycloak)
    page = await keycloak.post(
        page.url.join(form_action(page)), data={"username": someone.email}
    )
    form = {"username": someone.email, "password": PASSWORD}
    page = await keycloak.post(page.url.join(form_action(page)), data=form)
    consent = await follow(keycloak, page)
    back = await agree(keycloak, consent)
    granted = (await agent.redeem(back.headers["location"])).json()
    bearer = f"Bearer {granted['access_token']}"
    access = await call_tool(agent.server, "my_access", {}, Authorization=bearer)

    assert "Autoriser ce programme" in consent.text
    assert "Ce que vous avez le droit de lire" in consent.text
    assert '<html lang="fr"' in consent.text
    assert back.headers["location"].startswith(f"{BACK}?")
    assert query_of(back.headers["location"])["state"] == "here"
    assert access["result"]["email"] == someone.email
    assert access["result"]["organisations"] == [
        {"slug": "mairie", "name": "mairie", "groups": ["managers", "publishers"]}
    ]
    assert granted["refresh_token"]


async def test_the_document_says_where_tokens_are_given(
    agent: AgentClient, scene: Scene, settings: Settings
) -> None:
    territory = scene.territory
    answers = [
        await agent.server.get(f"/.well-known/oauth-protected-resource{path}")
        for path in ("", "/mcp")
    ]

    document = answers[0].json()
    assert answers[1].json() == document
    assert document["resource"] == f"{territory.origin}/mcp"
    assert document["authorization_servers"] == [settings.issuer]
    assert document["scopes_supported"] == [
        f"{territory.slug}-portal-mcp",
        MEMBERSHIPS_SCOPE,
    ]
    assert document["resource_name"] in territory.name.values()
    assert answers[0].headers["access-control-allow-origin"] == "*"


async def test_a_tool_that_needs_a_person_says_where_a_token_is_given(
    agent: AgentClient,
) -> None:
    refused = await send(agent.server, ACCESS)
    opened = await send(agent.server, SEARCH)

    assert (refused.status_code, opened.status_code) == (401, 200)
    assert (
        f'resource_metadata="{agent.server.base_url}/.well-known/oauth-protected-resource/mcp"'
        in refused.headers["www-authenticate"]
    )
    assert refused.json()["error"]["data"]["status"] == 401


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "openid mcp-of-nobody"}, "invalid_scope"),
    ],
    ids=["no PKCE", "plain PKCE", "unknown scope"],
)
async def test_a_login_that_is_asked_otherwise_is_refused(
    agent: AgentClient, scene: Scene, changes: dict[str, str], fault: str
) -> None:
    _, browser = await scene.visitor()

    answer = await agent.ask(browser.keycloak, **changes)

    assert query_of(answer.headers["location"])["error"] == fault


async def test_nobody_is_sent_back_to_another_machine(
    agent: AgentClient, scene: Scene
) -> None:
    _, browser = await scene.visitor()

    answer = await agent.ask(
        browser.keycloak, redirect_uri="https://elsewhere.example/callback"
    )

    assert answer.status_code == 400


async def test_a_person_who_declines_gives_no_token(
    agent: AgentClient, scene: Scene
) -> None:
    _, browser = await scene.visitor()
    page = await agent.ask(browser.keycloak)
    code = page.text.partition('name="code" value="')[2].partition('"')[0]

    answer = await browser.keycloak.post(
        page.url.join(form_action(page)), data={"code": code, "cancel": "true"}
    )

    assert query_of(answer.headers["location"])["error"] == "access_denied"


async def test_a_code_without_its_verifier_gives_no_token(
    agent: AgentClient, scene: Scene
) -> None:
    _, browser = await scene.visitor()
    page = await agent.ask(browser.keycloak)
    back = await agree(browser.keycloak, page)

    answer = await agent.redeem(
        back.headers["location"], code_verifier=secrets.token_urlsafe(48)
    )

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_a_token_counts_at_the_tools_of_its_own_program_alone(
    agent: AgentClient, node_agent: AgentClient, scene: Scene
) -> None:
    someone = await scene.person(member_of(scene.territory))
    at_portal = await agent.token_of(someone)
    at_node = await node_agent.token_of(someone)

    opened = await send(agent.server, ACCESS, **at_portal)
    listed = await request_result(node_agent.server, "tools/list", **at_node)
    refused = [
        await send(agent.server, SEARCH, **at_node),
        await send(node_agent.server, write_message("tools/list"), **at_portal),
    ]
    direct = await agent.server.get("/api/v1/me", headers=at_portal)

    assert opened.json()["result"]["isError"] is False
    assert listed["tools"]
    for answer in refused:
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert "resource_metadata=" in answer.headers["www-authenticate"]
    assert direct.status_code == 401


async def test_a_token_of_another_territory_or_for_another_audience_is_refused(
    agent: AgentClient,
    scene: Scene,
    elsewhere: Territory,
    portal_app: Litestar,
) -> None:
    someone = await scene.person(member_of(elsewhere))
    async with browse(portal_app, elsewhere) as server:
        other = AgentClient(server, scene, f"{elsewhere.slug}-mcp")
        foreign_token = await other.token_of(someone)
        accepted = await send(server, ACCESS, **foreign_token)
    plain = await agent.token_of(someone, scope="openid")

    foreign = await send(agent.server, SEARCH, **foreign_token)
    without = await send(agent.server, SEARCH, **plain)

    assert accepted.json()["result"]["isError"] is False
    assert (foreign.status_code, without.status_code) == (401, 401)


async def test_a_token_that_is_too_old_is_refused(
    agent: AgentClient, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await agent.token_of(await scene.person())
    before = await send(agent.server, SEARCH, **headers)
    monkeypatch.setattr(tokens, "now", lambda: now() + timedelta(minutes=6))

    after = await send(agent.server, SEARCH, **headers)

    assert (before.status_code, after.status_code) == (200, 401)
    assert 'error="invalid_token"' in after.headers["www-authenticate"]


async def test_a_token_for_the_address_without_the_scope_is_refused(
    agent: AgentClient, scene: Scene, admin: RealmAdmin
) -> None:
    """As a realm would give it in which somebody put the audience elsewhere."""
    target = agent_scope_target("anything", scene.territory.origin)
    name = f"{scene.territory.slug}-odd"
    scope = admin.create_client_scope({**target, "name": name})
    client = admin.find_client(agent.client_id) or {}
    admin.put(f"clients/{client['id']}/optional-client-scopes/{scope}")

    headers = await agent.token_of(await scene.person(), scope=f"openid {name}")
    answer = await send(agent.server, SEARCH, **headers)

    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert f"{scene.territory.slug}-portal-mcp" in answer.headers["www-authenticate"]


async def test_rights_are_those_that_the_token_says(
    agent: AgentClient, scene: Scene
) -> None:
    someone = await scene.person(member_of(scene.territory))

    whole = await agent.token_of(someone)
    narrow = await agent.token_of(
        someone, scope=f"openid {scene.territory.slug}-portal-mcp"
    )
    answers = [
        (await call_tool(agent.server, "my_access", {}, **headers))["result"]
        for headers in (whole, narrow)
    ]

    assert [len(answer["organisations"]) for answer in answers] == [1, 0]
    assert {answer["email"] for answer in answers} == {someone.email}


@pytest.mark.thorough
async def test_a_realm_that_is_there_gets_the_scopes_and_the_client(
    armorine: Territory, admin: RealmAdmin, connected: Settings
) -> None:
    slug = armorine.slug
    await asyncio.to_thread(remove_agents, admin, slug)

    gone = admin.find_client(f"{slug}-mcp")
    first = await asyncio.to_thread(provision, admin, connected, armorine)
    again = await asyncio.to_thread(provision, admin, connected, armorine)

    changes = [
        {change.name: change.outcome for change in done}[f"{slug}-mcp"]
        for done in (first, again)
    ]
    client = admin.find_client(f"{slug}-mcp") or {}
    assert (gone, changes) == (None, ["created", "unchanged"])
    assert set(client["optionalClientScopes"]) == {
        "organization",
        f"{slug}-portal-mcp",
        f"{slug}-node-mcp",
    }
    assert (client["publicClient"], client["consentRequired"]) == (True, True)


@pytest.mark.thorough
async def test_an_address_that_moved_is_the_audience_of_new_tokens(
    armorine: Territory, admin: RealmAdmin, connected: Settings
) -> None:
    changes = await asyncio.to_thread(
        apply_territory,
        admin,
        connected,
        slug=armorine.slug,
        name="Armorine",
        organisations=ORGANISATIONS,
        origins={"portal": "https://data.example", "node": "https://node.example"},
    )

    scopes = {scope["name"]: scope for scope in admin.get_client_scopes()}
    [mapper] = scopes[f"{armorine.slug}-portal-mcp"]["protocolMappers"]
    outcome = {change.name: change.outcome for change in changes}
    assert outcome[f"{armorine.slug}-mcp"] == "updated"
    assert mapper["config"]["included.custom.audience"] == "https://data.example/mcp"


@pytest.mark.thorough
async def test_a_node_of_a_producer_has_a_scope_beside_the_others(
    armorine: Territory, admin: RealmAdmin, connected: Settings
) -> None:
    slug = armorine.slug
    own_node = {f"{slug}-node-port-login": "https://port.example"}
    await asyncio.to_thread(apply_agents, admin, slug, "Armorine", own_node, {})

    await asyncio.to_thread(provision, admin, connected, armorine)
    changes = await asyncio.to_thread(provision, admin, connected, armorine)

    client = admin.find_client(f"{slug}-mcp") or {}
    assert f"{slug}-node-port-login-mcp" in client["optionalClientScopes"]
    assert f"{slug}-portal-mcp" in client["optionalClientScopes"]
    outcome = {change.name: change.outcome for change in changes}
    assert outcome[f"{slug}-mcp"] == "unchanged"


@pytest.mark.thorough
async def test_what_pages_look_like_and_where_they_are_change_at_once(
    armorine: Territory, admin: RealmAdmin, connected: Settings
) -> None:
    slug = armorine.slug
    name = f"{slug}-mcp"
    await asyncio.to_thread(provision, admin, connected, armorine)
    origins = {f"{slug}-portal": "https://moved.example"}
    theme = {"udi.hue": "210"}

    changes = [
        await asyncio.to_thread(apply_agents, admin, slug, "Armor", origins, theme)
        for _ in range(2)
    ]

    client = admin.find_client(name) or {}
    scopes = {scope["name"]: scope for scope in admin.get_client_scopes()}
    [mapper] = scopes[f"{slug}-portal-mcp"]["protocolMappers"]
    assert [change.outcome for change in changes] == ["updated", "unchanged"]
    assert (client["attributes"]["udi.hue"], client["name"]) == ("210", "Armor")
    assert mapper["config"]["included.custom.audience"] == "https://moved.example/mcp"
