"""Comparing accounts with the identity service, each minute: who left, or lost a role, loses at once what came of it.

One pass is of the realm, which territories share; what it finds is done in each of them.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Select, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import is_among
from udi.kit.errors import ProvisionError
from udi.kit.identity import MODERATORS
from udi.kit.schedules import choose_turn
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.kit.territory_reads import find_territories, read_territories
from udi.portal.identity.actions import sync_memberships
from udi.portal.identity.deletion.erasure import erase_returned
from udi.portal.identity.departures import (
    DEPARTURE_LOCKS,
    DEPARTURES,
    change_rights,
    end_account,
)
from udi.portal.identity.models import (
    TEAM,
    AccountWatch,
    ApiToken,
    Membership,
    Person,
    WatchedAccount,
    WebSession,
)
from udi.portal.identity.provision.account_changes import (
    Account,
    AccountChanges,
    log_out,
    read_account,
    read_changes,
)
from udi.portal.identity.provision.admin import (
    RealmAdmin,
    RefusedCallError,
    connect_for_members,
)
from udi.portal.identity.provision.operators import list_operator_accounts
from udi.settings import MissingSecretError
from udi.ui.site import Site

log = structlog.get_logger()
CRON = "* * * * *"
EACH_EVERY = timedelta(hours=24)
MOST_AT_ONCE = 300
"""Accounts that are due, looked at in one pass: two calls each, and more for who belongs to organisations."""
HAS_SESSION = exists().where(
    WebSession.tenant_id == Person.tenant_id, WebSession.person_id == Person.id
)
HAS_TOKEN = exists().where(
    ApiToken.tenant_id == Person.tenant_id,
    ApiToken.person_id == Person.id,
    ApiToken.revoked_at.is_(None),
)
HAS_GROUPS = exists().where(
    Membership.tenant_id == Person.tenant_id, Membership.person_id == Person.id
)
WATCH_RETENTION = timedelta(days=2)
"""After which an account of which no node asks any more is forgotten."""
Connect = Callable[[], RealmAdmin]


@dataclass
class AccountWatcher:
    """Compares accounts once; what the identity service says is the same for every territory."""

    site: Site
    connect: Connect
    _admin: RealmAdmin | None = field(default=None, init=False)

    async def run(self) -> None:
        """One pass, as a scheduled task.

        Raises:
            ProvisionError: the identity service does not answer, or refuses: nothing is confirmed.
            MissingSecretError: the account of the worker has no secret here.
        """
        try:
            await self.run_once()
        except (ProvisionError, MissingSecretError) as error:
            log.warning("accounts not compared", reason=str(error))
            raise

    async def run_once(self) -> int:
        """One pass; how many accounts were found to have left or changed.

        Raises:
            ProvisionError: the identity service does not answer, or refuses: nothing is confirmed.
            MissingSecretError: the account of the worker has no secret here.
        """
        begun = now()
        issuer = self.site.services[SESSIONS].service.issuer
        change_count = await erase_returned(self.site, issuer)
        territories = await self.site.registry.list()
        if not territories:
            return change_count
        confirmed = await self._read_confirmations()
        since = min(confirmed.values(), default=begun)
        changes = await asyncio.to_thread(read_changes, self.get_admin(), since)
        await self._compare_operators(issuer)
        accounts: dict[str, Account | None] = {}
        concerned = await self._find_concerned(issuer, changes, begun)
        turn = choose_turn(territories, confirmed, begun)
        for territory in territories:
            if not await self.site.registry.is_active(territory.id):
                continue  # read only since this began
            if changes.everybody or territory.id in concerned:
                change_count += await self._compare(territory, changes, accounts, begun)
            elif territory.id in turn:
                await self._confirm_unchanged(territory, begun)
        return change_count

    async def refresh(self, territory: Territory, subject: str) -> bool:
        """Look at one account of a territory now; whether anything of it changed.

        Raises:
            ProvisionError: the identity service does not answer, or refuses.
        """
        account = await self._read(subject, ())
        return await self._apply(territory, subject, account)

    def get_admin(self) -> RealmAdmin:
        """The identity service, as the lesser account of the worker."""
        if self._admin is None:
            self._admin = self.connect()
        return self._admin

    async def _read_confirmations(self) -> dict[UUID, datetime]:
        """When each territory was compared; those that never were are not there, and begin now."""
        query = select(AccountWatch.confirmed_at)
        watches = await read_territories(self.site.database, query, role="worker")
        return {
            territory: datetime.fromisoformat(row["confirmed_at"])
            for territory, rows in watches.items()
            for row in rows
        }

    async def _find_concerned(
        self, issuer: str, changes: AccountChanges, begun: datetime
    ) -> set[UUID]:
        """The territories that know somebody who changed, or somebody whose turn it is; not asked where all are looked at."""
        if changes.everybody:
            return set()
        queries = [select_due_people(issuer, begun), select_due_watched(begun)]
        if changes.touched:
            queries += select_known(issuer, changes.touched)
        if changes.disabled:
            # Every account of the realm that is disabled, each minute: those that were seen to be so are done with.
            people, watched = select_known(issuer, changes.disabled)
            queries.append(people.where(Person.left_at.is_(None)))
            queries.append(watched.where(WatchedAccount.gone.is_(False)))
        return await find_territories(self.site.database, *queries)

    async def _compare_operators(self, issuer: str) -> None:
        """Bring who runs the installation in step: a command names and removes them at the identity service alone."""
        try:
            accounts = await asyncio.to_thread(list_operator_accounts, self.get_admin())
        except RefusedCallError as error:
            log.warning("operators not compared", reason=str(error))
            return
        groups = {
            str(account["id"]): {TEAM: [MODERATORS]}
            for account in accounts
            if account.get("enabled", True)
        }
        async with self.site.database.session(
            INSTALLATION_ID, role="worker"
        ) as session:
            await sync_memberships(session, issuer, groups)

    async def _compare(
        self,
        territory: Territory,
        changes: AccountChanges,
        accounts: dict[str, Account | None],
        begun: datetime,
    ) -> int:
        issuer = self.site.services[SESSIONS].service.issuer
        async with self.site.database.session(territory.id, role="worker") as session:
            touched = await list_subjects(session, issuer) & changes.touched
            disabled = (
                await list_subjects(
                    session, issuer, Person.left_at.is_(None), gone=False
                )
                & changes.disabled
            )
            if changes.everybody:
                members = await list_subjects(session, issuer, HAS_GROUPS)
            else:
                members = set()
            due = await list_due(session, issuer, begun)
        change_count = 0
        for subject in sorted(touched | disabled | members | due):
            if subject not in accounts:
                accounts[subject] = await self._read(subject, changes.disabled)
            change_count += await self._apply(territory, subject, accounts[subject])
        async with self.site.database.session(territory.id, role="worker") as session:
            await _confirm(session, begun)
        return change_count

    async def _confirm_unchanged(self, territory: Territory, begun: datetime) -> None:
        """Nobody of a territory changed, and nobody's turn has come."""
        async with self.site.database.session(territory.id, role="worker") as session:
            await _confirm(session, begun)

    async def _read(self, subject: str, disabled: Collection[str]) -> Account | None:
        admin = self.get_admin()
        if subject in disabled:
            account = None
        else:
            account = await asyncio.to_thread(read_account, admin, subject)
        if account is None:
            await asyncio.to_thread(log_out, admin, subject)
        return account

    async def _apply(
        self, territory: Territory, subject: str, account: Account | None
    ) -> bool:
        ends = self.site.services.contributions(DEPARTURES)
        locks = self.site.services.contributions(DEPARTURE_LOCKS)
        memberships = read_groups(account, territory.slug) if account else {}
        async with self.site.database.session(territory.id, role="worker") as session:
            await _note_watched(
                session, subject, gone=account is None, memberships=memberships
            )
            person = await session.scalar(
                select(Person).where(Person.subject == subject).with_for_update()
            )
            if person is None:
                return False
            person.checked_at = now()
            if account is None:
                return bool(await end_account(session, person, ends, locks))
            person.left_at = None
            return await change_rights(session, person, memberships, ends)


