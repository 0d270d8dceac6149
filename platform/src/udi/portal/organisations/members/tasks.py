"""What the worker does for those who come into an organisation: tells them and its administrators by mail."""

from uuid import UUID

from udi.kit.emails import Email
from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.organisations.members.actions import SEND_ENTRY
from udi.portal.organisations.members.emails import write_entry
from udi.portal.organisations.members.queries import list_member_summaries
from udi.portal.organisations.members.transitions import MembershipStage
from udi.portal.organisations.models import MembershipEntry, Organisation
from udi.ui.emails import EmailRecipient, person_recipient
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def tell(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        mails = await write_entry_emails(
            site, territory, UUID(job.payload["entry"]), str(job.payload["stage"])
        )
        await site.send_emails(territory, job, mails)

    return {SEND_ENTRY: tell}


async def write_entry_emails(
    site: Site, territory: Territory, id_: UUID, stage: str
) -> list[Email]:
    """The mails of a stage, unless it is past."""
    async with site.database.session(territory.id, role="worker") as session:
        entry = await session.get(MembershipEntry, (territory.id, id_))
        if entry is None or entry.stage != stage:
            return []
        organisation = await session.get_one(
            Organisation, (territory.id, entry.organisation_id)
        )
        started_by = await session.get_one(Person, (territory.id, entry.started_by))
        if stage == MembershipStage.INVITED:
            to = [EmailRecipient(entry.email, entry.language)]
        elif stage == MembershipStage.REQUESTED:
            lines = await list_member_summaries(session, organisation)
            to = [
                person_recipient(territory, line.person)
                for line in lines
                if line.manages
            ]
        else:
            to = [person_recipient(territory, started_by, entry.language)]
    name = started_by.name or started_by.email
    return [
        write_entry(site, territory, entry, organisation, recipient, person=name)
        for recipient in to
        if recipient.address
    ]
