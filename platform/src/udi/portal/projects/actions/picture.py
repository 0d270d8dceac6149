"""Add a picture to a project, with the words for who does not see it; take one away."""

from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, Refusal
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.projects.actions.describe import note_change
from udi.portal.projects.models import Project, ProjectPicture
from udi.portal.projects.pictures import PicturePair

MOST_PICTURES = 4
LONGEST_ALTERNATIVE = 250


def check_alternative(alternative: str) -> str:
    """The words that stand for a picture.

    Raises:
        InvalidError: there are none, or very many.
    """
    words = " ".join(alternative.split())
    if not words or len(words) > LONGEST_ALTERNATIVE:
        refusal = Refusal(
            "alternative",
            "The description of the picture is missing.",
            "Describe it in a sentence, for people who do not see it.",
        )
        raise InvalidError("Nothing was kept yet.", refusals=[refusal])
    return words


async def add_picture(
    session: AsyncSession,
    actor: Actor,
    project: Project,
    pictures: PicturePair,
    alternative: str,
) -> ProjectPicture:
    """Keep a picture that was made anew.

    Raises:
        InvalidError: it is not said what it shows.
        ConflictError: the project has as many as one may.
    """
    words = check_alternative(alternative)
    last = select(func.count(), func.max(ProjectPicture.position)).where(
        ProjectPicture.project_id == project.id
    )
    count, position = (await session.execute(last)).one()
    if count >= MOST_PICTURES:
        raise ConflictError(
            "A project has four pictures at most.", remedy="Remove one first."
        )
    (width, height), (small_width, small_height) = pictures.size, pictures.small_size
    picture = ProjectPicture(
        project_id=project.id,
        position=(position or 0) + 1,
        alternative=words,
        width=width,
        height=height,
        content=pictures.large,
        small_width=small_width,
        small_height=small_height,
        small=pictures.small,
        added_at=now(),
    )
    session.add(picture)
    await note_change(session, project)
    audit.record(session, actor, "project.picture_added", project.id)
    return picture


async def remove_picture(
    session: AsyncSession, actor: Actor, project: Project, picture: UUID
) -> None:
    """Take a picture away."""
    conditions = (ProjectPicture.project_id == project.id, ProjectPicture.id == picture)
    await session.execute(delete(ProjectPicture).where(*conditions))
    await note_change(session, project)
    audit.record(session, actor, "project.picture_removed", project.id)