def create_watcher(site: Site) -> AccountWatcher:
    """That of the portal's worker."""
    return AccountWatcher(site, lambda: connect_for_members(site.settings))


def read_groups(account: Account, territory: str) -> dict[str, set[str]]:
    """Groups by slug, of one territory's organisations."""
    team_groups = account.memberships.get(territory, set()) & {MODERATORS}
    prefix = f"{territory}--"
    groups_by_slug = {
        alias.removeprefix(prefix): groups
        for alias, groups in account.memberships.items()
        if alias.startswith(prefix)
    }
    return groups_by_slug | ({TEAM: team_groups} if team_groups else {})


async def list_subjects(
    session: AsyncSession, issuer: str, *which: ColumnElement[bool], gone: bool = True
) -> set[str]:
    """The accounts of people here, and of those of whom nodes ask; without `gone`, not those found to be so before."""
    people = await session.scalars(
        select(Person.subject).where(Person.issuer == issuer, *which)
    )
    watched = select(WatchedAccount.subject)
    watched_subjects = await session.scalars(
        watched if gone else watched.where(WatchedAccount.gone.is_(False))
    )
    return {*people, *watched_subjects}


async def list_due(session: AsyncSession, issuer: str, moment: datetime) -> set[str]:
    """The accounts with something alive that nobody looked at for a day, some at a time: an event may have been missed."""
    people = select_due_people(issuer, moment).order_by(
        Person.checked_at.asc().nulls_first()
    )
    watched = select_due_watched(moment).order_by(
        WatchedAccount.checked_at.asc().nulls_first()
    )
    return {
        *await session.scalars(people.limit(MOST_AT_ONCE)),
        *await session.scalars(watched.limit(MOST_AT_ONCE)),
    }


