"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import (
    WHILE_TERRITORY,
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    neutral,
)
from udi.portal.selfdata.models import ProcessingEntry, ProcessingStatement

PERSONAL = (
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
)
NEUTRAL = (
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
