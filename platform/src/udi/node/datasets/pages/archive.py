"""Everything of a space in one file: asked for here, fetched here."""

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.space_export.tasks import find_archive, request_archive
from udi.node.files.delivery.downloads import keyring_of
from udi.node.files.delivery.signed_urls import sign_path
from udi.node.files.models import ArchiveState
from udi.node.files.queries import used_bytes
from udi.node.spaces.queries import get_space
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import CurrentTerritory, Member, Routes, Session
from udi.ui.site import render


@get("/spaces/{slug:str}/archive")
async def show_archive(
    request: PageRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
) -> Response[str]:
    """Where the archive stands, and the link to it when it is ready."""
    space = await get_space(session, member, slug)
    archive = await find_archive(session, space)
    ready = archive is not None and archive.state == ArchiveState.READY
    return render(
        request,
        "datasets/archive.html",
        space=space,
        archive=archive,
        link=sign_path(keyring_of(request), territory.id, archive.path)
        if archive and ready
        else "",
        used=await used_bytes(session, space),
    )


@post("/spaces/{slug:str}/archive", guards=[require_confirmation()])
async def create_archive(
    session: Session, member: Member, slug: FromPath[str]
) -> Redirect:
    """Have it made."""
    await request_archive(
        session, member, await get_space(session, member, slug, lock=True)
    )
    return Redirect(f"/spaces/{slug}/archive", status_code=303)


routes: Routes = [show_archive, create_archive]
