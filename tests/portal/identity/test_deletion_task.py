"""Deleting accounts: what the worker erases and where, whom it keeps, and of several who ask at once one stays."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select, text

from tests.contract.credentials.keycloak_double import KeycloakDouble
from tests.mails import text_of
from tests.portal.identity.deletions import (
    MAIL,
    YES,
    add_organisation,
    change_state,
    list_names,
    list_queued,
    recent,
    run_worker,
    suspend,
)
from tests.portal.notifications.conftest import Relay, relay
from tests.visitors import browse, enter, make_operator, make_person
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.erased_accounts import AccountErasedError
from udi.kit.errors import ConflictError
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.kit.sessions import SESSIONS, save_person
from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.portal.identity.account_watcher import AccountWatcher
from udi.portal.identity.deletion.actions import (
    DELETE_ACCOUNT,
    SEND_CONFIRMATION,
    list_erased,
    note_erasure,
)
from udi.portal.identity.deletion.pages import CONFIRM, PATH
from udi.portal.identity.deletion.tasks import task_handlers
from udi.portal.identity.models import (
    TABLES,
    Person,
    ProviderGrant,
    WatchedAccount,
)
from udi.portal.organisations.members.actions import remove_member
from udi.portal.organisations.members.member_changes import change_member
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.team.actions import remove_member as remove_of_team
from udi.ui.site import Site

__all__ = ["relay"]


ACCOUNT: dict[str, Any] = {"enabled": True, "groups": {}}


def of_this_realm(site: Site, login: Login) -> Login:
    return replace(login, issuer=site.services[SESSIONS].service.issuer)


async def watch(site: Site, service: KeycloakDouble) -> None:
    """One pass over the accounts."""
    watcher = AccountWatcher(site, lambda: service)  # type: ignore[arg-type, return-value]  # a double has what the pass asks of it
    await watcher.run_once()


@pytest.fixture
async def login(demo: Territory) -> Login:
    return recent(make_person(demo))


async def test_an_account_is_erased_in_a_suspended_territory(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    other: Territory,
    login: Login,
) -> None:
    for territory in (demo, other):
        async with browse(portal_app, territory, login):
            pass
    await suspend(portal_database, other)

    await run_worker(portal_site, KeycloakDouble({login.subject: ACCOUNT}), demo, login)

    assert await list_names(portal_database, demo, login) == []
    assert await list_names(portal_database, other, login) == []


async def test_nothing_is_erased_while_another_territory_is_only_read(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    other: Territory,
    login: Login,
) -> None:
    for territory in (demo, other):
        async with browse(portal_app, territory, login):
            pass
    await change_state(portal_database, other, "read_only")
    portal_site.registry.invalidate()
    service = KeycloakDouble({login.subject: ACCOUNT})

    await run_worker(portal_site, service, demo, login)
    queued = await list_queued(portal_database, demo, DELETE_ACCOUNT)
    async with browse(portal_app, demo, recent(login)) as visitor:
        refused = await visitor.post(CONFIRM, data=YES)

    assert len(queued) == 1
    assert await list_names(portal_database, demo, login) == [login.name]
    assert await list_names(portal_database, other, login) == [login.name]
    assert refused.status_code == 409
    assert "ne peut être que lu pour le moment" in refused.text


async def test_a_territory_that_does_not_know_the_person_holds_up_no_deletion(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    other: Territory,
    login: Login,
) -> None:
    async with browse(portal_app, demo, login):
        pass
    await change_state(portal_database, other, "read_only")
    portal_site.registry.invalidate()

    await run_worker(portal_site, KeycloakDouble({login.subject: ACCOUNT}), demo, login)

    assert await list_names(portal_database, demo, login) == []
    assert len(await list_queued(portal_database, demo, DELETE_ACCOUNT)) == 1


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ({"email": "new@people.example", "emailVerified": True}, "new@people.example"),
        ({"email": "new@people.example", "emailVerified": False}, None),
        ({}, None),
    ],
)
async def test_the_last_mail_is_for_the_address_that_is_proven_at_the_deletion(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    login: Login,
    account: dict[str, Any],
    expected: str | None,
) -> None:
    async with browse(portal_app, demo, login):
        pass
    service = KeycloakDouble({login.subject: {**ACCOUNT, **account}})

    await run_worker(portal_site, service, demo, login)

    queued = await list_queued(portal_database, demo, SEND_CONFIRMATION)
    assert [mail["to"] for mail in queued] == [expected or login.email]


class DeadlyService(KeycloakDouble):
    """Deletes an account, and the worker that asked dies before it hears so."""

    def delete_user(self, subject: str) -> None:
        super().delete_user(subject)
        raise WorkerDiedError


class WorkerDiedError(Exception):
    """As if it had been killed."""


async def test_the_last_mail_is_for_the_proven_address_though_the_worker_dies_at_the_deletion(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    login: Login,
) -> None:
    async with browse(portal_app, demo, login):
        pass
    proven = {"email": "new@people.example", "emailVerified": True}
    service = DeadlyService({login.subject: {**ACCOUNT, **proven}})

    with pytest.raises(WorkerDiedError):
        await run_worker(portal_site, service, demo, login)
    before = await list_queued(portal_database, demo, SEND_CONFIRMATION)
    await run_worker(portal_site, service, demo, login)

    assert before == []
    queued = await list_queued(portal_database, demo, SEND_CONFIRMATION)
    assert [mail["to"] for mail in queued] == ["new@people.example"]


async def test_the_last_mail_leaves_where_the_territory_was_suspended_meanwhile(
    portal_site: Site, portal_database: Database, demo: Territory, relay: Relay
) -> None:
    await suspend(portal_database, demo)

    await task_handlers(portal_site)[SEND_CONFIRMATION](
        Job(SEND_CONFIRMATION, demo.id, MAIL, 0, last=False)
    )

    assert len(relay.mails) == 1


async def test_what_a_subject_alone_names_is_erased_where_nobody_is_known(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    other: Territory,
    login: Login,
) -> None:
    async with browse(portal_app, demo, login):
        pass
    async with portal_database.session(other.id, role="worker") as session:
        session.add(WatchedAccount(subject=login.subject, requested_at=now()))
        session.add(
            ProviderGrant(
                subject=login.subject,
                organisation_slug="armor",
                group_name="publishers",
                joined=True,
                confirmed_at=now(),
                rules_digest="x",
            )
        )

    await run_worker(portal_site, KeycloakDouble({login.subject: ACCOUNT}), demo, login)

    async with portal_database.session(other.id, role="worker") as session:
        watched = (await session.scalars(select(WatchedAccount))).all()
        grants = (await session.scalars(select(ProviderGrant))).all()
        erased = await list_erased(session, [login.subject])
    assert (watched, grants, erased) == ([], [], {login.subject})


async def test_a_login_with_a_deleted_account_is_refused(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    login: Login,
) -> None:
    async with browse(portal_app, demo, login):
        pass
    await run_worker(portal_site, KeycloakDouble({login.subject: ACCOUNT}), demo, login)

    with pytest.raises(AccountErasedError):
        await portal_site.services[SESSIONS].log_in(demo, login)

    assert await list_names(portal_database, demo, login) == []


async def test_a_deleted_account_that_came_back_is_erased_again(
    portal_site: Site, portal_database: Database, demo: Territory, login: Login
) -> None:
    login = of_this_realm(portal_site, login)
    async with portal_database.session(demo.id, role="worker") as session:
        await save_person(session, TABLES, login)
        await note_erasure(session, login.subject)
    before = await list_names(portal_database, demo, login)

    await watch(portal_site, KeycloakDouble())

    assert before == [login.name]
    assert await list_names(portal_database, demo, login) == []


async def test_an_account_that_came_back_stays_while_its_territory_is_only_read(
    portal_site: Site, portal_database: Database, demo: Territory, login: Login
) -> None:
    login = of_this_realm(portal_site, login)
    async with portal_database.session(demo.id, role="worker") as session:
        await save_person(session, TABLES, login)
        await note_erasure(session, login.subject)
    await change_state(portal_database, demo, "read_only")
    portal_site.registry.invalidate()

    await watch(portal_site, KeycloakDouble())

    assert await list_names(portal_database, demo, login) == [login.name]


async def test_of_two_last_managers_who_ask_at_once_one_stays(
    portal_app: Litestar, demo: Territory, portal_database: Database
) -> None:
    managers = [
        recent(make_person(demo, memberships={"armor": ["managers"]})) for _ in range(2)
    ]
    await add_organisation(portal_database, demo)
    async with (
        browse(portal_app, demo, managers[0]) as first,
        browse(portal_app, demo, managers[1]) as second,
    ):
        answers = await asyncio.gather(
            *(client.post(CONFIRM, data=YES) for client in (first, second))
        )

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert len(await list_queued(portal_database, demo, DELETE_ACCOUNT)) == 1


async def test_of_two_last_of_the_team_who_ask_one_after_the_other_one_stays(
    portal_app: Litestar, demo: Territory
) -> None:
    team = [recent(make_person(demo, moderator=True)) for _ in range(2)]
    async with (
        browse(portal_app, demo, team[0]) as first,
        browse(portal_app, demo, team[1]) as second,
    ):
        answers = [await client.post(CONFIRM, data=YES) for client in (first, second)]

    assert [answer.status_code for answer in answers] == [303, 409]


async def test_nobody_leaves_an_organisation_or_the_team_to_one_who_is_going(
    portal_app: Litestar,
    portal_site: Site,
    demo: Territory,
    portal_database: Database,
) -> None:
    people = [
        recent(make_person(demo, moderator=True, memberships={"armor": ["managers"]}))
        for _ in range(2)
    ]
    await add_organisation(portal_database, demo)
    stays = await enter(portal_site, demo, login=people[1])
    async with browse(portal_app, demo, people[0]) as browser:
        answer = await browser.post(CONFIRM, data=YES)

    async with portal_database.session(demo.id) as session:
        organisation = (await session.scalars(select(Organisation))).one()
        with pytest.raises(ConflictError):
            await remove_member(session, stays, organisation, stays.person_id)
        with pytest.raises(ConflictError):
            await remove_of_team(session, stays, stays.person_id)

    assert answer.status_code == 303


async def test_nobody_counts_on_a_manager_who_is_being_taken_out(
    portal_app: Litestar, demo: Territory, portal_database: Database
) -> None:
    managers = [
        recent(make_person(demo, memberships={"armor": ["managers"]})) for _ in range(2)
    ]
    await add_organisation(portal_database, demo)
    async with (
        browse(portal_app, demo, managers[0]),
        browse(portal_app, demo, managers[1]) as stays,
    ):
        async with portal_database.session(demo.id) as session:
            organisation = (await session.scalars(select(Organisation))).one()
            query = select(Person.id).where(Person.subject == managers[0].subject)
            leaver = (await session.scalars(query)).one()
            await change_member(session, None, organisation, leaver, None)
        page = await stays.get(PATH)

    assert "Vous seul gérez cette organisation." in page.text


async def test_the_worker_keeps_who_came_to_be_needed_and_tells_them(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    relay: Relay,
) -> None:
    manager = recent(make_person(demo, memberships={"armor": ["managers"]}))
    await add_organisation(portal_database, demo)
    async with browse(portal_app, demo, manager):
        pass
    service = KeycloakDouble({manager.subject: ACCOUNT})

    await run_worker(portal_site, service, demo, manager)

    [mail] = relay.mails
    assert (mail["To"], mail["Subject"]) == (
        manager.email,
        "Votre compte n’a pas été supprimé",
    )
    assert f"{demo.origin}{PATH}" in text_of(mail)
    assert manager.subject in service.accounts
    assert await list_names(portal_database, demo, manager) == [manager.name]


async def test_the_worker_keeps_the_last_operator_of_the_identity_service(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    relay: Relay,
) -> None:
    last = recent(make_person(demo))
    async with browse(portal_app, demo, last):
        pass
    service = KeycloakDouble({last.subject: ACCOUNT}, operators={last.subject})

    await run_worker(portal_site, service, demo, last)
    alone = await list_names(portal_database, demo, last)
    service.operators.add("another")
    await run_worker(portal_site, service, demo, last)

    assert alone == [last.name]
    assert [mail["To"] for mail in relay.mails] == [last.email]
    assert await list_names(portal_database, demo, last) == []


async def test_an_operator_whom_a_command_removed_does_not_count(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
) -> None:
    async with portal_database.session(INSTALLATION_ID) as session:
        await session.execute(text("DELETE FROM app.person"))  # those of other tests
    last, removed = [
        of_this_realm(portal_site, recent(make_operator(level=2))) for _ in range(2)
    ]
    for operator in (last, removed):
        async with browse(portal_app, None, operator):
            pass
    service = KeycloakDouble({last.subject: ACCOUNT}, operators={last.subject})

    async with browse(portal_app, demo, last) as browser:
        before = await browser.get(PATH)
        await watch(portal_site, service)
        after = await browser.get(PATH)
    async with portal_database.session(INSTALLATION_ID) as session:
        await session.execute(text("DELETE FROM app.person"))

    words = "Personne d’autre n’exploite l’installation."
    assert (words in before.text, words in after.text) == (False, True)
