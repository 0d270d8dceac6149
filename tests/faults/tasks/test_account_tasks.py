"""Accounts of a real identity service, deleted, changed and compared: workers killed in the middle of these tasks.

Each scheduled task has a trial of its own: what one of them takes away before another has seen it is no change for the other.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update

from tests.faults.tasks.conftest import CheckKills
from tests.faults.tasks.queueing import enqueue
from tests.identity.scene import provision
from tests.portal.identity.unused import warned_twice
from tests.visitors import enter, make_person
from udi.kit.clock import now
from udi.kit.identity import PUBLISHERS
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.identity.deletion.actions import UNUSED
from udi.portal.identity.deletion.last_uses import digest_address
from udi.portal.identity.models import Person, ProviderGrant, WebSession
from udi.portal.identity.provision.account_changes import read_account
from udi.portal.identity.provision.accounts import apply_memberships
from udi.portal.identity.provision.admin import RealmAdmin, connect, find_or_none
from udi.portal.identity.provision.memberships import apply_members_account
from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.members.member_changes import change_member
from udi.portal.organisations.models import Organisation
from udi.settings import Settings
from udi.ui.site import Site

SLUG = "mairie"
YEARS = timedelta(days=1500)
"""How long somebody has not come."""


@dataclass
class RealmAccounts:
    """Accounts of a realm: made anew before each run, whatever became of them. Their addresses are newer than their logins."""

    admin: RealmAdmin
    realm: str
    organisation: str
    logins: dict[str, Login]
    """By what becomes of each; `people` are they as the portal knows them."""
    people: dict[str, uuid.UUID]

    def put_back(self) -> None:
        for login in self.logins.values():
            find_or_none(self.admin.delete_user, login.subject)
        users = [
            {
                "id": login.subject,
                "username": login.email,
                "email": new_address(login),
                "emailVerified": True,
                "enabled": name != "disabled",
            }
            for name, login in self.logins.items()
        ]
        self.admin.partial_import_realm(
            self.realm, {"ifResourceExists": "FAIL", "users": users}
        )
        if "granted" in self.logins:
            granted = self.logins["granted"].subject
            apply_memberships(self.admin, granted, {self.organisation: [PUBLISHERS]})

    def read(self) -> Counter[str]:
        accounts = {
            name: read_account(self.admin, login.subject)
            for name, login in self.logins.items()
        }
        return Counter(f"{name} {account}" for name, account in accounts.items())


def new_address(login: Login) -> str:
    """The address that an account has by now."""
    return f"new-{login.email}"


async def make_accounts(
    settings: Settings, site: Site, territory: Territory, names: Sequence[str]
) -> RealmAccounts:
    """People of a territory, by what becomes of them."""
    admin = connect(settings)
    await asyncio.to_thread(provision, admin, settings, territory)
    await asyncio.to_thread(apply_members_account, admin, settings)
    logins = {
        name: replace(make_person(territory), issuer=settings.issuer) for name in names
    }
    people = {
        name: (await enter(site, territory, login=login)).person_id
        for name, login in logins.items()
    }
    return RealmAccounts(
        admin, settings.identity_realm, f"{territory.slug}--{SLUG}", logins, people
    )


async def make_organisation(
    site: Site, territory: Territory, accounts: RealmAccounts
) -> Organisation:
    """The town hall, of which one person is because of a login of long ago."""
    async with site.database.session(territory.id, role="worker") as session:
        town_hall = await apply_organisation(
            session,
            id=uuid.uuid4(),
            slug=SLUG,
            name="Mairie",
            summary={},
            email="m@example.org",
        )
        session.add(
            ProviderGrant(
                subject=accounts.logins["granted"].subject,
                organisation_slug=SLUG,
                group_name=PUBLISHERS,
                joined=True,
                confirmed_at=now() - timedelta(days=400),
                rules_digest="x",
            )
        )
    return town_hall


async def let_years_pass(
    site: Site, territory: Territory, accounts: RealmAccounts
) -> None:
    """Have nobody have used their account for years: the session of their login counts as a use, so it ends."""
    warnings: dict[str, dict[str, datetime]] = {
        "forgotten": {},
        "warned": {"unused_warned_at": warned_twice()["unused_warned_at"]},
        "expired": warned_twice(),
    }
    async with site.database.session(territory.id, role="worker") as session:
        await session.execute(delete(WebSession))
        for days, (name, warned_at) in enumerate(warnings.items()):
            values = {
                "last_login_at": now() - YEARS - timedelta(days=days),
                "unused_warned_hash": digest_address(
                    new_address(accounts.logins[name])
                ),
                **warned_at,
            }
            person = Person.id == accounts.people[name]
            await session.execute(update(Person).where(person).values(**values))


@pytest.mark.programs
@pytest.mark.thorough
async def test_tasks_of_accounts_are_done_once_whenever_a_worker_dies(
    check_kills: CheckKills, keycloak: Settings, portal_site: Site, demo: Territory
) -> None:
    database = portal_site.database
    accounts = await make_accounts(
        keycloak, portal_site, demo, ("leaving", "coming", "granted")
    )
    town_hall = await make_organisation(portal_site, demo, accounts)
    coming = accounts.people["coming"]
    async with database.session(demo.id, role="worker") as session:
        await change_member(session, None, town_hall, coming, [PUBLISHERS])
    await enqueue(
        database,
        demo,
        "delete_account",
        issuer=keycloak.issuer,
        subject=accounts.logins["leaving"].subject,
        language="fr",
    )
    await enqueue(
        database,
        demo,
        "review_provider_groups",
        subject=accounts.logins["granted"].subject,
        provider="",
    )
    await check_kills(
        "portal",
        {"change_member", "delete_account", "review_provider_groups"},
        accounts,
    )


@pytest.mark.programs
@pytest.mark.thorough
async def test_the_deletion_of_an_unused_account_is_done_once_whenever_a_worker_dies(
    check_kills: CheckKills, keycloak: Settings, portal_site: Site, demo: Territory
) -> None:
    accounts = await make_accounts(
        keycloak, portal_site, demo, ("forgotten", "warned", "expired")
    )
    await let_years_pass(portal_site, demo, accounts)
    await enqueue(
        portal_site.database,
        demo,
        "delete_account",
        issuer=keycloak.issuer,
        subject=accounts.logins["expired"].subject,
        language="fr",
        reason=UNUSED,
    )
    await check_kills("portal", {"delete_account"}, accounts)


@pytest.mark.programs
@pytest.mark.thorough
async def test_accounts_are_compared_once_whenever_a_worker_dies(
    check_kills: CheckKills, keycloak: Settings, portal_site: Site, demo: Territory
) -> None:
    accounts = await make_accounts(
        keycloak, portal_site, demo, ("granted", "disabled", "staying")
    )
    await check_kills("portal", {"compare_accounts"}, accounts)


@pytest.mark.programs
@pytest.mark.thorough
async def test_groups_of_providers_are_reviewed_once_whenever_a_worker_dies(
    check_kills: CheckKills, keycloak: Settings, portal_site: Site, demo: Territory
) -> None:
    accounts = await make_accounts(keycloak, portal_site, demo, ("granted",))
    await make_organisation(portal_site, demo, accounts)
    await check_kills("portal", {"review_groups"}, accounts)


@pytest.mark.programs
@pytest.mark.thorough
async def test_unused_accounts_are_warned_and_deleted_once_whenever_a_worker_dies(
    check_kills: CheckKills, keycloak: Settings, portal_site: Site, demo: Territory
) -> None:
    """Of three, one has the first notice, one the second, and one is deleted, with the last mail."""
    accounts = await make_accounts(
        keycloak, portal_site, demo, ("forgotten", "warned", "expired")
    )
    await let_years_pass(portal_site, demo, accounts)
    await check_kills("portal", {"review_unused_accounts"}, accounts)
