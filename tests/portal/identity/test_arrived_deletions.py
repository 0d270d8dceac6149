"""Deletions that were asked for where a territory lived before: they end in that territory, and leave others their people."""

from dataclasses import replace
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.contract.credentials.keycloak_double import KeycloakDouble
from tests.mails import text_of
from tests.portal.identity.deletions import (
    add_organisation,
    list_names,
    list_queued,
    recent,
)
from tests.portal.notifications.conftest import Relay, relay
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.portal.identity.deletion.actions import (
    ARRIVED,
    DELETE_ACCOUNT,
    SEND_CONFIRMATION,
    list_erased,
)
from udi.portal.identity.deletion.tasks import task_handlers
from udi.portal.identity.models import Person, WatchedAccount
from udi.ui.site import Site

__all__ = ["relay"]


@pytest.fixture
async def login(portal_site: Site, demo: Territory) -> Login:
    return of_this_realm(portal_site, recent(make_person(demo)))


def of_this_realm(site: Site, login: Login) -> Login:
    return replace(login, issuer=site.services[SESSIONS].service.issuer)


def make_service(login: Login, groups: dict[str, list[str]]) -> KeycloakDouble:
    """An identity service that knows one account, with its groups by alias of the organisation."""
    account: dict[str, Any] = {
        "enabled": True,
        "groups": groups,
        "email": login.email,
        "emailVerified": True,
    }
    return KeycloakDouble({login.subject: account})


async def do_arrived(
    site: Site, service: KeycloakDouble, territory: Territory, login: Login
) -> None:
    """Do the deletion that came with a territory, and send the mails that it queues."""
    payload = {
        "issuer": login.issuer,
        "subject": login.subject,
        "language": "fr",
        "reason": ARRIVED,
    }
    handlers = task_handlers(site, lambda: service)  # type: ignore[arg-type, return-value]  # a double has what the task asks of it
    await handlers[DELETE_ACCOUNT](
        Job(DELETE_ACCOUNT, territory.id, payload, 0, last=False)
    )
    for mail in await list_queued(site.database, territory, SEND_CONFIRMATION):
        await handlers[SEND_CONFIRMATION](
            Job(SEND_CONFIRMATION, territory.id, mail, 0, last=False)
        )


async def test_an_account_that_another_territory_knows_is_erased_where_it_was_asked_and_stays(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    other: Territory,
    login: Login,
    relay: Relay,
) -> None:
    for territory in (demo, other):
        async with browse(portal_app, territory, login):
            pass
    theirs = {f"{other.slug}--seve": ["publishers"]}
    service = make_service(login, {f"{demo.slug}--armor": ["publishers"], **theirs})

    await do_arrived(portal_site, service, demo, login)

    [mail] = relay.mails
    assert (mail["To"], mail["Subject"]) == (
        login.email,
        "Vos données dans ce territoire sont effacées",
    )
    assert "Votre compte lui-même est conservé" in text_of(mail)
    assert service.accounts[login.subject]["groups"] == theirs
    assert await list_names(portal_database, demo, login) == []
    assert await list_names(portal_database, other, login) == [login.name]
    erased = []
    for territory in (demo, other):
        async with portal_database.session(territory.id, role="worker") as session:
            erased.append(await list_erased(session, [login.subject]))
    assert erased == [{login.subject}, set()]


@pytest.mark.usefixtures("relay")
@pytest.mark.parametrize("known", ["to a node", "as an operator", "in an organisation"])
async def test_an_account_that_is_known_otherwise_outside_of_the_territory_stays(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    other: Territory,
    login: Login,
    known: str,
) -> None:
    groups = {"in an organisation": {f"{other.slug}--seve": ["publishers"]}}
    service = make_service(login, groups.get(known, {}))
    service.operators = {"another", *([login.subject] * (known == "as an operator"))}
    watched = [login.subject] * (known == "to a node")
    async with portal_database.session(other.id, role="worker") as session:
        session.add_all(
            WatchedAccount(subject=subject, requested_at=now()) for subject in watched
        )
    async with browse(portal_app, demo, login):
        pass

    await do_arrived(portal_site, service, demo, login)

    assert login.subject in service.accounts
    assert await list_names(portal_database, demo, login) == []


async def test_an_account_that_nobody_else_knows_is_deleted(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    login: Login,
    relay: Relay,
) -> None:
    async with browse(portal_app, demo, login):
        pass
    service = make_service(login, {f"{demo.slug}--armor": ["publishers"]})

    await do_arrived(portal_site, service, demo, login)

    [mail] = relay.mails
    assert mail["Subject"] == "Votre compte est supprimé"
    assert login.subject not in service.accounts
    assert await list_names(portal_database, demo, login) == []


@pytest.mark.usefixtures("relay")
async def test_an_account_of_elsewhere_is_none_of_this_identity_service(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    login: Login,
) -> None:
    """The archive has somebody whose account was not brought, and who is called as another one here."""
    stranger = replace(login, issuer="https://old.example/realms/udi")
    async with browse(portal_app, demo, stranger):
        pass
    groups = {f"{demo.slug}--armor": ["publishers"]}
    service = make_service(login, groups)

    await do_arrived(portal_site, service, demo, stranger)

    assert service.accounts[login.subject]["groups"] == groups
    assert await list_names(portal_database, demo, stranger) == []


async def test_who_is_needed_in_the_territory_keeps_everything_and_is_told(
    portal_app: Litestar,
    portal_site: Site,
    portal_database: Database,
    demo: Territory,
    other: Territory,
    relay: Relay,
) -> None:
    manager = of_this_realm(
        portal_site, recent(make_person(demo, memberships={"armor": ["managers"]}))
    )
    await add_organisation(portal_database, demo)
    for territory in (demo, other):
        async with browse(portal_app, territory, manager):
            pass
    groups = {f"{demo.slug}--armor": ["managers"]}
    service = make_service(manager, groups)

    await do_arrived(portal_site, service, demo, manager)

    assert [mail["Subject"] for mail in relay.mails] == [
        "Votre compte n’a pas été supprimé"
    ]
    assert service.accounts[manager.subject]["groups"] == groups
    async with portal_database.session(demo.id, role="worker") as session:
        query = select(Person).where(Person.subject == manager.subject)
        person = (await session.scalars(query)).one()
    assert person.deletion_requested_at is None
