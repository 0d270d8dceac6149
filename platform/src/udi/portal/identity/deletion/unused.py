"""Each day: who is warned that nobody uses their account, and whose account is then deleted or kept for others."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.erased_accounts import digest_subject
from udi.kit.sessions import SESSIONS
from udi.portal import audit
from udi.portal.identity.deletion.actions import request_unused_deletion
from udi.portal.identity.deletion.deadlines import (
    FIRST_NOTICE,
    UnusedStep,
    deletion_at,
    find_step,
)
from udi.portal.identity.deletion.handovers import Handover
from udi.portal.identity.deletion.last_uses import (
    AccountUse,
    KnownPerson,
    carry_node_uses,
    digest_address,
    find_address,
    find_later_login,
    list_idle_subjects,
    note_later_login,
    read_account_uses,
)
from udi.portal.identity.deletion.places import DepartureTask, note_departure
from udi.portal.identity.deletion.refusals import is_last_operator
from udi.portal.identity.deletion.unused_deletion import list_needs
from udi.portal.identity.models import Person
from udi.portal.identity.provision.account_changes import read_account
from udi.portal.identity.provision.admin import RealmAdmin, connect_for_members
from udi.portal.identity.queries import is_staying
from udi.protocol.deadlines import add_months
from udi.ui.emails import person_recipient, team_recipient
from udi.ui.site import Site

log = structlog.get_logger()
CRON = "43 5 * * *"
MOST_AT_ONCE = 300
"""Mails and deletions of one day: the others follow on the next."""
TOLD_AGAIN = timedelta(days=180)
"""After which a team is told once more of an account that it keeps."""
Connect = Callable[[], RealmAdmin]


@dataclass
class UnusedReview:
    """One day's look at the accounts that nobody uses."""

    site: Site
    connect: Connect
    counts: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Look at each, as a scheduled task; nothing where the installation deletes none.

        Raises:
            EmailError: the relay does not take mails; nobody counts as warned, and the next day tries again.
            ProvisionError: the identity service does not answer, or refuses.
            MissingSecretError: the account of the worker has no secret here.
        """
        await carry_node_uses(self.site)
        months = self.site.settings.unused_account_months
        if not months:
            return
        self.counts = Counter()
        issuer = self.site.services[SESSIONS].service.issuer
        admin = self.connect()
        try:
            for use in await self._list_due(issuer, months):
                if self.counts.total() < MOST_AT_ONCE:
                    await self._review(admin, use, months)
        finally:
            if self.counts:
                log.info("unused accounts reviewed", **self.counts)

    async def _list_due(self, issuer: str, months: int) -> list[AccountUse]:
        """Accounts for which something is due, those that nobody used for longest first.

        One that leaves some territories alone counts: a worker that died had not come to the last, which queues the task.
        """
        latest = (now() + FIRST_NOTICE).date()
        before = datetime.combine(add_months(latest, -months), now().timetz())
        subjects = await list_idle_subjects(self.site, issuer, before)
        uses = [
            use
            for use in await read_account_uses(self.site, issuer, subjects)
            if find_step(use.record, now(), months) is not UnusedStep.NONE
            and any(is_staying(known.person) for known in use.people)
        ]
        return sorted(uses, key=lambda use: use.last_used_at)

    async def _review(self, admin: RealmAdmin, use: AccountUse, months: int) -> None:
        if any(known.territory.read_only for known in use.people):
            return  # looked at again once everything of theirs may change
        home = await self._find_home(use)
        if home is None:
            log.info("unused account not warned, no active territory knows it")
            return
        account = await asyncio.to_thread(read_account, admin, use.subject)
        if account is None:
            return
        if login_at := await find_later_login(admin, use):
            await note_later_login(self.site, use, login_at)
            return
        address = find_address(account, home.person)
        step = find_step(use.record, now(), months)
        if not use.is_warned_at(address):
            step = UnusedStep.FIRST_WARNING
        may_go = step is UnusedStep.DELETION or use.reported_at is not None
        if may_go and await self._keep(admin, use):
            return
        if step is UnusedStep.DELETION:
            await self._request_deletion(use, home)
        else:
            await self._warn(use, home, step, months, address)

    async def _find_home(self, use: AccountUse) -> KnownPerson | None:
        """Where they logged in last, among the territories that are served: its language and look are those of the mails."""
        served = {territory.id for territory in await self.site.registry.list()}
        people = [known for known in use.people if known.territory.id in served]
        return max(people, key=lambda known: known.person.last_login_at, default=None)

    async def _warn(
        self,
        use: AccountUse,
        home: KnownPerson,
        step: UnusedStep,
        months: int,
        address: str,
    ) -> None:
        territory = home.territory
        person = home.person
        until = deletion_at(use.record, step, now(), months)
        mail = self.site.emails.render(
            territory,
            "identity/emails/account-unused.jinja",
            replace(person_recipient(territory, person), address=address),
            key=f"account-unused-{step}-{digest_subject(use.subject)[:16]}-{until:%Y%m%d}",
            since=use.last_used_at.astimezone(territory.zone).date(),
            until=until.astimezone(territory.zone).date(),
            is_last=step is UnusedStep.SECOND_WARNING,
            address=f"{territory.origin}/login?back=/my-space",
        )
        if not await self.site.send_email(territory, mail):
            log.info("unused account not warned", territory=territory.slug)
            return
        values: dict[str, datetime | str | None] = {"unused_warned_again_at": now()}
        if step is UnusedStep.FIRST_WARNING:
            values = {
                "unused_warned_at": now(),
                "unused_warned_again_at": None,
                "unused_warned_hash": digest_address(address),
            }
        async with self.site.database.session(territory.id, role="worker") as session:
            await _set_columns(session, person, values)
            audit.record(
                session, None, "person.unused_warned", person.id, step=step.value
            )
        self.counts["warned"] += 1

    async def _keep(self, admin: RealmAdmin, use: AccountUse) -> bool:
        """Whether others need an account that nobody uses; their teams are told what must be handed over, once in a while."""
        needs = []
        for known in use.people:
            tenant = known.territory.id
            async with self.site.database.session(tenant, role="worker") as session:
                handovers = await list_needs(
                    self.site, session, known.territory, known.person
                )
            if handovers:
                needs.append((known, handovers))
        issuer = use.people[0].person.issuer
        if await is_last_operator(self.site, admin, issuer, use.subject):
            log.warning(
                "the only operator of the installation does not use their account"
            )
            return True
        if use.reported_at is None or use.reported_at < now() - TOLD_AGAIN:
            for known, handovers in needs:
                await self._tell_team(use, known, handovers)
        return bool(needs)

    async def _tell_team(
        self, use: AccountUse, known: KnownPerson, handovers: Sequence[Handover]
    ) -> None:
        territory = known.territory
        if await self.site.registry.by_id(territory.id) is None:
            return
        mail = self.site.emails.render(
            territory,
            "identity/emails/account-unused-needed.jinja",
            team_recipient(territory),
            key=f"account-unused-needed-{digest_subject(use.subject)[:16]}-{now():%Y%m%d}",
            since=use.last_used_at.astimezone(territory.zone).date(),
            handovers=[handover for handover in handovers if not handover.is_private],
            has_private=any(handover.is_private for handover in handovers),
        )
        if not await self.site.send_email(territory, mail):
            return
        person = known.person
        async with self.site.database.session(territory.id, role="worker") as session:
            await _set_columns(session, person, {"unused_reported_at": now()})
            audit.record(session, None, "person.unused_kept", person.id)
        self.counts["kept"] += 1

    async def _request_deletion(self, use: AccountUse, home: KnownPerson) -> None:
        issuer = home.person.issuer
        language = person_recipient(home.territory, home.person).language
        enqueue = partial(request_unused_deletion, language=language)
        task = DepartureTask(home.territory.id, enqueue)
        if await note_departure(self.site, issuer, use.subject, task):
            self.counts["deleted"] += 1


async def _set_columns(
    session: AsyncSession, person: Person, values: Mapping[str, datetime | str | None]
) -> None:
    statement = update(Person).where(Person.id == person.id).values(**values)
    await session.execute(statement.execution_options(synchronize_session=False))


def create_review(site: Site) -> UnusedReview:
    """That of the portal's worker."""
    return UnusedReview(site, lambda: connect_for_members(site.settings))
