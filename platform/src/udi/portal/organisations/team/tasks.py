"""What the worker does for the territory's team: sends its invitations."""

from uuid import UUID

from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.organisations.members.transitions import MembershipStage
from udi.portal.organisations.models import MembershipEntry
from udi.portal.organisations.team.actions import SEND_TEAM_INVITATION
from udi.portal.organisations.team.emails import write_invitation
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def send(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await send_invitation(
            site,
            territory,
            UUID(job.payload["invitation"]),
            str(job.payload["expires_at"]),
        )

    return {SEND_TEAM_INVITATION: send}


async def send_invitation(
    site: Site, territory: Territory, id_: UUID, expires_at: str
) -> None:
    """Send the mail of an invitation, unless it was answered, cancelled or sent again meanwhile.

    Raises:
        EmailError: the relay did not take it; it is tried again, under the same identifier.
    """
    async with site.database.session(territory.id, role="worker") as session:
        invitation = await session.get(MembershipEntry, (territory.id, id_))
        if invitation is None or invitation.stage != MembershipStage.INVITED:
            return
        if invitation.expires_at is None:
            return
        if invitation.expires_at.isoformat() != expires_at:
            return
        inviter = ""
        if invitation.started_by is not None:
            person = await session.get_one(
                Person, (territory.id, invitation.started_by)
            )
            inviter = person.name or person.email
        mail = write_invitation(site, territory, invitation, inviter)
    await site.send_email(territory, mail)
