"""The mails of those who join: the request to the team, the answer to the person in their language."""

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.notifications.emails import Translate, translator
from udi.portal.organisations.models import Application, ApplicationState, HostingChoice
from udi.ui.locale import localise
from udi.ui.site import Site


def write_email(
    site: Site, territory: Territory, application: Application, person: Person
) -> Email:
    """The mail that the present state of an application calls for."""
    for_team = application.state == ApplicationState.ASKED
    language = territory.languages[0] if for_team else application.language
    say = translator(site, language)
    name = localise(territory.name, language)
    address = f"{territory.origin}/join/{application.id}"
    subject, parts = _words(say, application, person.name or person.email, address)
    return Email(
        to=territory.contact if for_team else person.email,
        subject=subject,
        text="\n\n".join([say("Good morning,"), *parts, name]) + "\n",
        language=language,
        id=f"application-{application.id}-{application.revision}-{application.state}-{_moment(application)}",
        sender=site.settings.mail_sender or territory.contact,
        sender_name=name,
        reply_to="" if for_team else territory.contact,
    )


def _moment(application: Application) -> int:
    return int((application.decided_at or application.asked_at).timestamp())


def _words(
    say: Translate, application: Application, who: str, address: str
) -> tuple[str, list[str]]:
    if application.state == ApplicationState.ASKED:
        return say("%(name)s asks to publish here", name=application.name), [
            say(
                "%(who)s asks that %(name)s publish its data here.",
                who=who,
                name=application.name,
            ),
            say("Read the request, and answer it: %(address)s", address=address),
        ]
    if application.state == ApplicationState.APPROVED:
        return say("Welcome: %(name)s may publish here", name=application.name), [
            say(
                "The territory’s team approved your request: you manage %(name)s here.",
                name=application.name,
            ),
            _next(say, application.choice),
            say("It all begins on this page: %(address)s", address=address),
        ]
    subject, first, last = {
        ApplicationState.MORE_WANTED: (
            say("A question about %(name)s", name=application.name),
            say(
                "Before it decides on your request for %(name)s, the territory’s team asks:",
                name=application.name,
            ),
            say("Complete your request on its page: %(address)s", address=address),
        ),
        ApplicationState.REFUSED: (
            say("Your request for %(name)s was not approved", name=application.name),
            say(
                "The territory’s team did not approve your request for %(name)s. It says why:",
                name=application.name,
            ),
            say("You can correct it and ask again: %(address)s", address=address),
        ),
    }[ApplicationState(application.state)]
    return subject, [
        first,
        application.words,
        last,
        say("Answering this mail writes to the team."),
    ]


def _next(say: Translate, choice: str) -> str:
    return {
        HostingChoice.HOSTED: say(
            "Your space is being opened on the hosted node: describe a first dataset there."
        ),
        HostingChoice.OWN: say(
            "The team registers your node with you: answer this mail with its address."
        ),
        HostingChoice.EXISTING: say(
            "See how the portal that you have would appear here, then register it: its catalogue is read from then on."
        ),
    }[HostingChoice(choice)]
