"""The page of notices, and what only web workers have of this domain."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import NAVIGATION, Site, render, site_of
from udi_notices.models import Notice
from udi_notices.settings import NoticeSettings

PATH = "/notices"


@get(PATH)
async def show_notices(
    request: Request[Any, Any, State],
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
) -> Response[str]:
    """The notices that are published; the database keeps those of other territories apart."""
    published = select(Notice).where(Notice.published).order_by(Notice.title)
    notices = (await session.scalars(published)).all()
    settings = site_of(request).settings_of(NoticeSettings)
    return render(
        request,
        "notices/list.html",
        notices=notices,
        territory=territory,
        contact=settings.contact,
    )


def list_navigation(
    site: Site, request: Request[Any, Any, State]
) -> list[tuple[str, str]]:
    """The entry of the main menu."""
    say = site.pages.translator(request)
    return [(say("Notices"), PATH)]


def list_routes(_site: Site) -> Sequence[ControllerRouterHandler]:
    """The addresses."""
    return [show_notices]


def provide_web_services(site: Site) -> None:
    """Where pages lead to notices."""
    site.services.contribute(NAVIGATION, list_navigation)
    site.services.contribute(PAGE_ADDRESSES, ("notices", PATH))
