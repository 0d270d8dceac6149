"""What this domain keeps of people: of those who ask, which they read at the node, and of those who answer.

Who asks is known by a pairwise subject, to which no account leads: requests go on to their end once the account is gone.
The identity service ends their sessions with the account, by its logout.
"""

from udi.kit.personal_data import (
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    PersonLink,
    neutral,
)
from udi.node.subject_requests.models import (
    HeldTicket,
    Lender,
    RecipientNotice,
    SubjectFile,
    SubjectPerson,
    SubjectRequest,
    SubjectRequestEntry,
    SubjectRequestSettings,
    SubjectSession,
)

UNTIL_FORGOTTEN = (
    "Two months after the answer; the dates stay for a year after the request ended."
)
ANSWERED_BY = "So that somebody else than who decided takes the second look."
PERSONAL = (
    PersonalRows(
        SubjectPerson,
        "id",
        PersonalSubject.REQUESTS,
        "Reader of answers",
        why="To show you your requests, and to nobody else.",
        until="A year after your last request ended.",
        at_deletion=AtDeletion.UNNAMED,
        link=PersonLink.PAIRWISE,
        labels={
            "subject": "Identifier at the login service",
            "created_at": "Created",
            "last_login_at": "Last login",
        },
        withheld=frozenset({"issuer", "name", "email"}),
    ),
    PersonalRows(
        SubjectSession,
        "person_id",
        PersonalSubject.REQUESTS,
        "Open readings of requests",
        why="So that you stay logged in.",
        until="Until you log out, ten hours at most.",
        at_deletion=AtDeletion.ERASED,
        link=PersonLink.PAIRWISE,
        labels={"created_at": "Created", "expires_at": "Expires"},
        withheld=frozenset(
            {"token_hash", "memberships", "id_token", "refresh_token", "provider"}
        ),
    ),
    PersonalRows(
        SubjectRequest,
        "subject_id",
        PersonalSubject.REQUESTS,
        "Requests about my data",
        why="So that the organisation answers you.",
        until=UNTIL_FORGOTTEN,
        at_deletion=AtDeletion.UNNAMED,
        link=PersonLink.PAIRWISE,
        labels={
            "number": "Number",
            "right": "Right",
            "state": "State",
            "received_on": "Received on",
            "due_on": "Answer due by",
            "concerns": "What it is about",
            "known_by": "What you are known by",
            "words": "Words added",
        },
        withheld=frozenset({"confirmation", "person_name", "person_contact"}),
    ),
    PersonalRows(
        RecipientNotice,
        "subject_id",
        PersonalSubject.REQUESTS,
        "Projects told that my data changed",
        why="So that those who read your data correct or erase them too.",
        until=UNTIL_FORGOTTEN,
        at_deletion=AtDeletion.UNNAMED,
        link=PersonLink.PAIRWISE,
        labels={"noticed_on": "Day", "state": "State"},
    ),
    PersonalRows(
        Lender,
        "subject_id",
        PersonalSubject.REQUESTS,
        "Consents for which I brought a number",
        why="So that you stop them here, and nobody else brings numbers for them.",
        until="Thirty days after the last number, once the consent has ended.",
        at_deletion=AtDeletion.UNNAMED,
        link=PersonLink.PAIRWISE,
        labels={"attempted_at": "Number brought", "stopped_at": "Stopped here"},
    ),
    PersonalRows(
        SubjectRequest,
        "decided_by",
        PersonalSubject.ORGANISATIONS,
        "Requests of people that I decided",
        why=ANSWERED_BY,
        until=UNTIL_FORGOTTEN,
        at_deletion=AtDeletion.UNNAMED,
        labels={"number": "Number", "decided_at": "Decided"},
    ),
    PersonalRows(
        SubjectRequestEntry,
        "subject_id",
        PersonalSubject.REQUESTS,
        "What was written in my requests",
        why="So that the organisation answers you.",
        until=UNTIL_FORGOTTEN,
        at_deletion=AtDeletion.UNNAMED,
        link=PersonLink.PAIRWISE,
        labels={"happened_at": "When", "kind": "What happened"},
        withheld=frozenset({"content", "role"}),
    ),
    PersonalRows(
        SubjectRequestEntry,
        "person_id",
        PersonalSubject.ORGANISATIONS,
        "What I did in requests of people",
        why="So that it is known who answered for the organisation.",
        until=UNTIL_FORGOTTEN,
        at_deletion=AtDeletion.UNNAMED,
        labels={"happened_at": "When", "kind": "What happened"},
    ),
    PersonalRows(
        SubjectFile,
        "subject_id",
        PersonalSubject.REQUESTS,
        "Files of my requests",
        why="So that you and the organisation read them.",
        until=UNTIL_FORGOTTEN,
        at_deletion=AtDeletion.UNNAMED,
        link=PersonLink.PAIRWISE,
        labels={"name": "Name", "size": "Size", "created_at": "Created"},
        withheld=frozenset({"content", "key", "columns", "role"}),
    ),
)
NEUTRAL = (
    neutral(
        RecipientNotice,
        "agreement_id dataset_id change",
        "which data changed, and under which agreement somebody reads them",
    ),
    neutral(Lender, "dataset_id", "which data are lent"),
    neutral(
        HeldTicket,
        "token_hash producer number time_zone",
        "what a ticket says of a request, and nothing of who brings it",
    ),
    neutral(
        SubjectRequest,
        "channel number time_zone report_state",
        "our own words and the number of a request",
    ),
    neutral(
        SubjectRequestSettings,
        "officer_email",
        "the address that an organisation names for its data protection officer",
    ),
)
