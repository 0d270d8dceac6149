"""The mails of suggestions: what is new each Monday, and the words of one to another; each stops all with one click."""

from collections.abc import Iterator, Mapping, Sequence

from udi.kit.mail import Mail
from udi.kit.tenancy import Territory
from udi.portal.notifications.letters import Say, speaker
from udi.portal.projects.suggestions.models import DeclaredInterest, SuggestionLetter
from udi.portal.projects.suggestions.shapes import Kind, Suggestion, Thing
from udi.portal.projects.suggestions.tokens import HOME, off_address
from udi.ui.formats import say_date
from udi.ui.locale import localised
from udi.ui.site import Site

Found = Mapping[Kind, Sequence[Suggestion]]


def write_news(
    site: Site, territory: Territory, interest: DeclaredInterest, slug: str, found: Found, *, to: str, moment: str
) -> Mail:
    """What is new: public things by their title, people by their number only."""
    say, where = speaker(site, interest.language), localised(territory.name, interest.language)
    page = f"{territory.origin}{HOME}" + (f"?for={slug}" if slug else "")
    number = sum(len(each) for each in found.values())
    parts = [
        say("Good morning,"),
        say("Here is what may be of use to you at %(territory)s, and was not suggested before.", territory=where),
        *_told(say, territory, found),
        say("Why each is suggested, and the rest: %(address)s", address=page),
    ]
    subject = say("Suggestions: one is new") if number == 1 else say("Suggestions: %(count)s are new", count=number)
    reason = say(
        "You turned suggestions on, said last on %(day)s what they are for, and chose a mail on Mondays.",
        day=say_date(interest.declared_at, interest.language, zone=territory.zone),
    )
    return _mail(
        site, territory, interest, say, subject, parts, reason, to=to, id_=f"suggestions-{interest.id}-{moment}"
    )


def _told(say: Say, territory: Territory, found: Found) -> Iterator[str]:
    titles = {
        Kind.HAS: say("Who has"),
        Kind.NEEDS: say("Who needs"),
        Kind.HELPS: say("Who could help"),
    }
    for kind, title in titles.items():
        public = [each for each in found.get(kind, ()) if each.thing is not Thing.INTEREST]
        people = len(found.get(kind, ())) - len(public)
        lines = [f"- {each.title}\n  {territory.origin}{each.path}" for each in public]
        if people:
            lines.append("- " + say("People or organisations who let themselves be found: %(count)s", count=people))
        if lines:
            yield f"{title.upper()}\n\n" + "\n\n".join(lines)


def write_letter(
    site: Site,
    territory: Territory,
    to_interest: DeclaredInterest,
    letter: SuggestionLetter,
    *,
    to: str,
    by: str,
    reply_to: str,
) -> Mail:
    """The words of one to another, who answers to the address of the first."""
    say, where = speaker(site, to_interest.language), localised(territory.name, to_interest.language)
    parts = [
        say("Good morning,"),
        say("%(name)s writes to you through %(territory)s, where you let yourself be found:", name=by, territory=where),
        letter.words,
        say(
            "Answering this mail writes to them, at %(address)s. They do not know your address before.",
            address=reply_to,
        ),
    ]
    reason = say("You turned suggestions on, and chose that others may find you.")
    subject = say("%(name)s writes to you through %(territory)s", name=by, territory=where)
    return _mail(
        site, territory, to_interest, say, subject, parts, reason, to=to, id_=f"suggestion-letter-{letter.id}",
        reply_to=reply_to,
    )  # fmt: skip


def _mail(
    site: Site,
    territory: Territory,
    interest: DeclaredInterest,
    say: Say,
    subject: str,
    parts: Sequence[str],
    reason: str,
    *,
    to: str,
    id_: str,
    reply_to: str = "",
) -> Mail:
    name, stop = localised(territory.name, interest.language), off_address(site.settings, territory, interest.choice_id)
    why = say("Why do I get this?").upper()
    last = say("To turn suggestions off for ever, and have all that you declared deleted: %(address)s", address=stop)
    return Mail(
        to=to,
        subject=subject,
        text="\n\n".join([*parts, why, reason, last, name]) + "\n",
        language=interest.language,
        id=id_,
        sender=site.settings.mail_sender or territory.contact,
        sender_name=name,
        reply_to=reply_to or territory.contact,
        unsubscribe=stop,
        list_id=f"suggestions.{territory.hosts[0]}",
    )
