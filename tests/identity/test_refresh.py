"""What a session may do follows Keycloak within five minutes."""

import asyncio

import pytest

from tests.identity.scene import Scene, make_due, member_of
from udi.kit.db import Database
from udi.portal.identity.provision.accounts import apply_memberships
from udi.portal.identity.queries import list_members


async def page_of_an_inhabitant(scene: Scene) -> str:
    """«My space» of someone without organisation."""
    _, browser = await scene.logged_in()
    return (await browser.get("/my-space")).text


@pytest.mark.thorough
async def test_a_right_given_meanwhile_shows_at_the_next_refresh(
    scene: Scene, portal_database: Database
) -> None:
    someone, browser = await scene.logged_in(
        {f"{scene.territory.slug}--mairie": ["publishers"]}
    )
    await asyncio.to_thread(
        apply_memberships, scene.admin, someone.id, member_of(scene.territory, "seve")
    )
    before = (await browser.get("/who")).json()

    await make_due(portal_database, scene.territory)

    assert before["memberships"] == {"mairie": ["publishers"]}
    after = (await browser.get("/who")).json()
    assert after["memberships"] == {
        "mairie": ["publishers"],
        "seve": ["managers", "publishers"],
    }
    assert after["moderator"] is True


async def test_the_first_organisation_shows_after_logging_in_again_without_a_password(
    scene: Scene,
) -> None:
    someone, browser = await scene.logged_in()
    await asyncio.to_thread(
        apply_memberships, scene.admin, someone.id, member_of(scene.territory, "seve")
    )
    link = "/login?again=true&back=/my-space"

    leaving = await browser.get(link)
    answer = await browser.keycloak.get(leaving.headers["location"])
    await browser.get(answer.headers["location"])

    assert link.replace("&", "&amp;") in (await page_of_an_inhabitant(scene))
    assert (await browser.get("/who")).json()["memberships"] == {
        "seve": ["managers", "publishers"]
    }


async def test_a_right_taken_away_is_gone_at_the_next_refresh(
    scene: Scene, portal_database: Database
) -> None:
    someone, browser = await scene.logged_in(member_of(scene.territory))
    organisations = await asyncio.to_thread(
        scene.admin.get, f"organizations/members/{someone.id}/organizations"
    )
    for organisation in organisations:
        await asyncio.to_thread(
            scene.admin.delete,
            f"organizations/{organisation['id']}/members/{someone.id}",
        )

    await make_due(portal_database, scene.territory)

    identity = (await browser.get("/who")).json()
    assert (identity["email"], identity["moderator"], identity["memberships"]) == (
        someone.email,
        False,
        {},
    )


@pytest.mark.thorough
@pytest.mark.usefixtures("alone")
async def test_the_list_of_members_follows(
    scene: Scene, portal_database: Database
) -> None:
    someone, browser = await scene.logged_in(member_of(scene.territory))

    async def listed(organisation: str) -> list[tuple[str, list[str]]]:
        async with portal_database.session(scene.territory.id) as session:
            return [
                (person.email, groups)
                for person, groups in await list_members(session, organisation)
            ]

    assert await listed("mairie") == [(someone.email, ["managers", "publishers"])]
    await asyncio.to_thread(
        apply_memberships, scene.admin, someone.id, member_of(scene.territory, "seve")
    )
    await make_due(portal_database, scene.territory)
    await browser.get("/who")

    assert await listed("seve") == [(someone.email, ["managers", "publishers"])]


async def test_a_disabled_person_loses_the_session_at_the_next_refresh(
    scene: Scene, portal_database: Database
) -> None:
    someone, browser = await scene.logged_in()
    await asyncio.to_thread(scene.admin.put, f"users/{someone.id}", {"enabled": False})
    await make_due(portal_database, scene.territory)

    assert (await browser.get("/who")).json() == {}


async def test_a_session_that_keycloak_ended_unheard_is_ended_at_the_next_refresh(
    scene: Scene, portal_database: Database
) -> None:
    someone, browser = await scene.logged_in()
    await asyncio.to_thread(scene.admin.post, f"users/{someone.id}/logout", {})
    before = (await browser.get("/who")).json()

    await make_due(portal_database, scene.territory)

    assert before["email"] == someone.email
    assert (await browser.get("/who")).json() == {}


async def test_requests_that_come_together_all_go_on(
    scene: Scene, portal_database: Database
) -> None:
    someone, browser = await scene.logged_in()
    await make_due(portal_database, scene.territory)

    answers = await asyncio.gather(*(browser.get("/who") for _ in range(8)))

    assert [answer.json()["email"] for answer in answers] == [someone.email] * 8
