"""Requests to join, requests of members and invitations are in the inbox of who answers them."""

from collections.abc import Callable
from uuid import UUID

import httpx
from litestar import Litestar

from tests.portal.organisations.conftest import Workspace
from tests.visitors import browse
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.organisations.actions import apply_organisation
from udi.ui.site import Site

JSON = "/inbox.json"


async def kinds(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    """(kind, role) of all that waits for somebody."""
    document = (await client.get(JSON)).json()
    return [(item["kind"], item["role"]) for item in document["items"]]


async def test_application_waits_for_the_team_then_its_question_for_who_asked(
    workspace: Workspace,
) -> None:
    address = await workspace.ask()
    asked = [await kinds(client) for client in (workspace.team, workspace.person)]
    page = await workspace.team.get("/inbox")
    await workspace.decide(address, "request_information", "Quel service ?")
    questioned = [await kinds(client) for client in (workspace.team, workspace.person)]
    await workspace.decide(address, "approve")
    settled = [await kinds(client) for client in (workspace.team, workspace.person)]

    assert asked == [[("application", "team")], []]
    assert f'href="{address}"' in page.text
    assert questioned == [[], [("application_question", "person")]]
    assert settled == [[], []]


async def test_members_and_invitations_wait_for_whom_they_concern(
    portal_site: Site,
    portal_app: Litestar,
    demo: Territory,
    make_person: Callable[..., Login],
) -> None:
    async with portal_site.database.session(demo.id) as session:
        facts = {"summary": {}, "email": "bonjour@seve.example"}
        await apply_organisation(
            session, id=UUID(int=7), slug="seve", name="Association Sève", **facts
        )
    invited = make_person(demo)
    home = "/my-space/organisations/seve"
    async with (
        browse(
            portal_app, demo, make_person(demo, memberships={"seve": ["managers"]})
        ) as manager,
        browse(
            portal_app, demo, make_person(demo, memberships={"seve": ["publishers"]})
        ) as publisher,
        browse(portal_app, demo, make_person(demo)) as asker,
        browse(portal_app, demo, invited) as guest,
    ):
        await asker.post(f"{home}/membership", data={"words": "Je plante aussi."})
        await manager.post(
            f"{home}/invitations", data={"email": invited.email, "role": "member"}
        )
        waiting = [await kinds(client) for client in (manager, publisher, asker, guest)]

    assert waiting == [
        [("membership_request", "producer")],
        [],
        [],
        [("invitation", "person")],
    ]


async def test_empty_inbox_says_so_and_leads_on(workspace: Workspace) -> None:
    page = await workspace.person.get("/inbox")

    assert page.status_code == 200
    assert "Rien ne vous attend" in page.text
    assert 'href="/my-space"' in page.text
