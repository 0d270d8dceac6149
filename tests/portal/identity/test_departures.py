"""What somebody may do less is done less at once, in sessions that are open too."""

import pytest
from sqlalchemy import select

from tests.visitors import make_person
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.portal.identity.departures import change_rights
from udi.portal.identity.models import Person
from udi.ui.site import Site


@pytest.mark.usefixtures("portal_app")
async def test_change_rights_changes_the_sessions_that_are_open(
    portal_site: Site, demo: Territory
) -> None:
    sessions = portal_site.services[SESSIONS]
    login = make_person(
        demo,
        moderator=True,
        memberships={"armor": ["managers"], "goeland": ["publishers"]},
    )
    token, other = [
        await sessions.log_in(demo, account)
        for account in (login, make_person(demo, moderator=True))
    ]

    async with portal_site.database.session(demo.id, role="worker") as session:
        person = (
            await session.scalars(select(Person).where(Person.subject == login.subject))
        ).one()
        changed = await change_rights(session, person, {"armor": {"publishers"}}, ())

    actor, somebody = [
        await sessions.find_actor(demo, session_token)
        for session_token in (token, other)
    ]
    assert changed
    assert (actor.moderator, actor.memberships) == (
        False,
        {"armor": frozenset({"publishers"})},
    )
    assert somebody.moderator
