"""The mails of those who join: the request to the team, the receipt and the answer to the person in their language."""

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.organisations.models import Application, ApplicationState
from udi.ui.emails import EmailRecipient, person_recipient, team_recipient
from udi.ui.site import Site

TEMPLATES = {
    ApplicationState.INFORMATION_REQUESTED: "question",
    ApplicationState.REFUSED: "refused",
    ApplicationState.APPROVED: "approved",
}
"""The template of the answer to an application."""


def write_emails(
    site: Site, territory: Territory, application: Application, person: Person
) -> list[Email]:
    """The mails that the present state of an application calls for; the receipt comes last."""
    applicant = person_recipient(territory, person, application.language)
    if application.state != ApplicationState.SUBMITTED:
        template = TEMPLATES[ApplicationState(application.state)]
        return [_write_email(site, territory, application, person, template, applicant)]
    mails = [("submitted", team_recipient(territory)), ("receipt", applicant)]
    return [
        _write_email(site, territory, application, person, template, recipient)
        for template, recipient in mails
    ]


def _write_email(
    site: Site,
    territory: Territory,
    application: Application,
    person: Person,
    template: str,
    recipient: EmailRecipient,
) -> Email:
    moment = int((application.decided_at or application.submitted_at).timestamp())
    return site.emails.render(
        territory,
        f"organisations/emails/application-{template}.jinja",
        recipient,
        key=f"application-{application.id}-{application.revision}-{template}-{moment}",
        organisation=application.name,
        applicant=person.name or person.email,
        choice=application.choice,
        words=application.words,
        address=f"{territory.origin}/join/{application.id}",
    )
