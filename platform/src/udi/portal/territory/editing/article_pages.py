"""News and pages: their lists, a form for each, a preview, and how one is deleted."""

from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import today
from udi.kit.errors import InvalidError, NotFoundError, Refusal
from udi.kit.tenancy import Territory
from udi.portal.territory.articles.pages import render_article_page
from udi.portal.territory.articles.published import Article
from udi.portal.territory.editing.article_form import (
    Folder,
    find_uses,
    form_values,
    list_files,
    read_article_form,
)
from udi.portal.territory.editing.draft import (
    DraftSite,
    lock_draft_site,
    read_draft_site,
)
from udi.portal.territory.site.actions import change_files
from udi.portal.territory.site.rendering import PATH, render_site
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors

FORM_BYTES = 2_000_000


@get("/")
async def list_articles(
    request: AnyRequest,
    session: Session,
    member: Member,
    folder: NamedDependency[Folder],
) -> Response[str]:
    """All of the draft, news with the newest first."""
    draft = await read_draft_site(session, member)
    site = draft.published()
    language = request.scope["state"]["locale"]
    articles = [_find(site, folder, slug, language) for slug in _slugs(draft, folder)]
    return await render_site(
        request,
        session,
        "site-articles",
        state=draft.state,
        articles=articles,
        folder=folder,
        home_url=f"{PATH}/{folder}",
    )


@get(["/new", "/{slug:str}"])
async def edit_article(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    folder: NamedDependency[Folder],
    slug: FromPath[str] = "",
) -> Response[str]:
    """The form of one; an empty form without a slug."""
    draft = await read_draft_site(session, member)
    texts = _articles(draft, folder).get(slug, {})
    if slug and not texts:
        raise NotFoundError("No page or news has this address here.")
    day = draft.content.dates.get(slug)
    if folder == "news" and not slug:
        day = today(territory.zone)
    values = form_values(texts, day if folder == "news" else None)
    return await _render_form(request, session, territory, draft, folder, slug, values)


@post(["/new", "/{slug:str}"], status_code=303, request_max_body_size=FORM_BYTES)
async def save_article(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    folder: NamedDependency[Folder],
    slug: FromPath[str] = "",
) -> Response[Any]:
    """Put what the form gives into the draft, and show its preview."""
    form = await request.form()
    draft = await lock_draft_site(session, member)
    former = list_files(draft.files, folder, slug)
    if slug and not former:
        raise NotFoundError("No page or news has this address here.")
    try:
        article = read_article_form(form, folder, draft, territory.languages, slug=slug)
    except InvalidError as error:
        return await _render_form(
            request, session, territory, draft, folder, slug, dict(form), error=error
        )
    changes: dict[str, bytes | None] = dict.fromkeys(former)
    changes |= article.files(folder)
    await change_files(session, member, territory, changes)
    return Redirect(f"{PATH}/{folder}/{article.slug}/preview", status_code=303)


@post("/{slug:str}/delete", status_code=303)
async def delete_article(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    folder: NamedDependency[Folder],
    slug: FromPath[str],
) -> Response[Any]:
    """Take one out of the draft, in every language; what leads to it is named instead."""
    draft = await lock_draft_site(session, member)
    removed = list_files(draft.files, folder, slug)
    if not removed:
        raise NotFoundError("No page or news has this address here.")
    words = [f"/{folder}/{slug}"]
    if folder == "pages":
        words.append(f'page = "{slug}"')
    if uses := find_uses(draft.files, removed, words):
        refusal = Refusal(
            "",
            "These lead to it: %(files)s.",
            "Remove the links first.",
            values={"files": ", ".join(uses)},
        )
        error = InvalidError("Nothing was changed.", refusals=[refusal])
        values = form_values(
            _articles(draft, folder).get(slug, {}), draft.content.dates.get(slug)
        )
        return await _render_form(
            request, session, territory, draft, folder, slug, values, error=error
        )
    await change_files(session, member, territory, dict.fromkeys(removed))
    return Redirect(f"{PATH}/{folder}", status_code=303)


@get("/{slug:str}/preview")
async def preview_article(
    request: AnyRequest,
    session: Session,
    member: Member,
    folder: NamedDependency[Folder],
    slug: FromPath[str],
) -> Response[str]:
    """One of the draft as visitors would see it."""
    draft = await read_draft_site(session, member)
    site = draft.published()
    article = _find(site, folder, slug, request.scope["state"]["locale"])
    if article is None:
        raise NotFoundError("No page or news has this address here.")
    edit_url = f"{PATH}/{folder}/{slug}"
    return render_article_page(request, article, site, preview=edit_url)


def _articles(draft: DraftSite, folder: Folder) -> dict[str, Any]:
    return dict(draft.content.pages if folder == "pages" else draft.content.news)


def _slugs(draft: DraftSite, folder: Folder) -> list[str]:
    if folder == "pages":
        return sorted(draft.content.pages)
    dates = draft.content.dates
    return sorted(dates, key=lambda slug: (dates[slug], slug), reverse=True)


def _find(site: Any, folder: Folder, slug: str, language: str) -> Article | None:
    if folder == "pages":
        page: Article | None = site.find_page(slug, language)
        return page
    day = site.content.dates.get(slug)
    if day is None:
        return None
    news: Article | None = site.find_news(slug, language, day)
    return news


async def _render_form(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    draft: DraftSite,
    folder: Folder,
    slug: str,
    values: dict[str, Any],
    *,
    error: InvalidError | None = None,
) -> Response[str]:
    return await render_site(
        request,
        session,
        "site-article",
        state=draft.state,
        folder=folder,
        slug=slug,
        values=values,
        pictures=[(name, name) for name in sorted(draft.content.pictures)],
        site_languages=territory.languages,
        list_url=f"{PATH}/{folder}",
        errors=form_errors(request, error),
    )


def make_router(folder: Folder) -> Router:
    """The addresses of all news, or pages, of a new one, and of one of them."""
    return Router(
        f"{PATH}/{folder}",
        route_handlers=[
            list_articles,
            edit_article,
            save_article,
            delete_article,
            preview_article,
        ],
        dependencies={"folder": Provide(lambda: folder, sync_to_thread=False)},
    )


FOLDERS: tuple[Folder, ...] = ("news", "pages")
routes: Routes = [make_router(folder) for folder in FOLDERS]
