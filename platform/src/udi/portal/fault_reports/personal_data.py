"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import (
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    PersonLink,
    neutral,
)
from udi.portal.fault_reports.models import FaultReport

UNTIL_ANSWERED = "Until 90 days after the answer; without an answer, one year."
LABELS = {
    "words": "Message",
    "row_name": "Row",
    "column_name": "Column",
    "state": "State",
    "submitted_at": "Sent",
    "answer": "Answer",
}
PERSONAL = (
    PersonalRows(
        FaultReport,
        "person_id",
        PersonalSubject.REQUESTS,
        "Faults in data that I reported",
        why="So that the producer corrects the data and answers you.",
        until=UNTIL_ANSWERED,
        at_deletion=AtDeletion.UNNAMED,
        labels=LABELS,
        emptied=frozenset({"person_id", "words", "row_name", "column_name"}),
    ),
    PersonalRows(
        FaultReport,
        "email",
        PersonalSubject.REQUESTS,
        "Faults in data that I reported without logging in",
        why="So that the producer corrects the data and answers you.",
        until=UNTIL_ANSWERED,
        at_deletion=AtDeletion.ERASED,
        labels={**LABELS, "name": "Name"},
        link=PersonLink.EMAIL,
    ),
)
NEUTRAL = (
    neutral(
        FaultReport,
        "media_id version answered_by",
        "a file of a dataset, its version, an organisation",
    ),
)
