"""Who was invited to join with a node of their own: the team sees it, renews it or takes it back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select, update

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.errors import NotFoundError
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.audit.models import AuditEvent
from udi.portal.nodes.actions.invite import (
    EndedInvitationError,
    accept_invitation,
    invite_node,
)
from udi.portal.nodes.models import NodeInvitation
from udi.portal.organisations.models import Organisation
from udi.protocol.node_registration import ClientCredentials, NodeCredentials

DRAWN = NodeCredentials(
    push=ClientCredentials(client_id="push", secret="a"),
    login=ClientCredentials(client_id="login", secret="b"),
    subjects=ClientCredentials(client_id="subjects", secret="c"),
)
Invited = tuple[NodeInvitation, str]


@pytest.fixture
async def invited(portal_database: Database, demo: Territory) -> Invited:
    """A port that was invited, and the code of its link."""
    async with portal_database.session(demo.id, role="worker") as session:
        port = Organisation(
            slug="port",
            name="Port de Kerlévan",
            email="port@kerlevan.example",
            summary={},
            url="",
            address="",
            producer=True,
        )
        session.add(port)
        await session.flush()
        code = await invite_node(
            session, slug="quai", name="Nœud du quai", url="https://quai.example", organisations=[port.id],
            credentials=DRAWN,
        )  # fmt: skip
        return (await session.scalars(select(NodeInvitation))).one(), code


@pytest.fixture
def moderator(demo: Territory, make_person: Callable[..., Login]) -> Login:
    """Somebody of the territory's team."""
    return make_person(demo, moderator=True)


async def end(database: Database, territory: Territory) -> None:
    async with database.session(territory.id, role="worker") as session:
        await session.execute(
            update(NodeInvitation).values(expires_at=now() - timedelta(seconds=1))
        )


async def events(database: Database, territory: Territory) -> list[str]:
    async with database.session(territory.id, role="worker") as session:
        return list(
            await session.scalars(select(AuditEvent.name).order_by(AuditEvent.at))
        )


async def test_the_team_sees_who_is_invited_for_whom_and_until_when(
    portal_app: Litestar,
    demo: Territory,
    invited: Invited,
    moderator: Login,
    browse: Any,
) -> None:
    invitation, code = invited
    async with browse(portal_app, demo, moderator) as team:
        page = await team.get("/nodes")

    for words in (
        "Nœuds invités",
        "Nœud du quai",
        "Port de Kerlévan",
        "https://quai.example",
    ):
        assert words in page.text
    assert f"/nodes/invitations/{invitation.id}/renew" in page.text
    assert "Terminée" not in page.text
    assert code not in page.text


async def test_an_invitation_that_ended_works_again_once_renewed(
    portal_app: Litestar,
    portal_database: Database,
    demo: Territory,
    invited: Invited,
    moderator: Login,
    browse: Any,
) -> None:
    invitation, code = invited
    await end(portal_database, demo)
    async with browse(portal_app, demo, moderator) as team:
        assert "Terminée" in (await team.get("/nodes")).text
        done = await team.post(f"/nodes/invitations/{invitation.id}/renew")
        assert (done.status_code, done.headers["location"]) == (303, "/nodes")
        assert "Terminée" not in (await team.get("/nodes")).text

    async with portal_database.session(demo.id, role="worker") as session:
        node, credentials = await accept_invitation(session, code)
        assert (node.slug, credentials) == ("quai", DRAWN)
    assert "node.invitation_renewed" in await events(portal_database, demo)


async def test_an_invitation_works_once(
    portal_database: Database, demo: Territory, invited: Invited
) -> None:
    _, code = invited
    async with portal_database.session(demo.id, role="worker") as session:
        await accept_invitation(session, code)

    async with portal_database.session(demo.id, role="worker") as session:
        with pytest.raises(EndedInvitationError, match="used already"):
            await accept_invitation(session, code)


async def test_another_territory_knows_nothing_of_an_invitation(
    portal_database: Database, other: Territory, invited: Invited
) -> None:
    _, code = invited

    async with portal_database.session(other.id, role="worker") as session:
        with pytest.raises(NotFoundError):
            await accept_invitation(session, code)


async def test_an_invitation_whose_days_have_passed_works_no_more(
    portal_database: Database, demo: Territory, invited: Invited
) -> None:
    _, code = invited
    await end(portal_database, demo)

    async with portal_database.session(demo.id, role="worker") as session:
        with pytest.raises(EndedInvitationError, match="ended on"):
            await accept_invitation(session, code)


async def test_a_cancelled_invitation_is_worth_nothing(
    portal_app: Litestar,
    portal_database: Database,
    demo: Territory,
    invited: Invited,
    moderator: Login,
    browse: Any,
) -> None:
    invitation, code = invited
    async with browse(portal_app, demo, moderator) as team:
        assert (
            await team.post(f"/nodes/invitations/{invitation.id}/cancel")
        ).status_code == 303
        assert "Nœud du quai" not in (await team.get("/nodes")).text
        assert (
            await team.post(f"/nodes/invitations/{invitation.id}/renew")
        ).status_code == 404

    async with portal_database.session(demo.id, role="worker") as session:
        with pytest.raises(NotFoundError):
            await accept_invitation(session, code)
    assert "node.invitation_cancelled" in await events(portal_database, demo)


async def test_one_that_joined_is_no_invitation_any_more(
    portal_app: Litestar,
    portal_database: Database,
    demo: Territory,
    invited: Invited,
    moderator: Login,
    browse: Any,
) -> None:
    invitation, code = invited
    async with portal_database.session(demo.id, role="worker") as session:
        await accept_invitation(session, code)
    async with browse(portal_app, demo, moderator) as team:
        page = await team.get("/nodes")
        refused = await team.post(f"/nodes/invitations/{invitation.id}/cancel")

    assert "Nœuds invités" not in page.text
    assert "Nœud du quai" in page.text
    assert refused.status_code == 409


@pytest.mark.parametrize("act", ["renew", "cancel"])
async def test_nobody_else_touches_one(
    portal_app: Litestar,
    demo: Territory,
    other: Territory,
    invited: Invited,
    *,
    act: str,
    browse: Any,
    make_person: Any,
) -> None:
    address = f"/nodes/invitations/{invited[0].id}/{act}"
    member = make_person(demo, memberships={"port": ["managers"]})
    theirs = make_person(other, moderator=True)
    async with (
        browse(portal_app, demo, member) as inside,
        browse(portal_app, other, theirs) as elsewhere,
    ):
        refused = await inside.post(address)
        unknown = await elsewhere.post(address)
        assert "Nœud du quai" not in (await elsewhere.get("/nodes")).text

    assert (refused.status_code, unknown.status_code) == (403, 404)
