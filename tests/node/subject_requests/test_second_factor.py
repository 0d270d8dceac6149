"""Where a second factor is demanded, an officer and a manager named as officer have nothing before they showed it."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from tests.node.conftest import Browse
from tests.node.producer import SLUG
from tests.node.subject_requests.agents import TEXTS, Agent
from tests.node.subject_requests.askers import Asker
from tests.service_overrides import ServiceOverrides
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.node.spaces.models import Space
from udi.node.subject_requests.models import SubjectRequestSettings

READ = ("/requests", "/requests/{id}", "/requests/{id}/files/{id}", "/requests/{id}/dossier.json")  # fmt: skip
WRITTEN = (
    *(f"/requests/{{id}}/events/{event}" for event in TEXTS),
    "/requests/{id}/messages", "/requests/{id}/identity", "/requests/{id}/hold",
    "/requests/{id}/files", "/requests/{id}/files/{id}",
)  # fmt: skip
POSSIBLE = ("uphold", "overturn")
"""What the table allows in a request that was escalated."""


@pytest.fixture
async def contested(asker: Asker, agent: Agent) -> str:
    """A request whose refusal was contested."""
    request_id = await asker.ask()
    await agent.act(request_id, "refuse")
    await asker.act(request_id, "escalate", text="C’est la deuxième fois.")
    return request_id


@pytest.fixture(params=[[], ["managers"]], ids=["member", "manager"])
async def officer(
    request: pytest.FixtureRequest,
    demo: Territory,
    space: Space,
    node_database: Database,
    make_person: Callable[..., Login],
) -> Login:
    """Whom the town hall named."""
    someone = make_person(demo, memberships={SLUG: request.param})
    async with node_database.session(demo.id, role="worker") as session:
        named = SubjectRequestSettings(id=space.id, officer_email=someone.email)
        session.add(named)
    return replace(someone, authenticated_at=now())


async def read_statuses(client: httpx.AsyncClient, request_id: str) -> dict[str, int]:
    """What each address answers."""
    statuses = {}
    for address in READ:
        answer = await client.get(address.format(id=request_id))
        statuses[f"GET {address}"] = answer.status_code
    for address in WRITTEN:
        path = address.format(id=UUID(request_id))
        event = path.rpartition("/")[2]
        form = TEXTS.get(event, {"text": "Bonjour"}) or {"text": ""}
        answer = await client.post(path, data=form)
        statuses[f"POST {address}"] = answer.status_code
    return statuses


async def test_an_officer_without_the_second_factor_has_nothing(
    contested: str,
    officer: Login,
    node_app: Litestar,
    demo: Territory,
    services: ServiceOverrides,
    browse: Browse,
) -> None:
    services[SESSIONS] = replace(services[SESSIONS], second_factor=True)
    async with browse(node_app, demo, replace(officer, level=1)) as client:
        statuses = await read_statuses(client, contested)
        page = await client.get(f"/requests/{contested}")
        inbox = await client.get("/inbox")

    possible = {f"POST /requests/{{id}}/events/{event}" for event in POSSIBLE}
    others = {name for name in statuses if "/events/" in name} - possible
    assert {name for name in statuses if statuses[name] != 403} - others == set()
    assert {statuses[name] for name in others} <= {403, 409}
    assert f"/login?factor=true&amp;back=/requests/{contested}" in page.text
    assert contested not in inbox.text


async def test_an_officer_with_the_second_factor_decides(
    contested: str,
    officer: Login,
    node_app: Litestar,
    demo: Territory,
    services: ServiceOverrides,
    browse: Browse,
) -> None:
    services[SESSIONS] = replace(services[SESSIONS], second_factor=True)
    async with browse(node_app, demo, replace(officer, level=2)) as client:
        listed = await client.get("/requests")
        page = await Agent(client).see(contested)
        upheld = await Agent(client).act(contested, "uphold")

    assert (listed.status_code, page.status_code) == (200, 200)
    assert upheld.status_code == 303
