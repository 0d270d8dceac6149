"""What the API says of the team and the pictures of a project, and what it is told."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from litestar.openapi.spec import Tag
from litestar.params import PathParameter
from msgspec import Meta, Struct

from udi.portal.projects import models
from udi.portal.projects.listing import PATH
from udi.portal.projects.schemas import Address, Alternatives, Instant
from udi.portal.projects.transitions import PRESENT, TeamMemberEvent

ANSWERS = (TeamMemberEvent.ACCEPT, TeamMemberEvent.DECLINE, TeamMemberEvent.LEAVE)
RightCode = Annotated[
    str,
    Meta(
        description="To see it, or to change it too.",
        extra_json_schema={"enum": list(models.TeamRight)},
    ),
]


TAG = Tag("teams", "Teams and pictures")
MemberPath = Annotated[
    UUID, PathParameter(description="Identifier of somebody in its team.")
]
PicturePath = Annotated[UUID, PathParameter(description="Identifier of the picture.")]


class TeamMember(Struct, frozen=True, kw_only=True):
    """Somebody of the team, or invited."""

    id: UUID
    name: Annotated[str, Meta(description="Empty of who has not answered.")]
    email: str
    right: RightCode
    stage: Annotated[
        str,
        Meta(
            description="Whether they joined, or are invited.",
            extra_json_schema={"enum": list(PRESENT)},
        ),
    ]
    since: Instant


class ProjectTeam(Struct, frozen=True, kw_only=True):
    """The team of a project, without who leads it."""

    total: Annotated[int, Meta(ge=0)]
    items: list[TeamMember]

    @classmethod
    def of(cls, rows: Sequence[tuple[models.ProjectMember, str]]) -> "ProjectTeam":
        """Rows, each with a name."""
        items = [
            TeamMember(
                id=row.id,
                name=name,
                email=row.email,
                right=row.right,
                stage=row.stage,
                since=row.answered_at or row.started_at,
            )
            for row, name in rows
        ]
        return cls(total=len(items), items=items)


class TeamPictureItem(Struct, frozen=True, kw_only=True):
    """A picture of a project, for those who make it."""

    id: UUID
    url: Address
    alternative: Annotated[str, Meta(description="What it shows.")]
    alternatives: Alternatives


class ProjectPictures(Struct, frozen=True, kw_only=True):
    """The pictures of a project, in their order."""

    total: Annotated[int, Meta(ge=0)]
    items: list[TeamPictureItem]

    @classmethod
    def of(
        cls, project: models.Project, rows: Sequence[models.ProjectPicture], origin: str
    ) -> "ProjectPictures":
        """Rows, on the portal at `origin`."""
        base = f"{origin}{PATH}/{project.id}/pictures"
        items = [
            TeamPictureItem(
                id=row.id,
                url=f"{base}/{row.id}.webp",
                alternative=row.alternative,
                alternatives=row.alternatives(project),
            )
            for row in rows
        ]
        return cls(total=len(items), items=items)


class NewTeamMember(Struct, kw_only=True):
    """Somebody to invite."""

    email: Annotated[str, Meta(description="Mail address of their account.")]
    right: RightCode


class TeamMemberChange(Struct, kw_only=True):
    """What somebody of the team may do."""

    right: RightCode


class TeamMemberEventInput(Struct, kw_only=True):
    """The answer to an invitation, or that one leaves."""

    event: Annotated[
        str,
        Meta(
            description="Accept or decline an invitation, or leave.",
            extra_json_schema={"enum": list(ANSWERS)},
        ),
    ]


class NewProjectPicture(Struct, kw_only=True):
    """A picture to add."""

    alternative: Annotated[
        str, Meta(description="What it shows, for who does not see it.")
    ]
    content: Annotated[
        str, Meta(description="A JPEG, PNG or WebP of 8 MB at most, in base64.")
    ]
    language: Annotated[
        str,
        Meta(description="Language of these words; that of the project when left out."),
    ] = ""
    alternatives: Alternatives = {}
