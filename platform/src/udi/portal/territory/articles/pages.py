"""Pages and news that the territory wrote, its pictures, and the feed of its news."""

from datetime import UTC, date, datetime, time
from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import today
from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.tenants.content.files import NEWS_NAME, PAGE_NAME, PICTURE_NAME
from udi.portal.tenants.content.images import MEDIA_TYPES, clean_picture
from udi.portal.tenants.content.markdown import scroll_tables
from udi.portal.tenants.versions import list_published, read_published
from udi.portal.territory.articles.published import (
    PUBLISHED_SITES,
    Article,
    PublishedSite,
    render_article,
)
from udi.ui.atom import MEDIA_TYPE, Entry, Feed, Link
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Session
from udi.ui.locale import localise
from udi.ui.site import render, site_of

NEWS = "/news"
FEED = "/news.atom"
PICTURE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "inline",
}
"""So that a picture that is opened alone runs nothing."""
FOREVER = "public, max-age=31536000, immutable"
HOUR = "public, max-age=3600"
FEED_HEADERS = {
    "Cache-Control": "public, max-age=300",
    "Access-Control-Allow-Origin": "*",
    "Vary": "Accept-Language, Cookie",
}
MOST_IN_FEED = 20


@get("/pages/{slug:str}")
async def show_page(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    slug: FromPath[str],
) -> Response[str]:
    """A page that the territory wrote."""
    site = await _read_site(request, session, territory)
    article = site.find_page(slug, request.scope["state"]["locale"])
    if article is None:
        raise NotFoundError("No page has this address here.")
    return render_article_page(request, article, site)


@get(NEWS)
async def show_news_list(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[str]:
    """All news, the newest first."""
    site = await _read_site(request, session, territory)
    locale = request.scope["state"]["locale"]
    news = site.list_news(locale, today(territory.zone))
    return render(request, "territory/news.html", news=news, site=site, feed=FEED)


@get(f"{NEWS}/{{slug:str}}")
async def show_news(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    slug: FromPath[str],
) -> Response[str]:
    """One of them."""
    site = await _read_site(request, session, territory)
    day = today(territory.zone)
    article = site.find_news(slug, request.scope["state"]["locale"], day)
    if article is None:
        raise NotFoundError("No news have this address here.")
    return render_article_page(request, article, site)


@get(FEED)
async def send_news_feed(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[bytes]:
    """The newest as an Atom feed."""
    site = await _read_site(request, session, territory)
    locale = request.scope["state"]["locale"]
    news = site.list_news(locale, today(territory.zone))[:MOST_IN_FEED]
    title = site_of(request).pages.translator(request)("News")
    return Response(
        write_news_feed(news, territory, locale, title),
        media_type=MEDIA_TYPE,
        headers=FEED_HEADERS,
    )


@get("/pictures/{name:str}")
async def send_picture(
    request: AnyRequest,
    session: Session,
    name: FromPath[str],
) -> Response[bytes]:
    """A picture of the territory; an address that names its version may be kept for good."""
    content = None
    if PICTURE_NAME.fullmatch(f"pictures/{name}"):
        content = await read_published(session, f"pictures/{name}")
    if content is None:
        raise NotFoundError("No picture has this address here.")
    is_versioned = bool(request.query_params.get("v"))
    return picture_response(name, content, FOREVER if is_versioned else HOUR)


def picture_response(name: str, content: bytes, cache_control: str) -> Response[bytes]:
    """A picture, which runs nothing where it is opened alone."""
    return Response(
        clean_picture(name, content),
        media_type=MEDIA_TYPES[name.rpartition(".")[2]],
        headers={**PICTURE_HEADERS, "Cache-Control": cache_control},
    )


def render_article_page(
    request: AnyRequest, article: Article, site: PublishedSite, **context: Any
) -> Response[str]:
    """A page or news, as visitors see it."""
    body = scroll_tables(render_article(article, site), article.text.title)
    return render(
        request,
        "territory/article.html",
        article=article,
        body=body,
        picture=site.find_picture(article.text.picture, article.language),
        **{"preview": "", **context},
    )


def write_news_feed(
    news: list[Article], territory: Territory, language: str, title: str
) -> bytes:
    """The feed of these news."""
    author = localise(territory.name, language)
    return Feed(
        id=f"{territory.origin}{FEED}",
        title=f"{title} – {author}",
        author=author,
        language=language,
        links=[
            Link("self", f"{territory.origin}{FEED}", MEDIA_TYPE),
            Link("alternate", f"{territory.origin}{NEWS}", "text/html"),
        ],
        entries=[_news_entry(article, territory) for article in news],
    ).write()


def _news_entry(article: Article, territory: Territory) -> Entry:
    address = f"{territory.origin}{article.address}"
    assert article.day is not None  # noqa: S101 - news have a day
    moment = datetime.combine(article.day, time(), territory.zone).astimezone(UTC)
    return Entry(
        id=address,
        title=article.text.title,
        updated=moment,
        links=[Link("alternate", address, "text/html")],
        summary=article.text.summary,
    )


async def _read_site(
    request: AnyRequest, session: AsyncSession, territory: Territory
) -> PublishedSite:
    return await site_of(request).services[PUBLISHED_SITES].read(session, territory)


async def list_article_addresses(
    session: AsyncSession,
) -> list[tuple[str, datetime | None]]:
    """Pages and news that are shown, for search engines."""
    paths = await list_published(session)
    day = today(UTC)
    matches = (PAGE_NAME.fullmatch(path) or NEWS_NAME.fullmatch(path) for path in paths)
    addresses = []
    for match in matches:
        if match is None:
            continue
        parts = match.groupdict()
        if "date" not in parts:
            addresses.append(f"/pages/{parts['slug']}")
        elif date.fromisoformat(parts["date"]) <= day:
            addresses.append(f"{NEWS}/{parts['slug']}")
    return [(address, None) for address in dict.fromkeys(addresses)]


routes = [show_page, show_news_list, show_news, send_news_feed, send_picture]
