"""What the worker does for those who come into an organisation: tells them and its administrators by mail."""

from collections.abc import Mapping
from uuid import UUID

from udi.kit.emails import Email, send_email
from udi.kit.jobs import Handler, Job
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.organisations.members.actions import SEND_ENTRY
from udi.portal.organisations.members.emails import write_entry
from udi.portal.organisations.members.queries import list_member_summaries
from udi.portal.organisations.members.transitions import MembershipStage
from udi.portal.organisations.models import MembershipEntry, Organisation
from udi.ui.site import Site


def task_handlers(site: Site) -> Mapping[str, Handler]:
    """The handlers, by name; for a territory that is not served any more, they do nothing."""

    async def tell(job: Job) -> None:
        if territory := await site.registry.by_id(job.tenant):
            await send_entry(
                site, territory, UUID(job.payload["entry"]), str(job.payload["stage"])
            )

    return {SEND_ENTRY: tell}


async def send_entry(site: Site, territory: Territory, id_: UUID, stage: str) -> None:
    """Send the mails of a stage, unless it is past.

    Raises:
        EmailError: the relay did not take one; all are tried again, under the same identifiers.
    """
    for mail in await _write(site, territory, id_, stage):
        await send_email(
            mail,
            site.settings.smtp_host,
            site.settings.smtp_port or site.settings.port(6),
        )


async def _write(
    site: Site, territory: Territory, id_: UUID, stage: str
) -> list[Email]:
    async with site.database.session(territory.id, role="worker") as session:
        entry = await session.get(MembershipEntry, (territory.id, id_))
        if entry is None or entry.stage != stage:
            return []
        organisation = await session.get_one(
            Organisation, (territory.id, entry.organisation_id)
        )
        begun_by = await session.get_one(Person, (territory.id, entry.begun_by))
        if stage == MembershipStage.INVITED:
            to = [(entry.email, entry.language)]
        elif stage == MembershipStage.REQUESTED:
            lines = await list_member_summaries(session, organisation)
            to = [
                (line.person.email, _language(territory, line.person))
                for line in lines
                if line.manages
            ]
        else:
            to = [(begun_by.email, entry.language)]
    who = begun_by.name or begun_by.email
    return [
        write_entry(
            site, territory, entry, organisation, to=address, language=language, who=who
        )
        for address, language in to
        if address
    ]


def _language(territory: Territory, person: Person) -> str:
    if person.locale in territory.languages:
        return person.locale
    return territory.languages[0]
