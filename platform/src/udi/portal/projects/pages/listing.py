"""What is made with the data: the list that everybody sees, its feed, and one's own."""

from litestar import Response, get

from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.projects.atom import PATH as ATOM
from udi.portal.projects.atom import write_feed
from udi.portal.projects.listing import CHOICES, PATH, list_projects, read_filters
from udi.portal.projects.queries import (
    find_dataset_title,
    list_invitations,
    list_own_projects,
)
from udi.ui.atom import MEDIA_TYPE
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Session, Visitor
from udi.ui.site import render, site_of

HOUR = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}


@get(PATH)
async def show_projects(
    request: AnyRequest, session: Session, actor: Visitor
) -> Response[str]:
    """Projects and reuses, with filters."""
    filters, page = await list_projects(session, read_filters(read_pairs(request)))
    return render(
        request,
        "projects/projects.html",
        page=page,
        filters=filters,
        choices=CHOICES,
        dataset=await find_dataset_title(session, filters.dataset),
        waiting=len(await list_invitations(session, actor)) if actor else 0,
        page_url=lambda number: filters.address(PATH, number),
        atom_url=filters.address(ATOM),
    )


@get(ATOM)
async def send_feed(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[bytes]:
    """The same as an Atom feed, the newest first."""
    filters, page = await list_projects(session, read_filters(read_pairs(request)))
    say = site_of(request).pages.translator(request)
    feed = write_feed(
        page,
        filters,
        territory,
        request.scope["state"]["locale"],
        say("Projects and reuses"),
    )
    return Response(
        feed, media_type=MEDIA_TYPE, headers=HOUR | {"Vary": "Accept-Language, Cookie"}
    )


@get(f"{PATH}/mine")
async def show_mine(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """Those that I lead, reported or take part in, and the invitations that wait for my answer."""
    return render(
        request,
        "projects/mine.html",
        projects=await list_own_projects(session, member),
        invitations=await list_invitations(session, member),
    )


routes = [show_projects, send_feed, show_mine]
