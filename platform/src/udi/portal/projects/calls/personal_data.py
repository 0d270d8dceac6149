"""What calls for projects keep of people, and which of their columns hold nobody."""

from udi.kit.personal_data import (
    WHILE_TERRITORY,
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    PersonLink,
    neutral,
)
from udi.portal.projects.calls.models import (
    Call,
    CallCriterion,
    CallQuestion,
    Conflict,
    Juror,
    Score,
    Submission,
)

OF_JURY = (Juror, "email")
PERSONAL = (
    PersonalRows(
        CallQuestion,
        "person_id",
        PersonalSubject.CALLS,
        "Questions about calls",
        why="Others read the question and its answer, without your name.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"question": "Question", "answer": "Answer", "submitted_at": "Sent"},
    ),
    PersonalRows(
        Submission,
        "person_id",
        PersonalSubject.CALLS,
        "Projects that I submitted",
        why="The jury judges what was sent, and must be able to show it.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"title": "Title", "answer": "Answer", "sent_at": "Sent"},
    ),
    PersonalRows(
        Juror,
        "email",
        PersonalSubject.CALLS,
        "Juries that I am in",
        why="So that you can score the projects.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"named_at": "Created", "declared_at": "Answered"},
        link=PersonLink.EMAIL,
        emptied=frozenset({"email"}),
    ),
    PersonalRows(
        Conflict,
        "juror_id",
        PersonalSubject.CALLS,
        "Conflicts of interest that I declared",
        why="The result of a call must be able to be checked.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"words": "Reason"},
        link=PersonLink.EMAIL,
        through=OF_JURY,
    ),
    PersonalRows(
        Score,
        "juror_id",
        PersonalSubject.CALLS,
        "Points that I gave",
        why="The result of a call must be able to be checked.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"points": "Points", "reason": "Reason"},
        link=PersonLink.EMAIL,
        through=OF_JURY,
    ),
)
NEUTRAL = (
    neutral(Call, "title summary words translations", "the text of a public call"),
    neutral(CallCriterion, "label labels", "the text of a public call"),
    neutral(
        Submission,
        "summary words reason translations",
        "what a project said of itself, and what the jury decided",
    ),
)
