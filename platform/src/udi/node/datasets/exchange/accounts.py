"""Asking the portal, each minute, whether those who hold a session or a key here still may; and ending what they may not hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import CursorResult, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.identity import MANAGERS
from udi.kit.schedules import choose_turn, run_in_each_territory
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.kit.territory_reads import find_territories
from udi.node.audit import record_audit_event
from udi.node.datasets.exchange.account_reports import AccountReport
from udi.node.datasets.exchange.portal import (
    PortalClient,
    PortalUnavailableError,
)
from udi.node.identity.models import AccountWatch, Membership, Person, WebSession
from udi.node.spaces.models import ScriptKey, Space
from udi.ui.person_erasure import erase_person
from udi.ui.personal_rows import PersonalRegister

log = structlog.get_logger()
CRON = "* * * * * 30"
"""Half a minute after the portal compared its accounts."""
SLICE = 1000
SAME_KEY = (
    ScriptKey.tenant_id == Person.tenant_id,
    ScriptKey.person_id == Person.id,
)
"""Of keys of scripts: those of a person."""
SAME_SESSION = (
    WebSession.tenant_id == Person.tenant_id,
    WebSession.person_id == Person.id,
)
"""Of sessions: those of a person."""
LATELY = timedelta(days=1)
"""For how long the portal is told that a script was at work."""
LEFT = "left"
ROLE = "role"
"""Why a key ended by itself."""


@dataclass
class AccountSync:
    """Asks about those who hold something here; `issuer` is the identity service of the installation."""

    database: Database
    registry: TerritoryRegistry
    portal: PortalClient
    issuer: str
    register: PersonalRegister
    former_name: Callable[[Territory], str]
    """What pages call somebody whose account was deleted."""
    _done_at: dict[UUID, datetime] = field(default_factory=dict, init=False)
    """When this process last asked the portal of each territory, and was answered."""

    async def run(self) -> None:
        """Ask the portal of each territory, as a scheduled task."""
        # Where nobody holds anything, what is known of accounts is only kept fresh.
        holders = await find_territories(
            self.database,
            select(WebSession.tenant_id),
            select(ScriptKey.id).where(ScriptKey.revoked_at.is_(None)),
        )
        turn = choose_turn(await self.registry.list(), self._done_at, now())
        await run_in_each_territory(
            self.registry, self._check_territory, among=holders | turn
        )

    async def _check_territory(self, territory: Territory) -> None:
        try:
            await self.check_accounts(territory)
        except PortalUnavailableError as error:
            log.info("accounts not asked about", reason=str(error), detail=error.detail)
            raise
        self._done_at[territory.id] = now()

    async def check_accounts(self, territory: Territory) -> int:
        """Ask about everybody who holds something; how many things ended.

        Raises:
            PortalUnavailableError: the portal does not answer: nothing is confirmed.
        """
        async with self.database.session(territory.id, role="worker") as session:
            subjects = sorted(await _list_subjects(session, self.issuer))
            known = sorted(await _list_known(session, self.issuer))
            used = await _list_used(session, self.issuer)
        ended = await self._erase_deleted(territory, known)
        confirmed: list[datetime | None] = []
        for start in range(0, max(len(subjects), 1), SLICE):
            some = subjects[start : start + SLICE]
            answer = await self.portal.query_accounts(
                territory,
                some,
                used=[subject for subject in some if subject in used],
            )
            confirmed.append(answer.confirmed_at)
            async with self.database.session(territory.id, role="worker") as session:
                ended += await apply_accounts(session, self.issuer, answer)
        if (moments := [moment for moment in confirmed if moment is not None]) and len(
            moments
        ) == len(confirmed):
            async with self.database.session(territory.id, role="worker") as session:
                await _record_confirmation(session, min(moments))
        return ended

    async def _erase_deleted(self, territory: Territory, known: Sequence[str]) -> int:
        """Erase everybody here whose account was deleted; how many."""
        erased = 0
        for start in range(0, len(known), SLICE):
            answer = await self.portal.query_accounts(
                territory, [], known[start : start + SLICE]
            )
            for subject in sorted(set(answer.erased) & set(known)):
                async with self.database.session(
                    territory.id, role="worker"
                ) as session:
                    erased += await self._erase_account(session, territory, subject)
        return erased

    async def _erase_account(
        self, session: AsyncSession, territory: Territory, subject: str
    ) -> int:
        conditions = (Person.issuer == self.issuer, Person.subject == subject)
        person = await session.scalar(
            select(Person).where(*conditions).with_for_update()
        )
        if person is None:
            return 0
        await _end_account(session, person)
        name = self.former_name(territory)
        await erase_person(session, self.register, person, former_name=name)
        record_audit_event(session, None, "person.erased", person.id)
        return 1


async def _list_known(session: AsyncSession, issuer: str) -> set[str]:
    """Everybody who ever logged in here."""
    return set(
        await session.scalars(select(Person.subject).where(Person.issuer == issuer))
    )


async def _list_used(session: AsyncSession, issuer: str) -> set[str]:
    """Who is logged in here, or has a script that was at work since yesterday."""
    in_use = or_(
        exists().where(*SAME_KEY, ScriptKey.last_used_at > now() - LATELY),
        exists().where(*SAME_SESSION),
    )
    query = select(Person.subject).where(Person.issuer == issuer, in_use)
    return set(await session.scalars(query))


async def _list_subjects(session: AsyncSession, issuer: str) -> set[str]:
    alive = or_(
        exists().where(*SAME_KEY, ScriptKey.revoked_at.is_(None)),
        exists().where(*SAME_SESSION),
    )
    return set(
        await session.scalars(
            select(Person.subject).where(Person.issuer == issuer, alive)
        )
    )


async def apply_accounts(
    session: AsyncSession, issuer: str, answer: AccountReport
) -> int:
    """End what accounts that are gone, or have fewer rights, may not hold any more; how many things."""
    ended = 0
    for account in answer.accounts:
        conditions = (Person.issuer == issuer, Person.subject == account.subject)
        person = await session.scalar(
            select(Person).where(*conditions).with_for_update()
        )
        if person is None:
            continue
        if account.gone:
            ended += await _end_account(session, person)
        elif answer.confirmed_at is not None:
            ended += await _change_rights(
                session, person, account.memberships, answer.confirmed_at
            )
    return ended


async def _end_account(session: AsyncSession, person: Person) -> int:
    ended = _row_count(
        await session.execute(
            delete(WebSession).where(WebSession.person_id == person.id)
        )
    )
    await session.execute(delete(Membership).where(Membership.person_id == person.id))
    living = (ScriptKey.person_id == person.id, ScriptKey.revoked_at.is_(None))
    over = {"revoked_at": now(), "revoked_reason": LEFT}
    return ended + _row_count(
        await session.execute(update(ScriptKey).where(*living).values(**over))
    )


async def _change_rights(
    session: AsyncSession,
    person: Person,
    memberships: Mapping[str, Sequence[str]],
    known_at: datetime,
) -> int:
    """What was said here after the portal compared accounts is newer than what the portal says, and stays."""
    conditions = (WebSession.person_id == person.id, WebSession.confirmed_at < known_at)
    sorted_memberships = {
        slug: sorted(groups) for slug, groups in sorted(memberships.items())
    }
    other = WebSession.memberships != sorted_memberships
    changed = _row_count(
        await session.execute(
            update(WebSession)
            .where(*conditions, other)
            .values(memberships=sorted_memberships)
        )
    )
    managed = [slug for slug, groups in memberships.items() if MANAGERS in groups]
    lost = select(Space.id).where(Space.slug.not_in(managed))
    keys = (
        ScriptKey.person_id == person.id,
        ScriptKey.revoked_at.is_(None),
        ScriptKey.created_at < known_at,
        ScriptKey.space_id.in_(lost),
    )
    over = {"revoked_at": now(), "revoked_reason": ROLE}
    return changed + _row_count(
        await session.execute(update(ScriptKey).where(*keys).values(**over))
    )


async def _record_confirmation(session: AsyncSession, confirmed_at: datetime) -> None:
    first = insert(AccountWatch).values(confirmed_at=confirmed_at)
    values = {"confirmed_at": confirmed_at}
    await session.execute(
        first.on_conflict_do_update(index_elements=["tenant_id"], set_=values)
    )


def _row_count(result: object) -> int:
    if isinstance(result, CursorResult):
        return result.rowcount
    return 0
