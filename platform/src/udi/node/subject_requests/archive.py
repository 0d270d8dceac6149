"""What an archive holds of requests about one's own data: nothing. They are finished where they were asked."""

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.node.subject_requests.models import (
    HeldTicket,
    SubjectFile,
    SubjectPerson,
    SubjectRequest,
    SubjectRequestEntry,
    SubjectRequestSettings,
    SubjectSession,
)

WHERE_ASKED = (
    "people are known by subjects of this installation's identity service, and their words are sealed with its keys:"
    " requests are finished where they were asked"
)
CARRIED = (ArchivedTable(SubjectRequestSettings),)
LEFT_OUT = (
    ExcludedTable(SubjectPerson, WHERE_ASKED),
    ExcludedTable(
        SubjectSession, "sessions and their tokens are secrets of this installation"
    ),
    ExcludedTable(HeldTicket, "a ticket is good for an hour, for one browser"),
    ExcludedTable(SubjectRequest, WHERE_ASKED),
    ExcludedTable(SubjectRequestEntry, WHERE_ASKED),
    ExcludedTable(SubjectFile, WHERE_ASKED),
)
