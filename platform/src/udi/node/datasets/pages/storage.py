"""What takes the place of a space, and its limits."""

from litestar import Response, get
from litestar.params import FromPath

from udi.node.datasets.figures import list_storage_by_dataset
from udi.node.datasets.pages.messages import PageRequest
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.queries import used_bytes
from udi.node.files.storage.storage_snapshot import derived_bytes
from udi.node.files.storage.store import StoreError
from udi.node.spaces.models import Space, SpaceShare
from udi.node.spaces.queries import get_space
from udi.ui.dependencies import Member, Routes, Session
from udi.ui.site import render, site_of


@get("/spaces/{slug:str}/place")
async def show_storage(
    request: PageRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[str]:
    """What takes the most place, and what can be deleted."""
    space = await get_space(session, member, slug)
    return render(
        request,
        "datasets/place.html",
        space=space,
        used=await used_bytes(session, space),
        made=await _find_derived_size(request, space),
        places=await list_storage_by_dataset(session, space),
        share=SpaceShare.of(site_of(request).settings, space),
    )


async def _find_derived_size(request: PageRequest, space: Space) -> int | None:
    """Bytes of what was made from the files; None while the store does not answer."""
    try:
        return await derived_bytes(site_of(request).services[OBJECTS], space)
    except StoreError:
        return None


routes: Routes = [show_storage]
