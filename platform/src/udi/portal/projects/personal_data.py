"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import (
    UNTIL_ENDED,
    WHILE_ACCOUNT,
    WHILE_PROJECT,
    WHILE_TERRITORY,
    AtDeletion,
    PersonalPayload,
    PersonalRows,
    PersonalSubject,
    PersonLink,
    neutral,
)
from udi.portal.projects.calls import personal_data as calls
from udi.portal.projects.data_requests.models import (
    DataRequest,
    DataRequestRoute,
    DataRequestSupport,
)
from udi.portal.projects.models import Project, ProjectMember, ProjectPicture
from udi.portal.projects.suggestions import personal_data as suggestions

PROJECTS = (
    PersonalRows(
        Project,
        "leader_id",
        PersonalSubject.PROJECTS,
        "Projects that I lead",
        why="So that the team and producers know who answers for the project.",
        until=WHILE_PROJECT,
        at_deletion=AtDeletion.HANDED_OVER,
        labels={
            "title": "Title",
            "summary": "Summary",
            "leader_name": "Name of the leader",
            "created_at": "Created",
        },
        emptied=frozenset({"leader_name"}),
    ),
    PersonalRows(
        Project,
        "reporter_id",
        PersonalSubject.PROJECTS,
        "Reuses that I reported",
        why="So that you can correct what you reported.",
        until=WHILE_PROJECT,
        at_deletion=AtDeletion.UNNAMED,
        labels={"title": "Title", "summary": "Summary", "created_at": "Created"},
    ),
    PersonalRows(
        Project,
        "hidden_by",
        PersonalSubject.TERRITORY,
        "Projects that I hid",
        why="So that the team knows who decided.",
        until=WHILE_PROJECT,
        at_deletion=AtDeletion.UNNAMED,
        labels={"title": "Title", "hidden_at": "Date", "hidden_reason": "Reason"},
    ),
    PersonalRows(
        ProjectMember,
        "person_id",
        PersonalSubject.PROJECTS,
        "Teams of projects",
        why="So that you see and change the project.",
        until=UNTIL_ENDED,
        at_deletion=AtDeletion.ERASED,
        labels={"right": "Rights", "stage": "State", "started_at": "Sent"},
    ),
    PersonalRows(
        ProjectMember,
        "email",
        PersonalSubject.PROJECTS,
        "Invitations into projects",
        why="So that only you can answer an invitation.",
        until=UNTIL_ENDED,
        at_deletion=AtDeletion.ERASED,
        labels={"right": "Rights", "stage": "State", "started_at": "Sent"},
        link=PersonLink.EMAIL,
    ),
    PersonalRows(
        ProjectMember,
        "started_by",
        PersonalSubject.PROJECTS,
        "People whom I invited into projects",
        why="So that it can be shown who invited somebody.",
        until=WHILE_PROJECT,
        at_deletion=AtDeletion.UNNAMED,
        labels={"right": "Rights", "stage": "State", "started_at": "Sent"},
    ),
)
DATA_REQUESTS = (
    PersonalRows(
        DataRequest,
        "person_id",
        PersonalSubject.REQUESTS,
        "Data that I asked for",
        why="Others need the same data and support your request.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={
            "title": "Title",
            "words": "Message",
            "state": "State",
            "submitted_at": "Sent",
            "answer": "Answer",
        },
    ),
    PersonalRows(
        DataRequestSupport,
        "person_id",
        PersonalSubject.REQUESTS,
        "Requests of others that I support",
        why="To count each person once, and to tell you the answer.",
        until=WHILE_ACCOUNT,
        at_deletion=AtDeletion.ERASED,
        labels={"since": "Since"},
    ),
)
PERSONAL = (*PROJECTS, *DATA_REQUESTS, *calls.PERSONAL, *suggestions.PERSONAL)
NEUTRAL = (
    neutral(
        Project,
        "words requester purpose audience scale support url origin impact translations",
        "what a project says of itself in public",
    ),
    neutral(
        ProjectPicture,
        "alternative content small translations",
        "a picture of a project's result",
    ),
    neutral(DataRequest, "answered_by merged_into", "an organisation, another request"),
    neutral(
        DataRequestRoute, "reason passed_words", "what a producer says of its data"
    ),
    *calls.NEUTRAL,
    *suggestions.NEUTRAL,
)
PAYLOADS = (
    PersonalPayload(
        "udi.portal.projects.actions.team",
        "person",
        PersonLink.ID,
        "the worker ends the secrets of who led a project, within a minute",
    ),
)
