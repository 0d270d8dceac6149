"""«What this site knows of me»: a person's own rows, and nobody else's, on the page and in the downloads."""

import csv
import io
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.visitors import browse, make_person
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.identity.models import Person as NodePerson
from udi.node.spaces.models import ScriptKey, Space
from udi.ui.own_data_pages import CSV_PATH, JSON_PATH, PATH

TOKENS = "/my-space/tokens"


@pytest.fixture
async def person(demo: Territory) -> Login:
    return make_person(demo, memberships={"armor": ["managers"]})


@pytest.fixture
async def browser(
    portal_app: Litestar, demo: Territory, person: Login
) -> AsyncIterator[httpx.AsyncClient]:
    async with browse(portal_app, demo, person) as browser:
        yield browser


async def make_token(browser: httpx.AsyncClient, name: str) -> None:
    answer = await browser.post(TOKENS, data={"name": name, "days": "30"})
    assert answer.status_code == 201


def kinds_of(document: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    return {
        f"{kind['table']}: {kind['what']}": kind["count"] for kind in document["kinds"]
    }


async def test_the_page_lists_what_names_the_person_by_subject(
    browser: httpx.AsyncClient, person: Login
) -> None:
    await make_token(browser, "Veille du matin")

    page = await browser.get(PATH)

    assert page.status_code == 200
    assert "Veille du matin" in page.text
    assert person.email in page.text
    assert "Pour que vos programmes utilisent l’API en votre nom." in page.text
    assert "Actes inscrits au journal (1)" in page.text


async def test_the_downloads_have_the_same_rows(
    browser: httpx.AsyncClient, person: Login
) -> None:
    await make_token(browser, "Veille du matin")

    document = (await browser.get(JSON_PATH)).json()
    table = (await browser.get(CSV_PATH)).content.decode("utf-8-sig")

    [token] = [kind for kind in document["kinds"] if kind["table"] == "api_token"]
    assert token["rows"][0]["name"] == "Veille du matin"
    assert "token_hash" not in token["rows"][0]
    assert kinds_of(document)["web_session: Open sessions"] == 1
    values = [row[-1] for row in csv.reader(io.StringIO(table), delimiter=";")]
    assert {"Veille du matin", person.email, person.subject} <= set(values)


async def test_nobody_reads_rows_of_another(
    portal_app: Litestar, demo: Territory, browser: httpx.AsyncClient, person: Login
) -> None:
    await make_token(browser, "Veille du matin")

    async with browse(portal_app, demo, make_person(demo)) as other:
        answers = [await other.get(path) for path in (PATH, JSON_PATH, CSV_PATH)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    for answer in answers:
        assert "Veille du matin" not in answer.text
        assert person.email not in answer.text


async def test_nothing_of_another_territory_is_shown(
    portal_app: Litestar,
    other: Territory,
    browser: httpx.AsyncClient,
    person: Login,
) -> None:
    await make_token(browser, "Veille du matin")

    async with browse(portal_app, other, person) as elsewhere:
        document = (await elsewhere.get(JSON_PATH)).json()

    assert kinds_of(document) == {
        "person: Account": 1,
        "web_session: Open sessions": 1,
    }


@pytest.mark.parametrize("path", [PATH, JSON_PATH, CSV_PATH])
async def test_a_passer_by_logs_in_first(
    portal_app: Litestar, demo: Territory, path: str
) -> None:
    async with browse(portal_app, demo) as passer_by:
        answer = await passer_by.get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?")


async def test_a_node_shows_what_it_knows_and_leads_to_the_portal(
    node_app: Litestar, demo: Territory, person: Login
) -> None:
    async with browse(node_app, demo, person) as at_node:
        page = await at_node.get(PATH)
        document = (await at_node.get(JSON_PATH)).json()

    assert f'href="{demo.links["portal"]}{PATH}"' in page.text
    assert document["program"] == "node"
    assert kinds_of(document)["person: Account"] == 1
    assert kinds_of(document)["membership: Roles in organisations"] == 1


async def test_a_node_shows_rows_in_the_space_of_a_producer_that_the_person_left(
    node_app: Litestar, node_database: Database, demo: Territory
) -> None:
    someone = make_person(demo)
    async with browse(node_app, demo, someone) as at_node:
        async with node_database.session(demo.id, role="worker") as session:
            query = select(NodePerson.id).where(NodePerson.subject == someone.subject)
            person_id = (await session.scalars(query)).one()
            space = Space(
                slug="left", organisation_id=uuid4(), name="L", email="", quota_bytes=1
            )
            session.add(space)
            await session.flush()
            session.add(
                ScriptKey(
                    space_id=space.id,
                    person_id=person_id,
                    name="Veille du matin",
                    token_hash="x",
                )
            )
        answers = [await at_node.get(path) for path in (PATH, JSON_PATH, CSV_PATH)]

    assert ["Veille du matin" in answer.text for answer in answers] == [True] * 3


async def test_the_portal_leads_to_the_hosted_node(
    browser: httpx.AsyncClient, demo: Territory
) -> None:
    page = await browser.get(PATH)

    assert f'href="{demo.links["node"]}{PATH}"' in page.text
