"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import (
    WHILE_TERRITORY,
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    neutral,
)
from udi.portal.consents.models import Consent, ConsentChange, NoticeVersion

PERSONAL = (
    PersonalRows(
        Consent,
        "person_id",
        PersonalSubject.REQUESTS,
        "Data that I lend, lent or refused to lend",
        why="So that nobody uses your data without your consent, and so that it can be shown.",
        until="Three years after its end; six months for a refusal.",
        at_deletion=AtDeletion.UNNAMED,
        labels={
            "state": "State",
            "answered_at": "Date",
            "expires_at": "Until",
            "ended_at": "Ended",
            "reminded_at": "Reminder sent",
            "recipient_reference": "Number that stands for me in the receipt",
            "receipt": "Receipt",
        },
    ),
    PersonalRows(
        NoticeVersion,
        "author_id",
        PersonalSubject.PROJECTS,
        "Questions that I put to people for a project",
        why="So that the project knows who wrote them.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"submitted_at": "Sent", "state": "State"},
    ),
)
NEUTRAL = (
    neutral(
        ConsentChange,
        "agreement_id",
        "under which agreement somebody lends or stopped, and not who",
    ),
    neutral(
        Consent,
        "notice_id agreement_id node_id replaced_by",
        "which question was answered, and where it is applied",
    ),
    neutral(
        NoticeVersion,
        "agreement_id organisation_id project_id document reason",
        "the question of an organisation, which everybody may read",
    ),
)
