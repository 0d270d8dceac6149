"""`/help`: where somebody helps, and the ways for who has no account, no mail and no phone."""

from dataclasses import dataclass

from litestar import Response, get
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.tenants.content.markdown import scroll_tables
from udi.portal.territory.articles.published import (
    PUBLISHED_SITES,
    Article,
    render_article,
)
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.site import render, site_of

PATH = "/help"
PLACES_PAGE = "places-of-help"
"""The page of the territory that says where somebody helps."""


@dataclass(frozen=True)
class PlacesOfHelp:
    """What the territory wrote of them, beneath a heading of the second level."""

    article: Article
    text: Markup


async def find_places(
    request: AnyRequest, session: AsyncSession, territory: Territory
) -> PlacesOfHelp | None:
    """Where somebody helps, in the reader's language or another; None where the territory wrote nothing."""
    published = (
        await site_of(request).services[PUBLISHED_SITES].read(session, territory)
    )
    language: str = request.scope["state"]["locale"]
    article = published.find_page(PLACES_PAGE, language)
    if article is None:
        return None
    text = render_article(article, published, top=3)
    return PlacesOfHelp(article, scroll_tables(text, article.text.title))


@get(PATH)
async def show_help(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[str]:
    """Where somebody helps, and what can be done without an account."""
    places = await find_places(request, session, territory)
    return render(request, "selfdata/help.html", places=places)


routes: Routes = [show_help]
