"""The pictures of a project: sent, shown, taken away."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError
from udi.portal.projects import listing, queries
from udi.portal.projects.actions.picture import (
    MOST_PICTURES,
    PictureWords,
    add_picture,
    change_picture_words,
    check_words,
    get_picture,
    remove_picture,
)
from udi.portal.projects.models import Project, ProjectPicture
from udi.portal.projects.pages.project import ONE
from udi.portal.projects.pictures import MEDIA_TYPE, MOST_BYTES, make_picture_pair
from udi.portal.projects.translated_texts import (
    describe_form_languages,
    offered_languages,
    read_texts_by_language,
)
from udi.ui.dependencies import AnyRequest, Member, Session, Visitor
from udi.ui.errors import form_errors
from udi.ui.site import render
from udi.ui.translated_texts import (
    Translations,
    flatten_translations,
    swap_main_texts,
)

MAX_BODY = MOST_BYTES + 64 * 1024


@get(f"{ONE}/pictures")
async def show_pictures(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[str]:
    """Those that it has, and a form for one more; or for the words of the one that the address names (`picture`)."""
    project = await queries.get_editable_project(session, member, project_id)
    picture_id = request.query_params.get("picture", "")
    if not listing.is_identifier(picture_id):
        return await _render_pictures(request, session, project)
    picture = await get_picture(session, project, UUID(picture_id))
    words = PictureWords(
        picture.alternative,
        picture.language or project.language,
        picture.translations,
    )
    return await _render_pictures(request, session, project, words, of=picture)


@post(f"{ONE}/pictures", status_code=303, request_max_body_size=MAX_BODY)
async def send_picture(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[Any]:
    """Add one; it is made anew, small enough for a page."""
    project = await queries.get_editable_project(session, member, project_id)
    form = await request.form()
    sent = form.get("picture")
    words = _read_words(request, form, project.language, {})
    try:
        check_words(words)
        renditions = await make_picture_pair(
            await sent.read() if isinstance(sent, UploadFile) else b""
        )
        await session.refresh(project, with_for_update=True)
        await add_picture(session, member, project, renditions, words)
    except InvalidError as error:
        return await _render_pictures(request, session, project, words, error=error)
    return Redirect(f"{listing.PATH}/{project.id}/pictures", status_code=303)


@post(f"{ONE}/pictures/{{picture_id:uuid}}/words", status_code=303)
async def send_picture_words(
    request: AnyRequest,
    session: Session,
    member: Member,
    project_id: FromPath[UUID],
    picture_id: FromPath[UUID],
) -> Response[Any]:
    """Say anew, in each language, what one shows."""
    project = await queries.get_editable_project(session, member, project_id, lock=True)
    picture = await get_picture(session, project, picture_id)
    written = picture.language or project.language
    form = await request.form()
    words = _read_words(request, form, written, picture.translations)
    try:
        await change_picture_words(session, member, project, picture, words)
    except InvalidError as error:
        return await _render_pictures(
            request, session, project, words, of=picture, error=error
        )
    return Redirect(f"{listing.PATH}/{project.id}/pictures", status_code=303)


def _read_words(
    request: AnyRequest, form: FormMultiDict, written: str, existing: Translations
) -> PictureWords:
    languages = request.scope["state"]["territory"].languages
    fields = ("alternative",)
    form = swap_main_texts(form, fields, written, offered_languages(languages))
    language, translations = read_texts_by_language(
        form, fields, languages, written, existing
    )
    return PictureWords(str(form.get("alternative") or ""), language, translations)


@post(f"{ONE}/pictures/{{picture_id:uuid}}/remove", status_code=303)
async def delete_picture(
    session: Session,
    member: Member,
    project_id: FromPath[UUID],
    picture_id: FromPath[UUID],
) -> Redirect:
    """Remove one."""
    project = await queries.get_editable_project(session, member, project_id, lock=True)
    await remove_picture(session, member, project, picture_id)
    return Redirect(f"{listing.PATH}/{project.id}/pictures", status_code=303)


@get(f"{ONE}/pictures/{{name:str}}")
async def send_picture_file(
    session: Session, actor: Visitor, project_id: FromPath[UUID], name: FromPath[str]
) -> Response[bytes]:
    """`<picture>.webp`, or `<picture>-small.webp`; for those who see the project."""
    project = await queries.get_project(session, actor, project_id)
    stem, _, extension = name.rpartition(".")
    identifier = stem.removesuffix("-small")
    if stem.endswith("-small"):
        column = ProjectPicture.small
    else:
        column = ProjectPicture.content
    if extension != "webp" or not listing.is_identifier(identifier):
        raise NotFoundError
    conditions = (
        ProjectPicture.project_id == project.id,
        ProjectPicture.id == UUID(identifier),
    )
    if (content := await session.scalar(select(column).where(*conditions))) is None:
        raise NotFoundError
    if project.listed:
        cache_control = "public, max-age=3600"
    else:
        cache_control = "private, max-age=300"
    return Response(
        content,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": cache_control, "Vary": "Cookie"},
    )


async def _render_pictures(
    request: AnyRequest,
    session: AsyncSession,
    project: Project,
    words: PictureWords | None = None,
    *,
    of: ProjectPicture | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    if words is None:
        words = PictureWords("", project.language, {})
    text_languages = describe_form_languages(
        request.scope["state"]["territory"].languages,
        words.language,
        request.scope["state"]["locale"],
        has_translations=bool(words.translations),
    )
    return render(
        request,
        "projects/pictures.html",
        status=422 if error else 200,
        project=project,
        pictures=await listing.list_pictures(session, project.id),
        most=MOST_PICTURES,
        of=of,
        alternative=words.alternative,
        text_languages=text_languages,
        translations=flatten_translations(words.translations),
        errors=form_errors(request, error),
    )


routes = [
    show_pictures,
    send_picture,
    send_picture_words,
    delete_picture,
    send_picture_file,
]
