"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import (
    WHILE_TERRITORY,
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    neutral,
)
from udi.node.audit.models import AuditEvent, JournalLine

WHY = "So that it can be shown who did what, and when."
LABELS = {"at": "Date", "name": "Event"}
PERSONAL = (
    PersonalRows(
        AuditEvent,
        "actor_id",
        PersonalSubject.LOG,
        "Acts in the log",
        why=WHY,
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels=LABELS,
    ),
    PersonalRows(
        AuditEvent,
        "subject_id",
        PersonalSubject.LOG,
        "Events of the log about me",
        why=WHY,
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels=LABELS,
    ),
)
NEUTRAL = (
    neutral(AuditEvent, "facts", "identifiers of things, and our own words"),
    neutral(JournalLine, "event_id digest", "an event, and what its line sums up to"),
)
