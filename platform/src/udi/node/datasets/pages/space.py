"""A producer's space."""

from litestar import Response, get
from litestar.params import FromPath

from udi.kit.clock import today
from udi.kit.paging import page_number
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.queries import count_published, list_datasets
from udi.node.datasets.upkeep.reminders import find_due
from udi.node.files.intake.uploads import list_open_uploads
from udi.node.files.queries import used_bytes
from udi.node.portals.queries import list_showing_portals
from udi.node.spaces.queries import get_space
from udi.ui.dependencies import CurrentTerritory, Member, Routes, Session
from udi.ui.site import render, site_of


@get("/spaces/{slug:str}")
async def show_space(
    request: PageRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
) -> Response[str]:
    """What the producer publishes, what waits, what the portal said, how much place is used."""
    space = await get_space(session, member, slug)
    page = await list_datasets(
        session, space, number=page_number(request.query_params.get("page"))
    )
    return render(
        request,
        "datasets/space.html",
        space=space,
        page=page,
        dues={
            dataset.id: await find_due(session, dataset, territory.zone)
            for dataset in page.items
        },
        today=today(territory.zone),
        published=await count_published(session, space),
        elsewhere=await list_showing_portals(
            session, [dataset.id for dataset in page.items]
        ),
        used=await used_bytes(session, space),
        uploads=await list_open_uploads(session, space),
        may_manage=member.may_manage(space.slug),
        own_node=site_of(request).settings.own_node,
    )


routes: Routes = [show_space]
