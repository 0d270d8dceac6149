"""The page of notices, and what only web workers have of this domain."""

from litestar import Response, get
from sqlalchemy import select

from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import NAVIGATION, Site, render, site_of
from udi_notices.models import Notice
from udi_notices.settings import NoticeSettings

PATH = "/notices"


@get(PATH)
async def show_notices(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[str]:
    """The notices that are published; the database keeps those of other territories apart."""
    published = select(Notice).where(Notice.published).order_by(Notice.title)
    notices = (await session.scalars(published)).all()
    contact = site_of(request).settings_of(NoticeSettings).contact
    return render(
        request,
        "notices/list.html",
        notices=notices,
        territory=territory,
        contact=contact,
    )


def list_navigation(site: Site, request: AnyRequest) -> list[tuple[str, str]]:
    """The entry of the main menu: its words and its address."""
    say = site.pages.translator(request)
    return [(say("Notices"), PATH)]


def list_routes(_site: Site) -> Routes:
    """The addresses of this domain."""
    return [show_notices]


def provide_web_services(site: Site) -> None:
    """Where pages lead to notices."""
    site.services.contribute(NAVIGATION, list_navigation)
    site.services.contribute(PAGE_ADDRESSES, ("notices", PATH))
