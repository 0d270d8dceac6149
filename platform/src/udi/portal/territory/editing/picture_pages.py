"""The pictures of the territory: those of the draft, one more, and how one is deleted."""

import tomllib
from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError, Refusal
from udi.kit.tenancy import Territory
from udi.portal.organisations.team.queries import require_team_member
from udi.portal.projects.pictures import MOST_BYTES, make_picture_pair
from udi.portal.tenants.content.files import ALTERNATIVES, MOST_PICTURE_BYTES
from udi.portal.tenants.content.images import (
    PictureError,
    clean_picture,
    read_picture_facts,
)
from udi.portal.tenants.toml.tenant_toml import set_values
from udi.portal.territory.articles.pages import picture_response
from udi.portal.territory.editing.article_form import find_uses, make_slug
from udi.portal.territory.editing.block_form import read_by_language
from udi.portal.territory.editing.draft import (
    PICTURES,
    DraftSite,
    lock_draft_site,
    read_draft_site,
)
from udi.portal.territory.site.actions import change_files
from udi.portal.territory.site.rendering import render_site
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Session
from udi.ui.errors import form_errors

MAX_BODY = MOST_BYTES + 64 * 1024
SVG_START = (b"<svg", b"<?xml", b"<!--")


@get(PICTURES)
async def show_draft_pictures(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[str]:
    """Those of the draft, and a form for one more."""
    draft = await read_draft_site(session, member)
    return await _render(request, session, territory, draft)


@post(PICTURES, status_code=303, request_max_body_size=MAX_BODY)
async def send_draft_picture(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[Any]:
    """Add one; a photograph is made anew, small enough for a page."""
    await require_team_member(session, member)
    form = await request.form()
    sent = form.get("picture")
    try:
        alternative = read_by_language(form, "alternative", territory.languages)
        if len(alternative) < len(territory.languages):
            missing = next(c for c in territory.languages if c not in alternative)
            raise _refuse(
                f"alternative_{missing}",
                "Nothing says what the picture shows to those who do not see it.",
                "Write it in a sentence.",
            )
        data = await sent.read() if isinstance(sent, UploadFile) else b""
        content, ending = await _make_picture(data)
        draft = await lock_draft_site(session, member)
        weight = sum(picture.weight for picture in draft.content.pictures.values())
        if weight + len(content) > MOST_PICTURE_BYTES:
            raise _refuse(
                "picture",
                "The pictures are too heavy together.",
                "Delete one that is not used any more.",
            )
    except InvalidError as error:
        draft = await read_draft_site(session, member)
        return await _render(
            request, session, territory, draft, form=dict(form), error=error
        )
    name = _choose_name(draft, next(iter(alternative.values())), ending)
    source = draft.files.get(ALTERNATIVES, b"")
    texts: dict[str, bytes | None] = {
        f"pictures/{name}": content,
        ALTERNATIVES: set_values(source, {(name,): {"alternative": alternative}}),
    }
    await change_files(session, member, territory, texts)
    return Redirect(f"{PICTURES}?added={name}", status_code=303)


@post(f"{PICTURES}/{{name:str}}/delete", status_code=303)
async def delete_draft_picture(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    name: FromPath[str],
) -> Response[Any]:
    """Take one out of the draft; texts that show it are named instead."""
    draft = await lock_draft_site(session, member)
    if name not in draft.content.pictures:
        raise NotFoundError("No picture has this address here.")
    if uses := find_uses(draft.files, [ALTERNATIVES], [name]):
        refusal = Refusal(
            "",
            "These show it: %(files)s.",
            "Choose another picture there first.",
            values={"files": ", ".join(uses)},
        )
        error = InvalidError("Nothing was changed.", refusals=[refusal])
        return await _render(request, session, territory, draft, error=error)
    changes: dict[str, bytes | None] = {
        f"pictures/{name}": None,
        ALTERNATIVES: _without(draft.files, name),
    }
    await change_files(session, member, territory, changes)
    return Redirect(PICTURES, status_code=303)


@get(f"{PICTURES}/{{name:str}}")
async def send_draft_picture_file(
    session: Session, member: Member, name: FromPath[str]
) -> Response[bytes]:
    """The file of one of the draft."""
    draft = await read_draft_site(session, member)
    if name not in draft.content.pictures:
        raise NotFoundError("No picture has this address here.")
    return picture_response(name, draft.files[f"pictures/{name}"], "private, no-cache")


async def _make_picture(data: bytes) -> tuple[bytes, str]:
    """The file that is kept of one that was sent, and the ending of its name.

    Raises:
        InvalidError: it is no picture, too large, or a drawing that may run or load something.
        UnavailableError: there was no time to read it.
    """
    if data.lstrip()[:5].startswith(SVG_START):
        try:
            read_picture_facts("a.svg", data)
        except PictureError:
            raise _refuse(
                "picture",
                "This drawing is too heavy, or holds a script, a link or a picture.",
                "Export it as a plain SVG of 150 kB at most.",
            ) from None
        return clean_picture("a.svg", data), "svg"
    pair = await make_picture_pair(data)
    return pair.large, "webp"


def _choose_name(draft: DraftSite, alternative: str, ending: str) -> str:
    """A name that no picture has yet, after the words for it."""
    words = make_slug(alternative)[:40].strip("-") or "picture"
    names = (f"{words}.{ending}", *(f"{words}-{n}.{ending}" for n in range(2, 1000)))
    return next(name for name in names if f"pictures/{name}" not in draft.files)


def _without(files: Mapping[str, bytes], name: str) -> bytes | None:
    """The words for the other pictures; None where there is no other."""
    source = files[ALTERNATIVES]
    if set(tomllib.loads(source.decode())) <= {name}:
        return None
    return set_values(source, {(name,): None})


def _refuse(field: str, reason: str, remedy: str) -> InvalidError:
    return InvalidError(
        "Nothing was changed.", refusals=[Refusal(field, reason, remedy)]
    )


async def _render(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    draft: DraftSite,
    *,
    form: dict[str, Any] | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    language = request.scope["state"]["locale"]
    site = draft.published()
    return await render_site(
        request,
        session,
        "site-pictures",
        state=draft.state,
        pictures=[
            (name, site.find_picture(name, language))
            for name in sorted(draft.content.pictures)
        ],
        added=request.query_params.get("added", ""),
        site_languages=territory.languages,
        form=form or {},
        errors=form_errors(request, error),
        pictures_url=PICTURES,
    )


routes = [
    show_draft_pictures,
    send_draft_picture,
    delete_draft_picture,
    send_draft_picture_file,
]
