"""«Delete my account»: what is said before, what must be handed over, the recent login, and what is queued."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select, text

from tests.mails import text_of
from tests.portal.identity.deletions import (
    MAIL,
    YES,
    add_organisation,
    list_queued,
    recent,
    suspend,
)
from tests.portal.notifications.conftest import Relay, relay
from tests.visitors import browse, make_operator, make_person
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.mail_relay import EmailError
from udi.kit.oidc import Login
from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.portal.identity.deletion.actions import (
    DELETE_ACCOUNT,
    SEND_CONFIRMATION,
)
from udi.portal.identity.deletion.pages import CONFIRM, DONE, PATH
from udi.portal.identity.deletion.tasks import task_handlers
from udi.portal.identity.models import (
    Person,
)
from udi.ui.site import Site

__all__ = ["relay"]


@pytest.fixture
async def login(demo: Territory) -> Login:
    return recent(make_person(demo))


@pytest.fixture
async def browser(
    portal_app: Litestar, demo: Territory, login: Login
) -> AsyncIterator[httpx.AsyncClient]:
    async with browse(portal_app, demo, login) as browser:
        yield browser


async def test_step_1_says_what_becomes_of_each_kind_and_erases_nothing(
    browser: httpx.AsyncClient, demo: Territory, portal_database: Database
) -> None:
    await browser.post("/my-space/tokens", data={"name": "Veille", "days": "30"})

    page = await browser.get(PATH)

    assert page.status_code == 200
    assert "Rien n’est encore effacé." in page.text
    assert "<li>Jetons (1)</li>" in page.text
    assert "<li>Actes inscrits au journal (1)</li>" in page.text
    assert "35 jours après la suppression" in page.text
    assert f'href="{CONFIRM}"' in page.text
    assert await list_queued(portal_database, demo, DELETE_ACCOUNT) == []


async def test_step_1_names_every_territory_that_knows_the_account(
    browser: httpx.AsyncClient,
    portal_app: Litestar,
    other: Territory,
    login: Login,
) -> None:
    before = await browser.get(PATH)
    async with browse(portal_app, other, login) as elsewhere:
        await elsewhere.get("/my-space")

    after = await browser.get(PATH)

    assert other.name["fr"] not in before.text
    assert other.name["fr"] in after.text


async def test_a_suspended_territory_is_named_and_keeps_nobody(
    browser: httpx.AsyncClient,
    portal_app: Litestar,
    portal_database: Database,
    other: Territory,
    login: Login,
) -> None:
    claim = make_person(other, memberships={"armor": ["managers"]}).organisations
    async with browse(portal_app, other, replace(login, organisations=claim)):
        pass
    active = await browser.get(PATH)
    await suspend(portal_database, other)

    pages = [await browser.get(path) for path in (PATH, CONFIRM)]

    assert "Vous seul gérez cette organisation." in active.text
    assert [page.status_code for page in pages] == [200, 200]
    assert all(other.name["fr"] in page.text for page in pages)


async def test_step_2_queues_the_deletion_and_ends_the_session(
    browser: httpx.AsyncClient,
    demo: Territory,
    login: Login,
    portal_database: Database,
) -> None:
    page = await browser.get(CONFIRM)
    answer = await browser.post(CONFIRM, data=YES)
    after = await browser.get("/my-space")
    done = await browser.get(DONE)

    assert page.status_code == 200
    assert (answer.status_code, answer.headers["location"]) == (303, DONE)
    assert after.status_code == 303
    assert "Votre compte est en cours de suppression" in done.text
    [payload] = await list_queued(portal_database, demo, DELETE_ACCOUNT)
    assert payload["subject"] == login.subject


async def test_step_2_wants_the_box_ticked(
    browser: httpx.AsyncClient, demo: Territory, portal_database: Database
) -> None:
    answer = await browser.post(CONFIRM, data={})

    assert answer.status_code == 422
    assert "Cochez la case" in answer.text
    assert await list_queued(portal_database, demo, DELETE_ACCOUNT) == []


@pytest.mark.parametrize("minutes", [6, 60])
async def test_step_2_wants_a_login_of_the_last_five_minutes(
    portal_app: Litestar, demo: Territory, portal_database: Database, minutes: int
) -> None:
    async with browse(portal_app, demo, recent(make_person(demo), minutes)) as old:
        page = await old.get(CONFIRM)
        answer = await old.post(CONFIRM, data=YES)

    assert (page.status_code, page.headers["location"]) == (
        303,
        f"/login?fresh=true&back={CONFIRM}",
    )
    assert answer.status_code == 403
    assert await list_queued(portal_database, demo, DELETE_ACCOUNT) == []


@pytest.mark.parametrize("path", [PATH, CONFIRM])
async def test_a_passer_by_logs_in_first(
    portal_app: Litestar, demo: Territory, path: str
) -> None:
    async with browse(portal_app, demo) as passer_by:
        answer = await passer_by.get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?")


async def test_the_last_manager_hands_over_first(
    portal_app: Litestar, demo: Territory, portal_database: Database
) -> None:
    manager = recent(make_person(demo, memberships={"armor": ["managers"]}))
    await add_organisation(portal_database, demo)
    async with browse(portal_app, demo, manager) as browser:
        alone = await browser.get(PATH)
        step_2 = await browser.get(CONFIRM)
        refused = await browser.post(CONFIRM, data=YES)
        second = make_person(demo, memberships={"armor": ["managers"]})
        async with browse(portal_app, demo, second):
            shared = await browser.get(PATH)

    assert "Vous seul gérez cette organisation." in alone.text
    assert 'href="' + demo.origin + '/my-space/organisations/armor"' in alone.text
    assert f'href="{CONFIRM}"' not in alone.text
    assert (step_2.status_code, step_2.headers["location"]) == (303, PATH)
    assert refused.status_code == 409
    assert "Vous seul gérez cette organisation." not in shared.text
    assert await list_queued(portal_database, demo, DELETE_ACCOUNT) == []


async def test_the_last_of_the_team_hands_over_first(
    portal_app: Litestar, demo: Territory
) -> None:
    member = recent(make_person(demo, moderator=True))
    async with browse(portal_app, demo, member) as browser:
        alone = await browser.get(PATH)
        async with browse(portal_app, demo, make_person(demo, moderator=True)):
            shared = await browser.get(PATH)

    words = "Vous êtes la dernière personne de l’équipe du territoire."
    assert words in alone.text
    assert words not in shared.text


async def test_the_last_mail_goes_to_the_address(
    portal_site: Site, demo: Territory, relay: Relay
) -> None:
    handlers = task_handlers(portal_site)

    await handlers[SEND_CONFIRMATION](
        Job(SEND_CONFIRMATION, demo.id, MAIL, 0, last=False)
    )

    [mail] = relay.mails
    assert (mail["To"], mail["Subject"]) == (MAIL["to"], "Votre compte est supprimé")
    assert "35 jours après la suppression" in text_of(mail)


async def test_no_task_keeps_the_address_when_the_last_mail_cannot_leave(
    portal_site: Site, demo: Territory, relay: Relay
) -> None:
    handlers = task_handlers(portal_site)
    relay.away = True
    first = Job(SEND_CONFIRMATION, demo.id, MAIL, 0, last=False)

    with pytest.raises(EmailError):
        await handlers[SEND_CONFIRMATION](first)
    await handlers[SEND_CONFIRMATION](replace(first, last=True))

    assert relay.mails == []


async def test_the_last_operator_hands_over_first(
    portal_app: Litestar,
    portal_database: Database,
    demo: Territory,
    portal_site: Site,
) -> None:
    async with portal_database.session(INSTALLATION_ID) as session:
        await session.execute(text("DELETE FROM app.person"))  # those of other tests
    operator = recent(make_operator(level=2))
    async with browse(portal_app, None, operator):
        pass
    async with portal_database.session(INSTALLATION_ID) as session:
        query = select(Person.id).where(Person.subject == operator.subject)
        assert await session.scalar(query) is not None
    async with browse(portal_app, demo, operator) as browser:
        alone = await browser.get(PATH)
        async with browse(portal_app, None, make_operator(level=2)):
            shared = await browser.get(PATH)
    async with portal_database.session(INSTALLATION_ID) as session:
        await session.execute(text("DELETE FROM app.person"))

    words = "Personne d’autre n’exploite l’installation."
    assert words in alone.text
    assert words not in shared.text
