"""The addresses of a producer that are to be looked after, for its people and for the team."""

from litestar import Response, get
from litestar.params import FromPath

from udi.portal.catalogue.links.queries import (
    MOST_SHOWN,
    get_maintained_producer,
    list_faulty_links,
)
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.site import render


@get("/producers/{slug:str}/links")
async def show_links(
    request: AnyRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[str]:
    """What cannot be had, what moved, and what is not as described."""
    producer = await get_maintained_producer(session, member, slug)
    return render(
        request,
        "catalogue/links.html",
        linked=await list_faulty_links(session, producer),
        most=MOST_SHOWN,
    )


routes: Routes = [show_links]
