"""«My space»: who I am, my organisations, what I may do."""

import pytest
from sqlalchemy import text

from tests.depth import by_depth
from tests.identity.scene import Scene, member_of
from udi.kit.db import Database
from udi.settings import Settings


async def test_a_passer_by_is_led_to_the_login(scene: Scene) -> None:
    answer = await scene.browser().get("/my-space")

    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/login?back=/my-space",
    )


async def test_a_manager_sees_what_they_may_do_and_where(scene: Scene) -> None:
    someone, browser = await scene.logged_in(member_of(scene.territory))

    page = await browser.get("/my-space", **{"Accept-Language": "en"})

    assert page.status_code == 200
    assert "Hello Compte Essai" in page.text
    assert someone.email in page.text
    assert "You manage its members and its data." in page.text
    assert f'href="{scene.territory.links["node"]}/spaces/mairie"' in page.text
    assert "The territory’s team" in page.text
    assert page.headers["cache-control"] == "no-store"


async def test_an_inhabitant_sees_how_to_join_an_organisation(scene: Scene) -> None:
    _, browser = await scene.logged_in()

    page = await browser.get("/my-space", **{"Accept-Language": "fr"})

    assert "Bonjour Compte Essai" in page.text
    assert (
        "demandez au responsable d’une organisation ou à l’équipe du territoire"
        in page.text
    )
    assert "/spaces/" not in page.text


@by_depth(
    ("groups", "expected", "links"),
    [
        (["publishers"], "You publish its data and answer for them.", 1),
        ([], "Member, without a right to publish.", 0),
    ],
    by_default={1},
)
async def test_each_right_is_said_in_words(
    scene: Scene, groups: list[str], expected: str, links: int
) -> None:
    _, browser = await scene.logged_in({f"{scene.territory.slug}--seve": groups})

    page = await browser.get("/my-space", **{"Accept-Language": "en"})

    assert expected in page.text
    assert page.text.count("/spaces/seve") == links
    assert "The territory’s team</h3>" not in page.text


@pytest.mark.thorough
async def test_the_account_console_is_there_and_leads_back(
    scene: Scene, settings: Settings
) -> None:
    _, browser = await scene.logged_in()
    page = await browser.get("/my-space")
    address = f"{settings.issuer}/account/?referrer={scene.territory.slug}-portal"

    console = await browser.keycloak.get(address)

    assert f'href="{address}"' in page.text
    assert console.status_code == 200
    assert scene.territory.origin in console.text.replace("\\/", "/")


async def test_a_name_with_markup_stays_a_name(
    scene: Scene, portal_database: Database
) -> None:
    _, browser = await scene.logged_in()
    async with portal_database.session(scene.territory.id) as session:
        await session.execute(
            text("UPDATE app.person SET name = '<b>%(name)s</b> {{ 7*7 }} 100%'")
        )

    page = await browser.get("/my-space", **{"Accept-Language": "en"})

    assert page.status_code == 200
    assert "Hello &lt;b&gt;%(name)s&lt;/b&gt; {{ 7*7 }} 100%" in page.text
