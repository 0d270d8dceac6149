"""When an account of the realm was used last, over all territories: suspended ones, nodes and the installation too."""

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.identity.deletion.deadlines import UnusedRecord
from udi.portal.identity.deletion.node_uses import note_node_use, slice_subjects
from udi.portal.identity.deletion.places import list_territories
from udi.portal.identity.models import ApiToken, Person, WatchedAccount, WebSession
from udi.portal.identity.provision.account_changes import (
    Account,
    read_last_login,
)
from udi.portal.identity.provision.admin import RealmAdmin
from udi.ui.site import Site

NEVER = datetime.min.replace(tzinfo=UTC)
TOKEN_USE = (
    select(func.max(ApiToken.last_used_at))
    .where(ApiToken.tenant_id == Person.tenant_id, ApiToken.person_id == Person.id)
    .scalar_subquery()
)
SESSION_USE = (
    select(func.max(WebSession.last_seen_at))
    .where(WebSession.tenant_id == Person.tenant_id, WebSession.person_id == Person.id)
    .scalar_subquery()
)


def digest_address(address: str) -> str:
    """What is kept of an address to which a warning left."""
    return hashlib.sha256(address.casefold().encode()).hexdigest()


def find_address(account: Account, person: Person) -> str:
    """Where the owner of an account is reached: its address of today, where that is proven; else that of a login."""
    if account.email and account.email_verified:
        return account.email
    return person.email


@dataclass(frozen=True)
class KnownPerson:
    """The row of an account in one territory, as it was read."""

    territory: Territory
    person: Person


@dataclass
class AccountUse:
    """An account: the territories that know it, and its last use in any of them."""

    subject: str
    last_used_at: datetime
    people: list[KnownPerson] = field(default_factory=list)

    @property
    def record(self) -> UnusedRecord:
        """The last use, and the newest warnings: the territory whose mails its owner gets may have changed."""
        people = [known.person for known in self.people]
        return UnusedRecord(
            self.last_used_at,
            _newest([person.unused_warned_at for person in people]),
            _newest([person.unused_warned_again_at for person in people]),
        )

    def is_warned_at(self, address: str) -> bool:
        """Whether the first warning left to this address."""
        warned = [
            known.person for known in self.people if known.person.unused_warned_at
        ]
        if not warned:
            return False
        last = max(warned, key=lambda person: person.unused_warned_at or NEVER)
        expected = last.unused_warned_hash or digest_address(last.email)
        return expected == digest_address(address)

    @property
    def reported_at(self) -> datetime | None:
        """When a team was told last that the account is needed, since it was used."""
        reported_at = _newest(
            [known.person.unused_reported_at for known in self.people]
        )
        if reported_at is None or reported_at <= self.last_used_at:
            return None
        return reported_at


async def list_idle_subjects(site: Site, issuer: str, before: datetime) -> set[str]:
    """Accounts that some territory saw no use of since a moment; another may have."""
    has_token_use = exists().where(
        ApiToken.tenant_id == Person.tenant_id,
        ApiToken.person_id == Person.id,
        ApiToken.last_used_at >= before,
    )
    query = select(Person.subject).where(
        Person.issuer == issuer,
        Person.last_login_at < before,
        or_(Person.node_used_on.is_(None), Person.node_used_on < before.date()),
        ~has_token_use,
    )
    subjects: set[str] = set()
    for territory in await list_territories(site):
        async with site.database.session(territory.id, role="worker") as session:
            subjects.update(await session.scalars(query))
    return subjects


async def read_account_uses(
    site: Site, issuer: str, subjects: Collection[str]
) -> list[AccountUse]:
    """Accounts with their last use in any territory, by subject."""
    uses: dict[str, AccountUse] = {}
    watched_days: dict[str, date] = {}
    for territory in await list_territories(site):
        async with site.database.session(territory.id, role="worker") as session:
            for some in slice_subjects(subjects):
                await _add_people(session, territory, issuer, some, uses)
                await _add_watched(session, some, watched_days)
    for subject, day in watched_days.items():
        if subject in uses:
            _note(uses[subject], _end_of(day))
    return [uses[subject] for subject in sorted(uses)]


async def _add_people(
    session: AsyncSession,
    territory: Territory,
    issuer: str,
    subjects: Sequence[str],
    uses: dict[str, AccountUse],
) -> None:
    query = select(Person, TOKEN_USE, SESSION_USE).where(
        Person.issuer == issuer, Person.subject.in_(subjects)
    )
    for person, token_use, session_use in (await session.execute(query)).all():
        use = uses.setdefault(
            person.subject, AccountUse(person.subject, person.last_login_at)
        )
        use.people.append(KnownPerson(territory, person))
        moments = [person.last_login_at, token_use, session_use]
        if person.node_used_on is not None:
            moments.append(_end_of(person.node_used_on))
        for moment in moments:
            _note(use, moment)


async def _add_watched(
    session: AsyncSession, subjects: Sequence[str], days: dict[str, date]
) -> None:
    """A node of a territory that does not know an account as a person may tell of its use."""
    for subject, day in await _list_watched(
        session, WatchedAccount.subject.in_(subjects)
    ):
        days[subject] = max(day, days.get(subject, day))


async def _list_watched(
    session: AsyncSession, *conditions: ColumnElement[bool]
) -> list[tuple[str, date]]:
    query = select(WatchedAccount.subject, WatchedAccount.node_used_on)
    rows = (await session.execute(query.where(*conditions))).all()
    return [(subject, day) for subject, day in rows if day is not None]


def _note(use: AccountUse, moment: datetime | None) -> None:
    if moment is not None:
        use.last_used_at = max(use.last_used_at, moment)


def _end_of(day: date) -> datetime:
    """The end of a day in UTC: the hour of the use is not kept, so the latest counts."""
    return datetime.combine(day + timedelta(days=1), time.min, UTC)


def _newest(moments: Sequence[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


async def carry_node_uses(site: Site) -> None:
    """Note what nodes of a territory told of accounts that only other territories know: such rows stay for two days."""
    days: dict[date, set[str]] = {}
    territories = await list_territories(site)
    for territory in territories:
        async with site.database.session(territory.id, role="worker") as session:
            for subject, day in await _list_watched(session):
                days.setdefault(day, set()).add(subject)
    for territory in territories:
        async with site.database.session(territory.id, role="worker") as session:
            for day, subjects in days.items():
                await note_node_use(session, subjects, day)


async def find_later_login(admin: RealmAdmin, use: AccountUse) -> datetime | None:
    """A login after the last known use, at a node or another program of the realm: the identity service keeps them for 90 days.

    Raises:
        ProvisionError: it does not answer, or refuses.
    """
    login_at = await asyncio.to_thread(read_last_login, admin, use.subject)
    if login_at is None or login_at <= use.last_used_at:
        return None
    return login_at


async def note_later_login(site: Site, use: AccountUse, login_at: datetime) -> None:
    """Keep its day in every territory that knows the account."""
    for known in use.people:
        async with site.database.session(known.territory.id, role="worker") as session:
            await note_node_use(session, [use.subject], login_at.date())
