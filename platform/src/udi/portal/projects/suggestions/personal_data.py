"""What suggestions keep of people, and which of their columns hold nobody."""

from udi.kit.personal_data import (
    UNTIL_STOPPED,
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    neutral,
)
from udi.portal.projects.suggestions.models import (
    DeclaredInterest,
    SuggestionChoice,
    SuggestionMark,
    SuggestionMessage,
)

PERSONAL = (
    PersonalRows(
        SuggestionChoice,
        "person_id",
        PersonalSubject.FOLLOWING,
        "Whether I want suggestions",
        why="So that you are not asked again.",
        until=UNTIL_STOPPED,
        at_deletion=AtDeletion.ERASED,
        labels={"enabled": "Enabled", "decided_at": "Decided"},
    ),
    PersonalRows(
        DeclaredInterest,
        "person_id",
        PersonalSubject.FOLLOWING,
        "What I look for and offer",
        why="To suggest projects, data and partners to you.",
        until=UNTIL_STOPPED,
        at_deletion=AtDeletion.ERASED,
        labels={
            "name": "Name",
            "looks_for": "What I look for",
            "has": "What I have",
            "offers": "What I offer",
            "seeks": "What I seek",
            "declared_at": "Sent",
        },
    ),
    PersonalRows(
        SuggestionMessage,
        "person_id",
        PersonalSubject.TEXTS,
        "Messages to suggested partners",
        why="To bring your message to the other person.",
        until="Until it is sent; then its text is deleted.",
        at_deletion=AtDeletion.ERASED,
        labels={"words": "Message", "written_at": "Created", "sent_at": "Sent"},
    ),
)
NEUTRAL = (
    neutral(
        SuggestionMark,
        "thing thing_id mark other_id",
        "what was suggested, deleted with the interest that it is about",
    ),
)
