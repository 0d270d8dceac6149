"""Pages and news that are online, read from the published files once a version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import Territory
from udi.portal.tenants.content.files import ArticleText, SiteContent, collect_content
from udi.portal.tenants.content.markdown import ArticlePicture, render_markdown
from udi.portal.tenants.models import PublishedFile, TerritoryFile
from udi.ui.locale import SOURCE, localise

FOLDERS = ("pages/", "news/", "pictures/")
MOST_TERRITORIES = 200
"""Territories whose texts one web worker has in memory."""


@dataclass(frozen=True)
class Article:
    """A page or news in the language that was chosen of those it has."""

    slug: str
    text: ArticleText
    language: str
    day: date | None = None
    """Of news: from which day on it is shown."""

    @property
    def address(self) -> str:
        """Its path."""
        folder = "pages" if self.day is None else "news"
        return f"/{folder}/{self.slug}"


@dataclass(frozen=True)
class PublishedSite:
    """What a territory wrote, as it is online; pictures without their bytes."""

    content: SiteContent = field(default_factory=SiteContent)
    version: str = ""
    picture_folder: str = "/pictures"

    def find_page(self, slug: str, language: str) -> Article | None:
        """A page in a language, else in one that it has."""
        return _choose(slug, self.content.pages.get(slug), language)

    def find_news(self, slug: str, language: str, day: date) -> Article | None:
        """News that are shown on a day."""
        published = self.content.dates.get(slug)
        if published is None or published > day:
            return None
        return _choose(slug, self.content.news.get(slug), language, published)

    def list_news(self, language: str, day: date) -> list[Article]:
        """The news that are shown on a day, the newest first."""
        order = sorted(
            self.content.dates.items(),
            key=lambda item: (item[1], item[0]),
            reverse=True,
        )
        articles = (self.find_news(slug, language, day) for slug, _ in order)
        return [article for article in articles if article is not None]

    def find_picture(self, name: str, language: str) -> ArticlePicture | None:
        """A picture as pages show it; its address changes with the version."""
        picture = self.content.pictures.get(name)
        if picture is None:
            return None
        facts = picture.facts
        return ArticlePicture(
            f"{self.picture_folder}/{name}?v={self.version[:8]}",
            localise(dict(picture.alternative), language),
            facts.width,
            facts.height,
        )


def _choose(
    slug: str,
    texts: Mapping[str, ArticleText] | None,
    language: str,
    day: date | None = None,
) -> Article | None:
    if not texts:
        return None
    chosen = next(code for code in (language, SOURCE, *texts) if code in texts)
    return Article(slug, texts[chosen], chosen, day)


def render_article(article: Article, site: PublishedSite, *, top: int = 2) -> Markup:
    """The text of an article, its headings from level `top` on."""

    def find_picture(name: str) -> ArticlePicture | None:
        return site.find_picture(name, article.language)

    return render_markdown(article.text.body, find_picture, top=top)


class PublishedSites:
    """The texts of territories, for as long as their version is online."""

    def __init__(self) -> None:
        self._cached: dict[UUID, PublishedSite] = {}

    async def read(self, session: AsyncSession, territory: Territory) -> PublishedSite:
        """What the territory wrote; empty where its files have no page, news or picture."""
        version = str(territory.site.get("version", ""))
        known = self._cached.get(territory.id)
        if known is not None and known.version == version:
            return known
        site = PublishedSite(collect_content(await _read_files(session)), version)
        self._cached.pop(territory.id, None)
        self._cached[territory.id] = site
        if len(self._cached) > MOST_TERRITORIES:
            del self._cached[next(iter(self._cached))]
        return site


PUBLISHED_SITES = ServiceKey[PublishedSites]("published sites", "territory")


async def _read_files(session: AsyncSession) -> dict[str, bytes]:
    same = (PublishedFile.tenant_id == TerritoryFile.tenant_id) & (
        PublishedFile.sha256 == TerritoryFile.sha256
    )
    is_content = [PublishedFile.path.startswith(folder) for folder in FOLDERS]
    query = (
        select(PublishedFile.path, TerritoryFile.content)
        .join(TerritoryFile, same)
        .where(is_content[0] | is_content[1] | is_content[2])
    )
    return {row.path: row.content for row in await session.execute(query)}
