"""The sign-in of the tests, in one round trip, leaves what a login of the programs leaves."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.sign_in import sign_in
from tests.visitors import make_operator, make_person
from udi.kit import sessions as kit
from udi.kit.clock import now
from udi.kit.erased_accounts import AccountErasedError, digest_subject
from udi.kit.oidc import Login
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.portal.identity.models import ErasedAccount
from udi.ui.site import Site

ROWS = text(
    "SELECT to_jsonb(person) - '{id,subject,created_at}'::text[] AS person,"
    " to_jsonb(web_session) - '{id,person_id,token_hash}'::text[] AS web_session,"
    " (SELECT jsonb_agg(to_jsonb(membership) - 'person_id' ORDER BY organisation_slug)"
    " FROM app.membership WHERE membership.person_id = person.id) AS memberships"
    " FROM app.person JOIN app.web_session USING (tenant_id)"
    " WHERE person_id = person.id AND subject = :subject"
)
"""All that a login writes, but for what is drawn for each."""
ORGANISATIONS = {"armor": ["managers", "publishers"], "l-ile": []}


@pytest.fixture
def site(request: pytest.FixtureRequest, portal_site: Site, node_site: Site) -> Site:
    """The program that a test names."""
    return {"portal": portal_site, "node": node_site}[request.param]


async def read_rows(site: Site, territory: Territory, login: Login) -> Any:
    async with site.database.session(territory.id) as session:
        return (await session.execute(ROWS, {"subject": login.subject})).one()


@pytest.mark.parametrize("site", ["portal", "node"], indirect=True)
@pytest.mark.parametrize("role", ["member", "moderator"])
async def test_the_rows_are_those_of_a_login(
    site: Site, demo: Territory, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = site.services[SESSIONS]
    login = replace(
        make_person(demo, moderator=role == "moderator", memberships=ORGANISATIONS),
        name="Ewen L'Hélias \\ «'; --",
        locale="fr",
        level=2,
    )
    other = replace(login, subject=str(uuid4()))
    moment = now()
    monkeypatch.setattr(kit, "now", lambda: moment)

    token = await sign_in(sessions, demo, login)
    their_token = await sessions.log_in(demo, other)

    rows = await read_rows(site, demo, login)
    actor, somebody = [
        await sessions.find_actor(demo, value) for value in (token, their_token)
    ]
    assert rows == await read_rows(site, demo, other)
    assert rows.person["name"] == login.name
    assert actor is not None
    assert somebody is not None
    assert replace(actor, person_id=somebody.person_id) == somebody


@pytest.mark.parametrize("site", ["portal", "node"], indirect=True)
async def test_who_signs_in_again_has_the_memberships_of_the_newest_login(
    site: Site, demo: Territory
) -> None:
    sessions = site.services[SESSIONS]
    first = make_person(demo, memberships=ORGANISATIONS)
    again = replace(
        make_person(demo, memberships={"goeland": ["publishers"]}),
        subject=first.subject,
        name="Autre nom",
    )
    await sign_in(sessions, demo, first)

    actor = await sessions.find_actor(demo, await sign_in(sessions, demo, again))

    async with site.database.session(demo.id) as session:
        memberships = await session.execute(
            text(
                "SELECT organisation_slug, groups FROM app.membership JOIN app.person"
                " ON person.id = person_id WHERE subject = :subject"
            ),
            {"subject": first.subject},
        )
        assert [tuple(row) for row in memberships] == [("goeland", ["publishers"])]
    assert actor is not None
    assert actor.name == "Autre nom"


async def test_an_operator_signs_in_at_the_installation(portal_site: Site) -> None:
    sessions = portal_site.services[SESSIONS]
    installation = portal_site.installation

    token = await sign_in(sessions, installation, make_operator(level=2))

    actor = await sessions.find_actor(installation, token)
    assert actor is not None
    assert (actor.moderator, actor.level) == (True, 2)


async def test_an_account_that_was_deleted_does_not_come_back(
    portal_site: Site, demo: Territory
) -> None:
    login = make_person(demo)
    async with portal_site.database.session(demo.id, role="worker") as session:
        session.add(
            ErasedAccount(digest=digest_subject(login.subject), erased_at=now())
        )

    with pytest.raises(AccountErasedError):
        await sign_in(portal_site.services[SESSIONS], demo, login)


async def test_a_login_that_brings_more_is_that_of_the_program(
    portal_site: Site, demo: Territory
) -> None:
    login = replace(make_person(demo), refresh_token="to-be-sealed")

    await sign_in(portal_site.services[SESSIONS], demo, login)

    rows = await read_rows(portal_site, demo, login)
    assert rows.web_session["refresh_token"].startswith("sealed:")
