"""Acts that decide wait while the identity service cannot say that somebody still may; everything else goes on."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from tests.contract.credentials.world import Programs, World, build
from tests.node.producer import SLUG
from tests.service_overrides import ServiceOverrides
from tests.stage import confirm_accounts
from udi.kit.clock import now
from udi.kit.sessions import SESSIONS
from udi.node.identity.models import WebSession as NodeSession
from udi.portal.identity.models import WebSession as PortalSession
from udi.ui import decision_guards

PORTAL = [
    "/access-requests/{thing}/grant", "/access-requests/{thing}/accept", "/agreements/{thing}/revoke",
    "/agreements/{thing}/give_notice", "/agreements/{thing}/resume", "/projects/{thing}/access/credentials",
    "/projects/{thing}/access/credentials/{thing}/renew", "/data/{thing}/access-policy/edit", "/my-space/tokens",
    "/my-space/organisations/{slug}/invitations", "/my-space/organisations/{slug}/members/{thing}/role",
    "/my-space/organisations/{slug}/members/{thing}/remove", "/my-space/organisations/{slug}/entries/{thing}/accept",
    "/my-space/organisations/{slug}/entries/{thing}/admit", "/join/{thing}/decide", "/projects/{thing}/team",
    "/projects/{thing}/team/{thing}", "/calls/{thing}/organise/jury", "/calls/{thing}/organise/decide",
    "/projects/{thing}/data-spaces/connectors", "/projects/{thing}/data-spaces/connectors/{thing}/renew",
    "/nodes/invitations/{thing}/renew", "/data/{thing}/withdraw", "/my-space/organisations/{slug}/processing/statement",
    "/my-space/organisations/{slug}/processing/publish", "/my-space/organisations/{slug}/processing/import",
    "/my-space/organisations/{slug}/processing/entries/{thing}/publish",
    "/my-space/organisations/{slug}/processing/entries/{thing}/delete", "/agreements/{thing}/consents",
    "/agreements/{thing}/consents/{thing}/accept", "/agreements/{thing}/consents/{thing}/refuse",
    "/consents/{thing}/invalidate",
]  # fmt: skip
BY_PROGRAM = [
    "/api/v1/access-requests/{thing}/events",
    "/api/v1/agreements/{thing}/events",
    "/api/v1/projects/{thing}/team",
]
PUT_BY_PROGRAM = ["/api/v1/organisations/{thing}/processing"]
NODE = [
    "/spaces/{slug}/archive", "/datasets/{thing}/withdraw", "/datasets/{thing}/erase", "/spaces/{slug}/keys",
    "/datasets/{thing}/people", "/datasets/{thing}/versions/1/remove", "/datasets/{thing}/consents",
    "/datasets/{thing}/consents/{thing}/confirm", "/requests/{thing}/events/answer", "/requests/{thing}/hold",
    "/spaces/{slug}/requests/settings",
]  # fmt: skip
NODE_READS = ["/datasets/{thing}/versions/1/link"]
OTHERS = [
    "/access-requests/{thing}/message",
    "/my-space/organisations/{slug}/entries/{thing}/decline",
    "/sources/try",
]
"""What decides nothing."""
STALE = timedelta(minutes=11)


@pytest.fixture
async def world(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setattr(decision_guards, "PAUSE", 0)
    async with build(programs) as new_world:
        yield new_world


@pytest.fixture
async def clients(world: World) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """Somebody who may do much, in front of both programs; a program of theirs."""
    async with AsyncExitStack() as stack:
        client_by_name = {}
        for name, site in (("portal", world.portal), ("node", world.node)):
            origin = world.territory.links[name]
            cookie = {
                "udi": await site.services[SESSIONS].log_in(
                    world.territory, world.login
                )
            }
            transport = httpx.ASGITransport(app=world.apps[name])
            headers = {
                "Accept": "application/json",
                "Accept-Language": "en",
                "Sec-Fetch-Site": "same-origin",
            }
            client_by_name[name] = await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=transport,
                    base_url=origin,
                    cookies=cookie,
                    headers=headers,
                    timeout=60,
                )
            )
        transport = httpx.ASGITransport(app=world.apps["portal"])
        bearer = {
            "Authorization": f"Bearer {world.texts_by_kind['token of a person']}",
            "Accept": "application/json",
        }
        client_by_name["program"] = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=transport,
                base_url=world.territory.links["portal"],
                headers=bearer,
            )
        )
        yield client_by_name


async def _confirm(world: World, ago: timedelta) -> None:
    moment = now() - ago
    for site, table in ((world.portal, PortalSession), (world.node, NodeSession)):
        await confirm_accounts(site.database, world.territory.id, moment)
        async with site.database.session(world.territory.id, role="worker") as session:
            await session.execute(update(table).values(confirmed_at=moment))


async def _statuses(
    world: World, clients: dict[str, httpx.AsyncClient]
) -> dict[str, int]:
    requests = [
        *(("portal", "POST", address) for address in PORTAL),
        *(("program", "POST", address) for address in BY_PROGRAM),
        *(("program", "PUT", address) for address in PUT_BY_PROGRAM),
        *(("node", "POST", address) for address in NODE),
        *(("node", "GET", address) for address in NODE_READS),
    ]
    statuses = {}
    for who, method, address in requests:
        path = address.format(thing=world.thing, slug=SLUG)
        statuses[f"{who} {address}"] = (
            await clients[who].request(method, path, data={})
        ).status_code
    return statuses


async def test_each_act_that_decides_waits_for_the_identity_service(
    world: World, clients: dict[str, httpx.AsyncClient]
) -> None:
    await _confirm(world, STALE)

    statuses = await _statuses(world, clients)
    response = await clients["portal"].post("/my-space/tokens", data={})

    assert {name for name, status in statuses.items() if status != 503} == set()
    assert response.headers["retry-after"] == "60"
    assert "it cannot be checked that you still may do this" in response.text


async def test_each_is_let_through_while_it_answers(
    world: World, clients: dict[str, httpx.AsyncClient]
) -> None:
    await _confirm(world, timedelta(minutes=9))

    statuses = await _statuses(world, clients)

    assert {name for name, status in statuses.items() if status == 503} == set()


async def test_what_decides_nothing_goes_on(
    world: World, clients: dict[str, httpx.AsyncClient]
) -> None:
    await _confirm(world, STALE)

    posted = [
        await clients["portal"].post(
            address.format(thing=world.thing, slug=SLUG), data={}
        )
        for address in OTHERS
    ]
    read = [
        await clients["portal"].get("/my-space"),
        await clients["node"].get(f"/spaces/{SLUG}/keys"),
    ]

    assert 503 not in {response.status_code for response in posted}
    assert [response.status_code for response in read] == [200, 200]


async def _authenticate(world: World, *, level: int, ago: timedelta) -> None:
    """Have both programs ask for a second factor, and their session be of this level and age."""
    moment = now() - ago
    for site, table in ((world.portal, PortalSession), (world.node, NodeSession)):
        ServiceOverrides(site.services)[SESSIONS] = replace(
            site.services[SESSIONS], second_factor=True
        )
        async with site.database.session(world.territory.id, role="worker") as session:
            await session.execute(
                update(table).values(level=level, authenticated_at=moment)
            )


def _of_browsers(status_by_name: dict[str, int]) -> dict[str, int]:
    return {
        name: status
        for name, status in status_by_name.items()
        if not name.startswith("program ")
    }


def _forbidden(status_by_name: dict[str, int]) -> set[str]:
    return {name for name, status in status_by_name.items() if status == 403}


async def test_each_act_that_decides_wants_a_recent_login(
    world: World, clients: dict[str, httpx.AsyncClient]
) -> None:
    await _confirm(world, timedelta())
    await _authenticate(world, level=2, ago=timedelta(minutes=16))

    statuses = await _statuses(world, clients)
    refused = await clients["portal"].post("/my-space/tokens", data={})
    read = [
        await clients["portal"].get("/my-space"),
        await clients["node"].get(f"/spaces/{SLUG}/keys"),
    ]

    assert {
        name for name, status in _of_browsers(statuses).items() if status != 403
    } == set()
    assert refused.json()["type"].endswith("/login-too-old")
    assert refused.json()["page"] == "/login?fresh=true&back=/my-space"
    assert [response.status_code for response in read] == [200, 200]


async def test_each_act_that_decides_wants_a_second_factor(
    world: World, clients: dict[str, httpx.AsyncClient]
) -> None:
    await _confirm(world, timedelta())
    await _authenticate(world, level=1, ago=timedelta())

    statuses = await _statuses(world, clients)
    refused = await clients["portal"].post("/my-space/tokens", data={})

    assert {
        name for name, status in _of_browsers(statuses).items() if status != 403
    } == set()
    assert refused.json()["page"] == "/login?factor=true&back=/my-space"


async def test_each_is_let_through_after_a_recent_login_with_a_second_factor(
    world: World, clients: dict[str, httpx.AsyncClient]
) -> None:
    await _confirm(world, timedelta())
    before = await _statuses(world, clients)
    await _authenticate(world, level=2, ago=timedelta(minutes=14))

    statuses = await _statuses(world, clients)

    assert _forbidden(statuses) == _forbidden(before)


async def test_a_script_removes_nothing_for_good_meanwhile(
    world: World, clients: dict[str, httpx.AsyncClient]
) -> None:
    headers = {"Authorization": f"Bearer {world.texts_by_kind['key of a space']}"}
    address = f"/api/v1/datasets/{world.thing}/versions/1"
    await _confirm(world, STALE)
    stale = await clients["node"].delete(address, headers=headers)
    await _confirm(world, timedelta())
    fresh = await clients["node"].delete(address, headers=headers)

    assert stale.status_code == 503
    assert fresh.status_code != 503