def select_known(
    issuer: str, subjects: Collection[str]
) -> tuple[Select[str], Select[str]]:
    """Which of some accounts are people of a territory, and of which of them its nodes ask."""
    of_issuer = Person.issuer == issuer
    people = select(Person.subject).where(of_issuer, is_among(Person.subject, subjects))
    watched = select(WatchedAccount.subject)
    return people, watched.where(is_among(WatchedAccount.subject, subjects))


def select_due_people(issuer: str, moment: datetime) -> Select[str]:
    """People with something alive at whom nobody looked for a day."""
    return select(Person.subject).where(
        Person.issuer == issuer,
        Person.left_at.is_(None),
        or_(HAS_SESSION, HAS_TOKEN, HAS_GROUPS),
        or_(Person.checked_at.is_(None), Person.checked_at < moment - EACH_EVERY),
    )


def select_due_watched(moment: datetime) -> Select[str]:
    """Accounts of which nodes ask at which nobody looked for a day."""
    unchecked = or_(
        WatchedAccount.checked_at.is_(None),
        WatchedAccount.checked_at < moment - EACH_EVERY,
    )
    return select(WatchedAccount.subject).where(unchecked)


async def _note_watched(
    session: AsyncSession, subject: str, *, gone: bool, memberships: dict[str, set[str]]
) -> None:
    watched = await session.scalar(
        select(WatchedAccount)
        .where(WatchedAccount.subject == subject)
        .with_for_update()
    )
    if watched is not None:
        watched.checked_at = now()
        watched.gone = gone
        watched.memberships = {
            slug: sorted(groups) for slug, groups in sorted(memberships.items())
        }


async def _confirm(session: AsyncSession, begun: datetime) -> None:
    values = {"confirmed_at": begun}
    first = insert(AccountWatch).values(**values)
    await session.execute(
        first.on_conflict_do_update(index_elements=["tenant_id"], set_=values)
    )
    await session.execute(
        delete(WatchedAccount).where(
            WatchedAccount.requested_at < begun - WATCH_RETENTION
        )
    )
