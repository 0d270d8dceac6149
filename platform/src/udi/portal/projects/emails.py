"""The mails about projects. None says anything of a confidential project but that there is one."""

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.projects.models import Project, ProjectMember
from udi.ui.emails import EmailRecipient
from udi.ui.site import Site

FOR_TEAM = ("published", "reported")


def write_email(
    site: Site,
    territory: Territory,
    project: Project,
    what: str,
    revision: int,
    recipient: EmailRecipient,
    *,
    member: ProjectMember | None,
) -> Email:
    """The mail that an event calls for."""
    return site.emails.render(
        territory,
        f"projects/emails/project-{what}.jinja",
        recipient,
        key=f"project-{project.id}-{what}-{member.id if member else revision}",
        title=project.title_in(recipient.language),
        confidential=project.confidential,
        url=project.url,
        reason=project.hidden_reason,
        address=f"{territory.origin}/projects/{project.id}",
    )
