"""The texts on a page: charter and legal information by language, synonyms, and what words of catalogues mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError, Refusal, field_error
from udi.portal.organisations.team.queries import require_team_member
from udi.portal.tenants.texts import read_page
from udi.portal.tenants.versions import InvalidFilesError
from udi.portal.tenants.vocabularies import TABLES
from udi.portal.territory.site import actions
from udi.portal.territory.site.queries import read_state
from udi.portal.territory.site.rendering import PATH, render_site
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.locale import LANGUAGES

TEXTS = f"{PATH}/texts"
TEXT = f"{TEXTS}/{{name:str}}"
SYNONYMS = "synonyms.ttl"
LONGEST_TEXT = 200_000
FIRST_LANGUAGE = "fr"
"""The language of a text whose name says none."""


@dataclass(frozen=True)
class EditableText:
    """A file that the team may write: its path, what it is, and its language where it has one."""

    path: str
    kind: str
    language: str = ""
    is_page: bool = False
    """Whether it is a page that everybody reads, in Markdown."""


def list_texts(languages: Sequence[str]) -> list[EditableText]:
    """Every text that a territory with these languages may have."""
    pages = [
        EditableText(name_file(kind, language), kind, language, is_page=True)
        for kind in ("charter", "legal")
        for language in languages
    ]
    words = [EditableText(SYNONYMS, "synonyms")]
    words += [EditableText(f"vocabulary.{table}.tsv", table) for table in TABLES]
    return pages + words


def name_file(kind: str, language: str) -> str:
    """The path of a text in a language."""
    if language == FIRST_LANGUAGE:
        return f"{kind}.md"
    return f"{kind}.{language}.md"


def get_text(name: str, languages: Sequence[str]) -> EditableText:
    """A text by its path.

    Raises:
        NotFoundError: no such text may be written.
    """
    for text in list_texts(languages):
        if text.path == name:
            return text
    raise NotFoundError


@get(TEXTS)
async def show_texts(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[str]:
    """The texts that the team may write."""
    await require_team_member(session, member)
    return await render_site(
        request,
        session,
        "site-texts",
        texts=list_texts(territory.languages),
        texts_path=TEXTS,
        languages_by_code=dict(LANGUAGES),
    )


@get(TEXT)
async def show_text(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    name: FromPath[str],
) -> Response[str]:
    """A text of the draft, with what readers will see of it."""
    await require_team_member(session, member)
    text = get_text(name, territory.languages)
    return await _render_text(request, session, text)


@post(TEXT, status_code=303)
async def change_text(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    name: FromPath[str],
) -> Response[Any]:
    """Change a text of the draft; an empty one is taken away where the territory can do without."""
    await require_team_member(session, member)
    text = get_text(name, territory.languages)
    form = await request.form()
    text_value = str(form.get("text") or "").replace("\r\n", "\n").strip()
    try:
        _require_length(text_value)
        content = f"{text_value}\n".encode() if text_value else None
        await actions.change_files(session, member, territory, {text.path: content})
    except InvalidError as error:
        return await _render_text(
            request, session, text, text_value=text_value, error=_explain(error)
        )
    return Redirect(f"{TEXTS}/{text.path}", status_code=303)


def _require_length(text_value: str) -> None:
    if len(text_value) > LONGEST_TEXT:
        raise field_error(
            "text",
            "This text is too long.",
            "Keep it under %(most)s letters.",
            values={"most": LONGEST_TEXT},
        )


def _explain(error: InvalidError) -> InvalidError:
    """The first thing that is wrong with a text, in words of the page."""
    if not isinstance(error, InvalidFilesError):
        return error
    fault = error.faults[0]
    if fault.problem.startswith("the file is missing"):
        reason = Refusal("text", "This text is needed in one language at least.")
    elif fault.where.startswith("line "):
        reason = Refusal(
            "text",
            "Line %(line)s cannot be read.",
            "See how a line is written.",
            values={"line": fault.where.removeprefix("line ")},
        )
    else:
        reason = Refusal("text", "This cannot be read.", "See how it is written.")
    return InvalidError(refusals=[reason])


async def _render_text(
    request: AnyRequest,
    session: AsyncSession,
    text: EditableText,
    *,
    text_value: str | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    state = await read_state(session)
    stored = state.files.get(text.path, b"").decode(errors="replace")
    words = text_value if text_value is not None else stored
    title, body = read_page(words) if text.is_page else ("", "")
    return await render_site(
        request,
        session,
        "site-text",
        state=state,
        errors=form_errors(request, error) if error else None,
        text=text,
        text_value=words,
        title=title,
        body=body,
        texts_path=TEXTS,
        languages_by_code=dict(LANGUAGES),
    )


routes: Routes = [show_texts, show_text, change_text]
