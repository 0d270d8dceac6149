"""The addresses of this domain, and what only web workers have of it."""

from udi.portal.catalogue.open.crawlers import SITEMAP
from udi.portal.territory.articles import pages as article_pages
from udi.portal.territory.articles.published import PUBLISHED_SITES, PublishedSites
from udi.portal.territory.assessments import ASSESSMENTS, Assessments
from udi.portal.territory.declaration import pages as declaration_pages
from udi.portal.territory.declaration.limits import (
    DECLARATION_LIMITS,
    DeclarationLimits,
)
from udi.portal.territory.editing import article_pages as editing_articles
from udi.portal.territory.editing import home_pages as editing_home
from udi.portal.territory.editing import menu_pages as editing_menu
from udi.portal.territory.editing import picture_pages as editing_pictures
from udi.portal.territory.figures import pages as figure_pages
from udi.portal.territory.home import pages as home_pages
from udi.portal.territory.home.civic_life import CIVIC_LIFE, CivicLifeCache
from udi.portal.territory.journal import pages as journal_pages
from udi.portal.territory.producers import pages as producer_pages
from udi.portal.territory.site import look, settings, texts
from udi.portal.territory.site import pages as site_pages
from udi.portal.territory.site.rendering import PATH as SITE
from udi.portal.territory.status import pages as status_pages
from udi.ui.dependencies import Routes
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses."""
    return [
        *home_pages.routes,
        *article_pages.routes,
        *editing_home.routes,
        *editing_articles.routes,
        *editing_pictures.routes,
        *editing_menu.routes,
        *figure_pages.routes,
        *producer_pages.routes,
        *declaration_pages.routes,
        *journal_pages.routes,
        *site_pages.routes,
        *look.routes,
        *settings.routes,
        *texts.routes,
        *status_pages.routes,
    ]


def provide_web_services(site: Site) -> None:
    """What is read of descriptions, what bounds readings of other portals, and where the tabs of the team's pages lead."""
    site.services.provide(ASSESSMENTS, Assessments())
    site.services.provide(DECLARATION_LIMITS, DeclarationLimits())
    site.services.provide(CIVIC_LIFE, CivicLifeCache())
    site.services.provide(PUBLISHED_SITES, PublishedSites())
    site.services.contribute(SITEMAP, article_pages.list_article_addresses)
    site.services.contribute(
        PAGE_ADDRESSES,
        ("territory", figure_pages.PATH),
        ("territory-producers", producer_pages.PATH),
        ("declaration", declaration_pages.PATH),
        ("journal", journal_pages.PATH),
        ("site", SITE),
        ("status", status_pages.PATH),
    )
