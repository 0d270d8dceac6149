"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import (
    WHILE_TERRITORY,
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    neutral,
)
from udi.portal.selfdata.models import ProcessingEntry, ProcessingStatement
from udi.portal.selfdata.recipients.models import DataChangeNotice
from udi.portal.selfdata.requests.models import SubjectRequest, SubjectRequestCount

PERSONAL = (
    PersonalRows(
        DataChangeNotice,
        "acknowledged_by",
        PersonalSubject.PROJECTS,
        "Corrections and erasures that I acknowledged",
        why="So that it is known who answered for the project.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"acknowledged_at": "Acknowledged", "change": "What changed"},
    ),
    PersonalRows(
        ProcessingStatement,
        "author_id",
        PersonalSubject.ORGANISATIONS,
        "Registers of personal data that I reviewed",
        why="So that the organisation knows who last said that its register is right.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"reviewed_on": "Last review", "changed_at": "Changed"},
    ),
    PersonalRows(
        ProcessingEntry,
        "author_id",
        PersonalSubject.ORGANISATIONS,
        "Services that I described in a register",
        why="So that the organisation knows who wrote the description.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"service": "Name of the service", "changed_at": "Changed"},
    ),
    PersonalRows(
        SubjectRequest,
        "person_id",
        PersonalSubject.REQUESTS,
        "Requests about my own data",
        why="So that you see where they stand. What you wrote and the answer are with the organisation.",
        until="Until a year after the end; without your name once your account is deleted.",
        at_deletion=AtDeletion.UNNAMED,
        labels={
            "number": "Number",
            "right": "Right",
            "state": "State",
            "drafted_at": "Started",
            "received_on": "Received",
            "due_on": "Answer due",
            "decided_on": "Answered",
            "ended_on": "Ended",
        },
        withheld=frozenset({"confirmation_hash", "organisation_id"}),
        emptied=frozenset({"person_id", "number"}),
    ),
)
NEUTRAL = (
    neutral(SubjectRequest, "node_id outcome", "the node, and whether it was in time"),
    neutral(SubjectRequestCount, "outcome", "whether answers were in time"),
    neutral(
        ProcessingStatement,
        "officer_email officer_address",
        "where an organisation publishes that its data protection officer is reached",
    ),
    neutral(
        ProcessingEntry,
        "service people data purpose legal_basis retention recipients transfers moments translations",
        "what an organisation publishes of a service: kinds of people and of data, nobody by name",
    ),
)
