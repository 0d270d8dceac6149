"""What the worker does for those who join: tells them by mail, and makes members at the identity service."""

import asyncio
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.emails import Email
from udi.kit.errors import ProvisionError
from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal.identity.models import TEAM, Person
from udi.portal.identity.provision.admin import (
    IdentityServiceUnavailableError,
    connect_for_members,
)
from udi.portal.identity.provision.memberships import DesiredMembership, make_member
from udi.portal.organisations.joining.applications import NOTIFY_APPLICATION
from udi.portal.organisations.joining.emails import write_emails
from udi.portal.organisations.members.member_changes import (
    CHANGE,
    is_founding,
    list_waiting,
    mark_applied,
)
from udi.portal.organisations.models import (
    Application,
    MemberChange,
    MemberChangeFailure,
    Organisation,
)
from udi.portal.organisations.queries import list_claimed_producers
from udi.settings import MissingSecretError
from udi.ui.site import Site

log = structlog.get_logger()


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def tell(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        mails = await write_application_emails(
            site,
            territory,
            UUID(job.payload["application"]),
            job.payload["event"],
            job.payload["revision"],
        )
        await site.send_emails(territory, job, mails)

    async def change(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await make_change(site, territory, UUID(job.payload["change"]))

    return {NOTIFY_APPLICATION: tell, CHANGE: change}


async def write_application_emails(
    site: Site, territory: Territory, id_: UUID, event: str, revision: int
) -> list[Email]:
    """The mails of a request, or of its answer, unless something newer is to be told."""
    async with site.database.session(territory.id, role="worker") as session:
        application = await session.get(Application, (territory.id, id_))
        if application is None or (application.state, application.revision) != (
            event,
            revision,
        ):
            return []
        person = await session.get_one(Person, (territory.id, application.person_id))
    mails = write_emails(site, territory, application, person)
    return [mail for mail in mails if mail.to]


async def make_change(site: Site, territory: Territory, id_: UUID) -> None:
    """Make a change of a member true at the identity service, after those that were asked before it.

    Raises:
        ProvisionError: the identity service does not answer, or refuses; it is tried again.
    """
    async with site.database.session(territory.id, role="worker") as session:
        change = await session.get(MemberChange, (territory.id, id_))
        if change is None or change.done_at is not None:
            return
        slug = await _slug_of(session, territory, change)
        waiting = [
            pending_change
            for pending_change in await list_waiting(session, change.organisation_id)
            if pending_change.person_id == change.person_id
        ]
        person = await session.get_one(Person, (territory.id, change.person_id))
        everybody = [
            (producer.slug, producer.name)
            for producer in await list_claimed_producers(session)
        ]
        founding = await is_founding(session, change)
    if waiting[0].id != change.id:
        msg = "a change that was asked before is not made yet"
        raise ProvisionError(msg)
    member = DesiredMembership(
        territory.slug,
        slug,
        person.subject,
        None if change.leaves else tuple(change.groups),
    )
    try:
        await asyncio.to_thread(
            _make, site, person.issuer, member, everybody, founding=founding
        )
    except (ProvisionError, MissingSecretError) as error:
        await _note_trouble(
            site,
            territory,
            id_,
            MemberChangeFailure.AWAY
            if isinstance(error, IdentityServiceUnavailableError)
            else MemberChangeFailure.REFUSED,
        )
        raise
    async with site.database.session(territory.id, role="worker") as session:
        change = await session.get_one(
            MemberChange, (territory.id, id_), with_for_update=True
        )
        await mark_applied(session, change, slug)
    log.info("member changed", organisation=slug or "(team)", change=str(id_))


async def _slug_of(
    session: AsyncSession, territory: Territory, change: MemberChange
) -> str:
    """The slug of the organisation of a change, `TEAM` for the territory's team."""
    if change.organisation_id is None:
        return TEAM
    organisation = await session.get_one(
        Organisation, (territory.id, change.organisation_id)
    )
    return organisation.slug


def _make(
    site: Site,
    issuer: str,
    member: DesiredMembership,
    everybody: list[tuple[str, str]],
    *,
    founding: bool,
) -> None:
    if issuer != site.settings.issuer:
        msg = f"The person is known to another identity service: {issuer}."
        raise ProvisionError(msg)
    make_member(
        connect_for_members(site.settings), member, everybody, founding=founding
    )


async def _note_trouble(
    site: Site, territory: Territory, id_: UUID, trouble: MemberChangeFailure
) -> None:
    async with site.database.session(territory.id, role="worker") as session:
        query = (
            select(MemberChange)
            .where(MemberChange.id == id_, MemberChange.done_at.is_(None))
            .with_for_update()
        )
        if (change := await session.scalar(query)) is not None:
            change.failure = trouble
