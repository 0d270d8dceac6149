"""The mails of suggestions: what is new each Monday, and the words of one to another; each stops all with one click."""

from collections.abc import Iterator, Mapping, Sequence

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.notifications.emails import Translate, translator
from udi.portal.projects.suggestions.models import DeclaredInterest, SuggestionMessage
from udi.portal.projects.suggestions.suggestion import (
    Suggestion,
    SuggestionKind,
    SuggestionTarget,
)
from udi.portal.projects.suggestions.tokens import HOME, unsubscribe_url
from udi.ui.formats import display_date
from udi.ui.locale import localise
from udi.ui.site import Site

SuggestionsByKind = Mapping[SuggestionKind, Sequence[Suggestion]]


def write_digest(
    site: Site,
    territory: Territory,
    interest: DeclaredInterest,
    slug: str,
    suggestions_by_kind: SuggestionsByKind,
    *,
    to: str,
    moment: str,
) -> Email:
    """What is new: public things by their title, people by their number only."""
    say = translator(site, interest.language)
    where = localise(territory.name, interest.language)
    page = f"{territory.origin}{HOME}" + (f"?for={slug}" if slug else "")
    number = sum(len(suggestions) for suggestions in suggestions_by_kind.values())
    parts = [
        say("Good morning,"),
        say(
            "Here is what may be of use to you at %(territory)s, and was not suggested before.",
            territory=where,
        ),
        *_write_digest_sections(say, territory, suggestions_by_kind),
        say("Why each is suggested, and the rest: %(address)s", address=page),
    ]
    if number == 1:
        subject = say("Suggestions: one is new")
    else:
        subject = say("Suggestions: %(count)s are new", count=number)
    reason = say(
        "You turned suggestions on, said last on %(day)s what they are for, and chose a mail on Mondays.",
        day=display_date(interest.declared_at, interest.language, zone=territory.zone),
    )
    return _build_email(
        site,
        territory,
        interest,
        say,
        subject,
        parts,
        reason,
        to=to,
        id_=f"suggestions-{interest.id}-{moment}",
    )


def _write_digest_sections(
    say: Translate, territory: Territory, suggestions_by_kind: SuggestionsByKind
) -> Iterator[str]:
    titles = {
        SuggestionKind.HAS: say("Who has"),
        SuggestionKind.NEEDS: say("Who needs"),
        SuggestionKind.HELPS: say("Who could help"),
    }
    for kind, title in titles.items():
        public = [
            suggestion
            for suggestion in suggestions_by_kind.get(kind, ())
            if suggestion.thing is not SuggestionTarget.INTEREST
        ]
        people = len(suggestions_by_kind.get(kind, ())) - len(public)
        lines = [
            f"- {suggestion.title}\n  {territory.origin}{suggestion.path}"
            for suggestion in public
        ]
        if people:
            lines.append(
                "- "
                + say(
                    "People or organisations who let themselves be found: %(count)s",
                    count=people,
                )
            )
        if lines:
            yield f"{title.upper()}\n\n" + "\n\n".join(lines)


def write_message(
    site: Site,
    territory: Territory,
    to_interest: DeclaredInterest,
    letter: SuggestionMessage,
    *,
    to: str,
    by: str,
    reply_to: str,
) -> Email:
    """The words of one to another, who answers to the address of the first."""
    say = translator(site, to_interest.language)
    where = localise(territory.name, to_interest.language)
    parts = [
        say("Good morning,"),
        say(
            "%(name)s writes to you through %(territory)s, where you let yourself be found:",
            name=by,
            territory=where,
        ),
        letter.words,
        say(
            "Answering this mail writes to them, at %(address)s. They do not know your address before.",
            address=reply_to,
        ),
    ]
    reason = say("You turned suggestions on, and chose that others may find you.")
    subject = say(
        "%(name)s writes to you through %(territory)s", name=by, territory=where
    )
    return _build_email(
        site,
        territory,
        to_interest,
        say,
        subject,
        parts,
        reason,
        to=to,
        id_=f"suggestion-letter-{letter.id}",
        reply_to=reply_to,
    )


def _build_email(
    site: Site,
    territory: Territory,
    interest: DeclaredInterest,
    say: Translate,
    subject: str,
    parts: Sequence[str],
    reason: str,
    *,
    to: str,
    id_: str,
    reply_to: str = "",
) -> Email:
    name = localise(territory.name, interest.language)
    stop = unsubscribe_url(site.settings, territory, interest.choice_id)
    why = say("Why do I get this?").upper()
    last = say(
        "To turn suggestions off permanently, and have all that you declared deleted: %(address)s",
        address=stop,
    )
    return Email(
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
