"""The mails about projects. None says anything of a confidential project but that there is one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.models import CatalogueSource
from udi.portal.projects.models import Project, ProjectMember
from udi.ui.emails import EmailRecipient, team_recipient
from udi.ui.locale import localise_title
from udi.ui.site import Site

FOR_TEAM = ("published", "reported")


@dataclass(frozen=True)
class ThankedUse:
    """The use of a dataset for which its producer thanks."""

    dataset_id: UUID
    title: str
    titles: Mapping[str, str]
    producer: str


def write_email(
    site: Site,
    territory: Territory,
    project: Project,
    what: str,
    revision: int,
    recipient: EmailRecipient,
    *,
    member: ProjectMember | None,
    use: ThankedUse | None = None,
) -> Email:
    """The mail that an event calls for; its key is that of the event: `use` is thanked for once."""
    subject = str(member.id if member else revision)
    if use:
        subject = str(use.dataset_id)
    return site.emails.render(
        territory,
        f"projects/emails/project-{what}.jinja",
        recipient,
        key=f"project-{project.id}-{what}-{subject}",
        title=project.title_in(recipient.language),
        confidential=project.confidential,
        url=project.url,
        producer=use.producer if use else "",
        dataset=localise_title(use.title, use.titles, recipient.language)
        if use
        else "",
        reason=project.hidden_reason,
        address=f"{territory.origin}/projects/{project.id}",
    )


def write_harvest_email(
    site: Site,
    territory: Territory,
    source: CatalogueSource,
    projects: Sequence[Project],
    *,
    number: int,
    since: datetime,
) -> Email:
    """What one reading of a catalogue of others brought: some of its reuses by name, and how many there are."""
    recipient = team_recipient(territory)
    return site.emails.render(
        territory,
        "projects/emails/reuses-harvested.jinja",
        recipient,
        key=f"reuses-{source.id}-{since.timestamp():.0f}",
        host=host_of(source.address),
        number=number,
        projects=[
            (project.title_in(recipient.language), f"/projects/{project.id}")
            for project in projects
        ],
        address=f"{territory.origin}/projects",
    )
