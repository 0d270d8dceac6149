"""Groups that logins through identity services of others give: given at the login, taken away when nothing gives them any more.

Only what was given here is taken away. What a login gave ends thirty days after the last one that gave it: somebody who
left their organisation cannot log in through its service, and may have a password of ours.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ProvisionError
from udi.kit.jobs import Handlers, Job
from udi.kit.login_providers import provider_alias, rules_digest
from udi.kit.tenancy import Territory
from udi.kit.territory_reads import find_territories
from udi.portal.identity.account_watcher import create_watcher
from udi.portal.identity.identity_services.provider_logins import REVIEW_PROVIDER_GROUPS
from udi.portal.identity.models import Membership, Person, ProviderGrant
from udi.portal.identity.provision.account_changes import read_provider_logins
from udi.portal.identity.provision.admin import (
    IdentityServiceUnavailableError,
    connect_for_members,
)
from udi.portal.identity.provision.provider_groups import (
    GivenGroup,
    OrganisationGroup,
    find_missing_groups,
    give_groups,
    read_provided_groups,
    take_groups,
)
from udi.ui.site import Site

log = structlog.get_logger()
EVERY = timedelta(seconds=60)
LASTS = timedelta(days=30)
MOST_AT_ONCE = 300
"""Accounts of a territory looked at in one pass, besides those that just logged in."""


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def review(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await review_groups(
            site, territory, job.payload["subject"], job.payload["provider"]
        )

    return {REVIEW_PROVIDER_GROUPS: review}


async def review_recent(site: Site) -> int:
    """A scheduled task, each minute: logins at nodes too, rules that changed, and what lasted long enough.

    Raises:
        ProvisionError: the identity service does not answer, or refuses.
        MissingSecretError: the account of the worker has no secret here.
    """
    return await review_pass(site, now() - EVERY)


async def review_pass(site: Site, since: datetime) -> int:
    """One pass over every territory; how many accounts got or lost a group.

    Raises:
        ProvisionError: the identity service does not answer, or refuses.
        MissingSecretError: the account of the worker has no secret here.
    """
    territories = await site.registry.list()
    logins: dict[str, str] = {}
    if any(
        provider.rules
        for territory in territories
        for provider in territory.login_providers
    ):
        admin = connect_for_members(site.settings)
        logins = await asyncio.to_thread(read_provider_logins, admin, since)
    changed = 0
    granting = await find_territories(site.database, select(ProviderGrant.subject))
    for territory in territories:
        prefix = provider_alias(territory.slug, "")
        alias_by_subject = {
            subject: alias
            for subject, alias in logins.items()
            if alias.startswith(prefix)
        }
        if territory.id not in granting and not alias_by_subject:
            continue
        async with site.database.session(territory.id, role="worker") as session:
            due = await _list_due(session, rules_digest(territory.login_providers))
        for subject in sorted(due | alias_by_subject.keys()):
            try:
                changed += await review_groups(
                    site, territory, subject, alias_by_subject.get(subject, "")
                )
            except IdentityServiceUnavailableError:
                raise
            except ProvisionError as error:
                log.warning("groups of a provider refused", reason=str(error))
    return changed


async def _list_due(session: AsyncSession, digest: str) -> set[str]:
    """Accounts with groups given by rules that were others, or too long ago."""
    query = (
        select(ProviderGrant.subject)
        .where(
            or_(
                ProviderGrant.rules_digest != digest,
                ProviderGrant.confirmed_at < now() - LASTS,
            )
        )
        .distinct()
        .limit(MOST_AT_ONCE)
    )
    return set(await session.scalars(query))


@dataclass(frozen=True)
class GroupPlan:
    """What is to become of the groups of one account."""

    confirmed: set[OrganisationGroup]
    """Given by the login that just happened."""
    obsolete: list[GivenGroup]
    known: set[OrganisationGroup]
    """Given before."""


async def review_groups(
    site: Site, territory: Territory, subject: str, through: str = ""
) -> bool:
    """Give an account what its claims give, and take away what nothing gives any more; whether that changed anything.

    `through`: alias of the provider by which it just logged in. May be repeated: what is to be given is noted before it
    is given, what is taken away is forgotten once the portal's own list says so too.

    Raises:
        ProvisionError: the identity service does not answer, or refuses.
        MissingSecretError: the account of the worker has no secret here.
    """
    watcher = create_watcher(site)
    admin = watcher.get_admin()
    provided = await asyncio.to_thread(
        read_provided_groups,
        admin,
        territory.slug,
        territory.login_providers,
        subject,
    )
    confirmed = provided.by_provider.get(through, set())
    async with site.database.session(territory.id, role="worker") as session:
        plan = await _plan(session, subject, provided.all, confirmed)
    missing = await asyncio.to_thread(
        find_missing_groups, admin, territory.slug, subject, confirmed - plan.known
    )
    digest = rules_digest(territory.login_providers)
    async with site.database.session(territory.id, role="worker") as session:
        await _note(session, subject, plan, missing, digest)
    given = plan.confirmed & (
        plan.known | {(group.organisation, group.group) for group in missing}
    )
    has_new = await asyncio.to_thread(
        give_groups, admin, territory.slug, subject, given
    )
    await asyncio.to_thread(take_groups, admin, territory.slug, subject, plan.obsolete)
    async with site.database.session(territory.id, role="worker") as session:
        is_behind = await _is_behind(session, subject, given)
    if not (has_new or plan.obsolete or is_behind):
        return False
    log.info("groups of a provider", given=has_new, taken_away=len(plan.obsolete))
    await watcher.refresh(territory, subject)
    async with site.database.session(territory.id, role="worker") as session:
        await _forget(session, subject, plan.obsolete)
    return True


async def _is_behind(
    session: AsyncSession, subject: str, given: set[OrganisationGroup]
) -> bool:
    """Whether the portal's own list lacks groups that were given: a worker that died did not come to say so here."""
    person_id = await session.scalar(select(Person.id).where(Person.subject == subject))
    if person_id is None:
        return False
    rows = await session.scalars(
        select(Membership).where(Membership.person_id == person_id)
    )
    known = {(row.organisation_slug, group) for row in rows for group in row.groups}
    return not given <= known


