"""The operations of the team and the pictures of projects, for the document of the API."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import to_builtins

from udi.kit.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from udi.portal.catalogue.documentation.operations import Chapter, Operation
from udi.portal.projects.schemas import BASE, SCOPE
from udi.portal.projects.team_schemas import (
    NewProjectPicture,
    NewTeamMember,
    ProjectPictures,
    ProjectTeam,
    TeamMember,
    TeamMemberChange,
    TeamMemberEventInput,
    TeamPictureItem,
)

PROJECT = "6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8d01"
ID = UUID("91c2d3e4-5f60-4718-829a-0b1c2d3e4f50")
WHEN = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
ONE = f"{BASE}/{{project_id}}"
TEAM = f"{ONE}/team"
PICTURES = f"{ONE}/pictures"
OPERATIONS = (
    Operation(
        name="readTeam",
        path=TEAM,
        summary="Read the team of a project",
        detail="Who is in it and who is invited, for those who are in it.",
        answer=ProjectTeam,
        refusals=(ForbiddenError, NotFoundError),
        scope=SCOPE,
    ),
    Operation(
        name="inviteToTeam",
        path=TEAM,
        summary="Invite to the team",
        detail="A colleague of the organisation that leads the project is in at once; both are told by mail.",
        answer=ProjectTeam,
        refusals=(ForbiddenError, NotFoundError, InvalidError),
        method="post",
        asks=NewTeamMember,
        statuses=(201,),
        scope=SCOPE,
    ),
    Operation(
        name="giveRight",
        path=f"{TEAM}/{{member_id}}",
        summary="Give a right",
        detail="Let somebody of the team see the project, or change it too.",
        answer=ProjectTeam,
        refusals=(ForbiddenError, NotFoundError, InvalidError),
        method="put",
        asks=TeamMemberChange,
        scope=SCOPE,
    ),
    Operation(
        name="dismissFromTeam",
        path=f"{TEAM}/{{member_id}}",
        summary="Remove from the team",
        detail="Take an invitation back, or somebody off the team.",
        answer=None,
        refusals=(ForbiddenError, NotFoundError, ConflictError),
        method="delete",
        statuses=(204,),
        scope=SCOPE,
    ),
    Operation(
        name="answerInvitation",
        path=f"{ONE}/invitation",
        summary="Answer an invitation",
        detail="Join the team of a project, decline, or leave it.",
        answer=None,
        refusals=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        method="post",
        asks=TeamMemberEventInput,
        statuses=(204,),
        scope=SCOPE,
    ),
    Operation(
        name="addPicture",
        path=PICTURES,
        summary="Add a picture",
        detail="It is kept only as made anew, small, with nothing of where or by what it was taken.",
        answer=ProjectPictures,
        refusals=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        method="post",
        asks=NewProjectPicture,
        statuses=(201,),
        scope=SCOPE,
    ),
    Operation(
        name="removePicture",
        path=f"{PICTURES}/{{picture_id}}",
        summary="Take a picture away",
        detail="Once more changes nothing.",
        answer=None,
        refusals=(ForbiddenError, NotFoundError),
        method="delete",
        statuses=(204,),
        scope=SCOPE,
    ),
)


def make_examples(origin: str) -> dict[str, Any]:
    """By operation, as the portal at `origin` would answer."""
    member = TeamMember(
        id=ID,
        name="",
        email="compte@portelune.example",
        right="see",
        stage="invited",
        since=WHEN,
    )
    url = f"{origin}/projects/{PROJECT}/pictures/{ID}.webp"
    pictures = ProjectPictures(
        total=1,
        items=[TeamPictureItem(id=ID, url=url, alternative="Une rue à l’ombre.")],
    )
    answers: dict[str, Any] = dict.fromkeys(
        ("readTeam", "inviteToTeam", "giveRight"), ProjectTeam(total=1, items=[member])
    )
    return {
        name: to_builtins(answer)
        for name, answer in (answers | {"addPicture": pictures}).items()
    }


CHAPTER = Chapter(
    operations=OPERATIONS,
    places={
        "project_id": (
            "Identifier of the project.",
            {"type": "string", "format": "uuid"},
            PROJECT,
        ),
        "member_id": (
            "Identifier of somebody in its team.",
            {"type": "string", "format": "uuid"},
            str(ID),
        ),
        "picture_id": (
            "Identifier of the picture.",
            {"type": "string", "format": "uuid"},
            str(ID),
        ),
    },
    body_examples={
        NewTeamMember: NewTeamMember(email="compte@portelune.example", right="see"),
        TeamMemberChange: TeamMemberChange(right="edit"),
        TeamMemberEventInput: TeamMemberEventInput(event="accept"),
        NewProjectPicture: NewProjectPicture(
            alternative="Une rue à l’ombre.", content="iVBORw0KGgo="
        ),
    },
    make_examples=make_examples,
)
