"""Add a picture to a project, with the words for who does not see it; take one away."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, NotFoundError, Refusal
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.projects.actions.describe import note_change
from udi.portal.projects.models import Project, ProjectPicture
from udi.portal.projects.pictures import PicturePair
from udi.portal.projects.translated_texts import (
    check_translations,
    tidy_line,
    tidy_translations,
)
from udi.ui.translated_texts import Translations

MOST_PICTURES = 4
LONGEST_ALTERNATIVE = 250


@dataclass(frozen=True)
class PictureWords:
    """What a picture shows, in a main language and in others."""

    alternative: str
    language: str
    translations: Translations


def check_words(words: PictureWords) -> PictureWords:
    """The words that stand for a picture, without what a keyboard adds.

    Raises:
        InvalidError: there are none in the main language, or very many in one.
    """
    tidied = PictureWords(
        tidy_line(words.alternative),
        words.language,
        tidy_translations(words.translations),
    )
    refusals = []
    if not 0 < len(tidied.alternative) <= LONGEST_ALTERNATIVE:
        refusal = Refusal(
            "alternative",
            "The description of the picture is missing.",
            "Describe it in a sentence, for people who do not see it.",
        )
        refusals.append(refusal)
    longest = {"alternative": LONGEST_ALTERNATIVE}
    refusals += check_translations(tidied.translations, longest)
    if refusals:
        raise InvalidError("Nothing was kept yet.", refusals=refusals)
    return tidied


async def add_picture(
    session: AsyncSession,
    actor: Actor,
    project: Project,
    pictures: PicturePair,
    words: PictureWords,
) -> ProjectPicture:
    """Keep a picture that was made anew.

    Raises:
        InvalidError: it is not said what it shows.
        ConflictError: the project has as many as one may.
    """
    words = check_words(words)
    last = select(func.count(), func.max(ProjectPicture.position)).where(
        ProjectPicture.project_id == project.id
    )
    count, position = (await session.execute(last)).one()
    if count >= MOST_PICTURES:
        raise ConflictError(
            "A project has four pictures at most.", remedy="Remove one first."
        )
    width, height = pictures.size
    small_width, small_height = pictures.small_size
    picture = ProjectPicture(
        project_id=project.id,
        position=(position or 0) + 1,
        alternative=words.alternative,
        language=words.language,
        translations=words.translations,
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


async def get_picture(
    session: AsyncSession, project: Project, picture_id: UUID
) -> ProjectPicture:
    """A picture of the project.

    Raises:
        NotFoundError: it has none of this identifier.
    """
    conditions = (
        ProjectPicture.project_id == project.id,
        ProjectPicture.id == picture_id,
    )
    picture = await session.scalar(select(ProjectPicture).where(*conditions))
    if picture is None:
        raise NotFoundError("This project has no such picture, or not any more.")
    return picture


async def change_picture_words(
    session: AsyncSession,
    actor: Actor,
    project: Project,
    picture: ProjectPicture,
    words: PictureWords,
) -> None:
    """Change the words that stand for a picture.

    Raises:
        InvalidError: there are none in the main language, or very many in one.
    """
    words = check_words(words)
    picture.alternative = words.alternative
    picture.language = words.language
    picture.translations = words.translations
    await note_change(session, project)
    audit.record(session, actor, "project.picture_described", project.id)


async def remove_picture(
    session: AsyncSession, actor: Actor, project: Project, picture: UUID
) -> None:
    """Take a picture away."""
    conditions = (ProjectPicture.project_id == project.id, ProjectPicture.id == picture)
    await session.execute(delete(ProjectPicture).where(*conditions))
    await note_change(session, project)
    audit.record(session, actor, "project.picture_removed", project.id)
