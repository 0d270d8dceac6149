"""People and organisations that come in, and accounts that go: workers killed in the middle of these tasks."""

import pytest

from tests.faults.outside import Outside
from tests.faults.tasks.conftest import CheckKills
from tests.faults.tasks.queueing import enqueue
from tests.portal.identity.deletions import MAIL
from tests.portal.organisations.conftest import Workspace, workspace
from tests.portal.organisations.test_members import House, house
from tests.portal.organisations.test_team import TeamScene, scene
from udi.portal.nodes.actions.register import register_node
from udi.portal.organisations.members.transitions import MembershipStage

__all__ = ["house", "scene", "workspace"]


@pytest.mark.programs
async def test_tasks_of_joining_are_done_once_whenever_a_worker_dies(
    check_kills: CheckKills,
    workspace: Workspace,
    house: House,
    scene: TeamScene,
    outside: Outside,
) -> None:
    database, territory = workspace.site.database, workspace.territory
    async with database.session(territory.id) as session:
        await register_node(
            session,
            slug="hosted",
            name="Nœud",
            url=outside.origin,
            client_id=f"{territory.slug}-node-hosted",
            hosted=True,
        )
    await house.begin(MembershipStage.INVITED)
    invited = await scene.clients["member"].post(
        "/territory/team/invitations",
        data={"email": scene.logins["invited"].email, "language": "fr"},
    )
    assert invited.status_code == 303, invited.text
    application = await workspace.ask()
    approved = await workspace.decide(application, "approve")
    assert approved.status_code == 303, approved.text
    await enqueue(database, territory, "send_deletion_confirmation", **MAIL)
    await check_kills(
        "portal",
        {
            "open_space",
            "send_deletion_confirmation",
            "send_team_invitation",
            "tell_application",
            "tell_entry",
        },
    )
