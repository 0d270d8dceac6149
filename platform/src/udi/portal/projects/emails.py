"""The mails about projects. None says anything of a confidential project but that there is one."""

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.notifications.emails import Translate, translator
from udi.portal.projects.models import Project, ProjectMember
from udi.ui.locale import localise
from udi.ui.site import Site

EmailContent = tuple[str, list[str]]
"""Subject and paragraphs."""


def write_email(
    site: Site,
    territory: Territory,
    project: Project,
    what: str,
    revision: int,
    *,
    to: str,
    member: ProjectMember | None,
) -> Email:
    """The mail that an event calls for; to the territory's team in its first language, else in the project's."""
    for_team = what in FOR_TEAM
    language = territory.languages[0] if for_team else project.language
    say = translator(site, language)
    where = localise(territory.name, language)
    subject, parts = WRITERS[what](
        say, project, f"{territory.origin}/projects/{project.id}", where
    )
    about = member.id if member else revision
    return Email(
        to=to,
        subject=subject,
        text="\n\n".join([say("Good morning,"), *parts, where]) + "\n",
        language=language,
        id=f"project-{project.id}-{what}-{about}",
        sender=site.settings.mail_sender or territory.contact,
        sender_name=where,
        reply_to="" if for_team else territory.contact,
    )


def _write_invitation(
    say: Translate, project: Project, address: str, where: str
) -> EmailContent:
    if project.confidential:
        first = say(
            "Somebody invites you into the team of a project at %(where)s.", where=where
        )
    else:
        first = say(
            "Somebody invites you into the team of the project “%(title)s” at %(where)s.",
            title=project.title,
            where=where,
        )
    return say("You are invited into a project"), [
        first,
        say(
            "Answer here; if you have no account yet, make one with this mail address: %(address)s",
            address=address,
        ),
        say(
            "If you expect nothing of the kind, ignore this mail: nothing happens without your answer."
        ),
    ]


def _write_addition(
    say: Translate, _project: Project, address: str, where: str
) -> EmailContent:
    return say("You are in the team of a project"), [
        say(
            "A colleague put you into the team of a project at %(where)s.", where=where
        ),
        say("See it, or leave its team: %(address)s", address=address),
    ]


def _write_publication(
    say: Translate, project: Project, address: str, _where: str
) -> EmailContent:
    return say("A project is public: %(title)s", title=project.title), [
        say("Everybody now sees the project “%(title)s”.", title=project.title),
        say(
            "Look at it; the team may hide it with a reason: %(address)s",
            address=address,
        ),
    ]


def _write_report(
    say: Translate, project: Project, address: str, _where: str
) -> EmailContent:
    return say("A reuse was reported: %(title)s", title=project.title), [
        say(
            "Somebody reported the reuse “%(title)s”, at %(url)s.",
            title=project.title,
            url=project.url,
        ),
        say(
            "Look at it; the team may hide it with a reason: %(address)s",
            address=address,
        ),
    ]


def _write_hiding(
    say: Translate, project: Project, address: str, _where: str
) -> EmailContent:
    return say("“%(title)s” is hidden", title=project.title), [
        say(
            "The territory’s team removed “%(title)s” from the public pages. It says why:",
            title=project.title,
        ),
        project.hidden_reason,
        say("You still see it here: %(address)s", address=address),
        say("Answering this mail writes to the team."),
    ]


def _write_unhiding(
    say: Translate, project: Project, address: str, _where: str
) -> EmailContent:
    return say("“%(title)s” is public again", title=project.title), [
        say(
            "The territory’s team put “%(title)s” back on the public pages: %(address)s",
            title=project.title,
            address=address,
        ),
    ]


WRITERS = {
    "invited": _write_invitation,
    "added": _write_addition,
    "published": _write_publication,
    "reported": _write_report,
    "hidden": _write_hiding,
    "shown": _write_unhiding,
}
FOR_TEAM = ("published", "reported")
