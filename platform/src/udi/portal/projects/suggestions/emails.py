"""The mails of suggestions: what is new each Monday, and the words of one to another; each stops all with one click."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.projects.suggestions.models import DeclaredInterest, SuggestionMessage
from udi.portal.projects.suggestions.suggestion import (
    Suggestion,
    SuggestionKind,
    SuggestionTarget,
)
from udi.portal.projects.suggestions.tokens import HOME, unsubscribe_url
from udi.ui.emails import EmailRecipient
from udi.ui.site import Site

LIST = "suggestions"
SuggestionsByKind = Mapping[SuggestionKind, Sequence[Suggestion]]


@dataclass(frozen=True)
class SuggestionSection:
    """The suggestions of one kind in a mail: public things by their title, people by their number only."""

    kind: str
    public: Sequence[Suggestion]
    people: int


def write_digest(
    site: Site,
    territory: Territory,
    interest: DeclaredInterest,
    slug: str,
    suggestions_by_kind: SuggestionsByKind,
    recipient: EmailRecipient,
    *,
    moment: str,
) -> Email:
    """What is new for who declared an interest, or for the organisation of this slug."""
    query = f"?for={slug}" if slug else ""
    return site.emails.render(
        territory,
        "projects/emails/suggestions-digest.jinja",
        recipient,
        key=f"suggestions-{interest.id}-{moment}",
        unsubscribe=unsubscribe_url(site.settings, territory, interest.choice_id),
        list_name=LIST,
        number=sum(len(suggestions) for suggestions in suggestions_by_kind.values()),
        sections=_make_sections(suggestions_by_kind),
        day=interest.declared_at,
        address=f"{territory.origin}{HOME}{query}",
    )


def _make_sections(suggestions_by_kind: SuggestionsByKind) -> list[SuggestionSection]:
    sections = []
    for kind in (SuggestionKind.HAS, SuggestionKind.NEEDS, SuggestionKind.HELPS):
        suggestions = suggestions_by_kind.get(kind, ())
        public = [
            suggestion
            for suggestion in suggestions
            if suggestion.thing is not SuggestionTarget.INTEREST
        ]
        if suggestions:
            people = len(suggestions) - len(public)
            sections.append(SuggestionSection(kind.value, public, people))
    return sections


def write_message(
    site: Site,
    territory: Territory,
    to_interest: DeclaredInterest,
    message: SuggestionMessage,
    recipient: EmailRecipient,
    *,
    writer: str,
    writer_address: str,
) -> Email:
    """The words of one to another, who answers to the address of the first."""
    return site.emails.render(
        territory,
        "projects/emails/suggestions-message.jinja",
        recipient,
        key=f"suggestion-letter-{message.id}",
        reply_to=writer_address,
        unsubscribe=unsubscribe_url(site.settings, territory, to_interest.choice_id),
        list_name=LIST,
        writer=writer,
        writer_address=writer_address,
        words=message.words,
    )
