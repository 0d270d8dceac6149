"""The team and the pictures of a project, for programs of those who make it."""

from functools import partial

from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    field_error,
)
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import MAX_BODY, api_operation
from udi.portal.projects import listing, queries
from udi.portal.projects.actions import team
from udi.portal.projects.actions.picture import (
    PictureWords,
    add_picture,
    check_words,
    remove_picture,
)
from udi.portal.projects.api_dependencies import PRIVATE, ApiRequest, program_router
from udi.portal.projects.models import Project
from udi.portal.projects.pictures import MOST_BYTES, make_picture_pair
from udi.portal.projects.request_bodies import (
    decode_base64,
    read_body,
    read_languages,
)
from udi.portal.projects.schemas import BASE, SCOPE, ProjectPath
from udi.portal.projects.team import team_schemas
from udi.portal.projects.transitions import TeamMemberEvent, TeamMemberStage
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import CurrentTerritory, Routes, Session

ONE = "/{project_id:uuid}"
MAX_PICTURE = MOST_BYTES * 4 // 3 + MAX_BODY
team_operation = partial(api_operation, tag=team_schemas.TAG, scope=SCOPE)


@get(
    f"{ONE}/team",
    **team_operation(
        "readTeam",
        summary="Read the team of a project",
        description="Who is in it and who is invited, for those who are in it.",
        answer=team_schemas.ProjectTeam,
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def list_team(
    session: Session, bearer: NamedDependency[Bearer], project_id: ProjectPath
) -> Response[team_schemas.ProjectTeam]:
    """Who is in it, and who is invited."""
    return await _build_response(
        session, await queries.get_team_project(session, bearer.actor, project_id)
    )


@post(
    f"{ONE}/team",
    guards=[require_confirmation()],
    **team_operation(
        "inviteToTeam",
        summary="Invite to the team",
        description="A colleague of the organisation that leads the project is in at once; both receive a mail.",
        answer=team_schemas.ProjectTeam,
        statuses=(201,),
        errors=(ForbiddenError, NotFoundError, InvalidError),
        body=team_schemas.NewTeamMember,
    ),
)
async def invite_member(
    request: ApiRequest,
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
) -> Response[team_schemas.ProjectTeam]:
    """Invite an address."""
    project = await queries.get_led_project(
        session, bearer.actor, project_id, lock=True
    )
    payload = read_body(await request.body(), team_schemas.NewTeamMember)
    await team.invite_member(session, bearer.actor, project, **payload)
    return await _build_response(session, project, status=201)


@put(
    f"{ONE}/team/{{member_id:uuid}}",
    guards=[require_confirmation()],
    **team_operation(
        "giveRight",
        summary="Give a right",
        description="Let somebody of the team see the project, or change it too.",
        answer=team_schemas.ProjectTeam,
        errors=(ForbiddenError, NotFoundError, InvalidError),
        body=team_schemas.TeamMemberChange,
    ),
)
async def give_right(
    request: ApiRequest,
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
    member_id: team_schemas.MemberPath,
) -> Response[team_schemas.ProjectTeam]:
    """Let somebody see it, or edit it."""
    project = await queries.get_led_project(
        session, bearer.actor, project_id, lock=True
    )
    member = await queries.get_member(session, project, member_id)
    right = read_body(await request.body(), team_schemas.TeamMemberChange)["right"]
    await team.give_right(session, bearer.actor, project, member, right)
    return await _build_response(session, project)


@delete(
    f"{ONE}/team/{{member_id:uuid}}",
    guards=[require_confirmation()],
    **team_operation(
        "dismissFromTeam",
        summary="Remove from the team",
        description="Take an invitation back, or somebody off the team.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError, ConflictError),
    ),
)
async def dismiss_member(
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
    member_id: team_schemas.MemberPath,
) -> None:
    """Take an invitation back, or somebody off the team."""
    project = await queries.get_led_project(
        session, bearer.actor, project_id, lock=True
    )
    member = await queries.get_member(session, project, member_id)
    if member.stage == TeamMemberStage.INVITED:
        step = TeamMemberEvent.CANCEL
    else:
        step = TeamMemberEvent.REMOVE
    await team.remove_member(session, bearer.actor, project, member, step)


@post(
    f"{ONE}/invitation",
    **team_operation(
        "answerInvitation",
        summary="Answer an invitation",
        description="Join the team of a project, decline, or leave it.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=team_schemas.TeamMemberEventInput,
    ),
)
async def answer_invitation(
    request: ApiRequest,
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
) -> None:
    """Accept, decline, or leave the team."""
    project, invited = await queries.get_own_member(
        session, bearer.actor, project_id, lock=True
    )
    event = read_body(await request.body(), team_schemas.TeamMemberEventInput)["event"]
    if event not in team_schemas.ANSWERS:
        raise field_error("event", "There is no such step.", code="unknown-value")
    await team.answer_invitation(
        session, bearer.actor, project, invited, TeamMemberEvent(event)
    )


@post(
    f"{ONE}/pictures",
    **team_operation(
        "addPicture",
        summary="Add a picture",
        description="It is kept only as made anew, small, with nothing of where or by what it was taken.",
        answer=team_schemas.ProjectPictures,
        statuses=(201,),
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=team_schemas.NewProjectPicture,
        largest_body=MAX_PICTURE,
    ),
)
async def send_picture(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
) -> Response[team_schemas.ProjectPictures]:
    """Add one; it is made anew, small enough for a page."""
    project = await queries.get_editable_project(session, bearer.actor, project_id)
    payload = read_body(await request.body(), team_schemas.NewProjectPicture)
    language, translations = read_languages(
        payload, territory.languages, project.language, {}
    )
    words = check_words(PictureWords(payload["alternative"], language, translations))
    renditions = await make_picture_pair(decode_base64(payload["content"], "content"))
    await session.refresh(project, with_for_update=True)
    await add_picture(session, bearer.actor, project, renditions, words)
    pictures = await listing.list_pictures(session, project.id)
    shape = team_schemas.ProjectPictures.of(project, pictures, territory.origin)
    return Response(shape, status_code=201, headers=PRIVATE)


@delete(
    f"{ONE}/pictures/{{picture_id:uuid}}",
    **team_operation(
        "removePicture",
        summary="Take a picture away",
        description="Once more changes nothing.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def delete_picture(
    session: Session,
    bearer: NamedDependency[Bearer],
    project_id: ProjectPath,
    picture_id: team_schemas.PicturePath,
) -> None:
    """Remove one."""
    project = await queries.get_editable_project(
        session, bearer.actor, project_id, lock=True
    )
    await remove_picture(session, bearer.actor, project, picture_id)


async def _build_response(
    session: AsyncSession, project: Project, *, status: int = 200
) -> Response[team_schemas.ProjectTeam]:
    members = await queries.list_members(session, project)
    return Response(
        team_schemas.ProjectTeam.of(members), status_code=status, headers=PRIVATE
    )


routes: Routes = [
    program_router(
        BASE,
        [
            list_team,
            invite_member,
            give_right,
            dismiss_member,
            answer_invitation,
            send_picture,
            delete_picture,
        ],
        SCOPE,
    )
]