async def _plan(
    session: AsyncSession,
    subject: str,
    provided: set[OrganisationGroup],
    confirmed: set[OrganisationGroup],
) -> GroupPlan:
    rows = await session.scalars(
        select(ProviderGrant).where(ProviderGrant.subject == subject)
    )
    known = set()
    obsolete = []
    for row in rows:
        group = (row.organisation_slug, row.group_name)
        is_old = row.confirmed_at < now() - LASTS and group not in confirmed
        if group in provided and not is_old:
            known.add(group)
        else:
            obsolete.append(GivenGroup(*group, joined=row.joined))
    return GroupPlan(confirmed, obsolete, known)


async def _note(
    session: AsyncSession,
    subject: str,
    plan: GroupPlan,
    missing: list[GivenGroup],
    digest: str,
) -> None:
    moment = now()
    condition = ProviderGrant.subject == subject
    for group in missing:
        row = insert(ProviderGrant).values(
            subject=subject,
            organisation_slug=group.organisation,
            group_name=group.group,
            joined=group.joined,
            confirmed_at=moment,
            rules_digest=digest,
        )
        await session.execute(row.on_conflict_do_nothing())
    await session.execute(
        update(ProviderGrant).where(condition).values(rules_digest=digest)
    )
    if plan.confirmed:
        key = tuple_(ProviderGrant.organisation_slug, ProviderGrant.group_name)
        await session.execute(
            update(ProviderGrant)
            .where(condition, key.in_(sorted(plan.confirmed)))
            .values(confirmed_at=moment)
        )


async def _forget(
    session: AsyncSession, subject: str, obsolete: list[GivenGroup]
) -> None:
    for group in obsolete:
        await session.execute(
            delete(ProviderGrant).where(
                ProviderGrant.subject == subject,
                ProviderGrant.organisation_slug == group.organisation,
                ProviderGrant.group_name == group.group,
            )
        )
